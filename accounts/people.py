"""The access rule asked the other way round: not what a person may do, but who may do it here."""

from __future__ import annotations

from collections import defaultdict

from accounts.models import Membership
from programs.access import ROLES_WITH, Right
from programs.models import Lineage


class People:
    """The active people with a right, by the place they have it in (programs.access.rows_where).

    Two queries for all places.
    """

    def __init__(self, right: Right) -> None:
        units: defaultdict[int | None, set[int]] = defaultdict(set)
        for user, province in Membership.objects.filter(
            role__in=ROLES_WITH[right], user__is_active=True
        ).values_list("user", "province"):
            units[province].add(user)
        self.everywhere = units.pop(None, set())
        self.by_place: defaultdict[int, set[int]] = defaultdict(set)
        for unit, part in Lineage.objects.filter(unit__in=units).values_list("unit", "part"):
            self.by_place[part] |= units[unit]

    def of(self, province: int) -> list[int]:
        """Their primary keys, in order."""
        return sorted(self.everywhere | self.by_place[province])
