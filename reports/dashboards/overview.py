"""What a page says before its table: which place, which period, how many reached, how old."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Case, Count, F, Max, Min, OuterRef, Q, Subquery, Value, When
from django.urls import reverse

from programs.models import Period, Program
from programs.models.program import ProgramQuerySet
from reports.dashboards.outcomes import Outcome, outcome_counts
from reports.models import Attainment, Layer, Scope
from reports.models.attainment import AttainmentQuerySet

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

# Where a program is read first: a local one at its province, a national one in the nation.
AT_THE_PROGRAMS_PLACE = Q(scope=Scope.NATION, program__province=None) | Q(
    scope=Scope.REPORTED, province=F("program__province")
)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many indicators came to which outcome, what the counts rest on and how old they are.

    Units and leaves (units × periods to be reported) are the least and the most of any
    indicator that has figures: indicators are reported apart. None if none has.
    """

    reached: int
    not_reached: int
    not_reported: int
    no_plan: int
    not_judged: int
    assigned: int
    shown: int
    with_figures: int
    units_least: int | None
    units_most: int | None
    units_expected: int | None
    leaves_least: int | None
    leaves_most: int | None
    leaves_expected: int | None
    computed_at: datetime | None

    def of(self, outcome: Outcome) -> int:
        count: int = getattr(self, outcome.name.lower())
        return count

    @property
    def coverage(self) -> str:
        """«5/12 chỉ tiêu có số liệu, 30-34/34 đơn vị, 1/5 kỳ»; empty when nothing was computed."""
        parts = []
        if self.with_figures < self.shown:
            parts.append(f"{self.with_figures}/{self.shown} chỉ tiêu có số liệu")
        if self.units_least is not None and self.units_most is not None:
            parts.append(f"{_span(self.units_least, self.units_most)}/{self.units_expected} đơn vị")
        if self.leaves_least is not None and self.leaves_most is not None:
            leaves = f"{_span(self.leaves_least, self.leaves_most)}/{self.leaves_expected} kỳ"
            if self.leaves_expected != self.units_expected:
                parts.append(leaves)
        return ", ".join(parts)


def _span(least: int, most: int) -> str:
    return f"{most}" if least == most else f"{least}-{most}"


_HAS_FIGURES = Q(units_reported__gt=0)

TALLY = {
    **outcome_counts(),
    "with_figures": Count("pk", filter=_HAS_FIGURES),
    "units_least": Min("units_reported", filter=_HAS_FIGURES),
    "units_most": Max("units_reported", filter=_HAS_FIGURES),
    "units_expected": Max("units_expected"),
    "leaves_least": Min("leaves_reported", filter=_HAS_FIGURES),
    "leaves_most": Max("leaves_reported", filter=_HAS_FIGURES),
    "leaves_expected": Max("leaves_expected"),
    "computed_at": Min("computed_at"),
}


def tally(rows: AttainmentQuerySet) -> Tally:
    return Tally(**rows.aggregate(**TALLY))


@dataclass(frozen=True, slots=True)
class Tab:
    """A count that is a filter of the table below it."""

    value: str
    label: str
    count: int
    is_current: bool


def tabs(counted: Tally, current: str) -> list[Tab]:
    """«Tất cả», «đạt», «chưa đạt», and of the rest what there is (or what is being shown)."""
    always = (Outcome.REACHED, Outcome.NOT_REACHED)
    return [
        Tab("", "tất cả", counted.shown, not current),
        *(
            Tab(each.value, each.label, counted.of(each), each.value == current)
            for each in Outcome
            if counted.of(each) or each in always or each.value == current
        ),
    ]


@dataclass(frozen=True, slots=True)
class ProgramSummary:
    """A program with its leading period; without one, nothing was computed yet."""

    program: Program
    period: Period | None = None
    tally: Tally | None = None

    @property
    def url(self) -> str:
        if self.period is None:
            return reverse("dashboards:program_page", args=[self.program.code])
        return reverse("dashboards:program_period", args=[self.program.code, self.period.key])


def with_leading_period(
    programs: ProgramQuerySet, user: User | AnonymousUser, *, on: date
) -> ProgramQuerySet:
    """Annotate `leading_period_id`: the latest period with figures that has ended by `on`.

    Of periods that end on one day it is the longest: at the end of October «10 tháng», not
    «tháng 10». Without any figure, the latest period that something is planned for.
    """
    official = Attainment.objects.visible_to(user).filter(
        AT_THE_PROGRAMS_PLACE, program=OuterRef("pk"), layer=Layer.OFFICIAL
    )
    has_figure = Case(When(actual=None, then=Value(1)), default=Value(0))
    has_ended = Case(When(period__ends_on__lte=on, then=Value(0)), default=Value(1))
    leading = official.order_by(has_figure, has_ended, "-period__ends_on", "period__starts_on")
    return programs.annotate(leading_period_id=Subquery(leading.values("period")[:1]))


def summaries_of(programs: Iterable[Program], user: User | AnonymousUser) -> list[ProgramSummary]:
    """Return a summary of each program, which must carry `leading_period_id`. Two queries."""
    listed = list(programs)
    leading = {program.pk: getattr(program, "leading_period_id", None) for program in listed}
    pairs = Q(pk__in=[])
    for program_id, period_id in leading.items():
        if period_id is not None:
            pairs |= Q(program=program_id, period=period_id)

    counted: Iterable[Any] = (
        Attainment.objects.visible_to(user)
        .filter(pairs, AT_THE_PROGRAMS_PLACE, layer=Layer.OFFICIAL)
        .order_by()
        .values("program")
        .annotate(**TALLY)
    )
    tallies = {row["program"]: Tally(**{name: row[name] for name in TALLY}) for row in counted}
    periods = Period.objects.visible_to(user).in_bulk(
        [period_id for period_id in leading.values() if period_id is not None]
    )
    return [
        ProgramSummary(program, periods.get(leading[program.pk] or 0), tallies.get(program.pk))
        for program in listed
    ]
