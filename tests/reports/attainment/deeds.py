"""What may happen in a small country: one change each, as pages, imports or SQL make it.

A deed draws its own details; where there is nothing of the kind to do it raises Idle.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

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
    TargetVersion,
)
from programs.planning import Direction, Shape
from reports.entry.figures import enter_figure
from reports.entry.review import accept, answer, return_figure
from reports.entry.workflow import approve, reopen, send_back, submit
from reports.models import Figure, FigureNature, Report, ReportState, Review
from reports.models.report import OPEN_STATES
from tests.factories import PeriodFactory
from tests.reports.attainment.country import (
    A_DAY,
    LAST_DAYS,
    REGIONS,
    WHOLE_NUMBERS,
    Country,
    Idle,
)
from tests.reports.attainment.story import approve_in_bulk, typed

Deed = Callable[[Country], None]


def new_places(country: Country) -> list[tuple[Program, Province, Period]]:
    """For whom and when a report may still be opened."""
    known = set(Report.objects.values_list("program_id", "province_id", "period_id"))
    return [
        (program, unit, leaf)
        for program in country.programs
        for leaf in leaves_of(program)
        for unit in country.units_of(program)
        if unit.valid_from <= leaf.ends_on
        and (unit.valid_to is None or unit.valid_to >= leaf.starts_on)
        and (program.pk, unit.pk, leaf.pk) not in known
    ]


def leaves_of(program: Program) -> QuerySet[Period]:
    return periods_of_program(program).filter(kind=program.leaf_kind)


def periods_of_program(program: Program) -> QuerySet[Period]:
    return Period.objects.within(program.stage).order_by("pk")


def new_report(country: Country) -> Report:
    program, unit, leaf = country.one_of(new_places(country))
    return Report.objects.create(program=program, province=unit, period=leaf)


def open_reports() -> list[Report]:
    return list(Report.objects.filter(state__in=OPEN_STATES).order_by("pk"))


def open_report(country: Country) -> Report:
    """One that is open already, or a new one."""
    return country.one_of([*open_reports(), None]) or new_report(country)


def say(country: Country, report: Report, *, at_most: int) -> None:
    known = country.typed_indicators_of(report.province_id)
    for indicator in country.some_of(known, at_most=at_most):
        unit, activity = None, None
        match country.one_of(("whole", "whole", "unit", "activity")):
            case "unit":
                unit = country.one_of(
                    Organisation.objects.raw(
                        "SELECT * FROM programs_organisation"
                        " WHERE programs_belongs(province_id, %s) ORDER BY id",
                        [report.province_id],
                    )
                )
            case "activity":
                activity = country.one_of(
                    Activity.objects.raw(
                        "SELECT * FROM programs_activity WHERE program_id = %s"
                        " AND programs_belongs(province_id, %s) ORDER BY id",
                        [report.program_id, report.province_id],
                    )
                )
        enter_figure(
            report,
            indicator,
            typed(country.number_of(indicator)),
            by=country.by,
            unit=unit,
            activity=activity,
            nature=country.one_of(
                (FigureNature.ACTUAL, FigureNature.ACTUAL, FigureNature.ESTIMATE)
            ),
        )


def finish(country: Country, report: Report) -> None:
    submit(report, by=country.by)
    approve(report, by=country.by)


def type_figures(country: Country) -> None:
    report = open_report(country)
    say(country, report, at_most=3)


def report_and_approve(country: Country) -> None:
    report = new_report(country)
    say(country, report, at_most=5)
    finish(country, report)


def import_figures(country: Country) -> None:
    """Of every indicator for which the report says nothing yet, in one statement."""
    report = open_report(country)
    said = [
        (each, typed(country.number_of(each)))
        for each in country.typed_indicators_of(report.province_id)
    ]
    Figure.objects.bulk_create(
        [
            Figure(
                report=report,
                program_id=report.program_id,
                province_id=report.province_id,
                period_id=report.period_id,
                indicator=indicator,
                state=number.state,
                value=number.value,
            )
            for indicator, number in said
        ],
        ignore_conflicts=True,
    )


def import_approved(country: Country) -> None:
    """Reports of several units and leaves, approved by statements of many rows."""
    program = country.one_of(country.programs)
    places = country.some_of(
        [(unit, leaf) for of, unit, leaf in new_places(country) if of == program], at_most=4
    )
    indicator = country.one_of(country.typed_indicators_of(None))
    approve_in_bulk(program, indicator, {place: country.one_of(WHOLE_NUMBERS) for place in places})


def move_report(country: Country) -> None:
    report = country.one_of(Report.objects.order_by("pk"))
    match report.state:
        case ReportState.SUBMITTED if country.perhaps():
            send_back(report, by=country.by, reason="Thiếu một lớp")
        case ReportState.SUBMITTED:
            approve(report, by=country.by)
        case ReportState.APPROVED:
            reopen(report, by=country.by, reason="Một lớp ghi hai lần")
        case _:
            submit(report, by=country.by)


def approve_report(country: Country) -> None:
    finish(country, country.one_of(open_reports()))


def correct_report(country: Country) -> None:
    report = country.one_of(Report.objects.filter(state=ReportState.APPROVED).order_by("pk"))
    reopen(report, by=country.by, reason="Một lớp ghi hai lần")
    say(country, report, at_most=2)
    if country.perhaps():
        finish(country, report)


def return_one_figure(country: Country) -> None:
    """By itself, out of a report that was sent or approved."""
    figure = country.one_of(
        Figure.objects.whole()
        .filter(
            nature=FigureNature.ACTUAL,
            review=Review.NONE,
            report__state__in=(ReportState.SUBMITTED, ReportState.APPROVED),
        )
        .order_by("pk")
    )
    return_figure(figure.report, figure.indicator, by=country.by, reason="Chưa khớp")


def answer_figure(country: Country) -> None:
    """With another number or with the same."""
    figure = country.one_of(Figure.objects.returned().order_by("pk"))
    if country.perhaps():
        said = typed(country.one_of(WHOLE_NUMBERS))
        enter_figure(figure.report, figure.indicator, said, by=country.by)
    if country.perhaps():
        answer(figure, by=country.by)


def accept_figure(country: Country) -> None:
    answered = Figure.objects.filter(review=Review.ANSWERED, report__state=ReportState.APPROVED)
    accept(country.one_of(answered.order_by("pk")), by=country.by)


def delete_figure(country: Country) -> None:
    never_approved = Figure.objects.filter(
        approved_state="", report__state__in=OPEN_STATES, remarks=None
    )
    country.one_of(never_approved.order_by("pk")).delete()


def delete_report(country: Country) -> None:
    empty = Report.objects.filter(state=ReportState.DRAFT, figures=None, transitions=None)
    country.one_of(empty.order_by("pk")).delete()


def double_figures(country: Country) -> None:
    """Raw SQL over the figures of every open report."""
    sql(
        "UPDATE reports_figure SET value = value * 2 WHERE state = 'reported' AND report_id IN"
        " (SELECT id FROM reports_report WHERE state NOT IN ('submitted', 'approved'))"
    )


def sql(statement: str, *parameters: object) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


# --- plans -----------------------------------------------------------------------------------

DECIDED = (None, None, date(2023, 12, 1), *LAST_DAYS, *(day + A_DAY for day in LAST_DAYS))
BOUNDS = (0, 1, 3, 7, 10, 64, 2000, Decimal("0.5"))


def promise(country: Country) -> dict[str, Any]:
    """Shape, bounds and day of a version."""
    shape = country.one_of(Shape)
    low = Decimal(country.one_of(BOUNDS))
    lower, upper = {
        Shape.EXACT: (low, low),
        Shape.ABOUT: (low, low),
        Shape.AT_LEAST: (low, None),
        Shape.ABOVE: (low, None),
        Shape.RANGE: (low, low + 5),
        Shape.AT_MOST: (None, low),
    }[shape]
    return {
        "shape": shape.value,
        "lower": lower,
        "upper": upper,
        "baseline": country.one_of((None, None, Decimal(80), Decimal(3))),
        "decided_on": country.one_of(DECIDED),
    }


def add_version(country: Country, target: Target) -> None:
    known = list(target.versions.order_by("number"))
    revised = bool(known) and country.perhaps()
    TargetVersion.objects.create(
        target=target,
        number=known[-1].number + 1 if known else 1,
        status="revised" if revised else country.one_of(("assigned", "assigned", "registered")),
        replaces=country.one_of(known) if revised else None,
        **promise(country),
    )


def set_target(country: Country) -> None:
    program = country.one_of(country.programs)
    places: list[Province | None] = [*country.units_of(program)]
    if program.province_id is None:
        places.append(None)
    place = country.one_of(places)
    target, _created = Target.objects.get_or_create(
        program=program,
        indicator=country.one_of(country.indicators_of(place and place.pk)),
        province=place,
        period=country.one_of(periods_of_program(program)),
    )
    add_version(country, target)


def assign_to_all(country: Country) -> None:
    """The same indicator and period for every unit, so that places have sums."""
    program = country.one_of(country.programs)
    indicator = country.one_of(country.indicators_of(None))
    period = country.one_of(periods_of_program(program))
    for unit in country.units_of(program):
        target, _created = Target.objects.get_or_create(
            program=program, indicator=indicator, province=unit, period=period
        )
        add_version(country, target)


def revise_target(country: Country) -> None:
    add_version(country, country.one_of(Target.objects.order_by("pk")))


def change_version(country: Country) -> None:
    version = country.one_of(TargetVersion.objects.order_by("pk"))
    TargetVersion.objects.filter(pk=version.pk).update(**promise(country))


def delete_version(country: Country) -> None:
    country.one_of(TargetVersion.objects.filter(replaced_by=None).order_by("pk")).delete()


def delete_target(country: Country) -> None:
    target = country.one_of(Target.objects.order_by("pk"))
    sql("DELETE FROM programs_targetversion WHERE target_id = %s", target.pk)
    target.delete()


def move_target(country: Country) -> None:
    """Not one that a merger taken back has left in another unit's program: that is refused."""
    targets = Target.objects.select_related("program__stage", "province").order_by("pk")
    target = country.one_of(
        target
        for target in targets
        if target.province is None or target.province in country.units_of(target.program)
    )
    moved = {
        "indicator": country.one_of(country.indicators_of(target.province_id)),
        "period": country.one_of(periods_of_program(target.program)),
    }
    taken = Target.objects.filter(program=target.program, province=target.province, **moved)
    if taken.exists():
        raise Idle
    Target.objects.filter(pk=target.pk).update(**moved)


# --- units -----------------------------------------------------------------------------------


def merge(country: Country) -> None:
    """A unit is taken over whole, by one that begins later: the database refuses the rest."""
    unit, heir, day = country.one_of(
        (unit, heir, day)
        for unit in country.units
        for heir in country.units
        for day in LAST_DAYS
        if unit.valid_from <= day < heir.valid_from
    )
    Province.objects.filter(pk=unit.pk).update(valid_to=day, successor=heir)


def close(country: Country) -> None:
    """Gone, and its successor is not written yet."""
    unit, day = country.one_of(
        (unit, day) for unit in country.units for day in LAST_DAYS if unit.valid_from <= day
    )
    Province.objects.filter(pk=unit.pk).update(valid_to=day, successor=None)


def undo_merger(country: Country) -> None:
    unit = country.one_of(unit for unit in country.units if unit.valid_to)
    Province.objects.filter(pk=unit.pk).update(valid_to=None, successor=None)


def found_on_another_day(country: Country) -> None:
    begins = [date(1990, 1, 1), *(day + A_DAY for day in LAST_DAYS)]
    units = country.units
    unit, day = country.one_of(
        (unit, day)
        for unit in units
        for day in begins
        if (unit.valid_to is None or day <= unit.valid_to)
        and all((each.valid_to or day) < day for each in units if each.successor_id == unit.pk)
    )
    Province.objects.filter(pk=unit.pk).update(valid_from=day)


def change_region(country: Country) -> None:
    unit = country.one_of(country.units)
    Province.objects.filter(pk=unit.pk).update(region=country.one_of(REGIONS))


# --- catalogue -------------------------------------------------------------------------------


def change_indicator(country: Country) -> None:
    indicator = country.one_of(Indicator.objects.order_by("pk"))
    match indicator.aggregation:
        case "ratio" if country.perhaps():
            changed: dict[str, Any] = {"ratio_scale": country.one_of((1, 100, 1000))}
        case "ratio":
            changed = {
                "numerator": indicator.denominator_id,
                "denominator": indicator.numerator_id,
            }
        case "distinct" if country.perhaps():
            group = country.one_of([None, *ContentGroup.objects.order_by("pk")])
            changed = {"content_group": group, "section": "content" if group else "outcome"}
        case "distinct":
            changed = {"counted": country.one_of(("organisation", "country"))}
        case _ if country.perhaps():
            changed = {"decimals": min(indicator.decimals + 2, 6)}
        case _:
            changed = {"direction": country.one_of(Direction).value}
    Indicator.objects.filter(pk=indicator.pk).update(**changed)


def delete_ratio(country: Country) -> None:
    country.one_of(
        Indicator.objects.filter(aggregation="ratio", targets=None).order_by("pk")
    ).delete()


def follow(country: Country) -> None:
    before, after = country.programs
    known = Program.objects.get(pk=after.pk).follows_id
    Program.objects.filter(pk=after.pk).update(follows=None if known else before)


def add_or_delete_period(country: Country) -> None:
    """«8 tháng đầu năm»: of a program by months filled, of others not."""
    known = Period.objects.filter(key="2025-8T").first()
    if known is None:
        PeriodFactory.create(
            kind="to_date",
            year=2025,
            number=8,
            key="2025-8T",
            name="8 tháng đầu năm 2025",
            ends_on=date(2025, 8, 31),
        )
    elif known.targets.exists():
        raise Idle
    else:
        known.delete()


# --- who took part ---------------------------------------------------------------------------


def take_part(country: Country) -> None:
    activities = country.some_of(Activity.objects.order_by("pk"), at_most=2)
    organisations = country.some_of(Organisation.objects.order_by("pk"), at_most=3)
    role = country.one_of(("beneficiary", "beneficiary", "coordinator"))
    day = country.one_of(LAST_DAYS)
    Participation.objects.bulk_create(
        [
            Participation(activity=activity, organisation=each, role=role, took_part_on=day)
            for activity in activities
            for each in organisations
        ],
        ignore_conflicts=True,
    )


def change_participation(country: Country) -> None:
    participation = country.one_of(Participation.objects.order_by("pk"))
    match country.one_of(("deleted", "another day", "another role")):
        case "deleted":
            participation.delete()
        case "another day":
            moved = Participation.objects.filter(
                activity=participation.activity_id,
                organisation=participation.organisation_id,
                role=participation.role,
            )
            day = country.one_of(LAST_DAYS)
            if not moved.filter(took_part_on=day).exists():
                Participation.objects.filter(pk=participation.pk).update(took_part_on=day)
        case _:
            sql(
                "UPDATE programs_participation SET role = 'implementer' WHERE id = %s"
                " AND NOT EXISTS (SELECT FROM programs_participation AS other"
                " WHERE other.activity_id = programs_participation.activity_id"
                " AND other.organisation_id = programs_participation.organisation_id"
                " AND other.took_part_on = programs_participation.took_part_on"
                " AND other.role = 'implementer')",
                participation.pk,
            )


def label_activity(country: Country) -> None:
    activity = country.one_of(Activity.objects.order_by("pk"))
    group = country.one_of(ContentGroup.objects.order_by("pk"))
    if country.perhaps():
        activity.content_groups.add(group)
    else:
        activity.content_groups.clear()


def move_activity(country: Country) -> None:
    activity = country.one_of(Activity.objects.select_related("program").order_by("pk"))
    unit = country.one_of(country.units_of(activity.program))
    Activity.objects.filter(pk=activity.pk).update(province=unit)


def change_country(country: Country) -> None:
    organisation = country.one_of(Organisation.objects.order_by("pk"))
    Organisation.objects.filter(pk=organisation.pk).update(
        country=country.one_of(("", "Lào", "Nga"))
    )


DEEDS: tuple[Deed, ...] = (
    type_figures,
    report_and_approve,
    import_figures,
    import_approved,
    move_report,
    approve_report,
    correct_report,
    return_one_figure,
    answer_figure,
    accept_figure,
    delete_figure,
    delete_report,
    double_figures,
    set_target,
    assign_to_all,
    revise_target,
    change_version,
    delete_version,
    delete_target,
    move_target,
    merge,
    close,
    undo_merger,
    found_on_another_day,
    change_region,
    change_indicator,
    delete_ratio,
    follow,
    add_or_delete_period,
    take_part,
    change_participation,
    label_activity,
    move_activity,
    change_country,
)
