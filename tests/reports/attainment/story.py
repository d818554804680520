"""The words in which the engine's tests are told: calendars, reports, plans and stored rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import F
from django.utils import timezone

from accounts.models import User
from programs.access import Role
from programs.calendars import periods_of
from programs.models import (
    Activity,
    Indicator,
    Organisation,
    Participation,
    Period,
    Program,
    Province,
    TargetVersion,
)
from reports.entry.figures import enter_figure
from reports.entry.said import Typed, state_of
from reports.entry.workflow import approve, reopen, submit
from reports.models import (
    Attainment,
    Edition,
    Figure,
    FigureState,
    Layer,
    Report,
    Scope,
    Transition,
)
from tests.factories import (
    MembershipFactory,
    ProgramFactory,
    ReportFactory,
    TargetFactory,
    TargetVersionFactory,
)

# A number as it is typed, or one of the states without a number; None: nothing is typed.
Said = Decimal | int | str | FigureState | None


def clerk() -> User:
    """Enters and approves for the whole nation: these tests are about sums, not about rights."""
    known = User.objects.filter(username="thu-ky").first()
    if known is not None:
        return known
    user = MembershipFactory.create(
        user__username="thu-ky", role=Role.STAFF.value, province=None
    ).user
    MembershipFactory.create(user=user, role=Role.MANAGER.value, province=None)
    return user


def calendar(first: int, last: int | None = None) -> dict[str, Period]:
    """Every real period of these years by key («2026-Q1», «2026-6T-HC»), and their stage."""
    stages = [] if last is None else [(first, last)]
    spans = periods_of(first, last or first, stages=stages)
    periods = Period.objects.bulk_create(Period(**asdict(span)) for span in spans)
    return {period.key: period for period in periods}


def national(stage: Period, leaf: str, **fields: Any) -> Program:
    fields = {"calendar": stage.calendar, **fields}
    return ProgramFactory.create(
        level="national", province=None, stage=stage, leaf_kind=leaf, **fields
    )


def local(province: Province, stage: Period, leaf: str, **fields: Any) -> Program:
    fields = {"calendar": stage.calendar, **fields}
    return ProgramFactory.create(province=province, stage=stage, leaf_kind=leaf, **fields)


def typed(said: Decimal | int | str | FigureState) -> Typed:
    if isinstance(said, FigureState):
        return Typed(state=said)
    number = Decimal(said)
    return Typed(state=state_of(number), value=number)


def type_in(report: Report, indicator: Indicator, said: Said, **where: Any) -> None:
    """`where`: unit, activity, nature."""
    if said is not None:
        enter_figure(report, indicator, typed(said), by=clerk(), **where)


def draft(
    program: Program,
    period: Period,
    values: Mapping[Indicator, Said],
    *,
    province: Province | None = None,
) -> Report:
    report = ReportFactory.create(
        program=program, period=period, province=province or program.province
    )
    for indicator, said in values.items():
        type_in(report, indicator, said)
    return report


def send(report: Report) -> Report:
    submit(report, by=clerk())
    return report


def accept(report: Report) -> Report:
    """Send if need be, and approve."""
    if report.is_open:
        send(report)
    approve(report, by=clerk())
    return report


def reopened(report: Report, values: Mapping[Indicator, Said] | None = None) -> Report:
    """Open an approved report for a correction and type the corrected `values`."""
    reopen(report, by=clerk(), reason="Một lớp ghi hai lần")
    for indicator, said in (values or {}).items():
        type_in(report, indicator, said)
    return report


def report_and_send(
    program: Program,
    period: Period,
    values: Mapping[Indicator, Said],
    *,
    province: Province | None = None,
) -> Report:
    return send(draft(program, period, values, province=province))


def report_and_approve(
    program: Program,
    period: Period,
    values: Mapping[Indicator, Said],
    *,
    province: Province | None = None,
) -> Report:
    return accept(draft(program, period, values, province=province))


def approve_in_bulk(
    program: Program,
    indicator: Indicator,
    values: Mapping[tuple[Province, Period], int],
) -> None:
    """Reports with one whole figure each, sent and approved: the same rows in few statements."""
    now, by = timezone.now(), clerk()
    reports = Report.objects.bulk_create(
        Report(program=program, province=province, period=period) for province, period in values
    )
    Figure.objects.bulk_create(
        Figure(
            report=report,
            program=program,
            province=report.province,
            period=report.period,
            indicator=indicator,
            state=state_of(Decimal(value)),
            value=value,
        )
        for report, value in zip(reports, values.values(), strict=True)
    )
    moved = Report.objects.filter(pk__in=[report.pk for report in reports])
    for before, after in (("draft", "submitted"), ("submitted", "approved")):
        Transition.objects.bulk_create(
            Transition(report=report, from_state=before, to_state=after, at=now, by=by)
            for report in reports
        )
        moved.update(state=after)
    Edition.objects.bulk_create(
        Edition(
            report=report, number=1, approved_at=now, approved_by=by, content={}, digest="0" * 64
        )
        for report in reports
    )
    Figure.objects.filter(report__in=moved).update(
        approved_state=F("state"), approved_value=F("value"), approved_qualifier=F("qualifier")
    )


def plan(
    program: Program,
    indicator: Indicator,
    period: Period,
    lower: Decimal | int | str | None,
    **fields: Any,
) -> TargetVersion:
    """`province`: whose plan, else the program's owner (the nation); other fields of a version."""
    whose = {"province": fields.pop("province")} if "province" in fields else {}
    target = TargetFactory.create(program=program, indicator=indicator, period=period, **whose)
    number = None if lower is None else Decimal(lower)
    return TargetVersionFactory.create(target=target, lower=number, **fields)


def revise(
    version: TargetVersion, lower: int | None, decided_on: date | None, **fields: Any
) -> TargetVersion:
    return TargetVersionFactory.create(
        **{
            "target": version.target,
            "number": version.number + 1,
            "status": "revised",
            "replaces": version,
            "lower": None if lower is None else Decimal(lower),
            "decided_on": decided_on,
            **fields,
        }
    )


def take_part(
    activity: Activity,
    organisations: Iterable[Organisation],
    day: date,
    role: str = "beneficiary",
) -> None:
    Participation.objects.bulk_create(
        Participation(activity=activity, organisation=each, role=role, took_part_on=day)
        for each in organisations
    )


def find(
    indicator: Indicator,
    period: Period,
    place: Province | str | None,
    scope: Scope = Scope.REPORTED,
    layer: Layer = Layer.OFFICIAL,
) -> Attainment | None:
    """The stored row, or None; `place` is a unit, a region's name, or None for the nation."""
    where: dict[str, Any] = {"province": None, "region": ""}
    if isinstance(place, str):
        where["region"] = place
    elif place is not None:
        where["province"] = place
    return (
        Attainment.objects.filter(
            indicator=indicator, period=period, scope=scope, layer=layer, **where
        )
        .select_related("plan__version", "year_plan__version")
        .first()
    )


def row(
    indicator: Indicator,
    period: Period,
    place: Province | str | None,
    scope: Scope = Scope.REPORTED,
    layer: Layer = Layer.OFFICIAL,
) -> Any:
    """The stored Attainment. Untyped: tests compare its decimals with whole numbers."""
    found = find(indicator, period, place, scope, layer)
    assert found is not None, f"no row: {indicator.name}, {period.name}, {place}, {scope}, {layer}"
    return found


def current(
    indicator: Indicator, period: Period, unit: Province, layer: Layer = Layer.OFFICIAL
) -> Any:
    return row(indicator, period, unit, Scope.CURRENT, layer)


def region(indicator: Indicator, period: Period, name: str, layer: Layer = Layer.OFFICIAL) -> Any:
    return row(indicator, period, name, Scope.REGION, layer)


def nation(indicator: Indicator, period: Period, layer: Layer = Layer.OFFICIAL) -> Any:
    return row(indicator, period, None, Scope.NATION, layer)


def everything_stored() -> list[dict[str, Any]]:
    """All rows as they stand, without their age: for «nothing moved»."""
    rows: list[dict[str, Any]] = list(Attainment.objects.order_by("pk").values())
    return [{name: each[name] for name in each if name != "computed_at"} for each in rows]
