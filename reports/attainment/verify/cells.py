"""What was done in a period at a place, and who answered: docs/attainment.md, 3 to 5 and 8."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from reports.attainment.verify.answers import MILLION, PROVISIONAL, Answer, Answers, Layers
from reports.attainment.verify.ground import CURRENT, NATION, REGION, REPORTED, Ground, Place, Span
from reports.attainment.verify.recounts import NO_RECORDS, Records
from reports.models import Layer

OFFICIAL = Layer.OFFICIAL.value


class Rule(NamedTuple):
    """How an indicator adds up. A ratio of stocks is `of_last_leaf`, as they are."""

    adds_up: bool  # flows and stocks: over places, and their plans too
    is_ratio: bool
    of_last_leaf: bool
    scale: int

    @property
    def is_sum(self) -> bool:
        """Whether there is a sum over places at all."""
        return self.adds_up or self.is_ratio


@dataclass(slots=True)
class Done:
    """One indicator at one place in one period: its sum and its coverage.

    `total` is in millionths; of a ratio it is the numerator and `over` the denominator. None is
    no figure, and `reason` says why.
    """

    total: int | None = None
    over: int | None = None
    reason: str = ""
    units: frozenset[int] = frozenset()  # those standing in the place of the ones that answered
    leaves: int = 0
    unexpected: int = 0
    provisional: int = 0
    excused: bool = False  # something was answered, and all of it «không áp dụng»


NOTHING = Done(reason="not_reported")


@dataclass(slots=True)
class Doings:
    """What is known of one indicator before anything is added up."""

    rule: Rule
    ground: Ground
    layers: Layers
    records: Records = NO_RECORDS
    answers: dict[str, dict[int, Answers]] = field(init=False)

    def __post_init__(self) -> None:
        self.answers = {
            OFFICIAL: {unit: self._on(OFFICIAL, unit) for unit in self.layers.official},
            **{
                layer: {unit: self._on(layer, unit) for unit in self.layers.changes[layer]}
                for layer in PROVISIONAL
            },
        }

    def _on(self, layer: str, unit: int) -> Answers:
        """The unit's answers. A stock of a leaf at whose end the unit is gone is nobody's."""
        answers = self.layers.on(layer, unit)
        if not self.rule.of_last_leaf:
            return answers
        due = self.ground.due.get(unit, ())
        return {leaf: answer for leaf, answer in answers.items() if leaf in due}


def done_in(span: Span, doings: Doings) -> dict[str, dict[Place, Done]]:
    """What was done in one period at every place, by layer.

    On a layer other than the official one: at the places where it differs.
    """
    official = _reported(OFFICIAL, span, doings)
    cells = {OFFICIAL: _places(OFFICIAL, span, official, official, doings)}
    for layer in PROVISIONAL:
        own = _reported(layer, span, doings)
        cells[layer] = _places(layer, span, own, official | own, doings) if own else {}
    return cells


def _reported(layer: str, span: Span, doings: Doings) -> dict[int, Done]:
    """Section 3: the units that reported, each by its own answers."""
    cells = {}
    for unit, answers in doings.answers[layer].items():
        counted = _counted(answers, span)
        has_row = bool(counted)
        leaves = span.leaves
        if doings.rule.of_last_leaf:
            leaves = leaves[-1:] if unit in span.standing else ()
            counted = {leaf: answer for leaf, answer in counted.items() if leaf in leaves}
        provisional = 0
        if layer != OFFICIAL:
            changes = doings.layers.changes[layer][unit]
            provisional = sum(leaf in changes for leaf in leaves)
            has_row = provisional > 0
        if has_row:
            cells[unit] = _coverage(span, {unit: set(counted)}, doings.ground)
            cells[unit].provisional = provisional
            _add_up(cells[unit], span, list(counted.values()), doings.rule)
    if layer == OFFICIAL:
        for unit in {unit for unit, leaf in doings.records.entities if leaf in span.leaves}:
            cells[unit] = _recounted_unit(cells.get(unit), span, unit, doings)
    return cells


def _counted(answers: Answers, span: Span) -> Answers:
    """The answers for leaves of the period. One of work begun before it is not the period's."""
    return {
        leaf: answers[leaf]
        for leaf in span.leaves
        if leaf in answers and answers[leaf].since >= span.starts_on
    }


def _coverage(span: Span, answered: dict[int, set[int]], ground: Ground) -> Done:
    """Which units answered for which leaves (section 8)."""
    nothing: frozenset[int] = frozenset()
    return Done(
        units=frozenset(span.in_place_of[unit] for unit, leaves in answered.items() if leaves),
        leaves=sum(map(len, answered.values())),
        unexpected=sum(
            len(leaves - ground.due.get(unit, nothing)) for unit, leaves in answered.items()
        ),
    )


def _add_up(done: Done, span: Span, answers: list[Answer], rule: Rule) -> None:
    """Put the value of a period at a reporting unit, or why there is none."""
    values = [answer.value for answer in answers if answer.value is not None]
    done.excused = bool(answers) and not any(answer.applicable for answer in answers)
    if done.excused:
        done.reason = "not_applicable"
    elif not answers:
        done.reason = "not_reported"
    elif rule.is_sum:
        done.total = sum(values)
        done.over = sum(answer.over or 0 for answer in answers) if rule.is_ratio else None
    elif values and span.is_leaf:
        done.total = values[0]
    else:
        done.reason = "not_addable"


def _recounted_unit(done: Done | None, span: Span, unit: int, doings: Doings) -> Done:
    """Section 5 at a unit that has records: reports that were approved are its answers too.

    A leaf's own figure stands.
    """
    answered = doings.records.approved[unit] | doings.answers[OFFICIAL].get(unit, {}).keys()
    recounted = _coverage(span, {unit: answered.intersection(span.leaves)}, doings.ground)
    if done is not None and done.total is not None:
        recounted.total = done.total
    else:
        _recount(recounted, span, (unit,), doings)
    return recounted


def _recount(done: Done, span: Span, units: tuple[int, ...], doings: Doings) -> None:
    """Section 5: put the count of who took part; leave the cell as it is if nobody did."""
    found: set[object] = set()
    typed = [0]
    for unit in units:
        answers = doings.answers[OFFICIAL].get(unit, {})
        for leaf in span.leaves:
            found |= doings.records.entities.get((unit, leaf), set())
            typed.append(answers[leaf].value or 0 if leaf in answers else 0)
    count = len(found) * MILLION
    if found and count >= max(typed):
        done.total, done.reason = count, ""
    elif found:
        done.total, done.reason = None, "not_addable"  # the records are incomplete


def _places(
    layer: str, span: Span, own: dict[int, Done], merged: dict[int, Done], doings: Doings
) -> dict[Place, Done]:
    """Section 4: the rows of the units, and those of the places made of them.

    `own` are the units that have a row on this layer, `merged` all, with their official one.
    """
    ground = doings.ground

    def together(units: tuple[int, ...]) -> Done:
        done = _sum([merged[unit] for unit in units if unit in merged], doings.rule)
        if layer == OFFICIAL and doings.records.entities:
            _recount(done, span, units, doings)
        return done

    cells = {Place(REPORTED, unit, ""): done for unit, done in own.items()}
    for current in {ground.current(unit) for unit in own}:
        done = together(ground.lineage[current])
        there = _units_there(ground.lineage[current], span, ground)
        if not doings.rule.is_sum and len(there) == 1:
            alone = merged.get(there[0], NOTHING)
            done.total, done.reason = alone.total, alone.reason
        cells[Place(CURRENT, current, "")] = done
    if ground.program.province_id is None and own:
        for region in {ground.region(unit) for unit in own}:
            cells[Place(REGION, None, region)] = together(ground.of_region[region])
        cells[NATION] = together(tuple(ground.units))
    return cells


def _units_there(lineage: tuple[int, ...], span: Span, ground: Ground) -> list[int]:
    """Those of the program that exist on at least one day of the period."""
    units = ground.units
    return [
        unit
        for unit in lineage
        if unit in ground.members and units[unit].was_there(span.starts_on, span.ends_on)
    ]


def _sum(parts: list[Done], rule: Rule) -> Done:
    done = Done(
        units=frozenset[int]().union(*(part.units for part in parts)),
        leaves=sum(part.leaves for part in parts),
        unexpected=sum(part.unexpected for part in parts),
        provisional=sum(part.provisional for part in parts),
        excused=any(part.excused for part in parts)
        and all(part.excused or not part.leaves for part in parts),
    )
    totals = [part.total for part in parts if part.total is not None]
    if done.excused:
        done.reason = "not_applicable"
    elif not done.leaves:
        done.reason = "not_reported"
    elif not rule.is_sum:
        done.reason = "not_addable"
    elif totals:
        done.total = sum(totals)
        done.over = sum(part.over or 0 for part in parts) if rule.is_ratio else None
    else:
        done.reason = "not_reported"
    return done
