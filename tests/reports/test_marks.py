"""Every write that can move an attainment leaves a mark, whoever writes and however."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection, models, transaction

from programs.access import Role
from programs.models import (
    Activity,
    ContentGroup,
    Indicator,
    Organisation,
    Participation,
    Period,
    Program,
    Province,
    Target,
)
from programs.models import TargetVersion as Version
from reports.entry.workflow import submit
from reports.models import Figure, MarkKind, RecomputeMark, Report
from tests.conftest import person
from tests.factories import (
    ActivityFactory,
    ContentGroupFactory,
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


# What is written, and the kind of its mark: from which step on a cell is computed anew.
WRITES: dict[str, tuple[MarkKind, Write]] = {
    "a figure saved": (
        MarkKind.FIGURE,
        lambda figure, _: FigureFactory.create(report=figure.report),
    ),
    "a figure updated in bulk": (
        MarkKind.FIGURE,
        lambda figure, _: Figure.objects.update(value=65),
    ),
    "a figure written by raw SQL": (
        MarkKind.FIGURE,
        lambda figure, _: raw("UPDATE reports_figure SET value = 66"),
    ),
    "a figure created in bulk": (
        MarkKind.FIGURE,
        lambda figure, _: Figure.objects.bulk_create(
            [FigureFactory.build(report=figure.report, indicator=IndicatorFactory.create())]
        ),
    ),
    "a figure deleted": (MarkKind.FIGURE, lambda figure, _: figure.delete()),
    "a figure said to be not applicable": (
        MarkKind.FIGURE,
        lambda figure, _: Figure.objects.update(state="not_applicable", value=None),
    ),
    "a report that moves": (
        MarkKind.FIGURE,
        lambda figure, _: submit(figure.report, by=person("ai", Role.STAFF, figure.province)),
    ),
    "a report deleted": (
        MarkKind.FIGURE,
        lambda figure, _: (figure.delete(), figure.report.delete()),
    ),
    "a plan revised": (
        MarkKind.PLAN,
        lambda _, version: TargetVersionFactory.create(
            target=version.target, number=2, status="revised", replaces=version
        ),
    ),
    "a plan changed": (MarkKind.PLAN, lambda _, version: Version.objects.update(lower=9, upper=9)),
    "a plan decided on another day": (
        MarkKind.PLAN,
        lambda _, version: Version.objects.update(decided_on=date(2016, 9, 1)),
    ),
    "a plan withdrawn": (MarkKind.PLAN, lambda _, version: version.delete()),
    "a plan deleted with its versions": (MarkKind.PLAN, lambda _, version: version.target.delete()),
    "a plan moved to another period": (
        MarkKind.PLAN,
        lambda _, version: Target.objects.update(period=PeriodFactory.create(year=2016)),
    ),
    "an indicator that adds up differently": (
        MarkKind.FRAME,
        lambda _, version: (
            Figure.objects.all().delete(),
            Indicator.objects.update(aggregation="stock"),
        ),
    ),
    "an indicator whose direction turns": (
        MarkKind.FRAME,
        lambda figure, _: Indicator.objects.update(direction="lower"),
    ),
    "an indicator of another content": (
        MarkKind.FRAME,
        lambda figure, _: Indicator.objects.update(
            section="content", content_group=ContentGroupFactory.create()
        ),
    ),
    "an indicator deleted": (MarkKind.FRAME, lambda *_: IndicatorFactory.create().delete()),
    "a program": (MarkKind.FRAME, lambda *_: ProgramFactory.create()),
    "a province that merges": (
        MarkKind.FRAME,
        lambda figure, _: Province.objects.filter(pk=figure.province_id).update(
            valid_to=date(2025, 6, 30),
            successor=ProvinceFactory.create(valid_from=date(2025, 7, 1)),
        ),
    ),
    "a province of another region": (
        MarkKind.FRAME,
        lambda *_: Province.objects.update(region="Vùng khác"),
    ),
    "a province deleted": (MarkKind.FRAME, lambda *_: ProvinceFactory.create().delete()),
    "a period that shifts": (
        MarkKind.FRAME,
        lambda figure, _: Period.objects.filter(pk=figure.period_id).update(
            starts_on=date(2016, 1, 2)
        ),
    ),
    "a period deleted": (MarkKind.FRAME, lambda *_: PeriodFactory.create().delete()),
    "a participation": (
        MarkKind.PARTICIPATION,
        lambda figure, _: participation(figure),
    ),
    "a participation in another role": (
        MarkKind.PARTICIPATION,
        lambda figure, _: (
            participation(figure),
            RecomputeMark.objects.all().delete(),
            Participation.objects.update(role="implementer"),
        ),
    ),
    "an activity deleted with its participations": (
        MarkKind.PARTICIPATION,
        lambda figure, _: (
            participation(figure),
            RecomputeMark.objects.all().delete(),
            figure.program.activities.get().delete(),
        ),
    ),
    "an activity labelled": (
        MarkKind.PARTICIPATION,
        lambda figure, _: label(ActivityFactory.create(program=figure.program)),
    ),
    "an activity of another label": (
        MarkKind.PARTICIPATION,
        lambda figure, _: (
            label(ActivityFactory.create(program=figure.program)),
            RecomputeMark.objects.all().delete(),
            Activity.content_groups.through.objects.all().delete(),
        ),
    ),
    "a guest from another country": (
        MarkKind.PARTICIPATION,
        lambda figure, _: (
            participation(figure),
            RecomputeMark.objects.all().delete(),
            Organisation.objects.update(country="Lào"),
        ),
    ),
}


def label(activity: Activity) -> Activity:
    activity.content_groups.add(ContentGroupFactory.create())
    return activity


def participation(figure: Figure) -> Participation:
    return Participation.objects.create(
        activity=ActivityFactory.create(program=figure.program),
        organisation=OrganisationFactory.create(province=figure.province),
        role="beneficiary",
        took_part_on=date(2016, 5, 1),
    )


@pytest.mark.parametrize(("kind", "write"), WRITES.values(), ids=WRITES.keys())
def test_a_write_leaves_a_mark_of_its_kind_in_its_own_transaction(figure, version, kind, write):
    RecomputeMark.objects.all().delete()

    write(figure, version)

    assert RecomputeMark.objects.filter(kind=kind).exists()


def test_a_write_that_is_taken_back_takes_its_mark_back(figure):
    RecomputeMark.objects.all().delete()

    with transaction.atomic():
        Figure.objects.update(value=65)
        transaction.set_rollback(True)

    assert not RecomputeMark.objects.exists()


def cells() -> set[tuple[str, int | None, int | None, int | None, int | None]]:
    """What the marks name; None stands for every one."""
    return set(
        RecomputeMark.objects.values_list(
            "kind", "program_id", "indicator_id", "province_id", "period_id"
        )
    )


def test_a_mark_names_the_cell_that_was_touched(figure, version):
    cell = (figure.program_id, figure.indicator_id, figure.province_id)
    everything = (None,) * 4
    for write, marks in (
        (lambda: Figure.objects.update(value=65), {("figure", *cell, figure.period_id)}),
        (
            lambda: submit(figure.report, by=person("ai", Role.STAFF, figure.province)),
            {("figure", cell[0], None, cell[2], figure.period_id)},
        ),
        (
            lambda: Version.objects.update(lower=9, upper=9),
            {("plan", *cell, version.target.period_id)},
        ),
        (
            lambda: Indicator.objects.update(direction="lower"),
            {("frame", None, figure.indicator_id, None, None)},
        ),
        (
            lambda: Province.objects.filter(pk=figure.province_id).update(region="Vùng khác"),
            {("frame", *everything)},
        ),
        (
            lambda: Period.objects.filter(pk=figure.period_id).update(number=1, year=2015),
            {("frame", *everything)},
        ),
    ):
        RecomputeMark.objects.all().delete()

        write()

        assert cells() == marks


def test_what_moves_marks_where_it_was_and_where_it_is(figure, version):
    taken = participation(figure)
    elsewhere = ActivityFactory.create(program=figure.program, province=figure.province)
    foreign = ActivityFactory.create()
    year = PeriodFactory.create(year=2017)
    RecomputeMark.objects.all().delete()

    Participation.objects.filter(pk=taken.pk).update(activity=foreign)
    Target.objects.filter(pk=version.target_id).update(period=year)

    here = (figure.program_id, None, figure.province_id, None)
    there = (foreign.program_id, None, foreign.province_id, None)
    plan = (figure.program_id, figure.indicator_id, figure.province_id)
    assert elsewhere.province_id == figure.province_id
    assert cells() == {
        ("participation", *here),
        ("participation", *there),
        ("plan", *plan, version.target.period_id),
        ("plan", *plan, year.pk),
    }


def test_the_plan_of_the_nation_is_marked_without_a_province(db):
    program = ProgramFactory.create(level="national", province=None)
    RecomputeMark.objects.all().delete()

    version = TargetVersionFactory.create(target__program=program)

    target = version.target
    assert ("plan", program.pk, target.indicator_id, None, target.period_id) in cells()


@pytest.mark.parametrize(
    "harmless",
    [
        lambda: Figure.objects.update(note="đã kiểm tra"),
        lambda: Figure.objects.update(value=Decimal("64.000000")),
        lambda: Indicator.objects.update(name="Tên mới"),
        lambda: Province.objects.update(name="Tên mới"),
        lambda: Program.objects.update(name="Tên mới"),
        lambda: Organisation.objects.update(name="Tên mới"),
        lambda: Activity.objects.update(name="Tên mới", state="running"),
        lambda: ContentGroup.objects.update(short_name="Tên mới"),
        lambda: Version.objects.update(note="theo công văn"),
        lambda: Report.objects.update(note="đã gọi điện"),
        lambda: Period.objects.update(due_on=None),
        lambda: OrganisationFactory.create(province=Province.objects.first(), country="Lào"),
    ],
)
def test_a_write_that_moves_no_attainment_leaves_no_mark(figure, version, harmless):
    label(ActivityFactory.create(program=figure.program))
    participation(figure)
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
    "programs_activity", "programs_activity_content_groups", "programs_indicator",
    "programs_organisation", "programs_participation", "programs_period", "programs_program",
    "programs_province", "programs_target", "programs_targetversion", "reports_figure",
    "reports_report",
}  # fmt: skip
NOT_MARKING = {
    "accounts_membership": "who may see is asked when a page is read",
    "accounts_user": "the same",
    "programs_activity_documents": "a source",
    "programs_activityfunding": "money of an activity is no figure of a report",
    "programs_contentgroup": "a heading",
    "programs_legaldocument": "a source",
    "programs_targetversion_documents": "a source",
    "reports_attainment": "the result",
    "reports_columnmapping": "how a person's tables are read",
    "reports_edition": "frozen",
    "reports_evidence": "a source",
    "reports_evidencefile": "a source",
    "reports_expectation": "the result",
    "reports_jobrun": "the record",
    "reports_justification": "why a figure is right",
    "reports_leafsum": "the result",
    "reports_officialplan": "the result",
    "reports_quotation": "what others say",
    "reports_quotation_documents": "a source",
    "reports_recomputemark": "the marks",
    "reports_remark": "what is said about a figure",
    "reports_reminder": "who was told",
    "reports_span": "the result",
    "reports_transition": "the log",
    "reports_workbookimport": "a file that came back; what it writes are figures",
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
