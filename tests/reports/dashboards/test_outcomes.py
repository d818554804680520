from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from django.utils import timezone

from programs.planning import Direction
from reports.attainment.arithmetic import NoPercentage, Standing
from reports.dashboards.outcomes import CONDITIONS, Outcome, with_outcome
from reports.models import Attainment
from tests.factories import IndicatorFactory, ProgramFactory, StageFactory

pytestmark = pytest.mark.django_db


def test_every_row_has_exactly_one_outcome():
    """All standings × reasons × directions, also those that the arithmetic never gives."""
    program = ProgramFactory.create(stage=StageFactory.create())
    endings = [(Decimal(90), ""), *((None, reason.value) for reason in NoPercentage)]
    rows = [
        Attainment(
            program=program,
            indicator=IndicatorFactory.create(direction=direction.value),
            period=program.stage,
            scope="reported",
            province=program.province,
            actual=Decimal(1),
            percent=percent,
            reason=reason,
            standing=standing.value,
            units_expected=1,
            units_reported=1,
            leaves_expected=1,
            leaves_reported=1,
            computed_at=timezone.now(),
        )
        for direction, standing, (percent, reason) in product(Direction, Standing, endings)
    ]
    Attainment.objects.bulk_create(rows)

    counted = [Attainment.objects.filter(condition).count() for condition in CONDITIONS.values()]

    assert sum(counted) == len(rows)
    outcomes = [row.__dict__["outcome"] for row in with_outcome(Attainment.objects.all())]
    assert None not in outcomes


@pytest.mark.parametrize(
    ("standing", "direction", "outcome"),
    [
        (Standing.ABOVE_RANGE, Direction.HIGHER, Outcome.REACHED),
        (Standing.ABOVE_RANGE, Direction.LOWER, Outcome.NOT_REACHED),
        (Standing.BELOW_RANGE, Direction.HIGHER, Outcome.NOT_REACHED),
        (Standing.BELOW_RANGE, Direction.LOWER, Outcome.REACHED),
        (Standing.OVER_LIMIT, Direction.LOWER, Outcome.NOT_REACHED),
    ],
)
def test_past_a_range_on_its_good_side_is_reached(standing, direction, outcome):
    program = ProgramFactory.create(stage=StageFactory.create())
    Attainment.objects.create(
        program=program,
        indicator=IndicatorFactory.create(direction=direction.value),
        period=program.stage,
        scope="reported",
        province=program.province,
        actual=Decimal(1),
        reason=NoPercentage.RANGE.value,
        standing=standing.value,
        units_expected=1,
        units_reported=1,
        leaves_expected=1,
        leaves_reported=1,
        computed_at=timezone.now(),
    )

    (row,) = with_outcome(Attainment.objects.all())

    assert row.__dict__["outcome"] == outcome
