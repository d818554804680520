"""Who changed what, from the events that the database's triggers write."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.contrib.auth import get_user_model
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q

from programs.administration.columns import label_of, words

LATEST = 300  # changes of one object on one page
DONE = {"insert": "lập", "update": "sửa", "delete": "xóa"}
NOT_SHOWN = {"id", "search_key", "sort_key"}
UNKNOWN = "hệ thống (không qua trang web)"


@dataclass(frozen=True, slots=True)
class Change:
    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One change of one row: who, when, what; `note` where the single fields were not kept."""

    at: datetime
    by: str
    done: str
    row: str
    changes: tuple[Change, ...] = ()
    note: str = ""


def is_tracked(model: type[models.Model]) -> bool:
    return hasattr(model, "pgh_event_models")


def entries_of(
    model: type[models.Model], which: Q, *, besides: Collection[str] = ()
) -> list[Entry]:
    """The changes of the rows of `model` that `which` selects by columns of its events.

    `besides`: fields that the page itself already tells.
    """
    event_model: Any = model.pgh_event_model  # type: ignore[attr-defined]
    events = list(
        event_model.objects.filter(which).select_related("pgh_context").order_by("-pgh_id")[:LATEST]
    )
    names = _names(_who(event) for event in events)
    related = _related(event_model, events)
    return [
        Entry(
            at=event.pgh_created_at,
            by=names.get(str(_who(event)), UNKNOWN),
            done=DONE.get(event.pgh_label, event.pgh_label),
            row=str(model._meta.verbose_name),
            changes=tuple(
                change
                for field in _kept(model)
                if field.name not in besides
                and (change := _change(field, before, event, related.get(field.name)))
            ),
        )
        for event, before in _with_the_one_before(events)
    ]


def log_of(row: models.Model) -> list[Entry]:
    """What was done in the administration to a row that has no events of its own."""
    done = {1: "lập", 2: "sửa", 3: "xóa"}
    log = LogEntry.objects.filter(
        object_id=str(row.pk), content_type=ContentType.objects.get_for_model(type(row))
    ).select_related("user")
    return [
        Entry(
            at=line.action_time,
            by=str(line.user),
            done=done[line.action_flag],
            row=str(row._meta.verbose_name),
            note=line.get_change_message(),
        )
        for line in log.order_by("-action_time")[:LATEST]
    ]


def _who(event: Any) -> Any:
    return event.pgh_context.metadata.get("user") if event.pgh_context else None


def _names(users: Iterable[Any]) -> dict[str, str]:
    people = get_user_model()._default_manager.in_bulk({user for user in users if user})
    return {str(pk): str(person) for pk, person in people.items()}


def _with_the_one_before(events: list[Any]) -> Iterator[tuple[Any, Any]]:
    """Each event, latest first, with the one before it of the same row (None for the first)."""
    before: dict[int, Any] = {}
    pairs = []
    for event in reversed(events):
        pairs.append((event, before.get(event.pgh_obj_id)))
        before[event.pgh_obj_id] = event
    yield from reversed(pairs)


def _kept(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.concrete_fields if field.name not in NOT_SHOWN]


def _related(event_model: Any, events: list[Any]) -> dict[str, dict[Any, str]]:
    """For each foreign key of the events: what its rows are called, in one query each."""
    called = {}
    for field in event_model._meta.concrete_fields:
        if field.is_relation and not field.name.startswith("pgh_"):
            wanted = {getattr(event, field.attname) for event in events} - {None}
            rows = field.related_model._base_manager.in_bulk(wanted) if wanted else {}
            called[field.name] = {pk: str(row) for pk, row in rows.items()}
    return called


def _change(field: Any, before: Any, after: Any, called: dict[Any, str] | None) -> Change | None:
    """What happened to `field` in the event `after`; None if nothing did."""
    old, new = (getattr(event, field.attname, None) for event in (before, after))
    if after.pgh_label == "delete":
        old, new = new, None  # the event of a deletion holds the row as it was
    if old == new or {old, new} <= {None, ""}:
        return None
    if called is not None:
        old, new = (called.get(pk, pk) for pk in (old, new))
    return Change(label_of(field), words(field, old), words(field, new))
