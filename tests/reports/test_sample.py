"""The sample program: labelled, living, removable, in nobody's totals."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from django.db.models import Sum
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from accounts.models import User
from khuyencong.celery import app
from programs.access import Role
from programs.models import Indicator, Lineage, Period, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.attainment.sources import totals_by_source
from reports.attainment.stored import Place
from reports.entry.workflow import digest
from reports.models import Attainment, Edition, Figure, Report, ReportState, Scope
from reports.sample.load import CODE, load_sample, remove_sample
from reports.sample.tasks import load
from tests.conftest import person

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def sample_rows(catalogue_rows: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock(), transaction.atomic():
        load_sample()
        recompute_marked()
        yield
        transaction.set_rollback(True)


@pytest.fixture
def program(sample_rows: None, db: None) -> Program:
    return Program.objects.get(code=CODE)


@pytest.fixture
def hanoi_staff(program: Program) -> User:
    return person("hoa-minh-hoa", Role.STAFF, Province.objects.get(code="01", valid_to=None))


def test_a_merger_lies_in_the_middle_and_both_views_give_the_same_nation(program):
    units = {
        year: Report.objects.filter(program=program, period__key=f"{year}").count()
        for year in ("2025-06", "2025-07")
    }
    assert units == {"2025-06": 63, "2025-07": 34}

    lop = Indicator.objects.get(code="1-lop-dao-tao-nghe", province=None)
    of_year = Attainment.objects.filter(
        program=program, indicator=lop, period__key="2025", layer="official"
    )
    nation = of_year.get(scope=Scope.NATION).actual
    for scope in (Scope.CURRENT, Scope.REPORTED):
        assert nation == of_year.filter(scope=scope).aggregate(all=Sum("actual"))["all"]


def test_there_is_something_to_type_to_approve_and_to_correct(program):
    states = set(Report.objects.filter(program=program).values_list("state", flat=True))
    assert states == {
        ReportState.DRAFT,
        ReportState.SUBMITTED,
        ReportState.APPROVED,
        ReportState.RETURNED,
    }
    assert Edition.objects.filter(report__program=program, number=2).exists()
    edition = Edition.objects.filter(report__program=program).first()
    assert edition
    assert edition.digest == digest(edition.content)


def test_a_second_load_changes_nothing(program):
    before = Figure.objects.filter(program=program).count()
    assert not load_sample()
    assert Figure.objects.filter(program=program).count() == before


def test_it_is_in_no_total_of_real_programs(program, hanoi_staff):
    rows = Attainment.objects.visible_to(hanoi_staff)
    year = Period.objects.get(key="2025")
    assert rows.filter(program=program, period=year).exists()
    assert totals_by_source(rows, place=Place(Scope.NATION), period=year) == []


def test_every_page_of_it_says_that_it_is_invented(program, hanoi_staff, client):
    client.force_login(hanoi_staff)
    report = Report.objects.filter(
        program=program,
        province__in=Lineage.objects.filter(unit__code="01").values("part"),
        state="draft",
    ).latest("pk")
    pages = [
        reverse("dashboards:program_page", args=[program.code]),
        reverse("entry:report", args=[report.pk]),
        reverse("entry:activities", args=[report.pk]),
        reverse("entry:evidence", args=[report.pk]),
        reverse("entry:send", args=[report.pk]),
    ]
    for page in pages:
        assert "không có thật" in client.get(page).content.decode(), page


def test_it_goes_without_a_trace_in_results_and_takes_nothing_real_along(program):
    others = Program.objects.exclude(pk=program.pk).count()

    assert remove_sample()
    recompute_marked()

    assert Program.objects.count() == others
    assert not Report.objects.filter(program=program.pk).exists()
    assert not Attainment.objects.filter(program=program.pk).exists()
    assert not remove_sample()


def test_celery_knows_the_task_that_loads_it():
    app.loader.import_default_modules()
    assert load.name in app.tasks
