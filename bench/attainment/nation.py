"""The generated nation: one national program by months, 2026-2030, as large as asked for.

Every figure is decided by a hash of its own key, so two runs on two machines have the same ones.
The small tables are written through the ORM: every guard looks at them. Reports and figures are
written by the million with the triggers off; tests/bench writes the same rows past the guards.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeVar

from django.db import connection, transaction

from accounts.models import User
from programs.catalogues import DATA, load_periods, load_provinces
from programs.models import (
    Activity,
    Indicator,
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
T = TypeVar("T")

LOADERS = 2  # connections that write figures at once


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
        provinces = list(Province.objects.on(date(2026, 1, 1)).order_by("code"))[: size.provinces]
        _make_organisations(provinces, communes=size.communes)
        _make_activities(program, provinces)
        _make_targets(program, indicators, provinces, communes=size.communes)
        _make_reports(program, provinces)
    with _without_indexes("reports_figure"):
        months = Period.objects.filter(reports__program=program).distinct().order_by("starts_on")
        _at_once(_load_month, months.values_list("pk", flat=True))
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
    """One activity a quarter in each province: what the distinct indicator recounts."""
    enterprises: dict[int, list[Organisation]] = {}
    for enterprise in Organisation.objects.filter(kind="enterprise").order_by("pk"):
        enterprises.setdefault(enterprise.province_id, []).append(enterprise)

    days = [date(year, month, 10) for year in YEARS for month in (2, 5, 8, 11)]
    activities = Activity.objects.bulk_create(
        Activity(
            program=program,
            province=province,
            code=f"{day:%Y-%m}",
            name=f"Đề án {province.name} {day:%m/%Y}",
            kind="project",
            state="accepted",
            starts_on=day,
        )
        for province in provinces
        for day in days
    )
    Participation.objects.bulk_create(
        Participation(
            activity=activity,
            organisation=enterprises[activity.province_id][(7 * number + turn) % ENTERPRISES],
            role="beneficiary",
            took_part_on=days[number % len(days)],
        )
        for number, activity in enumerate(activities)
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


# Every month of every province, sent and approved. The edition holds no figures: nothing that is
# measured reads it, and two thousand editions of five thousand figures are a gigabyte.
REPORTS = """
INSERT INTO reports_report (program_id, province_id, period_id, state, note)
SELECT program.id, province.id, month.id, 'approved', ''
FROM programs_program AS program
JOIN programs_period AS stage ON stage.id = program.stage_id
JOIN programs_period AS month ON month.calendar = program.calendar
    AND month.kind = program.leaf_kind
    AND month.starts_on >= stage.starts_on AND month.ends_on <= stage.ends_on
CROSS JOIN programs_province AS province
WHERE program.id = %s AND province.id = ANY (%s)
ORDER BY month.starts_on, province.code
"""

TRANSITIONS = """
INSERT INTO reports_transition (report_id, from_state, to_state, at, by_id, reason)
SELECT report.id, move.from_state, move.to_state, month.ends_on + move.days, %s, ''
FROM reports_report AS report
JOIN programs_period AS month ON month.id = report.period_id
CROSS JOIN (VALUES ('draft', 'submitted', 3), ('submitted', 'approved', 10))
    AS move (from_state, to_state, days)
ORDER BY report.id, move.days
"""

EDITIONS = """
INSERT INTO reports_edition (report_id, number, approved_at, approved_by_id, content, digest)
SELECT report_id, 1, at, by_id, '{}', encode(sha256('{}'), 'hex')
FROM reports_transition WHERE to_state = 'approved'
"""


def _make_reports(program: Program, provinces: list[Province]) -> None:
    approver = User.objects.create_user("bench", full_name="Người duyệt")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(REPORTS, [program.pk, [province.pk for province in provinces]])
        cursor.execute(TRANSITIONS, [approver.pk])
        cursor.execute(EDITIONS)
        cursor.execute("SET LOCAL session_replication_role = origin")


# A commune's figure is there in 91 of 100 cells, and 9 of those say «chưa báo cáo»: 82 are
# answered. Whole-unit figures of the rate and (every other month) of the distinct indicator beside.
# What is cumulative never falls within a year.
FIGURES = """
INSERT INTO reports_figure (
    report_id, program_id, province_id, period_id, indicator_id, unit_id, nature,
    state, value, qualifier, qualifier_word,
    approved_state, approved_value, approved_qualifier, approved_word,
    is_derived, note, version
)
SELECT report_id, program_id, province_id, period_id, indicator_id, unit_id, 'actual',
       state, value, 'exact', '', state, value, 'exact', '', false, '', 1
FROM (
    SELECT drawn.*,
           CASE WHEN chance < 9 THEN 'missing'
                WHEN chance < 11 THEN 'not_applicable'
                WHEN chance < 25 AND position <= 44 THEN 'zero'
                ELSE 'reported' END AS state,
           CASE WHEN chance < 11 THEN NULL
                WHEN chance < 25 AND position <= 44 THEN 0
                WHEN position IN (45, 46) THEN month * 20 + amount %% 20
                WHEN position %% 5 = 0 AND position <= 46 THEN amount * 1.25
                WHEN position = 59 THEN amount + 40.5
                WHEN position = 60 THEN amount %% 5 + 1
                ELSE amount END AS value
    FROM (
        SELECT report.id AS report_id, report.program_id, report.province_id, report.period_id,
               indicator.id AS indicator_id, unit.id AS unit_id,
               indicator.position, month.number AS month,
               (hash.hash & 1048575) %% 100 AS chance,
               (hash.hash >> 24 & 1048575) %% 40 + 1 AS amount
        FROM reports_report AS report
        JOIN programs_period AS month ON month.id = report.period_id
        JOIN programs_province AS province ON province.id = report.province_id
        JOIN (
            SELECT id, province_id, code::bigint AS code, false AS is_whole
            FROM programs_organisation WHERE kind = 'commune'
            UNION ALL
            SELECT NULL, id, code::bigint, true FROM programs_province
        ) AS unit ON unit.province_id = report.province_id
        JOIN programs_indicator AS indicator
            ON (unit.is_whole AND indicator.position IN (59, 60))
            OR (NOT unit.is_whole AND indicator.position <= 54)
        CROSS JOIN LATERAL (
            SELECT hashint8extended(
                (unit.code * 100 + indicator.position) * 10000 + month.year %% 100 * 100
                + month.number, 0
            )
        ) AS hash (hash)
        WHERE report.period_id = %s
        OFFSET 0 -- a fence: the hash once for each row, not for each use
    ) AS drawn
    WHERE chance < 91 AND (position <> 60 OR chance < 50)
) AS said
"""


def _load_month(period: int) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("SET LOCAL synchronous_commit = off")
        cursor.execute("SET LOCAL max_parallel_workers_per_gather = 0")
        cursor.execute(FIGURES, [period])


# The primary key stays: it grows at its end only. The rest is built in a third of the time after.
INDEXES = """
SELECT CASE WHEN conname IS NULL THEN format('DROP INDEX %%I', index.relname)
            ELSE format('ALTER TABLE %%s DROP CONSTRAINT %%I', indrelid::regclass, conname) END,
       CASE WHEN conname IS NULL THEN pg_get_indexdef(index.oid)
            ELSE format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s',
                        indrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid)) END
FROM pg_index
JOIN pg_class AS index ON index.oid = indexrelid
LEFT JOIN pg_constraint ON conindid = index.oid AND contype = 'u'
WHERE indrelid = %s::regclass AND NOT indisprimary
ORDER BY index.oid
"""


@contextmanager
def _without_indexes(table: str) -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute(INDEXES, [table])
        indexes: list[tuple[str, str]] = cursor.fetchall()
        for drop, _create in indexes:
            cursor.execute(drop)
    yield
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '1GB'")
        for _drop, create in indexes:
            cursor.execute(create)


def _at_once(work: Callable[[T], None], items: Iterable[T]) -> None:
    """Do `work` for each item over LOADERS connections; the first error comes back."""

    def with_own_connection(item: T) -> None:
        try:
            work(item)
        finally:
            connection.close()

    with ThreadPoolExecutor(LOADERS) as pool:
        list(pool.map(with_own_connection, items))
