"""Typing a figure: the one way a value gets into a report."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from accounts.models import User
from programs.access import Right, may
from programs.models import Activity, Indicator, Organisation
from programs.planning import Qualifier
from reports.models import Figure, FigureNature, FigureState, Report


class ReportClosed(Exception):
    """Figures of a report that was sent or approved do not change. str() is for the person."""


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person says about one indicator: a value, a reported zero, or that there is none."""

    state: FigureState
    value: Decimal | None = None
    qualifier: Qualifier = Qualifier.EXACT
    qualifier_word: str = ""
    as_of: date | None = None
    is_derived: bool = False
    note: str = ""


def state_of(value: Decimal) -> FigureState:
    """A typed 0 is «không phát sinh», a figure like any other."""
    return FigureState.REPORTED if value else FigureState.ZERO


@transaction.atomic
def enter_figure(
    report: Report,
    indicator: Indicator,
    typed: Typed,
    *,
    by: User,
    unit: Organisation | None = None,
    activity: Activity | None = None,
    nature: FigureNature = FigureNature.ACTUAL,
) -> Figure:
    """Store what was typed, in the indicator's unit, as the report's figure of `indicator`.

    Raises PermissionDenied if `by` may not enter figures in the report's province, and
    ReportClosed if the report was sent or approved meanwhile.
    """
    if not may(by, Right.ENTER, report.province):
        raise PermissionDenied

    # An approval waits for this write, and this write for an approval.
    current = Report.objects.select_for_update(of=("self",), no_key=True).get(pk=report.pk)
    if not current.is_open:
        raise ReportClosed(
            f"Báo cáo {current} «{current.get_state_display()}» nên không sửa được số liệu; "
            "đề nghị lãnh đạo trả lại hoặc mở lại báo cáo."
        )

    content = {
        "state": typed.state,
        "value": typed.value,
        "qualifier": typed.qualifier.value,
        "qualifier_word": typed.qualifier_word,
        "as_of": typed.as_of,
        "is_derived": typed.is_derived,
        "note": typed.note,
    }
    figure, _created = Figure.objects.update_or_create(
        report=report,
        indicator=indicator,
        unit=unit,
        activity=activity,
        nature=nature,
        defaults={**content, "version": F("version") + 1},
        create_defaults={
            **content,
            "program_id": report.program_id,
            "province_id": report.province_id,
            "period_id": report.period_id,
        },
    )
    return figure
