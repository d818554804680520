"""The floor: what the least that must be done costs here, so that a ratio means something.

Nothing is joined, nothing written, nothing filtered. In this schema the two sums of a ratio are
the sums of its parts, so they are in the floor without a column of their own.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection, transaction

from bench.attainment.timing import seconds_of
from programs.models import Indicator, Period, Program

PROVINCE_BY_MONTH = """
SELECT count(total), sum(answered)
FROM (
    SELECT indicator_id, province_id, period_id,
           sum(approved_value) AS total, count(approved_value) AS answered
    FROM reports_figure
    GROUP BY indicator_id, province_id, period_id
) AS cell
"""

# The year of a period without a join: its place among the first months of the years. The latest
# value of a stock in one aggregate that needs no order: the period in the high digits.
COMMUNE_BY_YEAR = """
SELECT count(total), sum(answered), count(latest)
FROM (
    SELECT indicator_id, unit_id, width_bucket(period_id, %(januaries)s) AS year,
           sum(approved_value) AS total, count(approved_value) AS answered,
           max(CASE WHEN indicator_id = ANY (%(stocks)s)
                    THEN period_id * 1000000000000000 + approved_value END) AS latest
    FROM reports_figure
    GROUP BY indicator_id, unit_id, width_bucket(period_id, %(januaries)s)
) AS cell
"""

# What makes these two statements fastest: tried one by one at size M.
SETTINGS = {
    "work_mem": "'256MB'",
    "hash_mem_multiplier": "2",
    "max_parallel_workers_per_gather": "2",
    "enable_partitionwise_aggregate": "on",
    "jit": "off",
}


@dataclass(frozen=True)
class Floor:
    """Seconds of province × month, and of commune × year beside it."""

    province_by_month: float
    commune_by_year: float

    @property
    def whole(self) -> float:
        return self.province_by_month + self.commune_by_year


def measure_floor(program: Program) -> Floor:
    januaries = Period.objects.within(program.stage).filter(kind="month", number=1)
    arguments = {
        "januaries": list(januaries.order_by("pk").values_list("pk", flat=True)),
        "stocks": list(Indicator.objects.filter(aggregation="stock").values_list("pk", flat=True)),
    }
    with transaction.atomic(), connection.cursor() as cursor:
        for name, setting in SETTINGS.items():
            cursor.execute(f"SET LOCAL {name} = {setting}")
        return Floor(
            seconds_of(lambda: cursor.execute(PROVINCE_BY_MONTH)),
            seconds_of(lambda: cursor.execute(COMMUNE_BY_YEAR, arguments)),
        )
