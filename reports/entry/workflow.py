"""How a report moves: draft → submitted → approved or returned; reopened only with a reason."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone

from accounts.models import User
from programs.access import Right, may
from programs.models import TargetVersion
from reports.models import (
    Edition,
    Figure,
    FigureState,
    Remark,
    RemarkKind,
    Report,
    ReportState,
    Review,
    Transition,
)
from reports.models.report import OPEN_STATES
from reports.tasks import recompute_soon

# What was sent is closed; a figure in it can go back by itself (review.py).
CLOSED_STATES = (ReportState.SUBMITTED, ReportState.APPROVED)


class WrongState(Exception):
    """The report is not in a state from which this step is possible. str() is for the person."""


class ReasonMissing(Exception):
    """Returning and reopening need a reason. str() is for the person."""


@transaction.atomic
def submit(report: Report, *, by: User, at: datetime | None = None) -> None:
    """Send the report to be approved; its figures are closed from now on.

    It answers for figures that were returned by themselves before the whole report was opened.
    Raises PermissionDenied if `by` may not enter figures there, and WrongState.
    """
    at = at or timezone.now()
    _move(report, ReportState.SUBMITTED, Right.ENTER, OPEN_STATES, by=by, at=at)
    returned = report.figures.returned()
    Remark.objects.bulk_create(
        Remark(figure=figure, kind=RemarkKind.ANSWERED, by=by, at=at) for figure in returned
    )
    returned.update(review=Review.ANSWERED)


@transaction.atomic
def approve(report: Report, *, by: User, at: datetime | None = None) -> Edition:
    """Make the figures official and freeze them as the next edition.

    A figure that was returned by itself waits: what it had of an earlier approval stays.
    Raises PermissionDenied if `by` may not approve there, and WrongState.
    """
    at = at or timezone.now()
    _move(report, ReportState.APPROVED, Right.APPROVE, (ReportState.SUBMITTED,), by=by, at=at)
    report.figures.filter(review=Review.ANSWERED).update(review=Review.NONE)
    make_official(report)
    recompute_soon()
    return freeze(report, by=by, at=at)


@transaction.atomic
def send_back(report: Report, *, by: User, reason: str, at: datetime | None = None) -> None:
    """Return the report to its author. Raises PermissionDenied, WrongState, ReasonMissing."""
    _move(
        report,
        ReportState.RETURNED,
        Right.APPROVE,
        (ReportState.SUBMITTED,),
        by=by,
        at=at,
        reason=reason,
    )


@transaction.atomic
def reopen(report: Report, *, by: User, reason: str, at: datetime | None = None) -> None:
    """Open an approved report for a correction; its official figures stay until it is approved.

    Raises PermissionDenied, WrongState, ReasonMissing.
    """
    _move(
        report,
        ReportState.REOPENED,
        Right.APPROVE,
        (ReportState.APPROVED,),
        by=by,
        at=at,
        reason=reason,
    )


def digest(content: dict[str, Any]) -> str:
    """Return the SHA-256 of an edition's content in canonical form, in hexadecimal."""
    canonical = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _move(
    report: Report,
    to: ReportState,
    right: Right,
    allowed: tuple[ReportState, ...],
    *,
    by: User,
    at: datetime | None,
    reason: str = "",
) -> None:
    if not may(by, right, report.province):
        raise PermissionDenied
    if to in (ReportState.RETURNED, ReportState.REOPENED) and not reason.strip():
        raise ReasonMissing("Hãy nêu lý do, để người nhập biết phải sửa gì.")

    # The lock also holds off writers of figures until we are done (migration 0002).
    current = Report.objects.select_for_update(of=("self",)).get(pk=report.pk)
    if current.state not in allowed:
        raise WrongState(
            f"Báo cáo {current} đang ở tình trạng «{current.get_state_display()}», "
            f"không chuyển sang «{to.label}» được."
        )
    Transition.objects.create(
        report=report,
        from_state=current.state,
        to_state=to,
        at=at or timezone.now(),
        by=by,
        reason=reason,
    )
    report.state = to
    report.save(update_fields=("state",))


def make_official(report: Report, *, indicator: int | None = None) -> None:
    """Copy what was submitted. Nothing is counted twice: not the parent and its children.

    Returned figures are left as they are; `indicator` narrows it to one. Where the whole
    province's figure is given, units and activities are its detail; else where figures of units
    are given, activities are theirs.
    """
    beside = report.figures.filter(
        indicator=OuterRef("indicator"), nature=OuterRef("nature")
    ).exclude(state=FigureState.MISSING)
    has_whole = Exists(beside.filter(unit=None, activity=None))
    has_units = Exists(beside.filter(unit__isnull=False, activity=None))
    counts = (
        Q(unit=None, activity=None) | (Q(activity=None) & ~has_whole) | (~has_whole & ~has_units)
    )
    official = report.figures.exclude(review=Review.RETURNED)
    if indicator is not None:
        official = official.filter(indicator=indicator)
    official.update(
        approved_state=Case(When(counts, then=F("state")), default=Value("")),
        approved_value=Case(When(counts, then=F("value")), default=None),
        approved_qualifier=Case(When(counts, then=F("qualifier")), default=Value("")),
        approved_word=Case(When(counts, then=F("qualifier_word")), default=Value("")),
    )


def freeze(report: Report, *, by: User, at: datetime, accepts: Remark | None = None) -> Edition:
    """Keep what is official now as the report's next edition."""
    content = _content(report)
    return Edition.objects.create(
        report=report,
        number=report.editions.count() + 1,
        approved_at=at,
        approved_by=by,
        accepts=accepts,
        content=content,
        digest=digest(content),
    )


def _content(report: Report) -> dict[str, Any]:
    """What the edition freezes: figures as approved, and the plan versions in force then."""
    figures = report.figures.select_related("indicator").order_by("indicator__code", "pk")
    versions = (
        TargetVersion.objects.in_force_on(report.period.ends_on)
        .filter(
            target__program=report.program_id,
            target__period=report.period_id,
            target__province=report.province_id,
        )
        .select_related("target__indicator")
        .order_by("target__indicator__code", "number")
    )
    return content_of(report, figures, versions)


def content_of(
    report: Report, figures: Iterable[Figure], versions: Iterable[TargetVersion]
) -> dict[str, Any]:
    """An edition's content; figures and versions in the order of their indicators' codes."""
    return {
        "formula": 1,
        "program": report.program.code,
        "province": [report.province.code, report.province.valid_from.isoformat()],
        "period": report.period.key,
        "figures": [_frozen(figure) for figure in figures],
        "plans": [
            {
                "indicator": version.target.indicator.code,
                "version": version.number,
                "status": version.status,
                "shape": version.shape,
                "lower": _plain(version.lower),
                "upper": _plain(version.upper),
                "baseline": _plain(version.baseline),
                "decided_on": version.decided_on and version.decided_on.isoformat(),
            }
            for version in versions
        ],
    }


def _frozen(figure: Figure) -> dict[str, Any]:
    """A figure as approved; of one that was returned, what an earlier approval left it."""
    returned = figure.review == Review.RETURNED
    return {
        "indicator": figure.indicator.code,
        "unit": figure.unit_id,
        "activity": figure.activity_id,
        "nature": figure.nature,
        "state": figure.approved_state if returned else figure.state,
        "value": _plain(figure.approved_value if returned else figure.value),
        "counts": figure.approved_state != "",
        "qualifier": [figure.qualifier, figure.qualifier_word],
        "as_of": figure.as_of and figure.as_of.isoformat(),
        "derived": figure.is_derived,
        "note": figure.note,
        **({"returned": True} if returned else {}),
    }


def _plain(value: Decimal | None) -> str | None:
    """«64» for 64.000000: the same number has one spelling, so that digests agree."""
    return None if value is None else f"{value.normalize():f}"
