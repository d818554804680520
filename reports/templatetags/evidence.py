"""The evidence of one cell, for the panel beside the sheet."""

from __future__ import annotations

from typing import Any

from django import template

from programs.access import Right, may
from programs.models import Indicator
from reports.entry.evidence import files_of
from reports.models import Report

register = template.Library()


@register.simple_tag(takes_context=True)
def evidence_of(context: dict[str, Any], report: Report, indicator: Indicator) -> dict[str, Any]:
    """`documents`, `files`, and whether the person may add one."""
    return {
        "documents": report.evidence.filter(indicator=indicator).select_related("document"),
        "files": files_of(report, indicator),
        "may_add": may(context["request"].user, Right.ENTER, report.province),
    }
