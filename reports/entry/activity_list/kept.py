"""The activities of a report as they are kept, in the words in which a file says them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from programs.models import Activity, ActivityFunding, Indicator
from programs.models.activity import ActivityKind, FundingPhase, ParticipantRole
from programs.numbers import show_date, show_number
from reports.entry.activities import SOURCES, lines_of
from reports.entry.activity_list.layout import HEADINGS, Column
from reports.entry.said import shown
from reports.models import Report

Texts = dict[str, str]  # by the field of ActivityForm


@dataclass(frozen=True, slots=True)
class Kept:
    activity: Activity
    texts: Texts


def number_field(column: Indicator) -> str:
    return f"so-{column.pk}"


def fields_of(columns: Sequence[Indicator]) -> dict[str, str]:
    """Every field with its heading, in the order of the file."""
    fields = {column.value: heading for column, heading in HEADINGS.items()}
    del fields[Column.TOTAL.value]
    return fields | {number_field(each): f"{each.name} ({each.unit})" for each in columns}


def kept_of(report: Report, columns: Sequence[Indicator]) -> list[Kept]:
    """The list in its order. Five queries, however long it is."""
    lines = lines_of(report, columns)
    paid = {
        funding.activity_id: funding
        for funding in ActivityFunding.objects.filter(
            activity__in=[line.activity.pk for line in lines], phase=FundingPhase.DISBURSED
        )
    }
    return [
        Kept(
            line.activity,
            {
                **_described(line.activity),
                **_money(paid.get(line.activity.pk)),
                **{
                    number_field(column): shown(figure)
                    for column, figure in zip(columns, line.figures, strict=True)
                },
            },
        )
        for line in lines
    ]


def fingerprint(kept: Sequence[Kept]) -> str:
    """The same for the same list, another one as soon as somebody changed something in it."""
    said = repr([(each.activity.pk, sorted(each.texts.items())) for each in kept])
    return sha256(said.encode()).hexdigest()


def _described(activity: Activity) -> Texts:
    people: dict[str, str] = {}
    # Of several the first, as the page's form has it.
    for part in sorted(activity.participations.all(), key=lambda each: each.pk):
        people.setdefault(part.role, part.organisation.name)
    return {
        Column.CODE.value: activity.code,
        Column.NAME.value: activity.name,
        Column.KIND.value: ActivityKind(activity.kind).label,
        Column.STARTS_ON.value: show_date(activity.starts_on) if activity.starts_on else "",
        Column.ENDS_ON.value: show_date(activity.ends_on) if activity.ends_on else "",
        Column.PLACE.value: activity.place,
        Column.IMPLEMENTER.value: people.get(ParticipantRole.IMPLEMENTER, ""),
        Column.BENEFICIARY.value: people.get(ParticipantRole.BENEFICIARY, ""),
    }


def _money(paid: ActivityFunding | None) -> Texts:
    amounts = {source: getattr(paid, source) if paid else 0 for source in SOURCES}
    return {source: show_number(amount) if amount else "" for source, amount in amounts.items()}
