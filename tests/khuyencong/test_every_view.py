"""Every address of the program, tried as nobody, as a stranger and as an outsider."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib import admin
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from accounts.models import User
from programs.access import Role
from programs.models import Program
from tests.conftest import person
from tests.factories import FigureFactory, LegalDocumentFactory, ProgramFactory, UserFactory

pytestmark = pytest.mark.django_db

# Addresses for everyone, and why.
OPEN = {
    "accounts:sign_in": "where one signs in",
    "accounts:sign_out": "POST only, and harmless",
}
# Addresses for every member, which narrow their rows themselves (tested where they are).
FOR_MEMBERS = {"home", "dashboards:program_list", "accounts:own_password"}
# A file: 404 for whoever may not see its document (below).
FILES = {"document_file"}
# Addresses of one program's rows: 404 for whoever may not see them.
OF_A_PROGRAM = {
    "dashboards:program_page": lambda program: [program.code],
    "dashboards:program_period": lambda program: [program.code, program.stage.key],
}


def addresses(
    patterns: list[URLPattern | URLResolver], prefix: str = ""
) -> Iterator[tuple[str, URLPattern]]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if pattern.namespace == "admin":
                continue  # test_administration_*: administrators only, row by row
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            yield from addresses(pattern.url_patterns, inner)
        else:
            yield f"{prefix}{pattern.name}", pattern


def test_every_address_has_its_place_under_the_access_rule():
    """A new one fails here until somebody says who may open it."""
    found = {name for name, _ in addresses(get_resolver().url_patterns)}
    assert found == set(OPEN) | FOR_MEMBERS | set(OF_A_PROGRAM) | FILES


@pytest.fixture
def program(hanoi) -> Program:
    program = ProgramFactory.create(province=hanoi)
    FigureFactory.create(report__program=program)
    return program


def urls(program: Program) -> list[str]:
    return [reverse(name) for name in sorted(FOR_MEMBERS)] + [
        reverse(name, args=arguments(program)) for name, arguments in OF_A_PROGRAM.items()
    ]


def test_nobody_sees_anything_without_signing_in(client: Client, program: Program):
    for url in urls(program):
        response = client.get(url)
        assert response.status_code == 302, url
        assert response["Location"].startswith(reverse("accounts:sign_in")), url


def test_a_program_of_another_province_does_not_exist_for_an_outsider(
    client: Client, program: Program, outsider: User
):
    client.force_login(outsider)
    for name, arguments in OF_A_PROGRAM.items():
        assert client.get(reverse(name, args=arguments(program))).status_code == 404
    for name in FOR_MEMBERS:
        assert program.name not in client.get(reverse(name)).content.decode()


def test_an_account_without_a_membership_sees_no_row(client: Client, program: Program):
    client.force_login(UserFactory.create())
    for name, arguments in OF_A_PROGRAM.items():
        assert client.get(reverse(name, args=arguments(program))).status_code == 404
    for name in FOR_MEMBERS:
        assert program.name not in client.get(reverse(name)).content.decode()


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("national", [False, True])
def test_every_role_sees_what_is_its_own(client, program, hanoi, role, national):
    client.force_login(person("x", role, None if national else hanoi))
    for url in urls(program):
        assert client.get(url).status_code == 200, url


def test_a_file_is_sent_to_whoever_may_see_its_document_and_is_not_there_for_others(
    client, hanoi, staff, outsider, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    document = LegalDocumentFactory.create(province=hanoi)
    document.file.save("plan.pdf", ContentFile(b"%PDF-1.7"))
    url = reverse("document_file", args=[document.file.name])

    assert client.get(url).status_code == 302
    client.force_login(outsider)
    assert client.get(url).status_code == 404
    client.force_login(staff)
    sent = client.get(url)
    assert b"".join(sent.streaming_content) == b"%PDF-1.7"
    assert sent["Content-Disposition"].startswith("attachment")
    assert document.file.url == url


def test_no_page_of_a_person_is_kept_by_the_browser(client, program, staff):
    client.force_login(staff)
    for url in urls(program):
        assert "no-store" in client.get(url)["Cache-Control"], url


def test_reading_writes_nothing(client, program, staff):
    client.force_login(staff)
    for url in urls(program):
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        statements = {query["sql"].split()[0] for query in queries}
        assert statements <= {"SELECT", "WITH"}, (url, statements)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.STAFF, Role.MANAGER])
def test_the_administration_is_closed_to_everyone_but_administrators(client, hanoi, role):
    client.force_login(person("x", role, hanoi))
    for model, model_admin in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        assert client.get(reverse(name)).status_code in (302, 403), model_admin
