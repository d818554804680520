"""What became of each indicator, in the five words by which managers count and filter.

Every computed row has exactly one outcome. All of them are taken from `standing`, which was
decided on exact figures, and from the stored reason; nothing here looks at a percentage.

Decided: the project, 11/2026.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Case, Count, Q, Value, When

from programs.planning import Direction
from reports.attainment.arithmetic import NoPercentage, Standing
from reports.models.attainment import AttainmentQuerySet


class Outcome(models.TextChoices):
    """The values stand in addresses."""

    REACHED = "dat", "đạt kế hoạch"
    NOT_REACHED = "chua-dat", "chưa đạt"
    NOT_REPORTED = "chua-bao-cao", "chưa báo cáo"
    NO_PLAN = "chua-giao", "chưa giao kế hoạch"
    NOT_JUDGED = "khong-danh-gia", "không đánh giá"


_UNKNOWN = Q(standing=Standing.UNKNOWN.value)
_LOWER_IS_BETTER = Q(indicator__direction=Direction.LOWER.value)

CONDITIONS: dict[Outcome, Q] = {
    # Past a range on its good side is reached too: 75.000 of «60.000-70.000» jobs.
    Outcome.REACHED: Q(
        standing__in=[
            Standing.REACHED.value,
            Standing.WITHIN_RANGE.value,
            Standing.WITHIN_LIMIT.value,
        ]
    )
    | (Q(standing=Standing.ABOVE_RANGE.value) & ~_LOWER_IS_BETTER)
    | (Q(standing=Standing.BELOW_RANGE.value) & _LOWER_IS_BETTER),
    Outcome.NOT_REACHED: Q(standing__in=[Standing.NOT_REACHED.value, Standing.OVER_LIMIT.value])
    | (Q(standing=Standing.ABOVE_RANGE.value) & _LOWER_IS_BETTER)
    | (Q(standing=Standing.BELOW_RANGE.value) & ~_LOWER_IS_BETTER),
    Outcome.NOT_REPORTED: _UNKNOWN & Q(reason=NoPercentage.NOT_REPORTED.value),
    Outcome.NO_PLAN: _UNKNOWN & Q(reason=NoPercentage.NO_TARGET.value),
    Outcome.NOT_JUDGED: _UNKNOWN
    & ~Q(reason__in=[NoPercentage.NOT_REPORTED.value, NoPercentage.NO_TARGET.value]),
}

# The 34 of «27/34 chỉ tiêu đạt kế hoạch»: what was assigned, reported or not. A plan of 0
# assigns nothing, nor does a plan for what the unit says is not for it.
ASSIGNED = Q(plan__isnull=False) & ~Q(
    reason__in=[
        NoPercentage.OUTSIDE_PLAN.value,
        NoPercentage.NOTHING_PLANNED.value,
        NoPercentage.NOT_APPLICABLE.value,
    ]
)


def with_outcome(rows: AttainmentQuerySet) -> AttainmentQuerySet:
    """Annotate each row with the value of its Outcome."""
    cases = [When(condition, then=Value(each.value)) for each, condition in CONDITIONS.items()]
    return rows.annotate(outcome=Case(*cases, output_field=models.CharField()))


def outcome_counts() -> dict[str, Count]:
    """Aggregates by lower-case outcome name, and `assigned` and `shown` beside them."""
    return {
        **{outcome.name.lower(): Count("pk", filter=CONDITIONS[outcome]) for outcome in Outcome},
        "assigned": Count("pk", filter=ASSIGNED),
        "shown": Count("pk"),
    }
