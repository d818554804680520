"""Every role against every province, and every queryset of rows against the rule."""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.contrib.auth.models import AnonymousUser

from accounts.models import User
from programs.access import Right, Role, may, rows_where
from reports.models import Figure, Report
from tests.conftest import person
from tests.factories import (
    FigureFactory,
    IndicatorFactory,
    MembershipFactory,
    ProgramFactory,
    ProvinceFactory,
    ReportFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

EXPECTED = {
    Role.VIEWER: {Right.SEE},
    Role.STAFF: {Right.SEE, Right.ENTER},
    Role.MANAGER: {Right.SEE, Right.APPROVE},
    Role.ADMINISTRATOR: {Right.SEE, Right.ADMINISTER},
}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("right", Right)
def test_a_role_holds_in_its_own_province_and_in_no_other(role, right, hanoi, an_giang):
    user = person("x", role, hanoi)

    assert may(user, right, hanoi) == (right in EXPECTED[role])
    assert not may(user, right, an_giang)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("right", Right)
def test_a_national_role_holds_in_every_province(role, right, hanoi, an_giang):
    user = person("x", role, None)

    assert {may(user, right, place) for place in (hanoi, an_giang, None)} == {
        right in EXPECTED[role]
    }


@pytest.mark.parametrize("role", Role)
def test_national_rows_are_seen_by_every_member_and_changed_by_national_ones_only(role, hanoi):
    user = person("x", role, hanoi)

    assert may(user, Right.SEE, None)
    assert not may(user, Right.ADMINISTER, None)


def test_two_roles_in_two_provinces_do_not_mix(hanoi, an_giang):
    user = person("x", Role.STAFF, hanoi)
    MembershipFactory.create(user=user, role=Role.MANAGER.value, province=an_giang)

    assert not may(user, Right.APPROVE, hanoi)
    assert not may(user, Right.ENTER, an_giang)


@pytest.mark.parametrize("right", Right)
def test_nobody_without_a_membership_sees_anything(right, hanoi):
    on_leave = person("y", Role.STAFF, hanoi)
    on_leave.is_active = False

    for user in (AnonymousUser(), UserFactory.create(), on_leave):
        assert not may(user, right, hanoi)
        assert not may(user, right, None)


def test_a_merged_province_keeps_the_rows_of_its_predecessors_and_they_not_its_own():
    new = ProvinceFactory.create(code="68", name="Lâm Đồng", valid_from=date(2025, 7, 1))
    old = ProvinceFactory.create(code="67", valid_to=date(2025, 6, 30), successor=new)
    of_today, of_then = person("mai", Role.STAFF, new), person("xua", Role.STAFF, old)

    assert may(of_today, Right.ENTER, old)
    assert may(of_then, Right.SEE, old)
    assert not may(of_then, Right.SEE, new)


def test_rights_never_multiply_rows(hanoi):
    user = person("x", Role.STAFF, hanoi)
    MembershipFactory.create(user=user, role=Role.VIEWER.value, province=hanoi)
    MembershipFactory.create(user=user, role=Role.VIEWER.value, province=None)
    ReportFactory.create(province=hanoi, program__province=hanoi)

    assert Report.objects.visible_to(user).count() == 1


@pytest.mark.parametrize("role", Role)
def test_no_role_reaches_rows_of_another_province(role, hanoi, an_giang):
    theirs = FigureFactory.create(report__program=ProgramFactory.create(province=an_giang))
    mine = FigureFactory.create(report__program=ProgramFactory.create(province=hanoi))
    user = person("x", role, hanoi)

    assert list(Report.objects.visible_to(user)) == [mine.report]
    assert list(Figure.objects.visible_to(user)) == [mine]
    assert theirs.report not in Report.objects.filter(rows_where(user, Right.ENTER))


def test_a_figure_of_a_national_program_stays_with_its_province(hanoi, an_giang):
    program = ProgramFactory.create(level="national", province=None)
    for province in (hanoi, an_giang):
        FigureFactory.create(report=ReportFactory.create(program=program, province=province))

    assert Figure.objects.visible_to(person("x", Role.MANAGER, hanoi)).get().province == hanoi


def test_provincial_indicators_are_their_provinces_own(hanoi, an_giang):
    national, own = IndicatorFactory.create(), IndicatorFactory.create(province=hanoi)
    IndicatorFactory.create(province=an_giang)
    model = type(own)

    assert set(model.objects.visible_to(person("x", Role.STAFF, hanoi))) == {national, own}


# Every model is on one side or the other, so a new one cannot be forgotten.
NARROWED = {
    "accounts.Membership", "accounts.User",
    "programs.Activity", "programs.Indicator", "programs.LegalDocument", "programs.Organisation",
    "programs.Period", "programs.Program", "programs.Province", "programs.Target",
    "programs.TargetVersion",
    "reports.Attainment", "reports.EvidenceFile", "reports.Figure", "reports.Quotation",
    "reports.Remark", "reports.Report", "reports.WorkbookImport",
}  # fmt: skip
REACHED_THROUGH_A_NARROWED_ROW = {
    "programs.ActivityFunding": "activity",
    "programs.Participation": "activity",
    "reports.Edition": "report",
    "reports.Evidence": "report",
    "reports.Justification": "figure",
    "reports.Reminder": "report",
    "reports.Transition": "report",
}
FOR_EVERYONE_OR_FOR_THE_MACHINE = {
    "programs.ContentGroup",  # the law
    "programs.Lineage",  # the map
    "reports.Expectation",  # who owes a report: no figure
    "reports.LeafSum",  # between figures and rows: no page reads it
    "reports.OfficialPlan",  # read with its row, which is narrowed
    "reports.Span",  # the calendar
    "reports.ColumnMapping",  # a person's own, read by its user
    "reports.JobRun",
    "reports.RecomputeMark",
}


def test_every_model_has_its_place_under_the_access_rule():
    ours = {
        model._meta.label
        for app in ("accounts", "programs", "reports")
        for model in apps.get_app_config(app).get_models()
        if not model.__name__.endswith("Event")  # history, shown with its row
    }
    assert ours == NARROWED | set(REACHED_THROUGH_A_NARROWED_ROW) | FOR_EVERYONE_OR_FOR_THE_MACHINE


@pytest.mark.parametrize("label", sorted(NARROWED))
def test_every_narrowed_queryset_shows_nothing_to_a_stranger(label, staff):
    FigureFactory.create()
    model = apps.get_model(label)

    assert (
        not model.objects.visible_to(UserFactory.create())
        .exclude(pk__in=User.objects.filter(memberships=None) if model is User else [])
        .exists()
    )
    assert not model.objects.visible_to(AnonymousUser()).exists()
