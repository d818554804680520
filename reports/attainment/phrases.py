"""Numbers into the words of an official report. Decides and rounds nothing.

Percentages come in as printed (arithmetic.shown_percent), figures exact and in their unit;
`decimals` is the indicator's. `against` names what is compared with: «giai đoạn 2011-2015».

Source: usage of official reports (đạt, vượt, bằng, tăng, giảm, điểm phần trăm). Decided: the
project, 11/2026 (the words for each reason).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from programs.numbers import show_number, show_percent
from programs.planning import Direction, Plan, Qualifier, Shape
from reports.attainment.arithmetic import (
    Exact,
    Method,
    NoComparison,
    NoPercentage,
    Standing,
    exact,
    gap,
    method,
    rounded,
    shown_change,
    shown_points,
    standing,
)

# Without figures, for a table cell or a filter. Three have a fuller form, with the figures.
REASON_WORDS: dict[NoPercentage, str] = {
    NoPercentage.NO_TARGET: "chưa giao kế hoạch",
    NoPercentage.PLAN_PARTIAL: "chưa giao đủ kế hoạch cho các đơn vị, không tính tỷ lệ",
    NoPercentage.NOT_REPORTED: "chưa báo cáo",
    NoPercentage.NOT_APPLICABLE: "không áp dụng",
    NoPercentage.OUTSIDE_PLAN: "ngoài kế hoạch",
    NoPercentage.NOTHING_PLANNED: "đúng kế hoạch (không giao)",
    NoPercentage.RANGE: "kế hoạch là một khoảng, không tính tỷ lệ",
    NoPercentage.LIMIT: "kế hoạch là mức giới hạn, không tính tỷ lệ",
    NoPercentage.AT_BOUND: "mới bằng mức kế hoạch, chưa vượt",
    NoPercentage.NO_CHANGE_PLANNED: "kế hoạch giữ nguyên mức gốc, không tính tỷ lệ",
    NoPercentage.BASELINE_CONTRADICTS: "mức kế hoạch cao hơn mức gốc, cần xem lại",
    NoPercentage.SHAPE_CONTRADICTS: "kế hoạch đặt mức tối thiểu cho chỉ tiêu cần giảm, cần xem lại",
    NoPercentage.NEGATIVE: "có số âm, không tính tỷ lệ",
    NoPercentage.NOT_ADDABLE: "không cộng được giữa các địa bàn hoặc các kỳ",
    NoPercentage.ZERO_DENOMINATOR: "mẫu số bằng 0, không tính tỷ lệ",
}

STANDING_WORDS: dict[Standing, str] = {
    Standing.REACHED: "đạt",
    Standing.NOT_REACHED: "chưa đạt",
    Standing.BELOW_RANGE: "dưới khoảng",
    Standing.WITHIN_RANGE: "trong khoảng",
    Standing.ABOVE_RANGE: "trên khoảng",
    Standing.WITHIN_LIMIT: "trong mức",
    Standing.OVER_LIMIT: "vượt mức",
    Standing.UNKNOWN: "không đánh giá",
}

NO_COMPARISON_WORDS: dict[NoComparison, str] = {
    NoComparison.NOT_REPORTED: "chưa báo cáo",
    NoComparison.NO_BASE: "không có số liệu kỳ gốc",
    NoComparison.ZERO_BASE: "kỳ gốc bằng 0",
    NoComparison.NEGATIVE_BASE: "kỳ gốc là số âm",
    NoComparison.SMALL_BASE: "gốc nhỏ",
    NoComparison.NEGATIVE_CURRENT: "kỳ này là số âm",
    NoComparison.PARTIAL: "chưa đủ báo cáo để so sánh",
    NoComparison.BOUNDARY: "địa giới đã thay đổi, không so sánh",
}

_QUALIFIER_WORDS = {
    Qualifier.EXACT: "",
    Qualifier.AT_LEAST: "trên",
    Qualifier.NEARLY: "gần",
    Qualifier.ABOUT: "khoảng",
}

_SHAPE_WORDS = {
    Shape.EXACT: "",
    Shape.AT_LEAST: "ít nhất",
    Shape.ABOVE: "trên",
    Shape.ABOUT: "khoảng",
    Shape.AT_MOST: "không quá",
}


def amount(
    value: Exact,
    *,
    unit: str = "",
    decimals: int = 0,
    qualifier: Qualifier = Qualifier.EXACT,
    word: str = "",
) -> str:
    """Return «64 lượt cơ sở», «81,1%», «trên 20 triệu USD».

    `word` is the source's own word («hơn»), used instead of the qualifier's usual one.
    """
    is_percent = unit.startswith("%")
    shown = (shown_points if is_percent else rounded)(value, decimals=decimals)
    joint = "" if is_percent or not unit else " "
    return _spaced(word or _QUALIFIER_WORDS[qualifier], f"{show_number(shown)}{joint}{unit}")


def plan_amount(plan: Plan, *, unit: str = "", decimals: int = 0) -> str:
    """Return «50», «ít nhất 50», «khoảng 3.500 mẫu», «60.000-70.000», «không quá 40»."""
    if plan.shape is Shape.RANGE:
        return f"{amount(plan.floor, decimals=decimals)}-" + amount(
            plan.ceiling, unit=unit, decimals=decimals
        )
    bound = plan.ceiling if plan.shape is Shape.AT_MOST else plan.floor
    return _spaced(_SHAPE_WORDS[plan.shape], amount(bound, unit=unit, decimals=decimals))


def attained_phrase(
    percent: Decimal,
    *,
    of: Method,
    qualifier: Qualifier = Qualifier.EXACT,
    plan_name: str = "kế hoạch",
) -> str:
    """Return «đạt 128% kế hoạch»; of a reduction «đạt 120% mức giảm kế hoạch».

    A qualified actual has a qualified percentage. For a reduction it is only «khoảng»: more
    is less there. `plan_name` tells one plan from another: «kế hoạch năm».
    """
    if of is Method.OF_PLAN:
        return f"đạt {_spaced(_QUALIFIER_WORDS[qualifier], show_percent(percent))} {plan_name}"
    roughly = "" if qualifier is Qualifier.EXACT else "khoảng"
    share = f"{_spaced(roughly, show_percent(percent))} mức giảm {plan_name}"
    return f"đạt {share}" if percent >= 0 else f"tăng thay vì giảm ({share})"


def attained_in_year_phrase(
    year_percent: Decimal,
    *,
    of: Method,
    to_date: Decimal | None = None,
    to_date_of: Method = Method.OF_PLAN,
    qualifier: Qualifier = Qualifier.EXACT,
) -> str:
    """Return «đạt 64% kế hoạch năm, 128% kế hoạch đến kỳ».

    `to_date` is the percentage of the plan to date; without one «đạt 64% kế hoạch năm».
    """
    of_year = attained_phrase(year_percent, of=of, qualifier=qualifier, plan_name="kế hoạch năm")
    if to_date is None:
        return of_year
    of_period = attained_phrase(
        to_date, of=to_date_of, qualifier=qualifier, plan_name="kế hoạch đến kỳ"
    )
    if of_year.startswith("đạt "):  # said once for both
        of_period = of_period.removeprefix("đạt ")
    return f"{of_year}, {of_period}"


def share_of_year(percent: Decimal, *, of: Method) -> str:
    """Return «64% kế hoạch năm», for a table cell."""
    reduction = "mức giảm " if of is Method.FROM_BASELINE else ""
    return f"{show_percent(percent)} {reduction}kế hoạch năm"


def exceeded_phrase(percent: Decimal, *, of: Method) -> str | None:
    """Return «vượt 28% kế hoạch» for 128; None if nothing printed exceeds, or for a reduction."""
    if of is not Method.OF_PLAN or percent <= 100:
        return None
    return f"vượt {show_percent(shown_change(percent))} kế hoạch"


def attainment_phrase(
    result: Decimal | NoPercentage,
    *,
    actual: Exact | None,
    plan: Plan | None,
    direction: Direction,
    unit: str = "",
    decimals: int = 0,
    qualifier: Qualifier = Qualifier.EXACT,
) -> str:
    """Return the words for a printed percentage, or for the reason there is none.

    Raises ValueError for a percentage without a plan.
    """
    if isinstance(result, Decimal):
        if plan is None:
            raise ValueError(f"{result}% of no plan")
        return attained_phrase(result, of=method(plan, direction), qualifier=qualifier)

    if actual is not None and result is NoPercentage.OUTSIDE_PLAN:
        return f"ngoài kế hoạch: {amount(actual, decimals=decimals, qualifier=qualifier)}"
    if actual is not None and plan is not None:
        if result is NoPercentage.AT_BOUND:
            return f"mới bằng mức {amount(plan.floor, decimals=decimals)}, chưa vượt"
        if result in (NoPercentage.RANGE, NoPercentage.LIMIT):
            return bounds_phrase(actual, plan, direction, unit=unit, decimals=decimals)
    return REASON_WORDS[result]


def bounds_phrase(
    actual: Exact, plan: Plan, direction: Direction, *, unit: str = "", decimals: int = 0
) -> str:
    """Return where `actual` lies against a range or a limit.

    «dưới khoảng 60.000-70.000, còn thiếu 8.000», «trong mức 40», «vượt mức 40: thừa 5».
    Raises ValueError for a plan of another kind.
    """
    percent_sign = unit if unit.startswith("%") else ""
    missing = gap(actual, plan, direction)
    if missing is None:
        raise ValueError(f"nothing to conclude: {actual} against {plan}, {direction}")
    distance = _distance(missing, unit, decimals)
    match concluded := standing(actual, plan, direction):
        case Standing.WITHIN_LIMIT | Standing.OVER_LIMIT:
            limit = amount(plan.ceiling, unit=percent_sign, decimals=decimals)
            within = concluded is Standing.WITHIN_LIMIT
            return f"trong mức {limit}" if within else f"vượt mức {limit}: thừa {distance}"
        case Standing.BELOW_RANGE | Standing.WITHIN_RANGE | Standing.ABOVE_RANGE:
            bounds = plan_amount(plan, unit=percent_sign, decimals=decimals)
            tail = {
                Standing.BELOW_RANGE: f", còn thiếu {distance}",
                Standing.ABOVE_RANGE: f", cao hơn {distance}",
            }
            return f"{STANDING_WORDS[concluded]} {bounds}{tail.get(concluded, '')}"
        case _:
            raise ValueError(f"neither a range nor a limit: {plan}")


def shortfall_phrase(missing: Exact, *, unit: str, decimals: int = 0) -> str:
    """Return «thiếu 10 điểm phần trăm» or «thiếu 14 lượt cơ sở» for a positive gap.

    Raises ValueError if nothing is missing.
    """
    if exact(missing) <= 0:
        raise ValueError(f"nothing is missing: {missing}")
    plain_unit = "" if unit.startswith("%") else unit
    return _spaced(f"thiếu {_distance(missing, unit, decimals)}", plain_unit)


def relative_phrase(relative_percent: Decimal, against: str) -> str:
    """Return «bằng 199,5% so với giai đoạn 2011-2015»."""
    return f"bằng {show_percent(relative_percent)} so với {against}"


def change_phrase(relative_percent: Decimal, against: str) -> str:
    """Return «tăng 99,5% so với giai đoạn 2011-2015» for a printed 199.5; at 100 «bằng 100%».

    It takes the same printed number as relative_phrase, so the two cannot disagree.
    """
    if relative_percent == 100:
        return relative_phrase(relative_percent, against)
    verb, percent = _moved(relative_percent)
    return f"{verb} {percent} so với {against}"


def average_growth_phrase(relative_percent: Decimal) -> str:
    """Return «tăng bình quân 7%/năm» for a printed yearly factor of 107."""
    if relative_percent == 100:
        return "bình quân không tăng, không giảm"
    verb, percent = _moved(relative_percent)
    return f"{verb} bình quân {percent}/năm"


def points_phrase(difference: Exact, against: str, *, decimals: int = 1) -> str:
    """Return «tăng 10 điểm phần trăm so với …» for a «%» indicator."""
    moved = exact(difference)
    if moved == 0:
        return f"không đổi so với {against}"
    verb = "tăng" if moved > 0 else "giảm"
    return f"{verb} {_distance(abs(moved), '%', decimals)} so với {against}"


def no_comparison_phrase(
    reason: NoComparison,
    *,
    current: Exact | None,
    base: Exact | None,
    decimals: int = 0,
) -> str:
    """Return «tăng 8 (gốc nhỏ)», «từ −5 lên 3», «chưa báo cáo»: what can be said without a rate."""
    if current is None:
        return NO_COMPARISON_WORDS[NoComparison.NOT_REPORTED]
    if reason in (NoComparison.PARTIAL, NoComparison.BOUNDARY):
        return NO_COMPARISON_WORDS[reason]
    if base is None:
        return NO_COMPARISON_WORDS[NoComparison.NO_BASE]
    now, before = exact(current), exact(base)
    if reason in (NoComparison.NEGATIVE_BASE, NoComparison.NEGATIVE_CURRENT):
        if now == before:
            return f"vẫn là {amount(now, decimals=decimals)}"
        way = "lên" if now > before else "xuống"
        return f"từ {amount(before, decimals=decimals)} {way} {amount(now, decimals=decimals)}"

    why = NO_COMPARISON_WORDS[reason]
    if now == before:
        return f"không đổi ({why})"
    verb = "tăng" if now > before else "giảm"
    return f"{verb} {_distance(abs(now - before), '', decimals)} ({why})"


def result_sentence(
    *,
    name: str,
    unit: str,
    actual: Exact | None,
    decimals: int = 0,
    qualifier: Qualifier = Qualifier.EXACT,
    word: str = "",
    notes: Sequence[str] = (),
    missing: NoPercentage = NoPercentage.NOT_REPORTED,
) -> str:
    """Return «64 lượt cơ sở công nghiệp nông thôn … (đạt 128% kế hoạch)», without a full stop.

    A name that begins with its unit follows the number; any other stands before a colon.
    `notes` are phrases of this module, in the order they are to be read. A reported zero is
    «không phát sinh», no figure «chưa báo cáo» or whatever `missing` names.
    """
    if actual is None:
        return f"{name}: {REASON_WORDS[missing]}"
    tail = f" ({', '.join(notes)})" if notes else ""
    if exact(actual) == 0 and qualifier is Qualifier.EXACT:
        return f"{name}: không phát sinh{tail}"

    value = amount(actual, unit=unit, decimals=decimals, qualifier=qualifier, word=word)
    rest = name[len(unit) :]
    if unit and name.lower().startswith(unit.lower()) and not rest[:1].isalnum():
        return f"{value}{rest}{tail}"
    return f"{name}: {value}{tail}"


def _distance(value: Exact, unit: str, decimals: int) -> str:
    """A positive difference; of percentages in points. Never «0»: then «dưới 0,1»."""
    places = max(decimals, 1) if unit.startswith("%") else decimals
    shown = rounded(value, decimals=places)
    words = show_number(shown) if shown else f"dưới {show_number(Decimal(f'1E-{places}'))}"
    return f"{words} điểm phần trăm" if unit.startswith("%") else words


def _moved(relative_percent: Decimal) -> tuple[str, str]:
    change = shown_change(relative_percent)
    return "tăng" if change > 0 else "giảm", show_percent(change.copy_abs())


def _spaced(*words: str) -> str:
    return " ".join(word for word in words if word)
