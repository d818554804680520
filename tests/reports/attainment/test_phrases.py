"""The sentences of the report: what officials write, and never what they would not."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programs.numbers import read_number
from programs.planning import Direction, Plan, Qualifier, Shape
from reports.attainment.arithmetic import (
    Method,
    NoComparison,
    NoPercentage,
    Standing,
    attainment,
    average_yearly_growth,
    compare,
    points,
    ratio_of_sums,
    shown_percent,
)
from reports.attainment.phrases import (
    NO_COMPARISON_WORDS,
    REASON_WORDS,
    STANDING_WORDS,
    amount,
    attained_in_year_phrase,
    attained_phrase,
    attainment_phrase,
    average_growth_phrase,
    bounds_phrase,
    change_phrase,
    exceeded_phrase,
    no_comparison_phrase,
    plan_amount,
    points_phrase,
    relative_phrase,
    result_sentence,
    share_of_year,
    shortfall_phrase,
)

D = Decimal
UP, DOWN = Direction.HIGHER, Direction.LOWER
BEFORE = "giai đoạn 2011-2015"


def exactly(value: int, baseline: int | None = None) -> Plan:
    return Plan(Shape.EXACT, D(value), D(value), None if baseline is None else D(baseline))


def told(actual, plan, direction=UP, **words) -> str:
    """The phrase for two figures, computed and printed as a report does."""
    result = attainment(actual, plan, direction)
    shown = result if isinstance(result, NoPercentage) else shown_percent(result)
    return attainment_phrase(shown, actual=actual, plan=plan, direction=direction, **words)


@pytest.mark.parametrize(
    ("actual", "target", "phrase"),
    [
        (64, 50, "đạt 128% kế hoạch"),
        (5, 5, "đạt 100% kế hoạch"),
        (85, 50, "đạt 170% kế hoạch"),
        (40, 50, "đạt 80% kế hoạch"),
        (0, 50, "đạt 0% kế hoạch"),
        (90, 80, "đạt 112,5% kế hoạch"),
        (9996, 10000, "đạt 99,9% kế hoạch"),
        (5000, 4, "đạt 125.000% kế hoạch"),
        (5, 0, "ngoài kế hoạch: 5"),
        (0, 0, "đúng kế hoạch (không giao)"),
        (None, 50, "chưa báo cáo"),
        (-3, 50, "có số âm, không tính tỷ lệ"),
    ],
)
def test_attainment_is_told_in_the_words_of_the_report(actual, target, phrase):
    assert told(actual, exactly(target)) == phrase


def test_no_plan_is_told_as_such():
    assert told(5, None) == "chưa giao kế hoạch"


@pytest.mark.parametrize(
    ("actual", "phrase"),
    [
        (38, "đạt 120% mức giảm kế hoạch"),
        (45, "đạt 50% mức giảm kế hoạch"),
        (50, "đạt 0% mức giảm kế hoạch"),
        (80, "tăng thay vì giảm (−300% mức giảm kế hoạch)"),
        (0, "đạt 500% mức giảm kế hoạch"),
    ],
)
def test_a_reduction_is_told_as_a_share_of_the_planned_reduction(actual, phrase):
    assert told(actual, exactly(40, 50), DOWN) == phrase


@pytest.mark.parametrize(
    ("actual", "phrase"),
    [(38, "trong mức 40"), (40, "trong mức 40"), (45, "vượt mức 40: thừa 5"), (0, "trong mức 40")],
)
@pytest.mark.parametrize("plan", [exactly(40), Plan(Shape.AT_MOST, None, D(40))])
def test_a_limit_is_told_as_within_or_over(plan, actual, phrase):
    assert told(actual, plan, DOWN) == phrase


@pytest.mark.parametrize(
    ("actual", "phrase"),
    [
        (52000, "dưới khoảng 60.000-70.000, còn thiếu 8.000"),
        (60000, "trong khoảng 60.000-70.000"),
        (75000, "trên khoảng 60.000-70.000, cao hơn 5.000"),
    ],
)
def test_a_range_is_told_as_below_within_or_above(actual, phrase):
    assert told(actual, Plan(Shape.RANGE, D(60000), D(70000))) == phrase


def test_a_range_of_percentages_is_missed_by_points():
    phrase = told(D("4.5"), Plan(Shape.RANGE, D(5), D(8)), unit="%/năm", decimals=1)

    assert phrase == "dưới khoảng 5-8%/năm, còn thiếu 0,5 điểm phần trăm"


def test_the_bound_of_an_above_plan_is_not_told_as_reached():
    assert told(10000, Plan(Shape.ABOVE, D(10000))) == "mới bằng mức 10.000, chưa vượt"
    assert told(10001, Plan(Shape.ABOVE, D(10000))) == "đạt 100% kế hoạch"


@given(
    actual=st.integers(0, 10**6),
    bound=st.integers(0, 10**6),
    baseline=st.integers(0, 10**6) | st.none(),
    shape=st.sampled_from(Shape),
)
def test_what_should_fall_is_never_told_as_a_share_of_the_plan(actual, bound, baseline, shape):
    lower = None if shape is Shape.AT_MOST else D(bound)
    upper = {Shape.AT_LEAST: None, Shape.ABOVE: None, Shape.RANGE: D(bound + 1)}
    start = None if baseline is None else D(baseline)
    plan = Plan(shape, lower, upper.get(shape, D(bound)), start)

    phrase = told(actual, plan, DOWN)

    assert "% kế hoạch" not in phrase
    assert ("%" in phrase) <= ("mức giảm kế hoạch" in phrase)


@pytest.mark.parametrize(
    ("percent", "phrase"),
    [
        ("128", "vượt 28% kế hoạch"),
        ("140", "vượt 40% kế hoạch"),
        ("112.5", "vượt 12,5% kế hoạch"),
        ("100.0", None),
        ("99.9", None),
        ("0", None),
    ],
)
def test_exceeding_counts_only_what_is_beyond_the_plan(percent, phrase):
    assert exceeded_phrase(D(percent), of=Method.OF_PLAN) == phrase


def test_a_reduction_exceeds_no_plan():
    assert exceeded_phrase(D("120"), of=Method.FROM_BASELINE) is None


def test_a_percentage_of_no_plan_is_an_error():
    with pytest.raises(ValueError, match="no plan"):
        attainment_phrase(D(128), actual=64, plan=None, direction=UP)


@pytest.mark.parametrize(
    ("current", "base", "relative", "change"),
    [
        (373, 187, f"bằng 199,5% so với {BEFORE}", f"tăng 99,5% so với {BEFORE}"),
        (3225, 2630, f"bằng 122,6% so với {BEFORE}", f"tăng 22,6% so với {BEFORE}"),
        (75, 60, f"bằng 125% so với {BEFORE}", f"tăng 25% so với {BEFORE}"),
        (60, 75, f"bằng 80% so với {BEFORE}", f"giảm 20% so với {BEFORE}"),
        (60, 60, f"bằng 100% so với {BEFORE}", f"bằng 100% so với {BEFORE}"),
        (9996, 10000, f"bằng 99,9% so với {BEFORE}", f"giảm 0,1% so với {BEFORE}"),
        (0, 60, f"bằng 0% so với {BEFORE}", f"giảm 100% so với {BEFORE}"),
    ],
)
def test_a_comparison_is_told_as_equal_to_or_as_risen_by(current, base, relative, change):
    percent = shown_percent(compare(current, base, minimum_base=5).relative)

    assert relative_phrase(percent, BEFORE) == relative
    assert change_phrase(percent, BEFORE) == change


@given(current=st.integers(0, 10**9), base=st.integers(1, 10**6))
def test_the_two_ways_of_telling_a_comparison_differ_by_exactly_100(current, base):
    percent = shown_percent(compare(current, base, minimum_base=1).relative)

    equal, changed = relative_phrase(percent, BEFORE), change_phrase(percent, BEFORE)
    verb, number = changed.split("%")[0].split(" ")
    change = read_number(number, decimals=1) * {"tăng": 1, "giảm": -1, "bằng": 0}[verb]

    assert read_number(equal.split("%")[0].removeprefix("bằng "), decimals=1) == 100 + change


@pytest.mark.parametrize(
    ("current", "base", "phrase"),
    [
        (9, 1, "tăng 8 (gốc nhỏ)"),
        (1, 4, "giảm 3 (gốc nhỏ)"),
        (4, 4, "không đổi (gốc nhỏ)"),
        (9, 0, "tăng 9 (kỳ gốc bằng 0)"),
        (0, 0, "không đổi (kỳ gốc bằng 0)"),
        (3, -5, "từ −5 lên 3"),
        (-8, -5, "từ −5 xuống −8"),
        (-5, -5, "vẫn là −5"),
        (-3, 5, "từ 5 xuống −3"),
        (None, 5, "chưa báo cáo"),
        (5, None, "không có số liệu kỳ gốc"),
    ],
)
def test_without_a_rate_the_figures_are_told(current, base, phrase):
    reason = compare(current, base, minimum_base=5)

    assert no_comparison_phrase(reason, current=current, base=base) == phrase


def test_shares_rise_and_fall_in_points():
    assert points_phrase(points(50, 40), "cùng kỳ") == "tăng 10 điểm phần trăm so với cùng kỳ"
    assert points_phrase(points(40, 50), "cùng kỳ") == "giảm 10 điểm phần trăm so với cùng kỳ"
    assert points_phrase(points(40, 40), "cùng kỳ") == "không đổi so với cùng kỳ"


def test_a_difference_too_small_to_print_is_not_told_as_none():
    tiny = Fraction(1, 1000)

    assert points_phrase(tiny, "cùng kỳ") == "tăng dưới 0,1 điểm phần trăm so với cùng kỳ"
    assert shortfall_phrase(tiny, unit="lớp") == "thiếu dưới 1 lớp"
    assert bounds_phrase(40 + tiny, Plan(Shape.AT_MOST, None, D(40)), DOWN) == (
        "vượt mức 40: thừa dưới 1"
    )


def test_what_is_missing_is_told_in_the_unit_or_in_points():
    assert shortfall_phrase(10, unit="%") == "thiếu 10 điểm phần trăm"
    assert shortfall_phrase(14, unit="lượt cơ sở") == "thiếu 14 lượt cơ sở"


@pytest.mark.parametrize("missing", [0, -1])
def test_nothing_missing_is_not_told_as_a_shortfall(missing):
    with pytest.raises(ValueError, match="nothing is missing"):
        shortfall_phrase(missing, unit="lớp")


@pytest.mark.parametrize("actual", [5, 60])
def test_a_plan_that_is_neither_range_nor_limit_has_no_bounds_to_tell(actual):
    with pytest.raises(ValueError, match="neither"):
        bounds_phrase(actual, exactly(50), UP)
    with pytest.raises(ValueError, match="nothing to conclude"):
        bounds_phrase(actual, exactly(0), UP)


@pytest.mark.parametrize(
    ("last", "phrase"),
    [
        (140, "tăng bình quân 7%/năm"),
        (70, "giảm bình quân 6,9%/năm"),
        (100, "bình quân không tăng, không giảm"),
    ],
)
def test_average_growth_is_told_per_year(last, phrase):
    growth = average_yearly_growth(100, last, years=5, minimum_base=5)

    assert average_growth_phrase(shown_percent(growth.relative)) == phrase


@pytest.mark.parametrize(
    ("value", "options", "words"),
    [
        (64, {"unit": "lượt cơ sở"}, "64 lượt cơ sở"),
        (1250, {}, "1.250"),
        (20, {"unit": "triệu USD", "qualifier": Qualifier.AT_LEAST}, "trên 20 triệu USD"),
        (
            450,
            {"unit": "lượt cơ sở", "qualifier": Qualifier.AT_LEAST, "word": "hơn"},
            "hơn 450 lượt cơ sở",
        ),
        (309, {"unit": "đơn vị", "qualifier": Qualifier.NEARLY}, "gần 309 đơn vị"),
        (55000, {"unit": "USD", "qualifier": Qualifier.ABOUT}, "khoảng 55.000 USD"),
        (ratio_of_sums(7774, 9590, scale=100), {"unit": "%", "decimals": 1}, "81,1%"),
        (D("99.96"), {"unit": "%", "decimals": 1}, "99,9%"),
        (D("6.5"), {"unit": "%/năm", "decimals": 1}, "6,5%/năm"),
        (Fraction(2, 3), {"unit": "lần", "decimals": 2}, "0,67 lần"),
    ],
)
def test_an_amount_keeps_its_unit_and_the_word_before_it(value, options, words):
    assert amount(value, **options) == words


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (exactly(13500), "13.500 người"),
        (Plan(Shape.AT_LEAST, D(1100)), "ít nhất 1.100 người"),
        (Plan(Shape.ABOVE, D(10000)), "trên 10.000 người"),
        (Plan(Shape.ABOUT, D(50000), D(50000)), "khoảng 50.000 người"),
        (Plan(Shape.RANGE, D(60000), D(70000)), "60.000-70.000 người"),
        (Plan(Shape.AT_MOST, None, D(40)), "không quá 40 người"),
    ],
)
def test_a_plan_keeps_the_words_of_its_shape(plan, words):
    assert plan_amount(plan, unit="người") == words


def test_a_range_of_percentages_has_one_percent_sign():
    assert plan_amount(Plan(Shape.RANGE, D(5), D(8)), unit="%/năm") == "5-8%/năm"


@pytest.mark.parametrize(
    ("qualifier", "phrase"),
    [
        (Qualifier.EXACT, "đạt 128% kế hoạch"),
        (Qualifier.AT_LEAST, "đạt trên 128% kế hoạch"),
        (Qualifier.NEARLY, "đạt gần 128% kế hoạch"),
        (Qualifier.ABOUT, "đạt khoảng 128% kế hoạch"),
    ],
)
def test_a_qualified_figure_has_a_qualified_percentage(qualifier, phrase):
    assert told(64, exactly(50), qualifier=qualifier) == phrase


def test_of_a_reduction_more_is_less_so_its_percentage_is_only_about():
    phrase = attained_phrase(D(120), of=Method.FROM_BASELINE, qualifier=Qualifier.AT_LEAST)

    assert phrase == "đạt khoảng 120% mức giảm kế hoạch"


OF_PLAN, OF_REDUCTION = Method.OF_PLAN, Method.FROM_BASELINE


@pytest.mark.parametrize(
    ("year", "to_date", "phrase"),
    [
        ((64, OF_PLAN), (128, OF_PLAN), "đạt 64% kế hoạch năm, 128% kế hoạch đến kỳ"),
        ((D("22.6"), OF_PLAN), None, "đạt 22,6% kế hoạch năm"),
        (
            (50, OF_REDUCTION),
            (120, OF_REDUCTION),
            "đạt 50% mức giảm kế hoạch năm, 120% mức giảm kế hoạch đến kỳ",
        ),
        (
            (-10, OF_REDUCTION),
            (5, OF_REDUCTION),
            "tăng thay vì giảm (−10% mức giảm kế hoạch năm), đạt 5% mức giảm kế hoạch đến kỳ",
        ),
    ],
)
def test_half_a_year_is_told_against_the_year_and_against_its_own_plan(year, to_date, phrase):
    percent, of = year
    options = {"to_date": D(to_date[0]), "to_date_of": to_date[1]} if to_date else {}

    assert attained_in_year_phrase(D(percent), of=of, **options) == phrase


def test_a_qualified_figure_qualifies_both_percentages():
    phrase = attained_in_year_phrase(D(64), of=OF_PLAN, to_date=D(128), qualifier=Qualifier.NEARLY)

    assert phrase == "đạt gần 64% kế hoạch năm, gần 128% kế hoạch đến kỳ"


def test_a_cell_names_the_plan_of_the_year():
    assert share_of_year(D(64), of=OF_PLAN) == "64% kế hoạch năm"
    assert share_of_year(D(50), of=OF_REDUCTION) == "50% mức giảm kế hoạch năm"


@pytest.mark.parametrize("reason", [NoComparison.PARTIAL, NoComparison.BOUNDARY])
@pytest.mark.parametrize("base", [None, 60])
def test_what_cannot_be_compared_is_told_without_figures(reason, base):
    phrase = no_comparison_phrase(reason, current=75, base=base)

    assert phrase == NO_COMPARISON_WORDS[reason]
    assert not any(sign.isdigit() for sign in phrase)


@pytest.mark.parametrize(
    ("words", "members"),
    [
        (REASON_WORDS, NoPercentage),
        (STANDING_WORDS, Standing),
        (NO_COMPARISON_WORDS, NoComparison),
    ],
)
def test_every_reason_has_its_own_words(words, members):
    assert set(words) == set(members)
    assert len(set(words.values())) == len(words)
    assert all(words.values())


@pytest.mark.parametrize("reason", NoPercentage)
def test_a_stored_reason_can_be_told_without_its_figures(reason):
    phrase = attainment_phrase(reason, actual=None, plan=None, direction=UP)

    assert phrase == REASON_WORDS[reason]


MACHINES = (
    "Lượt cơ sở công nghiệp nông thôn được hỗ trợ đầu tư đổi mới thiết bị "
    "và ứng dụng máy móc tiên tiến"
)


def test_the_sentence_of_ha_noi_reads_as_in_the_articles():
    sentence = result_sentence(
        name=MACHINES, unit="lượt cơ sở", actual=64, notes=[told(64, exactly(50))]
    )

    assert sentence == (
        "64 lượt cơ sở công nghiệp nông thôn được hỗ trợ đầu tư đổi mới thiết bị "
        "và ứng dụng máy móc tiên tiến (đạt 128% kế hoạch)"
    )


@pytest.mark.parametrize(
    ("result", "sentence"),
    [
        (
            {"name": "Gian hàng tại hội chợ", "unit": "gian hàng", "actual": 3225,
             "notes": ["đạt 100% kế hoạch", f"tăng 22,6% so với {BEFORE}"]},
            f"3.225 gian hàng tại hội chợ (đạt 100% kế hoạch, tăng 22,6% so với {BEFORE})",
        ),
        (
            {"name": "Giá trị hợp đồng ký tại hội chợ", "unit": "triệu USD", "actual": 20,
             "qualifier": Qualifier.AT_LEAST},
            "Giá trị hợp đồng ký tại hội chợ: trên 20 triệu USD",
        ),
        (
            {"name": "Đơn vị và cá nhân dự thi", "unit": "đơn vị", "actual": 309,
             "qualifier": Qualifier.NEARLY},
            "gần 309 đơn vị và cá nhân dự thi",
        ),
        (
            {"name": "Tỷ lệ có việc làm sau đào tạo", "unit": "%", "decimals": 1,
             "actual": ratio_of_sums(7774, 9590, scale=100)},
            "Tỷ lệ có việc làm sau đào tạo: 81,1%",
        ),
        ({"name": "Lớpxưởng", "unit": "lớp", "actual": 5}, "Lớpxưởng: 5 lớp"),
        ({"name": "Lớp truyền nghề", "unit": "", "actual": 5}, "Lớp truyền nghề: 5"),
        (
            {"name": "Lớp truyền nghề", "unit": "lớp", "actual": 0, "notes": ["đạt 0% kế hoạch"]},
            "Lớp truyền nghề: không phát sinh (đạt 0% kế hoạch)",
        ),
        (
            {"name": "Lớp truyền nghề", "unit": "lớp", "actual": None, "notes": ["bỏ qua"]},
            "Lớp truyền nghề: chưa báo cáo",
        ),
    ],
)  # fmt: skip
def test_a_sentence_has_the_figure_its_unit_and_the_notes_in_order(result, sentence):
    assert result_sentence(**result) == sentence
