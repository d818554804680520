"""Step by step or all at once: after any story the stored rows are those of a full rebuild.

Random stories of writes of every kind, recomputed now and then, as a worker would. What is stored
at the end must not depend on the order in which it was computed.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pytest

from programs.models import (
    Activity,
    Indicator,
    Participation,
    Period,
    Program,
    Province,
    Target,
    TargetVersion,
)
from reports.attainment.recompute import recompute_all, recompute_marked
from reports.entry.workflow import send_back
from reports.models import (
    Attainment,
    FigureNature,
    FigureState,
    LeafSum,
    OfficialPlan,
    Report,
    ReportState,
)
from tests.factories import (
    ActivityFactory,
    ContentGroupFactory,
    IndicatorFactory,
    OrganisationFactory,
    ProvinceFactory,
    RatioFactory,
    TargetVersionFactory,
)
from tests.reports.attainment.story import (
    accept,
    calendar,
    clerk,
    draft,
    local,
    national,
    plan,
    reopened,
    revise,
    send,
    take_part,
    type_in,
)

pytestmark = pytest.mark.django_db

MERGER = date(2025, 7, 1)


class Story:
    """A small country whose people write at random, the same for the same seed."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        periods = calendar(2025, 2026)
        self.leaves = [periods[f"{year}-Q{n}"] for year in (2025, 2026) for n in (1, 2, 3, 4)]
        self.planned = [
            periods[key]
            for key in ("2025-Q1", "2025-6T", "2025-9T", "2025", "2025-5T", "2026", "2025-2026")
        ]
        new = ProvinceFactory.create(code="20", region="Tây", valid_from=MERGER)
        gone = {"valid_to": date(2025, 6, 30), "successor": new}
        self.units = [
            new,
            ProvinceFactory.create(code="10", region="Đông", **gone),
            ProvinceFactory.create(code="11", region="Tây", **gone),
            ProvinceFactory.create(code="12", region="Đông"),
            ProvinceFactory.create(code="13", region="Nam"),
        ]
        stage = periods["2025-2026"]
        self.programs = [national(stage, "quarter"), local(self.units[1], stage, "quarter")]
        self.group = ContentGroupFactory.create()
        ratio = RatioFactory.create()
        stocks = IndicatorFactory.create_batch(2, aggregation="stock")
        self.typed = [
            IndicatorFactory.create(),
            IndicatorFactory.create(entry_mode="cumulative"),
            IndicatorFactory.create(aggregation="rate"),
            IndicatorFactory.create(aggregation="distinct", counted="organisation"),
            ratio.numerator,
            ratio.denominator,
            *stocks,
        ]
        self.computed = [
            ratio,
            RatioFactory.create(numerator=stocks[0], denominator=stocks[1]),
            IndicatorFactory.create(
                aggregation="distinct",
                counted="country",
                section="content",
                content_group=self.group,
            ),
        ]
        self.guests = [
            OrganisationFactory.create(province=self.units[3], country=country)
            for country in ("", "", "Lào", "Nhật Bản", "Nhật Bản", "Hàn Quốc")
        ]

    def some_unit(self, program: Program) -> Province:
        return self.chance.choice(self.units[:2] if program.province_id else self.units)

    def said(self) -> int | FigureState | None:
        choices: list[int | FigureState | None] = [*range(20), None, None]
        return self.chance.choice([*choices, FigureState.MISSING, FigureState.NOT_APPLICABLE])

    def type_some(self, report: Report) -> None:
        for indicator in self.chance.sample(self.typed, 4):
            where: dict[str, Any] = {}
            if self.chance.random() < 0.15:
                where["unit"] = self.guests[0]
            elif self.chance.random() < 0.1:
                where["nature"] = FigureNature.ESTIMATE
            if "unit" not in where or report.province_id == self.units[3].pk:
                type_in(report, indicator, self.said(), **where)

    def report(self) -> None:
        program = self.chance.choice(self.programs)
        unit, leaf = self.some_unit(program), self.chance.choice(self.leaves)
        unit.refresh_from_db()  # it may have been closed meanwhile
        exists = unit.valid_from <= leaf.ends_on and (
            unit.valid_to is None or unit.valid_to >= leaf.starts_on
        )
        known = Report.objects.filter(program=program, province=unit, period=leaf)
        if exists and not known.exists():
            report = draft(program, leaf, {}, province=unit)
            self.type_some(report)
            self.chance.choice((send, accept, accept, accept))(report)

    def move(self) -> None:
        reports = Report.objects.select_related("program", "province", "period").order_by("pk")
        if not reports:
            return
        report = self.chance.choice(list(reports))
        match ReportState(report.state):
            case ReportState.SUBMITTED if self.chance.random() < 0.3:
                send_back(report, by=clerk(), reason="Thiếu chứng cứ")
            case ReportState.APPROVED:
                self.type_some(reopened(report))
                if self.chance.random() < 0.7:
                    self.chance.choice((send, accept))(report)
            case _:
                accept(report)

    def promise(self) -> None:
        program = self.chance.choice(self.programs)
        whose = self.some_unit(program) if self.chance.random() < 0.85 else None
        if whose is None and program.province_id:
            return
        cell = {
            "program": program,
            "indicator": self.chance.choice([*self.typed, *self.computed]),
            "period": self.chance.choice(self.planned),
        }
        lower, day = self.chance.randrange(30), date(2025, self.chance.randrange(1, 13), 1)
        target = Target.objects.filter(province=whose, **cell).first()
        if target is None:
            shape = self.chance.choice(("exact", "exact", "about", "at_least", "range", "at_most"))
            bounds: dict[str, Any] = {"upper": Decimal(lower + 5)} if shape == "range" else {}
            if shape == "at_most":
                bounds = {"upper": Decimal(lower)}
            plan(
                **cell,
                lower=None if shape == "at_most" else lower,
                province=whose,
                shape=shape,
                decided_on=self.chance.choice((None, day)),
                **bounds,
            )
            return
        last = target.versions.order_by("number").last()
        match self.chance.randrange(4):
            case 0 if not TargetVersion.objects.filter(replaces__target=target).exists():
                target.delete()
            case 1 if last:
                TargetVersionFactory.create(
                    target=target, number=last.number + 1, lower=Decimal(lower)
                )
            case 2 if last:
                TargetVersion.objects.filter(pk=last.pk).update(decided_on=day)
            case _ if last:
                revise(last, lower, day, shape="exact")

    def meet(self) -> None:
        program = self.chance.choice(self.programs)
        held = list(Activity.objects.filter(program=program).order_by("pk"))
        if not held or self.chance.random() < 0.4:
            held = [ActivityFactory.create(program=program, province=self.some_unit(program))]
        activity = self.chance.choice(held)
        if self.chance.random() < 0.5:
            activity.content_groups.add(self.group)
        day = date(2025, self.chance.randrange(1, 13), self.chance.randrange(1, 29))
        take_part(activity, self.chance.sample(self.guests, 3), day)

    def leave(self) -> None:
        some = Participation.objects.order_by("pk").values_list("pk", flat=True)
        Participation.objects.filter(pk__in=self.chance.sample(list(some), len(some) // 3)).delete()

    def reform(self) -> None:
        match self.chance.randrange(5):
            case 0:
                heir = Province.objects.filter(code="21").first()
                if heir is None:
                    heir = ProvinceFactory.create(
                        code="21", region="Nam", valid_from=date(2026, 1, 1)
                    )
                    self.units.append(heir)
                Province.objects.filter(pk=self.units[4].pk).update(
                    valid_to=self.chance.choice((date(2025, 12, 31), date(2025, 9, 30))),
                    successor=heir,
                )
            case 1:
                Province.objects.filter(pk=self.units[3].pk).update(
                    region=self.chance.choice(("Đông", "Nam", "Trung"))
                )
            case 2:
                Indicator.objects.filter(pk=self.typed[0].pk).update(
                    direction=self.chance.choice(("higher", "lower"))
                )
            case 3:
                Indicator.objects.filter(pk=self.computed[0].pk).update(
                    ratio_scale=self.chance.choice((1, 100))
                )
            case _:
                Period.objects.filter(key="2025-5T").update(
                    ends_on=self.chance.choice((date(2025, 5, 31), date(2025, 6, 30)))
                )

    def go_on(self) -> None:
        steps: list[Callable[[], None]] = [
            *[self.report] * 6,
            *[self.move] * 5,
            *[self.promise] * 8,
            *[self.meet] * 2,
            self.leave,
            self.reform,
        ]
        self.chance.choice(steps)()


def computed() -> dict[str, set[tuple[object, ...]]]:
    """Everything that the engine stores, whatever its primary keys and age."""
    plans = {
        each.pk: tuple(value for name, value in vars(each).items() if name not in ("_state", "id"))
        for each in OfficialPlan.objects.all()
    }
    rows: list[dict[str, Any]] = list(Attainment.objects.values())
    for each in rows:
        del each["id"], each["computed_at"]
        each["plan_id"] = each["plan_id"] and plans[each["plan_id"]]
        each["year_plan_id"] = each["year_plan_id"] and plans[each["year_plan_id"]]
    leaves: list[dict[str, Any]] = list(LeafSum.objects.values())
    for each in leaves:
        del each["computed_at"]
    return {
        "rows": {tuple(each.values()) for each in rows},
        "plans": set(plans.values()),
        "leaves": {tuple(each.values()) for each in leaves},
    }


@pytest.mark.parametrize("seed", range(4))
def test_a_story_told_step_by_step_ends_as_a_full_rebuild(seed):
    story = Story(seed)
    for _ in range(120):
        story.go_on()
        if story.chance.random() < 0.25:
            recompute_marked()
    recompute_marked()
    step_by_step = computed()
    assert all(step_by_step.values())

    recompute_all()

    at_once = computed()
    for what in step_by_step:
        assert step_by_step[what] - at_once[what] == set(), what
        assert at_once[what] - step_by_step[what] == set(), what
