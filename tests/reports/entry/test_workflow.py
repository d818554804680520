"""How a report moves, who may move it, and what approval freezes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, IntegrityError, connection, transaction

from reports.entry.figures import ReportClosed, enter_figure
from reports.entry.said import Typed, state_of
from reports.entry.workflow import (
    ReasonMissing,
    WrongState,
    approve,
    digest,
    reopen,
    send_back,
    submit,
)
from reports.models import Edition, Figure, FigureState, Report, ReportState, Transition
from tests.factories import (
    ActivityFactory,
    FigureFactory,
    IndicatorFactory,
    OrganisationFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    RatioFactory,
    ReportFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(hanoi) -> Report:
    return ReportFactory.create(program__province=hanoi)


def number(value: int | str) -> Typed:
    return Typed(state=state_of(Decimal(value)), value=Decimal(value))


def official(report: Report) -> list[Decimal | None]:
    return list(report.figures.order_by("pk").values_list("approved_value", flat=True))


def test_a_figure_becomes_official_by_approval_and_not_before(report, staff, manager):
    enter_figure(report, IndicatorFactory.create(), number(64), by=staff)
    submit(report, by=staff)
    assert official(report) == [None]

    approve(report, by=manager)
    assert official(report) == [Decimal(64)]


def test_who_enters_does_not_approve_and_who_approves_does_not_enter(report, staff, manager):
    with pytest.raises(PermissionDenied):
        enter_figure(report, IndicatorFactory.create(), number(1), by=manager)
    with pytest.raises(PermissionDenied):
        submit(report, by=manager)
    submit(report, by=staff)
    with pytest.raises(PermissionDenied):
        approve(report, by=staff)


def test_nobody_of_another_province_moves_a_report(report, staff, manager, outsider):
    with pytest.raises(PermissionDenied):
        submit(report, by=outsider)
    submit(report, by=staff)
    for step in (
        lambda: approve(report, by=outsider),
        lambda: send_back(report, by=outsider, reason="sai"),
    ):
        with pytest.raises(PermissionDenied):
            step()


def test_sending_back_and_reopening_need_a_reason(report, staff, manager):
    submit(report, by=staff)
    with pytest.raises(ReasonMissing):
        send_back(report, by=manager, reason="  ")
    send_back(report, by=manager, reason="Thiếu số lớp truyền nghề")
    submit(report, by=staff)
    approve(report, by=manager)
    with pytest.raises(ReasonMissing):
        reopen(report, by=manager, reason="")


def test_every_move_is_logged_with_who_and_why_and_the_log_cannot_be_changed(
    report, staff, manager
):
    submit(report, by=staff)
    send_back(report, by=manager, reason="Sai đơn vị tính")

    moves = report.transitions.values_list("from_state", "to_state", "by__username", "reason")
    assert list(moves) == [
        ("draft", "submitted", "hoa", ""),
        ("submitted", "returned", "minh", "Sai đơn vị tính"),
    ]
    with pytest.raises(DatabaseError), transaction.atomic():
        Transition.objects.update(reason="khác")
    with pytest.raises(DatabaseError), transaction.atomic():
        Transition.objects.all().delete()


def test_a_step_out_of_order_says_where_the_report_is(report, staff, manager):
    with pytest.raises(WrongState, match="đang ở tình trạng «đang nhập»"):
        approve(report, by=manager)


@pytest.mark.parametrize(
    ("state", "to"),
    [("draft", "approved"), ("approved", "draft"), ("returned", "approved"), ("draft", "reopened")],
)
def test_the_database_refuses_a_step_out_of_order_too(report, staff, manager, state, to):
    if state != "draft":
        submit(report, by=staff)
    if state == "approved":
        approve(report, by=manager)
    if state == "returned":
        send_back(report, by=manager, reason="Thiếu")

    with pytest.raises(DatabaseError), transaction.atomic():
        Report.objects.filter(pk=report.pk).update(state=to)


def test_a_report_is_neither_born_approved_nor_moved_without_a_trace(report, staff):
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportFactory.create(
            program=report.program, period=PeriodFactory.create(year=2017), state="approved"
        )

    def move_by_sql_alone():
        for state in ("submitted", "approved"):
            Report.objects.filter(pk=report.pk).update(state=state)
        connection.check_constraints()  # as at the commit

    with pytest.raises(IntegrityError, match="không ghi ai chuyển"), transaction.atomic():
        move_by_sql_alone()


def test_a_figure_is_not_moved_to_another_report_or_indicator(report, staff, manager):
    figure = FigureFactory.create(report=report)
    submit(report, by=staff)
    approve(report, by=manager)
    reopen(report, by=manager, reason="Sửa")
    with pytest.raises(IntegrityError, match="không chuyển"), transaction.atomic():
        Figure.objects.filter(pk=figure.pk).update(indicator=IndicatorFactory.create())


def test_figures_of_a_sent_report_are_closed_by_every_way(report, staff):
    figure = FigureFactory.create(report=report)
    submit(report, by=staff)

    with pytest.raises(ReportClosed):
        enter_figure(report, figure.indicator, number(65), by=staff)
    with pytest.raises(IntegrityError), transaction.atomic():
        Figure.objects.filter(pk=figure.pk).update(value=65)
    with pytest.raises(IntegrityError), transaction.atomic():
        FigureFactory.create(report=report)
    with pytest.raises(IntegrityError), transaction.atomic():
        figure.delete()


def test_an_official_value_cannot_be_typed(report, staff, manager):
    figure = FigureFactory.create(report=report, value=64)
    with pytest.raises(IntegrityError), transaction.atomic():
        Figure.objects.filter(pk=figure.pk).update(approved_state="reported", approved_value=64)
    submit(report, by=staff)
    approve(report, by=manager)
    with pytest.raises(IntegrityError), transaction.atomic():
        Figure.objects.filter(pk=figure.pk).update(approved_value=99)


def test_a_correction_makes_the_next_edition_and_the_printed_one_stays(report, staff, manager):
    # Six months 2026: 100 approved and printed; in August a duplicate is found: 90.
    indicator = IndicatorFactory.create()
    enter_figure(report, indicator, number(100), by=staff)
    submit(report, by=staff)
    first = approve(report, by=manager)
    reopen(report, by=manager, reason="Một lớp bị ghi hai lần")
    enter_figure(report, indicator, number(90), by=staff)
    assert official(report) == [Decimal(100)]  # until the correction is approved

    submit(report, by=staff)
    second = approve(report, by=manager)

    assert official(report) == [Decimal(90)]
    first.refresh_from_db()
    assert (first.number, first.content["figures"][0]["value"]) == (1, "100")
    assert (second.number, second.content["figures"][0]["value"]) == (2, "90")
    assert first.digest == digest(first.content) != second.digest


def test_an_edition_cannot_be_changed(report, staff, manager):
    submit(report, by=staff)
    edition = approve(report, by=manager)
    with pytest.raises(DatabaseError), transaction.atomic():
        Edition.objects.filter(pk=edition.pk).update(content={})
    with pytest.raises(DatabaseError), transaction.atomic():
        edition.delete()


def test_a_published_figure_is_never_deleted(report, staff, manager):
    figure = FigureFactory.create(report=report)
    submit(report, by=staff)
    approve(report, by=manager)
    reopen(report, by=manager, reason="Sửa")
    with pytest.raises(IntegrityError, match="không xóa được"), transaction.atomic():
        figure.delete()


def test_a_whole_is_not_counted_again_with_its_parts(report, staff, manager, hanoi):
    given_whole, given_parts = IndicatorFactory.create(), IndicatorFactory.create()
    unit = OrganisationFactory.create(province=hanoi, kind="commune")
    activity = ActivityFactory.create(program=report.program, province=hanoi)
    enter_figure(report, given_whole, number(64), by=staff)
    enter_figure(report, given_whole, number(60), by=staff, unit=unit)
    enter_figure(report, given_parts, number(3), by=staff, unit=unit)
    enter_figure(report, given_parts, number(4), by=staff, activity=activity)
    submit(report, by=staff)
    approve(report, by=manager)

    assert official(report) == [Decimal(64), None, Decimal(3), None]


def test_activities_count_where_neither_whole_nor_units_are_given(report, staff, manager, hanoi):
    classes = IndicatorFactory.create()
    for value in (3, 4):
        activity = ActivityFactory.create(program=report.program, province=hanoi)
        enter_figure(report, classes, number(value), by=staff, activity=activity)
    submit(report, by=staff)
    approve(report, by=manager)

    assert official(report) == [Decimal(3), Decimal(4)]


def test_four_states_are_four_different_things(report, staff):
    for state, value in [
        (FigureState.REPORTED, Decimal(5)),
        (FigureState.ZERO, Decimal(0)),
        (FigureState.MISSING, None),
        (FigureState.NOT_APPLICABLE, None),
    ]:
        enter_figure(report, IndicatorFactory.create(), Typed(state=state, value=value), by=staff)

    for state, value in [
        (FigureState.REPORTED, None),
        (FigureState.REPORTED, Decimal(0)),
        (FigureState.ZERO, None),
        (FigureState.ZERO, Decimal(1)),
        (FigureState.MISSING, Decimal(0)),
    ]:
        with pytest.raises(IntegrityError), transaction.atomic():
            enter_figure(
                report, IndicatorFactory.create(), Typed(state=state, value=value), by=staff
            )


@pytest.mark.parametrize(
    ("indicator", "value", "rule"),
    [
        (lambda: RatioFactory.create(), 80, "figure_not_of_ratio"),
        (lambda: IndicatorFactory.create(), -1, "figure_not_negative"),
        (lambda: IndicatorFactory.create(decimals=1), "22.65", "figure_decimals"),
    ],
)
def test_a_value_that_its_indicator_cannot_have_is_refused(report, staff, indicator, value, rule):
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        enter_figure(report, indicator(), number(value), by=staff)
    assert refused.value.__cause__.diag.constraint_name == rule


def test_a_rate_may_be_negative(report, staff):
    enter_figure(report, IndicatorFactory.create(aggregation="rate"), number(-3), by=staff)


@pytest.mark.parametrize(
    ("make", "rule"),
    [
        (lambda p: {"period": p.stage}, "report_period_is_leaf"),
        (lambda p: {"period": PeriodFactory.create(year=2021)}, "report_period_in_stage"),
        (lambda p: {"province": ProvinceFactory.create()}, "report_unit_owns_program"),
    ],
)
def test_a_report_is_of_its_programs_own_kind_place_and_stage(hanoi, make, rule):
    program = ProgramFactory.create(province=hanoi)
    fields = {"program": program, "province": hanoi} | make(program)
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ReportFactory.create(**fields)
    assert refused.value.__cause__.diag.constraint_name == rule


def test_a_unit_closed_before_the_period_does_not_report_for_it():
    program = ProgramFactory.create(level="national", province=None)
    gone = ProvinceFactory.create(
        valid_to=date(2015, 12, 31), successor=ProvinceFactory.create(valid_from=date(2016, 1, 1))
    )
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        ReportFactory.create(program=program, province=gone)
    assert refused.value.__cause__.diag.constraint_name == "report_unit_exists_then"


def test_a_figure_cannot_claim_another_place_than_its_report(report, an_giang):
    FigureFactory.create(report=report, province=an_giang)
    with pytest.raises(IntegrityError):  # at the end of the transaction
        connection.check_constraints()


def test_typing_again_changes_the_same_figure_and_counts_the_change(report, staff):
    indicator = IndicatorFactory.create()
    enter_figure(report, indicator, number(1), by=staff)
    figure = enter_figure(report, indicator, number(2), by=staff)
    figure.refresh_from_db()

    assert report.figures.count() == 1
    assert (figure.value, figure.version) == (Decimal(2), 2)


def test_a_state_of_every_report_is_one_of_the_five(report):
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportFactory.create(
            program=report.program, period=PeriodFactory.create(year=2017), state="xong"
        )
    assert {state.value for state in ReportState} == {
        "draft", "submitted", "approved", "returned", "reopened",
    }  # fmt: skip
