"""P6: the same rows as one would first write them, with the ORM and a loop.

For each indicator, place and period: aggregate the figures, look the plan up, divide, store.
Flows, stocks and ratios of the official layer; it has no layers, coverage of regions, year plans
or sums of plans, so it does less than the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from statistics import median

from django.db import transaction
from django.db.models import Count, QuerySet, Sum

from bench.attainment.changes import measure_one_change
from bench.attainment.corrections import approve_all, random_figures, type_corrections
from bench.attainment.findings import Finding
from bench.attainment.nation import Size
from bench.attainment.timing import in_words, seconds_of
from programs.models import Indicator, Period, Program, Province, TargetVersion
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.models import Attainment, Figure

INDICATORS = 60  # by position; a sample of them stands for all


@dataclass(frozen=True)
class Place:
    scope: str
    provinces: list[Province]  # whose figures belong to it
    province: Province | None = None
    region: str = ""


@dataclass(frozen=True)
class Straightforward:
    """Seconds of both ways, measured side by side. A rebuild of one is extrapolated."""

    rebuild: float
    sample: int  # how many indicators the rebuild was extrapolated from
    engine_rebuild: float
    rows: int
    rows_unlike: int  # the engine's: it must be the same work
    event: float
    engine_event: float
    engine_event_in_batch: float

    def findings(self, size: Size) -> Iterator[Finding]:
        yield Finding(
            "P6",
            size.name,
            f"straightforward rebuild, from {self.sample} of {INDICATORS} indicators",
            in_words(self.rebuild),
            f"full rebuild {in_words(self.engine_rebuild)}",
            self.rebuild / self.engine_rebuild,
            at_least=50,
        )
        yield Finding(
            "P6",
            size.name,
            "actuals that differ from ours",
            f"{self.rows_unlike}",
            f"{self.rows} rows",
            self.rows_unlike / self.rows,
        )
        for how, seconds in (
            ("recomputed alone", self.engine_event),
            ("in a batch", self.engine_event_in_batch),
        ):
            yield Finding(
                "P6",
                size.name,
                "straightforward, one task an event",
                in_words(self.event),
                f"{how} {in_words(seconds)}",
                self.event / seconds,
            )


def measure_straightforward(
    program: Program, *, sample: Sequence[int], events: int, rounds: int
) -> Straightforward:
    """Rebuild a sample, compare with what stands there, take everything back; the same for events.

    Its own transaction is rolled back and so never waits for the disk, which is in its favour.
    """
    figures = list(Figure.objects.filter(pk__in=random_figures(events, seed=6)))
    with transaction.atomic():
        rows, rows_unlike, seconds = _rebuild_sample(program, sample)
        event = seconds_of(lambda: recompute_each(program, figures))
        transaction.set_rollback(True)

    engine_rebuild = median(seconds_of(recompute_all) for _ in range(rounds))
    one_change = measure_one_change(changes=events)
    keys = [figure.pk for figure in figures]
    type_corrections(keys)
    approve_all(keys)
    return Straightforward(
        rebuild=seconds * INDICATORS / len(sample),
        sample=len(sample),
        engine_rebuild=engine_rebuild,
        rows=rows,
        rows_unlike=rows_unlike,
        event=event / len(figures),
        engine_event=median(one_change.recomputing),
        engine_event_in_batch=seconds_of(recompute_marked) / len(figures),
    )


def _rebuild_sample(program: Program, positions: Sequence[int]) -> tuple[int, int, float]:
    """Return how many rows there are, how many have another actual now, and the seconds."""
    sample = list(Indicator.objects.filter(position__in=positions).order_by("position"))
    places = list(places_of(program))
    periods = list(Period.objects.within(program.stage))
    stored = Attainment.objects.filter(program=program, indicator__in=sample, layer="official")
    before = dict(stored.values_list("pk", "actual"))
    seconds = seconds_of(lambda: rebuild(program, sample, places, periods))
    after = dict(stored.values_list("pk", "actual"))
    return len(after), sum(before.get(pk) != actual for pk, actual in after.items()), seconds


def places_of(program: Program) -> Iterator[Place]:
    reporting = list(Province.objects.filter(reports__program=program).distinct())
    for province in reporting:
        yield Place("reported", [province], province=province)
        yield Place("current", [province], province=province)
    for region in sorted({province.region for province in reporting}):
        inside = [province for province in reporting if province.region == region]
        yield Place("region", inside, region=region)
    yield Place("nation", reporting)


def rebuild(
    program: Program,
    indicators: Iterable[Indicator],
    places: Iterable[Place],
    periods: Iterable[Period],
) -> None:
    for indicator in indicators:
        for place in places:
            for period in periods:
                store(program, indicator, place, period)


def recompute_each(program: Program, figures: Iterable[Figure]) -> None:
    for figure in figures:
        recompute(program, figure)


def recompute(program: Program, figure: Figure) -> None:
    """What one task does for one event: every row that the figure is part of."""
    periods = Period.objects.filter(
        calendar=program.calendar,
        starts_on__gte=program.stage.starts_on,
        starts_on__lte=figure.period.starts_on,
        ends_on__gte=figure.period.ends_on,
        ends_on__lte=program.stage.ends_on,
    )
    indicator = figure.indicator
    ratios = indicator.numerator_of.all() | indicator.denominator_of.all()
    places = [place for place in places_of(program) if figure.province in place.provinces]
    rebuild(program, [indicator, *ratios], places, list(periods))


def store(program: Program, indicator: Indicator, place: Place, period: Period) -> None:
    figures = Figure.objects.filter(
        program=program,
        province__in=place.provinces,
        period__starts_on__gte=period.starts_on,
        period__ends_on__lte=period.ends_on,
        nature="actual",
    ).exclude(approved_state__in=("", "missing"))
    actual, numerator, denominator, leaves = sums_of(indicator, figures, period)
    version = (
        TargetVersion.objects.in_force_on(period.ends_on)
        .filter(
            target__program=program,
            target__indicator=indicator,
            target__province=place.province,
            target__period=period,
        )
        .order_by("decided_on", "number")
        .last()
    )
    if actual is None and version is None:
        return
    percent = None
    if actual is not None and version is not None and version.lower:
        percent = (actual * 100 / version.lower).quantize(Decimal("0.1"))
    leaves_expected = len(place.provinces) * 60
    Attainment.objects.update_or_create(
        program=program,
        indicator=indicator,
        period=period,
        scope=place.scope,
        province=place.province,
        region=place.region,
        layer="official",
        defaults={
            "actual": actual,
            "no_actual": "" if actual is not None else "not_reported",
            "numerator": numerator,
            "denominator": denominator,
            "percent": percent,
            "reason": "" if percent is not None else "no_target",
            "units_expected": 34,
            "units_reported": len(place.provinces),
            "leaves_expected": leaves_expected,
            "leaves_reported": min(leaves, leaves_expected),
        },
    )


def sums_of(
    indicator: Indicator, figures: QuerySet[Figure], period: Period
) -> tuple[Decimal | None, Decimal | None, Decimal | None, int]:
    """Return the actual, the two sums of a ratio, and how many units × leaves answered."""
    if indicator.aggregation == "ratio":
        assert indicator.numerator is not None
        assert indicator.denominator is not None
        assert indicator.ratio_scale is not None
        above, _, _, leaves = sums_of(indicator.numerator, figures, period)
        below, _, _, _ = sums_of(indicator.denominator, figures, period)
        if above is None or not below:
            return None, above, below, leaves
        share = (above * indicator.ratio_scale / below).quantize(Decimal("0.000001"))
        return share, above, below, leaves
    if indicator.aggregation == "stock":
        figures = figures.filter(period__ends_on=period.ends_on)
    sums = figures.filter(indicator=indicator).aggregate(
        actual=Sum("approved_value"),
        reports=Count("report", distinct=True),
    )
    return sums["actual"], None, None, sums["reports"]
