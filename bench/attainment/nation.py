"""The generated nation: one national program by months, 2026-2030, as large as asked for.

Every figure is decided by a hash of its own key, so two runs on two machines have the same ones.
The small tables are written here through the ORM: every guard looks at them. Reports and figures
(figures.py) are written with the triggers off; tests/bench writes the same rows past the guards.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db import transaction

from bench.attainment.figures import load_figures, load_reports
from programs.catalogues import DATA, load_periods, load_provinces
from programs.models import (
    Activity,
    Indicator,
    Lineage,
    Organisation,
    Participation,
    Period,
    Program,
    Province,
    Target,
    TargetVersion,
)
from reports.models import RecomputeMark

PROGRAM, STAGE, YEARS = "KCQG-BENCH", "2026-2030", range(2026, 2031)
ENTERPRISES = 30  # in each province, ten of them in each activity


@dataclass(frozen=True)
class Size:
    """How many provinces report, and how many communes in each."""

    name: str
    provinces: int
    communes: int


SIZES = {
    size.name: size
    for size in (
        Size("XS", provinces=1, communes=1),  # for tests
        Size("S", provinces=1, communes=100),  # 0.3 million figures
        Size("M", provinces=34, communes=100),  # 10 million figures
    )
}

# The sixty indicators by position. Four ratios have parts among them and no figures.
FLOWS, CUMULATIVE, STOCKS = range(1, 45), range(45, 47), range(47, 55)
RATIOS = {55: (2, 1), 56: (4, 3), 57: (6, 5), 58: (48, 47)}  # position: numerator, denominator
RATE, DISTINCT = 59, 60
BY_COMMUNE = (*FLOWS, *CUMULATIVE, *STOCKS)
MIX = (
    f"{len(FLOWS)} flows, {len(CUMULATIVE)} typed cumulatively, {len(STOCKS)} stocks, "
    f"{len(RATIOS)} ratios, 1 rate, 1 distinct"
)


def generate(size: Size) -> None:
    """Fill the empty, migrated database of the current connection. Needs a superuser."""
    with transaction.atomic():
        load_provinces(DATA / "provinces.csv")
        load_periods()
        program = _make_program()
        indicators = _make_indicators()
        provinces = list(Province.objects.filter(successor=None).order_by("code"))[: size.provinces]
        _make_organisations(provinces, communes=size.communes)
        _make_activities(program, provinces)
        _make_targets(program, indicators, provinces, communes=size.communes)
        load_reports(program, provinces)
    load_figures(program)
    RecomputeMark.objects.all().delete()  # the first build is a full one


def _make_program() -> Program:
    return Program.objects.create(
        code=PROGRAM,
        name=f"Chương trình khuyến công quốc gia giai đoạn {STAGE}",
        level="national",
        stage=Period.objects.get(key=STAGE),
        calendar="statistical",
        leaf_kind="month",
    )


def _make_indicators() -> list[Indicator]:
    made: dict[int, Indicator] = {}
    for position in (*BY_COMMUNE, *RATIOS, RATE, DISTINCT):
        aggregation = _aggregation_of(position)
        numerator, denominator = RATIOS.get(position, (0, 0))
        made[position] = Indicator(
            code=f"bench-{position}",
            name=f"Chỉ tiêu {position}",
            unit="%" if aggregation in ("ratio", "rate") else "đơn vị",
            section="outcome",
            position=position,
            aggregation=aggregation,
            entry_mode="cumulative" if position in CUMULATIVE else "period",
            direction="lower" if position in (9, 19, RATE) else "higher",
            decimals=2 if position % 5 == 0 else 1 if position in (*RATIOS, RATE) else 0,
            numerator=made.get(numerator),
            denominator=made.get(denominator),
            ratio_scale=100 if position in RATIOS else None,
            counted="organisation" if position == DISTINCT else "",
        )
        made[position].save()
    return list(made.values())


def _aggregation_of(position: int) -> str:
    if position in STOCKS:
        return "stock"
    if position in RATIOS:
        return "ratio"
    return {RATE: "rate", DISTINCT: "distinct"}.get(position, "flow")


def _make_organisations(provinces: list[Province], *, communes: int) -> None:
    """Communes have running codes: hashes are made of those, since ids are nobody's promise."""
    Organisation.objects.bulk_create(
        Organisation(
            name=f"Xã {province.code}-{number}",
            kind="commune",
            province=province,
            code=f"{province.code}{number:03}",
        )
        for province in provinces
        for number in range(1, communes + 1)
    )
    Organisation.objects.bulk_create(
        Organisation(name=f"Cơ sở {province.code}-{number}", kind="enterprise", province=province)
        for province in provinces
        for number in range(ENTERPRISES)
    )


def _make_activities(program: Program, provinces: list[Province]) -> None:
    """One activity a quarter in each province: what the distinct indicator recounts.

    It is the standing unit's: Đồng Nai became a city on 30/04/2026.
    """
    enterprises: dict[int, list[Organisation]] = {}
    for enterprise in Organisation.objects.filter(kind="enterprise").order_by("pk"):
        enterprises.setdefault(enterprise.province_id, []).append(enterprise)

    days = [date(year, month, 10) for year in YEARS for month in (2, 5, 8, 11)]
    standing = {
        (province, day): lineage.part_id
        for province in provinces
        for lineage in Lineage.objects.filter(unit=province).select_related("part")
        for day in days
        if lineage.part.valid_from <= day <= (lineage.part.valid_to or date.max)
    }
    places = [(province, day) for province in provinces for day in days]
    activities = Activity.objects.bulk_create(
        Activity(
            program=program,
            province_id=standing[province, day],
            code=f"{day:%Y-%m}",
            name=f"Đề án {province.name} {day:%m/%Y}",
            kind="project",
            state="accepted",
            starts_on=day,
        )
        for province, day in places
    )
    Participation.objects.bulk_create(
        Participation(
            activity=activity,
            organisation=enterprises[province.pk][(7 * number + turn) % ENTERPRISES],
            role="beneficiary",
            took_part_on=day,
        )
        for number, (activity, (province, day)) in enumerate(zip(activities, places, strict=True))
        for turn in range(10)
    )


def _make_targets(
    program: Program, indicators: list[Indicator], provinces: list[Province], *, communes: int
) -> None:
    """Each province plans each indicator for each year and the stage, the nation for each year."""
    years = list(Period.objects.filter(calendar="statistical", kind="year", year__in=YEARS))
    targets = Target.objects.bulk_create(
        Target(program=program, indicator=indicator, province=province, period=period)
        for indicator in indicators
        for province in (None, *provinces)
        for period in (*years, *([program.stage] if province else []))
    )
    versions = TargetVersion.objects.bulk_create(
        _first_version(target, communes=communes * (1 if target.province else len(provinces)))
        for target in targets
    )
    TargetVersion.objects.bulk_create(
        TargetVersion(
            target=version.target,
            number=2,
            status="revised",
            replaces=version,
            shape=version.shape,
            lower=version.lower and version.lower + 1,
            upper=version.upper and version.upper + 1,
            decided_on=date(version.target.period.year, 7, 1),
        )
        for number, version in enumerate(versions)
        if number % 20 == 0
    )


def _first_version(target: Target, *, communes: int) -> TargetVersion:
    indicator = target.indicator
    months = 60 if target.period.kind == "stage" else 12
    number = {
        "flow": Decimal(15 * communes * months),
        "stock": Decimal(35 * communes),
        "ratio": Decimal(90),
        "rate": Decimal(60),
        "distinct": Decimal(25 * months // 12),
    }[indicator.aggregation]
    shape = {7: "at_least", 8: "about"}.get(indicator.position % 10, "exact")
    if indicator.direction == "lower":
        shape = "at_most"
    elif indicator.position in (13, 33):
        shape = "range"
    return TargetVersion(
        target=target,
        status="assigned",
        shape=shape,
        lower=None if shape == "at_most" else number,
        upper=number * 2 if shape == "range" else None if shape == "at_least" else number,
        decided_on=date(target.period.year, 1, 15) if indicator.position % 2 else None,
    )
