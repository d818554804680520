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
from reports.attainment.recompute import recompute_marked
from reports.entry.workflow import approve, submit
from reports.models import Figure, Remark, Transition
from tests.conftest import person
from tests.factories import FigureFactory, LegalDocumentFactory, ProgramFactory, UserFactory

pytestmark = pytest.mark.django_db

# Addresses for everyone, and why.
OPEN = {
    "accounts:sign_in": "where one signs in",
    "accounts:sign_out": "POST only, and harmless",
}
# Addresses for every member, which narrow their rows themselves (tested where they are).
FOR_MEMBERS = {"home", "dashboards:program_list", "accounts:own_password", "entry:work"}
# A file: 404 for whoever may not see its document (below).
FILES = {"document_file"}
# Addresses of one program's rows: 404 for whoever may not see them.
OF_A_PROGRAM = {
    "dashboards:program_page": lambda program: [program.code],
    "dashboards:program_period": lambda program: [program.code, program.stage.key],
    "dashboards:why": lambda program: [program.code, *why_of(program)],
    "entry:history": lambda program: [program.reports.get().pk],
    "entry:edition": lambda program: [program.reports.get().pk, 1],
    "entry:workbook_out": lambda program: [program.reports.get().pk],
    "entry:report": lambda program: [program.reports.get().pk],
    "entry:cell": lambda program: cell_of(program),
    "entry:units": lambda program: cell_of(program),
    "entry:preview": lambda program: [program.reports.get().pk],
    "entry:news": lambda program: [program.reports.get().pk],
    "entry:activities": lambda program: [program.reports.get().pk],
    "entry:activities_out": lambda program: [program.reports.get().pk],
    "entry:evidence": lambda program: [program.reports.get().pk],
}
# What some of them are asked.
ASKED = {
    "dashboards:why": lambda program: {"noi": program.province_id},
    "entry:preview": lambda program: {"indicator": cell_of(program)[1], "text": "1"},
    "entry:news": lambda program: {"since": "2026-01-01T00:00:00+00:00"},
}


def why_of(program: Program) -> list[object]:
    """The address of the one figure, once it is computed."""
    recompute_marked()
    figure = Figure.objects.get(program=program)
    return [figure.period.key, figure.indicator_id]


def cell_of(program: Program) -> list[int]:
    report = program.reports.get()
    return [report.pk, report.figures.get().indicator_id]


def address_of(name: str, program: Program) -> str:
    asked = ASKED[name](program) if name in ASKED else None
    return reverse(name, args=OF_A_PROGRAM[name](program), query=asked)


# Addresses that only change something: POST, and 404 for whoever may not see the report.
MOVES = {
    "entry:approve": lambda report: [report.pk],
    "entry:send_back": lambda report: [report.pk],
    "entry:reopen": lambda report: [report.pk],
    "entry:return_figure": lambda report: [report.pk, report.figures.get().indicator_id],
    "entry:answer_figure": lambda report: [report.pk, report.figures.get().indicator_id],
    "entry:accept_figure": lambda report: [report.pk, report.figures.get().indicator_id],
    "entry:comment_figure": lambda report: [report.pk, report.figures.get().indicator_id],
}
# The same for many reports at once: those that may not be seen are passed over
# (test_bulk_approval, test_cells).
MOVES_OF_MANY = {"entry:approve_many", "entry:cells"}

# For who enters figures there (tests/reports/entry: test_checks, test_activities).
OF_ENTERING = {"entry:send", "entry:activity_remove"}

# Evidence is its province's (tests/reports/entry/test_evidence).
OF_FILES = {"entry:evidence_file", "entry:evidence_remove"}

# Files that whoever enters figures sends and reads back (tests/reports/entry/workbook/test_pages,
# tests/reports/entry/test_activities_excel).
OF_WORKBOOKS = {
    "entry:workbook_in",
    "entry:import",
    "entry:import_annotated",
    "entry:activities_in",
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
    assert (
        found
        == set(OPEN)
        | FOR_MEMBERS
        | set(OF_A_PROGRAM)
        | FILES
        | set(MOVES)
        | MOVES_OF_MANY
        | OF_ENTERING
        | OF_FILES
        | OF_WORKBOOKS
    )


@pytest.fixture
def program(hanoi) -> Program:
    program = ProgramFactory.create(province=hanoi)
    report = FigureFactory.create(report__program=program).report
    clerk = person("x-nhap", Role.STAFF, hanoi)
    submit(report, by=clerk)
    approve(report, by=person("x-duyet", Role.MANAGER, hanoi))
    return program


def urls(program: Program) -> list[str]:
    return [reverse(name) for name in sorted(FOR_MEMBERS)] + [
        address_of(name, program) for name in OF_A_PROGRAM
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
    for name in OF_A_PROGRAM:
        assert client.get(address_of(name, program)).status_code == 404
    for name in FOR_MEMBERS:
        assert program.name not in client.get(reverse(name)).content.decode()


def test_an_account_without_a_membership_sees_no_row(client: Client, program: Program):
    client.force_login(UserFactory.create())
    for name in OF_A_PROGRAM:
        assert client.get(address_of(name, program)).status_code == 404
    for name in FOR_MEMBERS:
        assert program.name not in client.get(reverse(name)).content.decode()


def test_nobody_moves_a_report_that_is_not_theirs_and_no_link_moves_one(
    client: Client, program: Program, staff: User, outsider: User
):
    report = program.reports.get()
    before = Transition.objects.count()
    for name, arguments in MOVES.items():
        url = reverse(name, args=arguments(report))
        client.logout()
        assert client.post(url)["Location"].startswith(reverse("accounts:sign_in")), url
        client.force_login(outsider)
        assert client.post(url, {"reason": "x", "text": "x"}).status_code == 404, url
        client.force_login(UserFactory.create())
        assert client.post(url, {"reason": "x", "text": "x"}).status_code == 404, url
        client.force_login(staff)
        assert client.get(url)["Location"] == f"/bao-cao/{report.pk}/", url
    assert Transition.objects.count() == before
    assert not Remark.objects.exists()


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
