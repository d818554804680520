"""What the side panel says of a figure: earlier leaves, the plan's document, who changed it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth import get_user_model
from django.db.models import Q

from programs.models import Indicator, LegalDocument, Organisation, Period
from programs.models.indicator import Aggregation
from programs.numbers import show_number
from reports.attainment.phrases import plan_amount
from reports.entry.measures import plan_period
from reports.entry.said import shown
from reports.models import Figure, FigureNature, OfficialPlan, Report, Scope

LEAVES = 12
HISTORY = 20  # latest changes shown
HEIGHT = 60  # of the chart, in its own units
STEP = 20  # from one bar to the next


@dataclass(frozen=True, slots=True)
class Bar:
    """One leaf of the chart. None is nothing reported, which is not a bar of no height."""

    period: Period
    text: str
    x: int
    y: int
    height: int
    is_here: bool


@dataclass(frozen=True, slots=True)
class PlanBeside:
    text: str
    documents: list[LegalDocument]
    note: str
    parts: int  # of how many units' plans it is the sum


@dataclass(frozen=True, slots=True)
class HistoryLine:
    at: datetime
    who: str
    before: str
    after: str
    note: str  # the new note, if that changed


def chart_of(
    report: Report, indicator: Indicator, *, unit: Organisation | None = None
) -> list[Bar]:
    """The last twelve leaves up to the report's, as typed; empty if none of them has a figure."""
    here = report.period
    leaves = list(
        Period.objects.filter(
            calendar=here.calendar, kind=here.kind, ends_on__lte=here.ends_on
        ).order_by("-ends_on", "-pk")[:LEAVES]
    )[::-1]
    values = _values(report, indicator, leaves, unit)
    if not any(value is not None for value in values.values()):
        return []
    known = [value for value in values.values() if value is not None]
    top, bottom = max(*known, Decimal(0)), min(*known, Decimal(0))
    scale = (top - bottom) or Decimal(1)

    def drawn(leaf: Period, place: int) -> Bar:
        value = values[leaf.pk]
        high, low = max(value or Decimal(0), Decimal(0)), min(value or Decimal(0), Decimal(0))
        return Bar(
            leaf,
            "" if value is None else show_number(value),
            x=place * STEP,
            y=int((top - high) * HEIGHT / scale),
            height=max(int((high - low) * HEIGHT / scale), 0 if value is None else 1),
            is_here=leaf.pk == here.pk,
        )

    return [drawn(leaf, place) for place, leaf in enumerate(leaves)]


def _values(
    report: Report, indicator: Indicator, leaves: list[Period], unit: Organisation | None
) -> dict[int, Decimal | None]:
    """By period: the province's own figure, else the sum of its units'; or one unit's."""
    figures = Figure.objects.filter(
        program=report.program_id,
        province=report.province_id,
        indicator=indicator,
        period__in=leaves,
        activity=None,
        nature=FigureNature.ACTUAL,
        value__isnull=False,
    )
    whole: dict[int, Decimal] = {}
    sums: dict[int, Decimal] = {}
    for figure in figures.filter(unit=unit) if unit else figures:
        value = figure.value or Decimal(0)
        if figure.unit_id == (unit.pk if unit else None):
            whole[figure.period_id] = value
        elif indicator.aggregation in (Aggregation.FLOW, Aggregation.STOCK):
            sums[figure.period_id] = sums.get(figure.period_id, Decimal(0)) + value
    return {leaf.pk: whole.get(leaf.pk, sums.get(leaf.pk)) for leaf in leaves}


def plan_of(report: Report, indicator: Indicator) -> PlanBeside | None:
    """The plan in force at the end of the report's period, with what it rests on."""
    day = report.period.ends_on
    row = (
        OfficialPlan.objects.filter(
            plan_period(report),
            Q(from_day=None) | Q(from_day__lte=day),
            Q(until_day=None) | Q(until_day__gt=day),
            program=report.program_id,
            indicator=indicator,
            scope=Scope.REPORTED,
            province=report.province_id,
        )
        .select_related("version")
        .first()
    )
    if row is None:
        return None
    version = row.version
    return PlanBeside(
        text=plan_amount(row.promise, unit=indicator.unit, decimals=indicator.decimals),
        documents=list(version.documents.all()) if version else [],
        note=version.note if version else "",
        parts=row.parts,
    )


def history_of(figure: Figure) -> list[HistoryLine]:
    """Who typed what and when, latest first, from the events that the database writes."""
    events = list(_events().filter(pgh_obj=figure.pk).order_by("pgh_id"))
    people = get_user_model().objects.in_bulk(
        {event.typed_by_id for event in events if event.typed_by_id is not None}
    )
    lines = []
    before: Any = None
    for event in events:
        was = _said(before)
        is_said_anew = before is None or (was, before.note) != (_said(event), event.note)
        if is_said_anew:
            who = people.get(event.typed_by_id)
            lines.append(
                HistoryLine(
                    at=event.typed_at or event.pgh_created_at,
                    who=str(who) if who else "nạp từ trước",
                    before=was,
                    after=_said(event),
                    note=event.note if before is None or before.note != event.note else "",
                )
            )
        before = event
    return lines[::-1][:HISTORY]


def _events() -> Any:
    return Figure._meta.apps.get_model("reports", "FigureEvent")._default_manager


def _said(event: Any) -> str:
    """What the cell showed then: an event has the columns of its figure."""
    return shown(event) or "trống"
