"""What happened and what it amounts to: reports, figures, attainment, runs."""

from reports.models.attainment import Attainment, Layer, Scope
from reports.models.figure import Figure, FigureNature, FigureState
from reports.models.job import JobRun, JobState, RecomputeMark
from reports.models.quotation import Quotation
from reports.models.report import Edition, Evidence, Report, ReportState, Transition

__all__ = [
    "Attainment",
    "Edition",
    "Evidence",
    "Figure",
    "FigureNature",
    "FigureState",
    "JobRun",
    "JobState",
    "Layer",
    "Quotation",
    "RecomputeMark",
    "Report",
    "ReportState",
    "Scope",
    "Transition",
]
