"""What a program page is opened at: a period and a place, among those there are to choose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Case, Value, When
from django.shortcuts import get_object_or_404
from django.utils import timezone

from programs.access import Right, rows_where
from programs.models import Period, Program, Province
from reports.dashboards.overview import with_leading_period
from reports.models import Attainment, Layer, Scope
from reports.models.attainment import AttainmentQuerySet

if TYPE_CHECKING:
    from accounts.models import User

THE_NATION = "ca-nuoc"


@dataclass(frozen=True, slots=True)
class Place:
    """The nation (without a province), or a province as the unit that reported."""

    province: Province | None

    @property
    def key(self) -> str:
        """What stands in the address. Not the province's code: codes were reused."""
        return THE_NATION if self.province is None else str(self.province.pk)

    @property
    def name(self) -> str:
        return "cả nước" if self.province is None else str(self.province)


@dataclass(frozen=True, slots=True)
class Selection:
    """Without a period nothing was computed yet."""

    program: Program
    period: Period | None
    place: Place
    periods: Sequence[Period]  # the latest and longest first
    places: Sequence[Place]  # where the program is read first comes first

    def rows(self, attainments: AttainmentQuerySet) -> AttainmentQuerySet:
        """The rows of `attainments` that the page shows, as they stand in a report."""
        if self.period is None:
            return attainments.none()
        rows = attainments.of_program_page(self.program, self.period).order_by(
            "indicator__position", "indicator__code", "pk"
        )
        if self.place.province is None:
            return rows.filter(scope=Scope.NATION)
        return rows.filter(scope=Scope.REPORTED, province=self.place.province)


def selected(program: Program, user: User, *, period_key: str, place_key: str) -> Selection:
    """Return what the address asks for; without keys, where the program is read first.

    Raises Http404 for a period that does not exist and a place outside the person's own.
    """
    computed = Attainment.objects.visible_to(user).filter(program=program, layer=Layer.OFFICIAL)
    periods = list(
        Period.objects.visible_to(user)
        .filter(pk__in=computed.order_by().values("period"))
        .order_by("-ends_on", "starts_on", "pk")
    )
    period = _period(program, user, key=period_key, among=periods)
    places = _places(program, user, computed.filter(period=period))
    place = next((place for place in places if place.key == place_key), None)
    if place is None and place_key:
        place = _place_without_rows(user, place_key)
    return Selection(program, period, place or places[0], periods, places)


def _period(program: Program, user: User, *, key: str, among: Sequence[Period]) -> Period | None:
    if not key:
        itself = Program.objects.visible_to(user).filter(pk=program.pk)
        found = with_leading_period(itself, user, on=timezone.localdate()).get()
        leading = getattr(found, "leading_period_id", None)
        return next((period for period in among if period.pk == leading), None)
    computed = next((period for period in among if period.key == key), None)
    return computed or get_object_or_404(Period.objects.visible_to(user), key=key)


def _places(program: Program, user: User, computed: AttainmentQuerySet) -> list[Place]:
    of_program_first = Case(When(pk=program.province_id, then=Value(0)), default=Value(1))
    provinces = (
        Province.objects.visible_to(user)
        .filter(pk__in=computed.filter(scope=Scope.REPORTED).order_by().values("province"))
        .order_by(of_program_first, "sort_key", "pk")
    )
    places = [Place(province) for province in provinces]
    if program.province is None:
        return [Place(None), *places]
    return places or [Place(program.province)]


def _place_without_rows(user: User, key: str) -> Place:
    """A province of the person's own that has nothing in this period, or 404."""
    own = Province.objects.filter(rows_where(user, Right.SEE, "pk"))
    return Place(get_object_or_404(own, pk=int(key) if key.isdecimal() else 0))
