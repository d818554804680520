"""Every write that can move an attainment leaves a mark, whoever writes and however."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, models, transaction

from programs.access import Role
from programs.models import Indicator, Participation, Period, Program, Province, Target
from programs.models import TargetVersion as Version
from reports.entry.workflow import submit
from reports.models import Figure, RecomputeMark
from tests.conftest import person
from tests.factories import (
    ActivityFactory,
    FigureFactory,
    IndicatorFactory,
    OrganisationFactory,
    PeriodFactory,
    ProgramFactory,
    ProvinceFactory,
    TargetVersionFactory,
)

pytestmark = pytest.mark.django_db

Write = Callable[[Figure, Version], object]


@pytest.fixture
def figure(db: None) -> Figure:
    return FigureFactory.create()


@pytest.fixture
def version(figure: Figure) -> Version:
    return TargetVersionFactory.create(
        target__program=figure.program, target__indicator=figure.indicator
    )


def raw(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


WRITES: dict[str, Write] = {
    "a figure saved": lambda figure, _: FigureFactory.create(report=figure.report),
    "a figure updated in bulk": lambda figure, _: Figure.objects.update(value=65),
    "a figure written by raw SQL": lambda figure, _: raw("UPDATE reports_figure SET value = 66"),
    "a figure created in bulk": lambda figure, _: Figure.objects.bulk_create(
        [FigureFactory.build(report=figure.report, indicator=IndicatorFactory.create())]
    ),
    "a figure deleted": lambda figure, _: figure.delete(),
    "a figure said to be not applicable": lambda figure, _: Figure.objects.update(
        state="not_applicable", value=None
    ),
    "a report that moves": lambda figure, _: submit(
        figure.report, by=person("ai", Role.STAFF, figure.province)
    ),
    "a report deleted": lambda figure, _: (figure.delete(), figure.report.delete()),
    "a plan revised": lambda _, version: TargetVersionFactory.create(
        target=version.target, number=2, status="revised", replaces=version
    ),
    "a plan changed": lambda _, version: Version.objects.update(lower=9, upper=9),
    "a plan withdrawn": lambda _, version: version.delete(),
    "a plan deleted with its versions": lambda _, version: version.target.delete(),
    "a plan moved to another period": lambda _, version: Target.objects.update(
        period=PeriodFactory.create(year=2016)
    ),
    "an indicator that adds up differently": lambda _, version: (
        Figure.objects.all().delete(),
        Indicator.objects.update(aggregation="stock"),
    ),
    "an indicator whose direction turns": lambda figure, _: Indicator.objects.update(
        direction="lower"
    ),
    "a program that follows another": lambda figure, _: Program.objects.filter(
        pk=figure.program_id
    ).update(follows=ProgramFactory.create()),
    "a province that merges": lambda figure, _: Province.objects.filter(
        pk=figure.province_id
    ).update(
        valid_to=date(2025, 6, 30), successor=ProvinceFactory.create(valid_from=date(2025, 7, 1))
    ),
    "a period that shifts": lambda figure, _: Period.objects.filter(pk=figure.period_id).update(
        starts_on=date(2016, 1, 2)
    ),
    "a participation": lambda figure, _: Participation.objects.create(
        activity=ActivityFactory.create(program=figure.program),
        organisation=OrganisationFactory.create(),
        role="beneficiary",
        took_part_on=date(2016, 5, 1),
    ),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES.keys())
def test_a_write_leaves_a_mark_in_its_own_transaction(figure, version, write):
    RecomputeMark.objects.all().delete()

    write(figure, version)

    assert RecomputeMark.objects.exists()


def test_a_write_that_is_taken_back_takes_its_mark_back(figure):
    RecomputeMark.objects.all().delete()

    with transaction.atomic():
        Figure.objects.update(value=65)
        transaction.set_rollback(True)

    assert not RecomputeMark.objects.exists()


def test_a_mark_names_the_cell_that_was_touched(figure):
    RecomputeMark.objects.all().delete()

    Figure.objects.update(value=65)

    mark = RecomputeMark.objects.get()
    assert (mark.program_id, mark.indicator_id, mark.province_id, mark.period_id) == (
        figure.program_id,
        figure.indicator_id,
        figure.province_id,
        figure.period_id,
    )


@pytest.mark.parametrize(
    "harmless",
    [
        lambda: Figure.objects.update(note="đã kiểm tra"),
        lambda: Figure.objects.update(value=Decimal("64.000000")),
        lambda: Indicator.objects.update(name="Tên mới"),
        lambda: Province.objects.update(name="Tên mới"),
        lambda: Program.objects.update(name="Tên mới"),
    ],
)
def test_a_write_that_moves_no_attainment_leaves_no_mark(figure, harmless):
    RecomputeMark.objects.all().delete()

    harmless()

    assert not RecomputeMark.objects.exists()


def test_a_thousand_figures_in_one_statement_leave_one_mark_a_cell(figure):
    indicators = IndicatorFactory.create_batch(3)
    Figure.objects.bulk_create(
        FigureFactory.build(
            report=figure.report,
            indicator=indicator,
            unit=OrganisationFactory.create(province=figure.province),
        )
        for indicator in indicators
        for _ in range(4)
    )
    RecomputeMark.objects.all().delete()

    Figure.objects.filter(indicator__in=indicators).update(value=7)

    assert RecomputeMark.objects.count() == len(indicators)


MARKING = {
    "programs_activity", "programs_indicator", "programs_participation", "programs_period",
    "programs_program", "programs_province", "programs_target", "programs_targetversion",
    "reports_figure", "reports_report",
}  # fmt: skip
NOT_MARKING = {
    "accounts_membership": "who may see is asked when a page is read",
    "accounts_user": "the same",
    "programs_activity_content_groups": "a label",
    "programs_activity_documents": "a source",
    "programs_activityfunding": "money of an activity is no figure of a report",
    "programs_contentgroup": "a heading",
    "programs_legaldocument": "a source",
    "programs_organisation": "a name; what it took part in is a participation",
    "programs_targetversion_documents": "a source",
    "reports_attainment": "the result",
    "reports_edition": "frozen",
    "reports_evidence": "a source",
    "reports_jobrun": "the record",
    "reports_quotation": "what others say",
    "reports_quotation_documents": "a source",
    "reports_recomputemark": "the marks",
    "reports_transition": "the log",
}


def test_every_table_either_marks_or_says_why_it_need_not():
    """A new table fails here until somebody decides."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT event_object_table FROM information_schema.triggers"
            " WHERE trigger_name LIKE 'mark\\_%'"
        )
        marking = {table for (table,) in cursor.fetchall()}
        cursor.execute(
            "SELECT table_name FROM information_schema.tables"
            " WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
            " AND table_name ~ '^(accounts|programs|reports)_'"
            " AND table_name NOT LIKE '%event'"
        )
        tables = {table for (table,) in cursor.fetchall()}

    assert marking == MARKING
    assert tables == MARKING | set(NOT_MARKING)


def test_marks_are_not_unique():
    """A unique mark would swallow the change that commits while the old mark is worked on."""
    assert not any(
        isinstance(constraint, models.UniqueConstraint)
        for constraint in RecomputeMark._meta.constraints
    )
