"""Programs whose figures went the whole way: planned, typed, approved, computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from accounts.models import User
from programs.access import Role
from programs.models import Indicator, Program, Province
from reports.attainment.recompute import recompute_marked
from reports.entry.figures import enter_figure
from reports.entry.said import Typed, state_of
from reports.entry.workflow import approve, submit
from tests.factories import (
    ContentGroupFactory,
    IndicatorFactory,
    MembershipFactory,
    ProgramFactory,
    ReportFactory,
    StageFactory,
    TargetFactory,
    TargetVersionFactory,
    UserFactory,
)


@dataclass(frozen=True)
class Told:
    """One indicator: what was done, what was promised; None for neither."""

    name: str
    actual: int | str | None = None
    plan: int | str | None = None
    version: Mapping[str, Any] = field(default_factory=dict)
    typed: Mapping[str, Any] = field(default_factory=dict)
    indicator: Mapping[str, Any] = field(default_factory=dict)


# Measured, measured and behind, far beyond, without a plan, not reported.
FIVE = (
    Told("Lượt cơ sở được hỗ trợ đổi mới thiết bị", 64, 50),
    Told("Lớp truyền nghề", 30, 40),
    Told("Mẫu sản phẩm mới", 170, 100),
    Told("Hội nghị tuyên truyền", 18),
    Told("Cuộc bình chọn", None, 2),
)


def clerk() -> User:
    """Enters and approves everywhere; the tests here are about reading."""
    user: User = UserFactory.create()
    for role in (Role.STAFF, Role.MANAGER):
        MembershipFactory.create(user=user, role=role.value, province=None)
    return user


def told_program(
    told: Sequence[Told] = FIVE, *, province: Province | None, by: User, **fields: Any
) -> Program:
    """A program reported once for its stage, by `province`, with everything computed."""
    program: Program = ProgramFactory.create(
        province=fields.pop("owner", province),
        stage=StageFactory.create(),
        leaf_kind="stage",
        **fields,
    )
    report = ReportFactory.create(program=program, province=province)
    for position, each in enumerate(told):
        indicator = _indicator(each, position)
        if each.plan is not None:
            target = TargetFactory.create(program=program, indicator=indicator, province=province)
            TargetVersionFactory.create(target=target, lower=Decimal(each.plan), **each.version)
        if each.actual is not None:
            number = Decimal(each.actual)
            typed = Typed(state=state_of(number), value=number, **each.typed)
            enter_figure(report, indicator, typed, by=by)
    submit(report, by=by)
    approve(report, by=by)
    recompute_marked()
    return program


def _indicator(told: Told, position: int) -> Indicator:
    number = 1 + position % 2
    fields: dict[str, Any] = {
        "name": told.name,
        "position": position,
        "section": "content",
        "content_group": ContentGroupFactory.create(number=number, short_name=f"Nội dung {number}"),
    }
    indicator: Indicator = IndicatorFactory.create(**fields | dict(told.indicator))
    return indicator
