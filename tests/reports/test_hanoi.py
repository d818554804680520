"""What the articles print about Hà Nội's khuyến công is what the program computes."""

from __future__ import annotations

from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from programs.models import Target, TargetVersion
from reports.attainment.comparison import bases_of
from reports.attainment.wording import wording_of
from reports.hanoi.load import load_hanoi
from reports.models import (
    Attainment,
    Edition,
    Evidence,
    Figure,
    Quotation,
    RecomputeMark,
    Report,
    Scope,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("hanoi_rows")]


def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("show_attainment", *arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize(
    "sentence",
    [
        "64 lượt cơ sở công nghiệp nông thôn được hỗ trợ đầu tư đổi mới thiết bị và ứng dụng "
        "máy móc tiên tiến (đạt 128% kế hoạch)",
        "5 hội chợ xuất khẩu chuyên ngành thủ công mỹ nghệ (đạt 100% kế hoạch)",
        "85 lượt doanh nghiệp được hỗ trợ thuê chuyên gia thiết kế mẫu mới (đạt 170% kế hoạch)",
        "3.225 gian hàng tại hội chợ xuất khẩu hàng thủ công mỹ nghệ "
        "(tăng 22,6% so với giai đoạn 2011-2015)",
        "373 lượt doanh nghiệp làng nghề được hỗ trợ tham gia hội chợ quốc tế và trong nước "
        "(bằng 199,5% so với giai đoạn 2011-2015)",
        "Tỷ lệ lao động có việc làm sau truyền nghề: 81,1%",
        "gần 309 đơn vị và cá nhân dự thi thiết kế mẫu",
        "Giá trị hợp đồng xuất khẩu ký tại hội chợ: trên 20 triệu USD",
    ],
)
def test_the_program_prints_the_sentences_of_the_articles(sentence):
    assert f"- {sentence};\n" in printed()


def test_the_table_gives_plan_actual_and_share_and_marks_a_derived_plan():
    lines = printed().splitlines()
    machines = next(line for line in lines if "Lượt cơ sở" in line)

    assert machines.split()[-3:] == ["50*", "64", "128%"]
    assert any(line.startswith("  * Kế hoạch suy ra") for line in lines)


@pytest.mark.parametrize(
    "fact",
    list(Quotation._meta.get_field("kind").flatchoices[:3]),
    ids=lambda choice: choice[0],
)
def test_every_quoted_percentage_is_the_computed_one(fact):
    quotations = Quotation.objects.filter(kind=fact[0])
    assert quotations
    for quotation in quotations:
        found = Attainment.objects.of_program_page(quotation.program, quotation.period).get(
            indicator=quotation.indicator, scope=Scope.REPORTED
        )
        words = wording_of(found, base=bases_of([found])[found.pk].leading)
        assert quotation.text in (words.attained, words.compared)


def test_every_figure_of_the_articles_is_there_and_official():
    assert Figure.objects.count() == 37
    assert not Figure.objects.exclude(approved_state="reported").exists()
    assert set(Report.objects.values_list("state", flat=True)) == {"approved"}
    assert Edition.objects.count() == Report.objects.count() == 6


def test_every_figure_names_its_source():
    with_source = Evidence.objects.filter(document__kind="press").values("report", "indicator")
    cells = {(each["report"], each["indicator"]) for each in with_source}
    assert cells == set(Figure.objects.values_list("report", "indicator"))


def test_the_bases_of_2011_2015_are_marked_as_derived_and_nothing_else_is_typed_there():
    bases = Figure.objects.filter(program__code="KC-HN-2011-2015")
    assert sorted(bases.values_list("value", flat=True)) == [Decimal(187), Decimal(2630)]
    assert all(base.is_derived and base.note for base in bases)


def test_plans_that_sources_give_differently_are_versions_and_a_visible_disagreement():
    disputed = Attainment.objects.filter(plan__disputed=True).values_list(
        "indicator__name", flat=True
    )
    assert len(set(disputed)) == 3
    for name in disputed:
        versions = TargetVersion.objects.filter(target__indicator__name=name)
        assert versions.count() == 2
        assert not versions.exclude(replaces=None).exists()


def test_every_plan_rests_on_a_named_source():
    assert TargetVersion.objects.count() == 22
    assert not TargetVersion.objects.filter(documents=None).exists()
    assert not Target.objects.filter(versions=None).exists()


def test_a_part_of_a_stage_is_never_shown_without_saying_so():
    trained = Attainment.objects.get(
        program__code="KC-HN-2021-2025",
        period__key="2021-2025",
        scope=Scope.REPORTED,
        indicator__name__startswith="Lượt cán bộ lãnh đạo",
    )
    assert trained.percent == Decimal("14.8")  # 2.000 of 13.500, from one year of five
    assert (trained.leaves_reported, trained.leaves_expected) == (1, 5)


def test_the_nations_row_says_it_is_one_province_of_63():
    nation = Attainment.objects.filter(program__code="KCQG-2016-2020", scope=Scope.NATION)
    assert {(row.units_reported, row.units_expected) for row in nation} == {(1, 63)}


def test_loading_again_changes_nothing_and_marks_nothing():
    RecomputeMark.objects.all().delete()

    assert {each.written for each in load_hanoi()} == {0}
    assert not RecomputeMark.objects.exists()


def test_waiting_for_a_worker_that_does_not_run_ends_with_a_clear_word():
    RecomputeMark.objects.create()
    with pytest.raises(CommandError, match="worker"):
        printed("--wait", "0.2")


def test_an_unknown_program_is_named():
    with pytest.raises(CommandError, match="Không có chương trình"):
        printed("--program", "KHONG-CO")
