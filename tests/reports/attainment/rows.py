"""Computed rows as the engine would store them, written directly: tests of what reads them."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from decimal import Decimal
from typing import Any

from programs.models import Indicator, Period, Program, Province
from reports.models import Attainment, OfficialPlan
from tests.factories import PeriodFactory


def month(year: int, number: int) -> Period:
    return _within_year("month", year, number, f"{year}-{number:02}", number, number)


def quarter(year: int, number: int) -> Period:
    return _within_year("quarter", year, number, f"{year}-Q{number}", 3 * number - 2, 3 * number)


def half(year: int) -> Period:
    return _within_year("half", year, 1, f"{year}-6T", 1, 6)


def nine_months(year: int) -> Period:
    return _within_year("nine_months", year, 1, f"{year}-9T", 1, 9)


def year_of(year: int) -> Period:
    period: Period = PeriodFactory.create(year=year)
    return period


def _within_year(kind: str, year: int, number: int, key: str, first: int, last: int) -> Period:
    period: Period = PeriodFactory.create(
        kind=kind,
        year=year,
        number=number,
        key=key,
        name=f"{kind} {number}/{year}",
        starts_on=date(year, first, 1),
        ends_on=date(year, last, monthrange(year, last)[1]),
    )
    return period


def official(
    program: Program,
    indicator: Indicator,
    period: Period,
    lower: int | str | None = 50,
    *,
    shape: str = "exact",
    **fields: Any,
) -> OfficialPlan:
    """A plan of the program's own place (of the nation, without one): a sum of two by default."""
    bound = None if lower is None else Decimal(lower)
    has_upper = shape in ("exact", "about")
    return OfficialPlan.objects.create(
        program=program,
        indicator=indicator,
        period=period,
        **_place(program)
        | {"shape": shape, "lower": bound, "upper": bound if has_upper else None}
        | ({} if fields.get("version") else {"parts": 2})
        | fields,
    )


def stored(
    program: Program,
    indicator: Indicator,
    period: Period,
    actual: int | str | None = None,
    **fields: Any,
) -> Attainment:
    """A complete row of the program's own place (of the nation, without one), without a plan."""
    value = None if actual is None else Decimal(actual)
    return Attainment.objects.create(
        program=program,
        indicator=indicator,
        period=period,
        actual=value,
        **_place(program)
        | {
            "no_actual": "" if value is not None else "not_reported",
            "units_expected": 1,
            "units_reported": 1,
            "leaves_expected": 1,
            "leaves_reported": 1,
        }
        | fields,
    )


def stored_ratio(
    program: Program, ratio: Indicator, period: Period, part: int, whole: int, **fields: Any
) -> Attainment:
    scale = ratio.ratio_scale or 1
    value = (Decimal(part) * scale / Decimal(whole)).quantize(Decimal("1E-6"))
    sums = {"numerator": Decimal(part), "denominator": Decimal(whole)}
    return stored(program, ratio, period, str(value), **sums | fields)


def _place(program: Program) -> dict[str, Any]:
    if program.province is None:
        return {"scope": "nation"}
    return {"scope": "reported", "province": program.province}


def at(province: Province, scope: str = "reported") -> dict[str, Any]:
    return {"scope": scope, "province": province, "region": ""}


def read(*rows: Attainment) -> list[Attainment]:
    """The rows again, as a page gets them."""
    joined = ("indicator", "program__stage", "period", "province", "plan", "year_plan")
    found = Attainment.objects.select_related(*joined)
    return list(found.filter(pk__in=[row.pk for row in rows]).order_by("pk"))
