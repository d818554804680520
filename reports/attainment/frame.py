"""The frame of a program: which leaves make up a period, and who owes how many of them.

Rebuilt only when periods, provinces or the program itself change; everything else reads it.
"""

from __future__ import annotations

from django.db import connection

# The program's leaves inside each period of its stage. A period that leaves do not fill to the
# day («5 tháng» of a program by quarters) has no figures.
SPANS = """
INSERT INTO reports_span (program_id, period_id, leaf_id, is_last)
SELECT program_id, period_id, leaf_id, leaf_ends_on = ends_on
FROM (
    SELECT program.id AS program_id, period.id AS period_id, leaf.id AS leaf_id,
           period.starts_on, period.ends_on, leaf.ends_on AS leaf_ends_on,
           sum(leaf.ends_on - leaf.starts_on + 1) OVER (PARTITION BY period.id) AS days_filled
    FROM programs_program AS program
    JOIN programs_period AS stage ON stage.id = program.stage_id
    JOIN programs_period AS period ON period.calendar = program.calendar
        AND period.starts_on >= stage.starts_on AND period.ends_on <= stage.ends_on
    JOIN programs_period AS leaf ON leaf.calendar = program.calendar
        AND leaf.kind = program.leaf_kind
        AND leaf.starts_on >= period.starts_on AND leaf.ends_on <= period.ends_on
    WHERE program.id = %(program)s
) AS inside
WHERE days_filled = ends_on - starts_on + 1"""

# A unit owes the leaves at whose end it stands: closed on 30/06, it is not late on 31/07. When
# it is gone by the end of the period, the first of its successors that is not stands in its
# place; the last of them if all are gone. Units that do not exist
# in the period owe nothing, but what was planned for them or reported by them all the same
# (before anybody had recorded the merger) has a place to go.
EXPECTATIONS = """
WITH unit AS (
    SELECT province.*
    FROM programs_program AS program
    JOIN programs_province AS province ON programs_belongs(program.province_id, province.id)
    WHERE program.id = %(program)s
),
holder AS (
    SELECT lineage.part_id, holder.id, holder.valid_from, holder.valid_to, holder.region,
           holder.successor_id IS NULL AS is_current
    FROM programs_lineage AS lineage
    JOIN programs_province AS holder ON holder.id = lineage.unit_id
)
INSERT INTO reports_expectation
    (program_id, period_id, province_id, leaves, exists_then, stands, unit_id, current_id, region)
SELECT %(program)s, period.id, unit.id, coalesce(due.leaves, 0),
       unit.valid_from <= period.ends_on
           AND coalesce(unit.valid_to, 'infinity') >= period.starts_on,
       period.ends_on BETWEEN unit.valid_from AND coalesce(unit.valid_to, 'infinity'),
       coalesce(in_place.id, area.id), area.id, area.region
FROM programs_program AS program
JOIN programs_period AS stage ON stage.id = program.stage_id
JOIN programs_period AS period ON period.calendar = program.calendar
    AND period.starts_on >= stage.starts_on AND period.ends_on <= stage.ends_on
CROSS JOIN unit
JOIN holder AS area ON area.part_id = unit.id AND area.is_current
LEFT JOIN LATERAL (
    SELECT holder.id FROM holder
    WHERE holder.part_id = unit.id AND period.ends_on <= coalesce(holder.valid_to, 'infinity')
    ORDER BY holder.valid_from LIMIT 1
) AS in_place ON TRUE
LEFT JOIN (
    SELECT span.period_id, unit.id AS unit_id, count(*) AS leaves
    FROM reports_span AS span
    JOIN programs_period AS leaf ON leaf.id = span.leaf_id
    JOIN unit ON leaf.ends_on BETWEEN unit.valid_from AND coalesce(unit.valid_to, 'infinity')
    WHERE span.program_id = %(program)s
    GROUP BY span.period_id, unit.id
) AS due ON (due.period_id, due.unit_id) = (period.id, unit.id)
WHERE program.id = %(program)s"""


def rebuild_frame(program_id: int) -> None:
    """Compute the spans and expectations of one program anew."""
    with connection.cursor() as cursor:
        for table in ("reports_span", "reports_expectation"):
            cursor.execute(f"DELETE FROM {table} WHERE program_id = %s", [program_id])
        cursor.execute(SPANS, {"program": program_id})
        cursor.execute(EXPECTATIONS, {"program": program_id})
