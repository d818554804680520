"""What happened and what it amounts to: reports, figures, attainment, runs."""

from reports.models.attainment import Attainment
from reports.models.figure import Figure, FigureNature, FigureState
from reports.models.job import JobRun, JobState, MarkKind, RecomputeMark
from reports.models.leaves import Expectation, LeafState, LeafSum, Span
from reports.models.places import Layer, Scope
from reports.models.plan import OfficialPlan
from reports.models.quotation import Quotation
from reports.models.report import Edition, Evidence, Report, ReportState, Transition

__all__ = [
    "Attainment",
    "Edition",
    "Evidence",
    "Expectation",
    "Figure",
    "FigureNature",
    "FigureState",
    "JobRun",
    "JobState",
    "Layer",
    "LeafState",
    "LeafSum",
    "MarkKind",
    "OfficialPlan",
    "Quotation",
    "RecomputeMark",
    "Report",
    "ReportState",
    "Scope",
    "Span",
    "Transition",
]
