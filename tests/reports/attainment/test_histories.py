"""Random histories: whatever happens, in whatever order, the stored rows are the right ones.

After each step what it marked is recomputed, and then

* a full rebuild into empty tables, or over what is stored, gives the same rows;
* the second implementation (reports/attainment/verify) gives the same rows;
* for flows the nation is the sum of the reported rows and of the current ones alike.

This is looked at in the programs that the step marked, and at the end of a history in all: a
write that forgot its mark is found there.

In the gate the histories are few and the same ones each time. Ten thousand new steps, about
forty minutes: `HISTORIES=10000 ./kc test tests/reports/attainment/test_histories.py -s`. What
differs is printed with the shortest history that leads to it, and how to repeat it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from math import ceil
from unittest.mock import patch

import pytest
from django.db import connection, transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    rule,
    run_state_machine_as_test,
)
from hypothesis.strategies import DataObject

from programs.models import Program
from reports.attainment import recompute
from reports.attainment.marks import take_marks
from reports.attainment.recompute import recompute_marked
from reports.attainment.verify.proof import differences_of
from reports.models import RecomputeMark
from tests.reports.attainment.country import Country, Idle, founded
from tests.reports.attainment.deeds import DEEDS, Deed, sql

WANTED = int(os.environ.get("HISTORIES", "0"))  # steps; without it a few, always the same
STEPS = 40 if WANTED else 15  # of one history

COMPUTED = (
    "reports_attainment",
    "reports_leafsum",
    "reports_officialplan",
    "reports_span",
    "reports_expectation",
)

# Every computed row as text, with its plans' content in place of their keys.
CONTENT = """
SELECT 'attainment', (
    to_jsonb(row) - '{id,computed_at,plan_id,year_plan_id}'::text[]
    || jsonb_build_object('plan', to_jsonb(plan) - 'id', 'year_plan', to_jsonb(year_plan) - 'id')
)::text
FROM reports_attainment AS row
LEFT JOIN reports_officialplan AS plan ON plan.id = row.plan_id
LEFT JOIN reports_officialplan AS year_plan ON year_plan.id = row.year_plan_id
UNION ALL
SELECT 'leaf', (to_jsonb(leaf) - 'computed_at')::text FROM reports_leafsum AS leaf
UNION ALL
SELECT 'plan', (to_jsonb(plan) - 'id')::text FROM reports_officialplan AS plan
UNION ALL
SELECT 'span', to_jsonb(span)::text FROM reports_span AS span
UNION ALL
SELECT 'expectation', to_jsonb(owed)::text FROM reports_expectation AS owed"""

# Where the views of a national flow do not add up to the same.
UNEQUAL_TOTALS = """
SELECT * FROM (
    SELECT row.program_id, indicator.code, period.key,
           sum(row.actual) FILTER (WHERE row.scope = 'reported') AS reported,
           sum(row.actual) FILTER (WHERE row.scope = 'current') AS current,
           sum(row.actual) FILTER (WHERE row.scope = 'region') AS region,
           sum(row.actual) FILTER (WHERE row.scope = 'nation') AS nation
    FROM reports_attainment AS row
    JOIN programs_indicator AS indicator ON indicator.id = row.indicator_id
    JOIN programs_program AS program ON program.id = row.program_id
    JOIN programs_period AS period ON period.id = row.period_id
    WHERE row.layer = 'official' AND indicator.aggregation = 'flow'
      AND program.province_id IS NULL
    GROUP BY row.program_id, indicator.code, period.key
) AS total
WHERE (reported, current, region) IS DISTINCT FROM (nation, nation, nation)"""


class Histories(RuleBasedStateMachine):
    """Each history has a transaction of its own, which is rolled back at its end."""

    looked_at = 0

    def __init__(self) -> None:
        super().__init__()
        self.country: Country | None = None
        self.steps = 0
        self.transaction = transaction.atomic()
        self.transaction.__enter__()
        # With so few rows it is planning that costs, not running.
        sql("SET LOCAL join_collapse_limit = 1; SET LOCAL from_collapse_limit = 1")

    def teardown(self) -> None:
        try:
            if self.country is not None and sys.exc_info()[0] is None:
                compare(self.country.programs, is_empty=True)
        finally:
            transaction.set_rollback(True)
            self.transaction.__exit__(None, None, None)

    @initialize(data=st.data())
    def begins(self, data: DataObject) -> None:
        self.country = founded(data)
        self.settle()

    def happens(self, deeds: Iterable[Deed], data: DataObject) -> None:
        assert self.country is not None
        self.country.data = data
        for deed in deeds:
            with suppress(Idle):
                deed(self.country)

    def settle(self) -> None:
        """Bring the rows up to date, and look at them."""
        assert self.country is not None
        Histories.looked_at += 1
        self.steps += 1
        sql("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")
        marked = programs_with_marks(self.country)
        recompute_marked()
        assert not RecomputeMark.objects.exists()
        assert recompute_marked() is None
        sql("SET LOCAL enable_nestloop = on")  # a rebuild turns it off until it commits
        if marked:
            compare(marked, is_empty=self.steps % 2 == 0)

    @rule(data=st.data(), deeds=st.lists(st.sampled_from(DEEDS), min_size=2, max_size=4))
    def in_one_transaction(self, data: DataObject, deeds: list[Deed]) -> None:
        self.happens(deeds, data)
        self.settle()

    @rule(
        data=st.data(),
        deeds=st.lists(st.sampled_from(DEEDS), min_size=2, max_size=6),
        size=st.integers(1, 3),
    )
    def in_small_batches(self, data: DataObject, deeds: list[Deed], size: int) -> None:
        self.happens(deeds, data)
        few = partial(take_marks, limit=size)
        with patch.multiple(recompute, BATCH=size, take_marks=few, INDICATORS_AT_A_TIME=size):
            self.settle()

    @rule(data=st.data(), deeds=st.lists(st.sampled_from(DEEDS), min_size=1, max_size=2))
    def rolled_back(self, data: DataObject, deeds: list[Deed]) -> None:
        before = computed_rows()
        with taken_back():
            self.happens(deeds, data)
            if data.draw(st.booleans()):
                recompute_marked()
        assert computed_rows() == before
        assert not RecomputeMark.objects.exists()


def step(deed: Deed) -> Callable[[Histories, DataObject], None]:
    def happens(self: Histories, data: DataObject) -> None:
        self.happens([deed], data)
        self.settle()

    happens.__name__ = deed.__name__
    decorated: Callable[[Histories, DataObject], None] = rule(data=st.data())(happens)
    return decorated


for deed in DEEDS:
    setattr(Histories, deed.__name__, step(deed))


@contextmanager
def taken_back() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def computed_rows() -> set[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(CONTENT)
        return set(cursor.fetchall())


def programs_with_marks(country: Country) -> list[Program]:
    marked = set(RecomputeMark.objects.values_list("program_id", flat=True))
    return [each for each in country.programs if each.pk in marked or None in marked]


def compare(programs: list[Program], *, is_empty: bool) -> None:
    """The stored rows against a rebuild, against the second implementation and in total."""
    stored = computed_rows()
    keys = [each.pk for each in programs]
    with taken_back(), connection.cursor() as cursor:
        if is_empty:
            for table in COMPUTED:
                cursor.execute(f"DELETE FROM {table} WHERE program_id = ANY (%s)", [keys])  # noqa: S608
        RecomputeMark.objects.bulk_create(RecomputeMark(program=each) for each in programs)
        run = recompute_marked()
        rebuilt = computed_rows()
    assert sorted(stored - rebuilt) == sorted(rebuilt - stored), "a rebuild gives other rows"
    assert run is not None
    assert is_empty or run.rows_changed == 0
    for program in programs:
        assert not [str(each) for each in differences_of(program)]
    with connection.cursor() as cursor:
        cursor.execute(UNEQUAL_TOTALS)
        assert not cursor.fetchall()


@pytest.fixture(autouse=True)
def n_plus_one_is_an_error() -> None:
    """Thousands of steps are one test here: the same statements are not a loop over rows."""


@pytest.mark.django_db(transaction=True)
def test_the_stored_rows_are_right_whatever_happened() -> None:
    with patch.object(recompute, "INDICATORS_AT_A_TIME", 100):
        run_state_machine_as_test(
            Histories,
            settings=settings(
                max_examples=ceil(WANTED / STEPS) or 5,
                stateful_step_count=STEPS,
                deadline=None,
                derandomize=not WANTED,
                print_blob=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
    print(f"{Histories.looked_at} steps without a difference")
