"""From leaves to periods: the rows of reporting units. One named part for each kind of sum.

The rules are in docs/attainment.md, section 3. Percentages come later (judging.py): a new row
says that there is no plan until then.
"""

from __future__ import annotations

from functools import cache

from django.db import connection

from reports.attainment.layers import layered
from reports.attainment.prepared import execute
from reports.attainment.recounts import ATTENDED
from reports.attainment.rows import replace_rows
from reports.attainment.touched import CELLS, UNITS_OF_CELLS, Needs, Touched

# Every leaf's work in every wanted period that holds it, for a ratio those of both its parts.
# What was done since before the period began is not the period's, but may still differ on a
# layer: it stays in the list and does not count.
PLACED = """
source AS (
    SELECT wanted.*, indicator.aggregation, indicator.aggregation AS measured_as,
           indicator.id AS measured_id, 'value' AS role
    FROM wanted JOIN programs_indicator AS indicator ON indicator.id = wanted.indicator_id
    WHERE indicator.aggregation <> 'ratio'
    UNION ALL
    SELECT wanted.*, ratio.aggregation, part.aggregation, part.id,
           CASE WHEN part.id = ratio.numerator_id THEN 'part' ELSE 'whole' END
    FROM wanted
    JOIN programs_indicator AS ratio ON ratio.id = wanted.indicator_id
    JOIN programs_indicator AS part ON part.id IN (ratio.numerator_id, ratio.denominator_id)
    WHERE ratio.aggregation = 'ratio'
),
placed AS (
    SELECT source.indicator_id, source.province_id, source.period_id, source.aggregation,
           source.measured_as = 'stock' AS is_stock, source.role, leaf.period_id AS leaf_id,
           leaf.layer, leaf.value, leaf.was_due, span.is_last,
           leaf.period_id = source.period_id AS is_itself,
           leaf.state <> 'missing' AND leaf.since >= period.starts_on AS counts,
           leaf.state = 'not_applicable' AS not_applicable
    FROM source
    JOIN programs_period AS period ON period.id = source.period_id
    JOIN reports_span AS span
        ON (span.program_id, span.period_id) = (%(program)s, source.period_id)
    JOIN reports_leafsum AS leaf
        ON (leaf.program_id, leaf.indicator_id, leaf.province_id, leaf.period_id)
         = (%(program)s, source.measured_id, source.province_id, span.leaf_id)
)"""

CELL = ("indicator_id", "province_id", "period_id")


def counts(which: str) -> str:
    """The columns after the sums, of the leaves for which `which` holds."""
    return f"""
           bool_and(not_applicable) FILTER (WHERE counts AND {which}) AS not_applicable,
           count(*) FILTER (WHERE counts AND {which}) AS answered,
           count(*) FILTER (WHERE counts AND NOT was_due) AS unexpected,
           count(*) FILTER (WHERE layer <> 'official' AND {which}) AS provisional,
           bool_or(counts) AS has_figures"""


# Flows add up.
FLOW = f"""
    SELECT at_layer, indicator_id, province_id, period_id,
           sum(value) FILTER (WHERE counts) AS value,
           NULL::numeric AS numerator, NULL::numeric AS denominator, TRUE AS addable,
           {counts("TRUE")}
    FROM layered WHERE aggregation = 'flow'
    GROUP BY indicator_id, province_id, period_id, at_layer"""

# A stock is the value of the period's last leaf: a missing last leaf is «chưa báo cáo», not the
# value before it, and a unit that is gone by the end of a leaf holds nothing.
STOCK = f"""
    SELECT at_layer, indicator_id, province_id, period_id,
           sum(value) FILTER (WHERE counts AND is_last), NULL::numeric, NULL::numeric, TRUE,
           {counts("is_last")}
    FROM layered WHERE aggregation = 'stock' AND was_due
    GROUP BY indicator_id, province_id, period_id, at_layer"""

# A rate and a typed distinct count stand for their own leaf, not for a year in which they
# happen to be the only one.
SINGLE = f"""
    SELECT at_layer, indicator_id, province_id, period_id,
           max(value) FILTER (WHERE counts AND is_itself), NULL::numeric, NULL::numeric,
           count(value) FILTER (WHERE counts AND is_itself) > 0,
           {counts("TRUE")}
    FROM layered WHERE aggregation IN ('rate', 'distinct')
    GROUP BY indicator_id, province_id, period_id, at_layer"""

# A ratio is the ratio of two sums, over the leaves for which both parts were answered alike.
# Its parts are both flows or both stocks (a rule of the catalogue); of stocks the last leaf.
RATIO = f"""
    SELECT at_layer, indicator_id, province_id, period_id,
           NULL::numeric, sum(value) FILTER (WHERE counts AND is_used),
           sum(whole) FILTER (WHERE counts AND is_used), TRUE,
           {counts("is_used")}
    FROM (
        SELECT part.at_layer, part.indicator_id, part.province_id, part.period_id, part.was_due,
               part.value, whole.value AS whole, part.not_applicable,
               part.counts AND whole.counts AND part.not_applicable = whole.not_applicable
                   AS counts,
               part.is_last OR NOT part.is_stock AS is_used,
               CASE WHEN part.layer = 'official' THEN whole.layer ELSE part.layer END AS layer
        FROM layered AS part
        JOIN layered AS whole
            ON (whole.at_layer, whole.indicator_id, whole.province_id, whole.period_id,
                whole.leaf_id)
             = (part.at_layer, part.indicator_id, part.province_id, part.period_id,
                part.leaf_id)
        WHERE part.role = 'part' AND whole.role = 'whole'
          AND (part.was_due OR NOT part.is_stock)
    ) AS both_parts
    GROUP BY indicator_id, province_id, period_id, at_layer"""

# Where somebody took part, a distinct count is made anew. A leaf's own figure stands beside it;
# a longer period's count that is below one of them says that the records are incomplete.
RECOUNTED = """
recounted AS (
    SELECT attended.indicator_id, attended.province_id, wanted.period_id,
           count(DISTINCT attended.entity) AS value
    FROM wanted
    JOIN attended ON (attended.indicator_id, attended.province_id)
        = (wanted.indicator_id, wanted.province_id)
    JOIN programs_period AS period ON period.id = wanted.period_id
        AND attended.took_part_on BETWEEN period.starts_on AND period.ends_on
    WHERE EXISTS (SELECT FROM reports_span AS span
                  WHERE (span.program_id, span.period_id) = (%(program)s, wanted.period_id))
    GROUP BY attended.indicator_id, attended.province_id, wanted.period_id
),
typed_leaf AS (
    SELECT indicator_id, province_id, period_id, leaf_id, value
    FROM placed WHERE aggregation = 'distinct' AND layer = 'official' AND counts
),
typed AS (
    SELECT indicator_id, province_id, period_id, max(value) AS most
    FROM typed_leaf GROUP BY indicator_id, province_id, period_id
),
answered AS (
    SELECT answered.indicator_id, answered.province_id, answered.period_id, count(*) AS leaves,
           count(*) FILTER (
               WHERE leaf.ends_on < province.valid_from OR leaf.ends_on > province.valid_to
           ) AS unexpected
    FROM (
        SELECT indicator_id, province_id, period_id, leaf_id FROM typed_leaf
        UNION
        SELECT recounted.indicator_id, recounted.province_id, recounted.period_id, span.leaf_id
        FROM recounted
        JOIN reports_span AS span
            ON (span.program_id, span.period_id) = (%(program)s, recounted.period_id)
        JOIN approved_leaf ON (approved_leaf.province_id, approved_leaf.period_id)
            = (recounted.province_id, span.leaf_id)
    ) AS answered
    JOIN programs_period AS leaf ON leaf.id = answered.leaf_id
    JOIN programs_province AS province ON province.id = answered.province_id
    GROUP BY answered.indicator_id, answered.province_id, answered.period_id
),
recount AS (
    SELECT recounted.*, typed.most AS most_typed, answered.leaves AS answered,
           answered.unexpected
    FROM recounted
    JOIN answered USING (indicator_id, province_id, period_id)
    LEFT JOIN typed USING (indicator_id, province_id, period_id)
)"""

NOT_RECOUNTED = """
recount AS (
    SELECT NULL::bigint AS indicator_id, NULL::bigint AS province_id, NULL::bigint AS period_id,
           NULL::bigint AS value, NULL::numeric AS most_typed, NULL::bigint AS answered,
           NULL::bigint AS unexpected
    WHERE FALSE
)"""

# A plan for which nothing was reported is a row too, on the official layer.
FRESH = """
summed AS (
    SELECT at_layer AS layer, indicator_id, province_id, period_id,
           CASE WHEN sums.value IS NOT NULL OR recount.value IS NULL THEN sums.value
                WHEN recount.value < recount.most_typed THEN NULL
                ELSE recount.value END AS value,
           sums.numerator, sums.denominator,
           coalesce(sums.addable, FALSE)
               OR coalesce(recount.value >= coalesce(recount.most_typed, 0), FALSE) AS addable,
           recount.value IS NULL AND sums.not_applicable AS not_applicable,
           coalesce(recount.answered, sums.answered) AS answered,
           coalesce(recount.unexpected, sums.unexpected) AS unexpected,
           coalesce(sums.provisional, 0) AS provisional,
           recount.value IS NOT NULL OR sums.has_figures AS has_figures
    FROM sums
    FULL JOIN (SELECT 'official' AS at_layer, * FROM recount) AS recount
        USING (at_layer, indicator_id, province_id, period_id)
),
planned AS (
    SELECT wanted.indicator_id, wanted.province_id, wanted.period_id
    FROM wanted
    JOIN programs_period AS period ON period.id = wanted.period_id
    JOIN reports_officialplan AS plan
        ON (plan.program_id, plan.indicator_id, plan.period_id, plan.scope, plan.province_id)
         = (%(program)s, wanted.indicator_id, wanted.period_id, 'reported', wanted.province_id)
    WHERE coalesce(plan.from_day, '-infinity') <= period.ends_on
      AND coalesce(plan.until_day, 'infinity') > period.ends_on
),
cell AS (
    SELECT * FROM summed
    WHERE CASE layer WHEN 'official' THEN has_figures ELSE provisional > 0 END
    UNION ALL
    SELECT 'official', planned.*, NULL, NULL, NULL, TRUE, FALSE, 0, 0, 0, FALSE
    FROM planned
    WHERE NOT EXISTS (
        SELECT FROM summed
        WHERE summed.layer = 'official' AND summed.has_figures
          AND (summed.indicator_id, summed.province_id, summed.period_id)
            = (planned.indicator_id, planned.province_id, planned.period_id)
    )
),
fresh AS (
    SELECT cell.indicator_id, cell.period_id, 'reported' AS scope, cell.province_id, '' AS region,
           cell.layer,
           cell.value AS actual,
           CASE WHEN cell.value IS NOT NULL THEN ''
                WHEN cell.answered = 0 THEN 'not_reported'
                WHEN cell.not_applicable THEN 'not_applicable'
                WHEN NOT cell.addable THEN 'not_addable'
                ELSE 'not_reported' END AS no_actual,
           cell.numerator, cell.denominator,
           greatest(owed.stands::int, least(cell.answered, 1)) AS units_expected,
           least(cell.answered, 1) AS units_reported,
           CASE WHEN measured.aggregation = 'stock' THEN owed.stands::int
                ELSE owed.leaves + cell.unexpected END AS leaves_expected,
           cell.answered AS leaves_reported,
           cell.unexpected AS leaves_unexpected,
           cell.provisional AS leaves_provisional,
           0 AS units_complete, 0 AS units_unplanned, 0 AS units_unplanned_in_year,
           NULL::numeric AS parts_planned,
           NULL::numeric AS complete_planned, NULL::numeric AS complete_actual
    FROM cell
    JOIN programs_indicator AS indicator ON indicator.id = cell.indicator_id
    JOIN programs_indicator AS measured
        ON measured.id = coalesce(indicator.numerator_id, indicator.id)
    JOIN reports_expectation AS owed
        ON (owed.program_id, owed.period_id, owed.province_id)
         = (%(program)s, cell.period_id, cell.province_id)
)"""


@cache
def sums_over_time(needs: Needs) -> str:
    """The named parts from the touched cells to the rows that they should have, `fresh`."""
    sums = (FLOW, STOCK, SINGLE, RATIO) if needs.ratios else (FLOW, STOCK, SINGLE)
    every_layer = layered("placed", cell=CELL, part=("role", "leaf_id"), has_layers=needs.layers)
    return f"""
{PLACED},
layered AS ({every_layer}),
sums AS ({" UNION ALL ".join(sums)}),
{f"{ATTENDED}, {RECOUNTED}" if needs.recounts else NOT_RECOUNTED},
{FRESH}"""


def recompute_periods(touched: Touched) -> tuple[int, int, list[int]]:
    """Add up the touched cells of reporting units over time. One statement.

    Returns how many rows there are now, how many are gone, and the primary keys of those that
    were written.
    """
    sums = sums_over_time(touched.needs)
    with connection.cursor() as cursor:
        execute(
            cursor,
            f"WITH {CELLS}, {sums}, {replace_rows(UNITS_OF_CELLS)}",
            touched.parameters,
            planned_once=touched.is_few,
        )
        computed, gone, written = cursor.fetchone()
    return computed, gone, written or []
