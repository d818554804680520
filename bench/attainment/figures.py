"""Reports and figures by the million, in SQL with the triggers off, over two connections."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, transaction

from accounts.models import User
from programs.models import Period, Program, Province

T = TypeVar("T")

LOADERS = 2  # connections that write figures at once

# Every month of every province, sent and approved, by the unit that stands at the month's end: of a
# province that changed within the stage at first by its predecessor. The edition holds no figures:
# nothing that is measured reads it, and two thousand editions of five thousand figures are a
# gigabyte.
REPORTS = """
INSERT INTO reports_report (program_id, province_id, period_id, state, note)
SELECT program.id, province.id, month.id, 'approved', ''
FROM programs_program AS program
JOIN programs_period AS stage ON stage.id = program.stage_id
JOIN programs_period AS month ON month.calendar = program.calendar
    AND month.kind = program.leaf_kind
    AND month.starts_on >= stage.starts_on AND month.ends_on <= stage.ends_on
JOIN programs_lineage AS lineage ON lineage.unit_id = ANY (%s)
JOIN programs_province AS province ON province.id = lineage.part_id
    AND month.ends_on BETWEEN province.valid_from AND coalesce(province.valid_to, 'infinity')
WHERE program.id = %s
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


def load_reports(program: Program, provinces: list[Province]) -> None:
    """Write the reports with their moves. Call inside a transaction."""
    approver = User.objects.create_user("bench", full_name="Người duyệt")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(REPORTS, [[province.pk for province in provinces], program.pk])
        cursor.execute(TRANSITIONS, [approver.pk])
        cursor.execute(EDITIONS)
        cursor.execute("SET LOCAL session_replication_role = origin")


# A commune's figure is there in 91 of 100 cells, and 9 of those say «chưa báo cáo»: 82 are
# answered. Whole-unit figures of the rate and (every other month) of the distinct indicator beside.
# What is cumulative never falls within a year. The positions are those of nation.py.
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
        JOIN programs_lineage AS lineage ON lineage.part_id = report.province_id
        JOIN (
            SELECT id, province_id, code::bigint AS code, false AS is_whole
            FROM programs_organisation WHERE kind = 'commune'
            UNION ALL
            SELECT NULL, id, code::bigint, true FROM programs_province WHERE successor_id IS NULL
        ) AS unit ON unit.province_id = lineage.unit_id
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


def load_figures(program: Program) -> None:
    """Write the figures of every report, a month at a time."""
    with _without_indexes("reports_figure"):
        months = Period.objects.filter(reports__program=program).distinct().order_by("starts_on")
        _at_once(_load_month, months.values_list("pk", flat=True))


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
