"""The benchmark measures lawful data, and every part of it runs. No time is asserted."""

from __future__ import annotations

import os

import pytest
import zeal
from django.db import connection, transaction

from bench.attainment.__main__ import PARTS, Bench
from bench.attainment.nation import PROGRAM, SIZES, generate
from programs.models import Indicator, Target
from reports.attainment.recompute import recompute_all
from reports.models import Attainment, Figure

XS = SIZES["XS"]

# As people would have written the same rows: drafts, figures, sent, approved.
WRITTEN_AGAIN = """
CREATE TEMPORARY TABLE report ON COMMIT DROP AS TABLE reports_report;
CREATE TEMPORARY TABLE figure ON COMMIT DROP AS TABLE reports_figure;
CREATE TEMPORARY TABLE transition ON COMMIT DROP AS TABLE reports_transition;
CREATE TEMPORARY TABLE edition ON COMMIT DROP AS TABLE reports_edition;
CREATE TEMPORARY TABLE typed ON COMMIT DROP AS TABLE figure;
UPDATE report SET state = 'draft';
UPDATE typed
SET approved_state = '', approved_value = NULL, approved_qualifier = '', approved_word = '';
TRUNCATE reports_figure, reports_transition, reports_edition, reports_report CASCADE;

INSERT INTO reports_report SELECT * FROM report;
INSERT INTO reports_figure SELECT * FROM typed;
INSERT INTO reports_transition SELECT * FROM transition;
INSERT INTO reports_edition SELECT * FROM edition;
UPDATE reports_report SET state = 'submitted';
UPDATE reports_report SET state = 'approved';
UPDATE reports_figure AS written
SET approved_state = figure.approved_state, approved_value = figure.approved_value,
    approved_qualifier = figure.approved_qualifier, approved_word = figure.approved_word
FROM figure WHERE figure.id = written.id;
SET CONSTRAINTS ALL IMMEDIATE;
"""


@pytest.fixture
def nation(transactional_db: None) -> None:
    """Size XS, written over connections of its own: it must be committed."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
        if cursor.fetchone() != (True,):
            pytest.skip("only a superuser can switch triggers off")
    generate(XS)


def test_the_generated_rows_pass_every_guard(nation):
    with transaction.atomic(), connection.cursor() as cursor:
        for statement in WRITTEN_AGAIN.split(";")[:-1]:
            cursor.execute(statement)
        cursor.execute("SELECT count(*) FROM (TABLE reports_figure EXCEPT TABLE figure) AS other")
        (other_rows,) = cursor.fetchone()

    assert other_rows == 0
    # The mix is the one that is said.
    assert Indicator.objects.count() == 60
    assert Indicator.objects.filter(aggregation="ratio").count() == 4
    assert Indicator.objects.filter(entry_mode="cumulative").count() == 2
    assert Target.objects.filter(program__code=PROGRAM).count() == 60 * (6 + 5)

    answered = Figure.objects.filter(unit__isnull=False).exclude(approved_state="missing").count()
    assert 0.8 < answered / (54 * 60 * XS.provinces * XS.communes) < 0.84


@pytest.mark.skipif(
    "BENCH" not in os.environ, reason="nine processes for a minute and a half: BENCH=1 runs it"
)
def test_every_part_runs_and_loses_nothing(nation):
    recompute_all()
    bench = Bench(PARTS)

    with zeal.zeal_ignore():  # the straightforward implementation is what one would write first
        bench.measure(XS)

    assert {finding.goal for finding in bench.findings} == {f"P{n}" for n in range(1, 8)}
    (failures,) = (each for each in bench.findings if each.what.startswith("dead-locks"))
    assert (failures.ratio, failures.beside) == (0, "")
    assert Attainment.objects.filter(scope="nation").exists()
