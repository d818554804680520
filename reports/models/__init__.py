"""What happened and what it amounts to: reports, figures, attainment, runs."""

from reports.models.attainment import Attainment
from reports.models.evidence import Evidence, EvidenceFile, FileKind
from reports.models.figure import Figure, FigureNature, FigureState, Review
from reports.models.job import JobKind, JobRun, JobState, MarkKind, RecomputeMark
from reports.models.leaves import Expectation, LeafState, LeafSum, Span
from reports.models.places import Layer, Scope
from reports.models.plan import OfficialPlan
from reports.models.quotation import Quotation
from reports.models.reminder import Reminder
from reports.models.report import Edition, Report, ReportState, Transition
from reports.models.review import Justification, Remark, RemarkKind
from reports.models.workbook import ColumnMapping, ImportState, WorkbookImport

__all__ = [
    "Attainment",
    "ColumnMapping",
    "Edition",
    "Evidence",
    "EvidenceFile",
    "Expectation",
    "Figure",
    "FigureNature",
    "FigureState",
    "FileKind",
    "ImportState",
    "JobKind",
    "JobRun",
    "JobState",
    "Justification",
    "Layer",
    "LeafState",
    "LeafSum",
    "MarkKind",
    "OfficialPlan",
    "Quotation",
    "RecomputeMark",
    "Remark",
    "RemarkKind",
    "Reminder",
    "Report",
    "ReportState",
    "Review",
    "Scope",
    "Span",
    "Transition",
    "WorkbookImport",
]
