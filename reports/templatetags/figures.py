"""How numbers are printed in every template: one place for the comma, the dot and «,0»."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django import template

from programs.numbers import show_number

register = template.Library()

# A bar is drawn in percent of the plan, from 0 to here; what is beyond gets a mark of its own.
BAR_END = Decimal(150)


@register.filter
def number(value: Decimal | int | None) -> str:
    """`1250` as «1.250»; None, which is not zero, as a dash."""
    return "–" if value is None else show_number(value)


@register.filter
def points(value: Decimal) -> str:
    """A difference of percentage points, with its sign: «+1.240», «−12,5»."""
    return show_number(value) if value < 0 else f"+{show_number(value)}"


@register.filter
def bar_length(value: Decimal) -> str:
    """Percentage points as an SVG length, from 0 to BAR_END: a point, not a comma."""
    return str(min(max(value, Decimal(0)), BAR_END))


@register.filter
def beyond_bar(value: Decimal) -> bool:
    return value > BAR_END


@register.filter
def minutes(value: timedelta) -> str:
    """«15 phút», never «0 phút»."""
    return f"{max(1, value // timedelta(minutes=1))} phút"
