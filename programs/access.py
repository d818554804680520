"""The one access rule: who sees which rows, who may enter, approve and administer.

Every queryset's `visible_to(user)` and every question «may this person …?» comes here. A
membership says: this person, in this role, for this province (or, with none, for the nation).
A province contains its predecessors: the Sở of today's Lâm Đồng keeps the figures of Đắk Nông.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from django.db.models import Exists, Q
from django.http import HttpRequest

from programs.models.province import Lineage, Province

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class SignedInRequest(HttpRequest):
    """What a view gets: LoginRequiredMiddleware lets nobody else in."""

    user: User


class Role(StrEnum):
    VIEWER = "viewer"
    STAFF = "staff"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


ROLE_LABELS = {
    Role.VIEWER: "người xem",
    Role.STAFF: "cán bộ nhập số liệu",
    Role.MANAGER: "lãnh đạo duyệt",
    Role.ADMINISTRATOR: "quản trị",
}


class Right(StrEnum):
    SEE = "see"
    ENTER = "enter"  # type, import and send figures
    APPROVE = "approve"  # approve, return, reopen
    ADMINISTER = "administer"  # catalogues, plans, people, deadlines


# A person who both enters and approves holds two memberships, so that it is a decision.
ROLES_WITH: dict[Right, frozenset[Role]] = {
    Right.SEE: frozenset(Role),
    Right.ENTER: frozenset({Role.STAFF}),
    Right.APPROVE: frozenset({Role.MANAGER}),
    Right.ADMINISTER: frozenset({Role.ADMINISTRATOR}),
}


def rows_where(user: User | AnonymousUser, right: Right, path: str = "province") -> Q:
    """Rows in which `user` has `right`; `path` is the look-up from a row to its province.

    A row without a province is national: every member sees it, only a national membership
    changes it. Someone anonymous, inactive or without a membership gets no row.

    Subqueries, not joins: they never duplicate rows or disturb a Sum.
    """
    if user.is_anonymous or not user.is_active:
        return Q(pk__in=[])

    memberships = user.memberships.filter(role__in=ROLES_WITH[right])
    in_the_nation = Q(Exists(memberships.filter(province=None)))
    in_my_provinces = Q(
        **{
            f"{path}__in": Lineage.objects.filter(
                unit__in=memberships.exclude(province=None).values("province")
            ).values("part")
        }
    )
    national_row = Q(**{f"{path}__isnull": True}) & Q(Exists(memberships))

    if right is Right.SEE:
        return in_the_nation | in_my_provinces | national_row
    return in_the_nation | in_my_provinces


def may(user: User | AnonymousUser, right: Right, province: Province | None) -> bool:
    """Whether `user` has `right` in `province`; None asks about national rows."""
    if province is None:
        if user.is_anonymous or not user.is_active:
            return False
        memberships = user.memberships.filter(role__in=ROLES_WITH[right])
        return (memberships if right is Right.SEE else memberships.filter(province=None)).exists()
    return Province.objects.filter(rows_where(user, right, "pk"), pk=province.pk).exists()


def may_anywhere(user: User | AnonymousUser, right: Right) -> bool:
    """Whether `user` has `right` in any province or the nation (to show a menu at all)."""
    if user.is_anonymous or not user.is_active:
        return False
    return user.memberships.filter(role__in=ROLES_WITH[right]).exists()
