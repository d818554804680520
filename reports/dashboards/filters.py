"""What narrows a list. The whole state stands in the address, so that Back and a sent link work.

A value that is not offered narrows nothing: an old link shows the whole list, never an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import QueryDict

from programs.models.indicator import Section
from programs.models.program import Level, ProgramQuerySet
from programs.vietnamese import search_key
from reports.dashboards.outcomes import CONDITIONS, Outcome
from reports.models.attainment import AttainmentQuerySet

MAX_WORDS = 12


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


def chosen(asked: QueryDict, name: str, choices: Sequence[Choice]) -> str:
    """Return the value asked for if it is offered, else «» (everything)."""
    value = asked.get(name, "")
    return value if value in {choice.value for choice in choices} else ""


def has_words(text: str, path: str) -> Q:
    """Rows whose search key at `path` holds every word of `text`, with or without accents."""
    condition = Q()
    for word in search_key(text.replace("\x00", "")).split()[:MAX_WORDS]:
        condition &= Q(**{f"{path}__contains": word})
    return condition


@dataclass(frozen=True, slots=True)
class ProgramFilter:
    q: str
    level: str
    stage: str
    levels: Sequence[Choice]
    stages: Sequence[Choice]

    @classmethod
    def asked(cls, asked: QueryDict, programs: ProgramQuerySet) -> ProgramFilter:
        """Read the filter from the address; the stages offered are those of `programs`."""
        found = (
            programs.order_by("-stage__starts_on", "stage__ends_on")
            .values_list("stage__key", "stage__name")
            .distinct()
        )
        stages = [Choice(key, name) for key, name in found]
        levels = [Choice(level.value, level.label) for level in Level]
        return cls(
            q=asked.get("q", ""),
            level=chosen(asked, "cap", levels),
            stage=chosen(asked, "giai-doan", stages),
            levels=levels,
            stages=stages,
        )

    def of(self, programs: ProgramQuerySet) -> ProgramQuerySet:
        found = programs.filter(has_words(self.q, "search_key"))
        if self.level:
            found = found.filter(level=self.level)
        return found.filter(stage__key=self.stage) if self.stage else found

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.level or self.stage)


@dataclass(frozen=True, slots=True)
class IndicatorFilter:
    """By words of the name, by content group (or section of the report), by outcome."""

    q: str
    group: str
    outcome: str
    groups: Sequence[Choice]

    @classmethod
    def asked(cls, asked: QueryDict, rows: AttainmentQuerySet) -> IndicatorFilter:
        """Read the filter from the address; the groups offered are those of `rows`."""
        found = (
            rows.order_by(
                "indicator__content_group__version",
                "indicator__content_group__number",
                "indicator__section",
            )
            .values_list(
                "indicator__content_group",
                "indicator__content_group__number",
                "indicator__content_group__short_name",
                "indicator__section",
            )
            .distinct()
        )
        groups = [
            Choice(section, Section(section).label.capitalize())
            if group is None
            else Choice(str(group), f"{number}. {name}")
            for group, number, name, section in found
        ]
        return cls(
            q=asked.get("q", ""),
            group=chosen(asked, "nhom", groups),
            outcome=chosen(asked, "ket-qua", [Choice(each.value, "") for each in Outcome]),
            groups=groups,
        )

    def of(self, rows: AttainmentQuerySet) -> AttainmentQuerySet:
        """Everything but the outcome, which the counts above the table break down."""
        found = rows.filter(has_words(self.q, "indicator__search_key"))
        if self.group.isdigit():
            return found.filter(indicator__content_group=int(self.group))
        return found.filter(indicator__section=self.group) if self.group else found

    def of_outcome(self, rows: AttainmentQuerySet) -> AttainmentQuerySet:
        return rows.filter(CONDITIONS[Outcome(self.outcome)]) if self.outcome else rows

    @property
    def narrows(self) -> bool:
        return bool(self.q or self.group or self.outcome)
