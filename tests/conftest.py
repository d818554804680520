"""What every test stands on. The cast is fixed, so that access tests read like a story."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
import zeal
from django.conf import settings
from django.db import transaction
from pytest_django import DjangoDbBlocker

from accounts.models import User
from programs.access import Role
from programs.catalogues import load_catalogues
from programs.models import Province
from reports.attainment.recompute import recompute_marked
from reports.hanoi.load import load_hanoi
from tests.factories import MembershipFactory, ProvinceFactory

# Playwright's page fixture runs an event loop in the test's thread; our database calls beside
# it are not inside that loop.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


def pytest_configure() -> None:
    # A page test's server thread would keep its connection past the end of the test database.
    settings.DATABASES["default"]["CONN_MAX_AGE"] = 0


def pytest_report_header() -> list[str]:
    options = settings.DATABASES["default"].get("OPTIONS", {})
    host = options.get("host") or settings.DATABASES["default"]["HOST"]
    whose = "embedded" if settings.EMBEDDED else "given"
    return [f"database: PostgreSQL at {host} ({whose}); broker: {whose_broker()}"]


def whose_broker() -> str:
    return settings.REDIS_URL.rpartition("@")[2]


@pytest.fixture(autouse=True)
def n_plus_one_is_an_error() -> Iterator[None]:
    with zeal.zeal_context():
        yield


@pytest.fixture(scope="module")
def catalogue_rows(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The real catalogues, loaded once for a module's tests and rolled back after them."""
    with django_db_blocker.unblock(), transaction.atomic():
        list(load_catalogues())
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def hanoi_rows(catalogue_rows: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Hà Nội's published figures on top of the catalogues, computed."""
    with django_db_blocker.unblock(), transaction.atomic():
        list(load_hanoi())
        recompute_marked()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def hanoi(db: None) -> Province:
    return ProvinceFactory.create(code="01", name="Hà Nội", kind="thành phố")


@pytest.fixture
def an_giang(db: None) -> Province:
    return ProvinceFactory.create(code="91", name="An Giang")


def person(name: str, role: Role, province: Province | None) -> User:
    return MembershipFactory.create(
        user__username=name, user__full_name=name, role=role.value, province=province
    ).user


@pytest.fixture
def staff(hanoi: Province) -> User:
    """Enters the figures of Hà Nội."""
    return person("hoa", Role.STAFF, hanoi)


@pytest.fixture
def manager(hanoi: Province) -> User:
    """Approves the reports of Hà Nội."""
    return person("minh", Role.MANAGER, hanoi)


@pytest.fixture
def outsider(an_giang: Province) -> User:
    """Works for another province, in every role it has."""
    user = person("an", Role.STAFF, an_giang)
    MembershipFactory.create(user=user, role=Role.MANAGER.value, province=an_giang)
    return user


@pytest.fixture
def national_viewer(db: None) -> User:
    """Sees everything, changes nothing."""
    return person("lan", Role.VIEWER, None)


@pytest.fixture
def administrator(db: None) -> User:
    """Keeps the catalogues of the nation."""
    return person("quan", Role.ADMINISTRATOR, None)
