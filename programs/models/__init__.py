"""What was promised: provinces, periods, programs, indicators, targets, activities, documents."""

from programs.models.activity import (
    Activity,
    ActivityFunding,
    Organisation,
    Participation,
)
from programs.models.document import LegalDocument
from programs.models.indicator import ContentGroup, Indicator
from programs.models.period import Period
from programs.models.program import Program
from programs.models.province import Lineage, Province
from programs.models.target import Target, TargetVersion

__all__ = [
    "Activity",
    "ActivityFunding",
    "ContentGroup",
    "Indicator",
    "LegalDocument",
    "Lineage",
    "Organisation",
    "Participation",
    "Period",
    "Program",
    "Province",
    "Target",
    "TargetVersion",
]
