"""Rules that the database holds, tried past every form; each has a message a person can read."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import UniqueConstraint

from accounts.models import User
from programs.models import Period, Province, TargetVersion
from programs.planning import Plan, Shape
from tests.factories import (
    ActivityFactory,
    IndicatorFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    RatioFactory,
    TargetFactory,
    TargetVersionFactory,
)

pytestmark = pytest.mark.django_db


def refused(make, **fields):
    """Whether the database itself refuses the row."""
    try:
        with transaction.atomic():
            make(**fields)
    except IntegrityError:
        return True
    return False


def test_one_code_belongs_to_one_province_a_day():
    successor = ProvinceFactory.create(code="15", name="Lào Cai", valid_from=date(2025, 7, 1))
    ProvinceFactory.create(
        code="15", name="Yên Bái", valid_to=date(2025, 6, 30), successor=successor
    )

    assert refused(ProvinceFactory, code="15", name="Nữa", valid_from=date(2026, 1, 1))


def test_an_open_province_has_no_successor():
    other = ProvinceFactory.create()
    assert refused(ProvinceFactory.create, valid_to=None, successor=other)


def test_a_successor_begins_after_its_predecessor_so_lineage_never_circles():
    standing = ProvinceFactory.create()
    assert refused(ProvinceFactory.create, valid_to=date(2025, 6, 30), successor=standing)


def test_a_ratio_is_of_parts_that_add_up_alike():
    stock = IndicatorFactory.create(aggregation="stock")
    assert refused(RatioFactory.create, denominator=stock)
    assert refused(
        RatioFactory.create,
        numerator=IndicatorFactory.create(aggregation="distinct", counted="organisation"),
    )


def test_a_local_program_has_an_owner_and_a_national_one_has_none():
    assert refused(ProgramFactory, level="local", province=None)
    assert refused(ProgramFactory, level="national", province=ProvinceFactory.create())
    assert not refused(ProgramFactory, level="national", province=None)


BOUNDS = [None, Decimal(0), Decimal(5), Decimal(8)]


@pytest.mark.parametrize("shape", [shape.value for shape in Shape])
@pytest.mark.parametrize("lower", BOUNDS)
@pytest.mark.parametrize("upper", BOUNDS)
def test_the_database_and_the_arithmetic_accept_the_same_bounds(shape, lower, upper):
    target = TargetFactory.create()
    try:
        Plan(Shape(shape), lower, upper, None)
        fits = True
    except ValueError:
        fits = False

    assert (
        refused(TargetVersion.objects.create, target=target, status="assigned",
                shape=shape, lower=lower, upper=upper)
        is not fits
    )  # fmt: skip


def test_a_ratio_has_two_different_parts_and_nothing_else_has_any():
    part = IndicatorFactory.create()
    assert refused(RatioFactory, numerator=part, denominator=part)
    assert refused(RatioFactory, denominator=None)
    assert refused(IndicatorFactory, numerator=part)


def test_two_catalogues_may_use_one_code_but_one_may_not_use_it_twice():
    IndicatorFactory.create(code="lop", province=None)
    assert not refused(IndicatorFactory, code="lop", province=ProvinceFactory.create())
    assert refused(IndicatorFactory, code="lop", province=None)


@pytest.mark.parametrize(
    ("kind", "number"), [("month", 13), ("quarter", 5), ("half", 2), ("to_date", 6), ("year", 2)]
)
def test_a_period_that_does_not_exist_is_refused(kind, number):
    assert refused(PeriodFactory, kind=kind, number=number)


def test_money_parts_equal_the_total():
    # Vĩnh Long 2026-2030, in million đồng: 375.600 = 22.600 + 93.480 + 259.520.
    money = ActivityFactory.create().funding
    parts = {"national": 22_600, "local": 93_480, "counterpart": 259_520}

    assert refused(money.create, phase="estimated", total=375_601, **parts)
    assert not refused(money.create, phase="estimated", total=375_600, **parts)


def test_a_derived_number_says_what_it_was_derived_from():
    assert refused(TargetVersionFactory, is_derived=True, note="")
    assert not refused(TargetVersionFactory, is_derived=True, note="64 là 128% của 50")


def test_every_rule_that_a_person_can_break_has_its_own_vietnamese_message():
    silent = [
        f"{model.__name__}.{constraint.name}"
        for app in ("accounts", "programs", "reports")
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
        if constraint.violation_error_message == constraint.default_violation_error_message
    ]
    # Rows that only the program writes: a person never meets these.
    assert sorted(silent) == [
        "Attainment.attainment_actual_or_reason",
        "Attainment.attainment_cell",
        "Attainment.attainment_coverage_in_bounds",
        "Attainment.attainment_percent_or_reason",
        "Attainment.attainment_place_of_its_scope",
        "Attainment.attainment_year_percent_or_reason",
        "ColumnMapping.column_mapping_once",
        "JobRun.job_error_when_failed",
        "JobRun.job_finished_when_not_running",
        "OfficialPlan.official_plan_from",
        "OfficialPlan.official_plan_own_or_sum",
        "Report.report_identity",
        "WorkbookImport.import_written_when",
    ]


def test_a_form_tells_the_rule_in_words():
    version = TargetVersionFactory.build(target=TargetFactory.create(), shape="range", upper=None)
    with pytest.raises(ValidationError, match="«từ … đến …» cần ô «từ» nhỏ hơn ô «đến»"):
        version.full_clean()


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        (lambda: {"province": None}, "target_of_the_nation"),
        (lambda: {"province": ProvinceFactory.create()}, "target_place_of_program"),
        (lambda: {"period": PeriodFactory.create(year=2021)}, "target_period_in_stage"),
        (
            lambda: {"period": PeriodFactory.create(year=2016, calendar="administrative")},
            "target_period_in_stage",
        ),
    ],
)
def test_a_plan_is_of_its_programs_place_stage_and_calendar(fields, rule):
    program = ProgramFactory.create()
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        TargetFactory.create(program=program, **fields())
    assert refused.value.__cause__.diag.constraint_name == rule


def test_a_plan_of_a_predecessor_belongs_to_the_program_of_its_successor():
    new = ProvinceFactory.create(valid_from=date(2016, 7, 1))
    old = ProvinceFactory.create(valid_to=date(2016, 6, 30), successor=new)
    assert not refused(
        TargetFactory.create, program=ProgramFactory.create(province=new), province=old
    )


def test_an_activity_is_of_its_programs_province():
    program = ProgramFactory.create()
    assert refused(ActivityFactory.create, program=program, province=ProvinceFactory.create())


def test_a_version_replaces_a_version_of_its_own_plan():
    other = TargetVersionFactory.create()
    assert refused(
        TargetVersionFactory.create,
        target=TargetFactory.create(),
        status="revised",
        replaces=other,
    )


def test_versions_in_force_are_those_decided_by_then_and_never_a_wish():
    target = TargetFactory.create()
    undated = TargetVersionFactory.create(target=target, number=1)
    early = TargetVersionFactory.create(target=target, number=2, decided_on=date(2018, 9, 1))
    TargetVersionFactory.create(target=target, number=3, decided_on=date(2021, 1, 1))
    TargetVersionFactory.create(target=target, number=4, status="registered")

    in_force = target.versions.in_force_on(target.period.ends_on)

    assert list(in_force) == [undated, early]


def test_every_unique_rule_with_an_optional_column_counts_empty_as_a_value():
    """Else two rows «of the whole nation» could stand side by side."""
    loose = [
        f"{model.__name__}.{constraint.name}"
        for app in ("accounts", "programs", "reports")
        for model in apps.get_app_config(app).get_models()
        for constraint in model._meta.constraints
        if isinstance(constraint, UniqueConstraint)
        and constraint.nulls_distinct is None
        and any(model._meta.get_field(name).null for name in constraint.fields)
    ]
    assert loose == []


def test_provinces_and_periods_are_catalogues_that_only_members_see(staff):

    stranger = User.objects.create_user("la", full_name="Người lạ")
    assert Province.objects.visible_to(staff)
    assert not Province.objects.visible_to(stranger)
    PeriodFactory.create()
    assert Period.objects.visible_to(staff)
    assert not Period.objects.visible_to(stranger)
