"""The pages as a person gets them: what they say, whom they let in, what they cost."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from programs.models import Program, Province
from programs.planning import Qualifier
from reports.attainment.recompute import recompute_marked
from reports.entry.figures import enter_figure
from reports.entry.said import Typed, state_of
from reports.entry.workflow import approve, submit
from reports.models import RecomputeMark
from tests.factories import (
    IndicatorFactory,
    LegalDocumentFactory,
    ProgramFactory,
    ProvinceFactory,
    ReportFactory,
    StageFactory,
    TargetFactory,
    TargetVersionFactory,
    UserFactory,
)
from tests.reports.attainment.rows import quarter, year_of
from tests.reports.dashboards.story import FIVE, Told, clerk, told_program

pytestmark = pytest.mark.django_db


@pytest.fixture
def program(hanoi: Province) -> Program:
    return told_program(province=hanoi, by=clerk(), code="KC-THU", name="Khuyến công thử")


def lines(response):
    return {line.row.indicator.name: line for line in response.context["lines"]}


def names(response):
    return [line.row.indicator.name for line in response.context["lines"]]


def page_of(program: Program) -> str:
    return reverse("dashboards:program_period", args=[program.code, program.stage.key])


@pytest.mark.parametrize("path", ["/", "/chuong-trinh/", "/chuong-trinh/KC-THU/"])
def test_without_signing_in_every_page_asks_to(client: Client, program, path):
    response = client.get(path)

    assert response.headers["Location"] == f"/nguoi-dung/dang-nhap/?next={path}"


@pytest.mark.parametrize("path", ["/", "/chuong-trinh/", "/chuong-trinh/KC-THU/"])
def test_pages_are_read_and_never_written_to(client: Client, staff, program, path):
    client.force_login(staff)

    assert client.post(path).status_code == 405


def test_a_program_of_another_province_does_not_exist_here(client: Client, outsider, program):
    client.force_login(outsider)

    assert client.get(page_of(program)).status_code == 404
    assert program.name not in client.get(reverse("dashboards:program_list")).text
    assert program.name not in client.get(reverse("home")).text


def test_a_row_says_plan_actual_and_percentage(client: Client, staff, program):
    client.force_login(staff)

    machines = lines(client.get(page_of(program)))["Lượt cơ sở được hỗ trợ đổi mới thiết bị"]

    assert (machines.words.plan, machines.words.actual, machines.words.share) == (
        "50",
        "64",
        "128%",
    )
    assert machines.verdict == "đạt"


def test_counts_are_of_what_was_assigned_reported_or_not(client: Client, staff, program):
    client.force_login(staff)

    response = client.get(page_of(program))

    assert (response.context["tally"].reached, response.context["tally"].assigned) == (2, 4)
    assert [(tab.label, tab.count) for tab in response.context["tabs"]] == [
        ("tất cả", 5),
        ("đạt kế hoạch", 2),
        ("chưa đạt", 1),
        ("chưa báo cáo", 1),
        ("chưa giao kế hoạch", 1),
    ]


@pytest.mark.parametrize("sort", ["percent", "-percent"])
def test_indicators_without_a_percentage_come_last_in_both_directions(
    client: Client, staff, program, sort
):
    client.force_login(staff)

    sorted_names = names(client.get(page_of(program), {"xep": sort}))

    measured = ["Lớp truyền nghề", "Lượt cơ sở được hỗ trợ đổi mới thiết bị", "Mẫu sản phẩm mới"]
    assert sorted_names[:3] == (measured if sort == "percent" else measured[::-1])
    assert sorted_names[3:] == ["Hội nghị tuyên truyền", "Cuộc bình chọn"]


@pytest.mark.parametrize("typed", ["thiet bi", "THIẾT BỊ", "bi  thiet", "thiết"])
def test_search_finds_without_accents_and_in_any_order(client: Client, staff, program, typed):
    client.force_login(staff)

    found = names(client.get(page_of(program), {"q": typed}))

    assert found == ["Lượt cơ sở được hỗ trợ đổi mới thiết bị"]


@pytest.mark.parametrize(
    ("outcome", "expected"),
    [
        ("chua-dat", ["Lớp truyền nghề"]),
        ("chua-bao-cao", ["Cuộc bình chọn"]),
        ("chua-giao", ["Hội nghị tuyên truyền"]),
    ],
)
def test_a_count_filters_the_table_to_what_it_counts(
    client: Client, staff, program, outcome, expected
):
    client.force_login(staff)

    assert names(client.get(page_of(program), {"ket-qua": outcome})) == expected


def test_the_content_group_filter_keeps_its_indicators(client: Client, staff, program):
    client.force_login(staff)
    groups = client.get(page_of(program)).context["filter"].groups

    found = names(client.get(page_of(program), {"nhom": groups[1].value}))

    assert [group.label for group in groups] == ["1. Nội dung 1", "2. Nội dung 2"]
    assert found == ["Lớp truyền nghề", "Hội nghị tuyên truyền"]


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=%25_%27",
        "xep=nonsense",
        "xep=percent&xep=-name",
        "trang=0",
        "trang=-1",
        "trang=99999999999999999999",
        "trang=x",
        "per_page=-1",
        "nhom=999999999999999999999",
        "nhom=x",
        "ket-qua=x",
        "noi=",
        "q=" + "a%20" * 500,
    ],
)
def test_an_address_with_nonsense_still_shows_the_page(client: Client, staff, program, query):
    client.force_login(staff)

    assert client.get(f"{page_of(program)}?{query}").status_code == 200
    assert client.get(f"/chuong-trinh/?{query}&cap=x&giai-doan=x").status_code == 200


@pytest.mark.parametrize("place", ["ca-nuoc-khac", "0", "999999999", "-1", "٣"])
def test_a_place_that_is_not_the_persons_own_does_not_exist(client: Client, staff, program, place):
    client.force_login(staff)

    assert client.get(page_of(program), {"noi": place}).status_code == 404


def test_another_province_of_a_national_program_does_not_exist(
    client: Client, staff, hanoi, an_giang
):
    program = told_program(
        province=an_giang, owner=None, level="national", by=clerk(), code="KCQG-THU"
    )
    client.force_login(staff)

    nation = client.get(page_of(program))

    assert lines(nation)["Lớp truyền nghề"].words.actual == "30"
    assert [place.name for place in nation.context["selection"].places] == ["cả nước"]
    assert client.get(page_of(program), {"noi": str(an_giang.pk)}).status_code == 404
    assert client.get(page_of(program), {"noi": str(hanoi.pk)}).context["lines"] == []


def test_the_nation_is_read_first_and_its_provinces_can_be_chosen(
    client: Client, national_viewer, an_giang
):
    program = told_program(province=an_giang, owner=None, level="national", by=clerk())
    client.force_login(national_viewer)

    nation = client.get(page_of(program))
    province = client.get(page_of(program), {"noi": str(an_giang.pk)})

    assert nation.context["selection"].place.name == "cả nước"
    assert [place.name for place in nation.context["selection"].places] == ["cả nước", "An Giang"]
    assert lines(province)["Lớp truyền nghề"].row.province == an_giang


def test_sources_that_disagree_are_all_named(client: Client, staff, hanoi):
    program = told_program([Told("Việc làm tạo thêm", 40_000, 50_000)], province=hanoi, by=clerk())
    target = program.targets.get()
    other = TargetVersionFactory.create(
        target=target, number=2, shape="range", lower=60_000, upper=70_000
    )
    other.documents.add(LegalDocumentFactory.create(number="12/BC-SCT"))
    told_program(province=hanoi, by=clerk())  # computes what the second version marked
    client.force_login(staff)

    response = client.get(page_of(program))

    (line,) = response.context["lines"]
    assert line.row.plan.disputed
    assert [version.words for version in line.versions] == ["50.000", "60.000-70.000"]
    assert "12/BC-SCT" in response.text


def test_a_quarter_stands_against_its_own_plan_and_the_years(client: Client, staff, hanoi):
    program = ProgramFactory.create(province=hanoi, leaf_kind="quarter", stage=year_of(2026))
    officer, first = clerk(), quarter(2026, 1)
    machines = IndicatorFactory.create(name="Lượt cơ sở được hỗ trợ", unit="lượt cơ sở")
    for period, promised in ((first, 50), (program.stage, 100)):
        target = TargetFactory.create(program=program, indicator=machines, period=period)
        TargetVersionFactory.create(target=target, lower=promised)
    report = ReportFactory.create(program=program, period=first)
    typed = Typed(state=state_of(Decimal(64)), value=Decimal(64))
    enter_figure(report, machines, typed, by=officer)
    submit(report, by=officer)
    approve(report, by=officer)
    recompute_marked()
    client.force_login(staff)

    response = client.get(reverse("dashboards:program_period", args=[program.code, first.key]))

    (line,) = response.context["lines"]
    assert (line.words.share, line.words.share_of_year) == ("128%", "64% kế hoạch năm")
    assert "64 lượt cơ sở được hỗ trợ (đạt 64% kế hoạch năm, 128% kế hoạch đến kỳ)" in response.text


def test_a_plan_that_is_a_sum_says_of_how_many(client: Client, national_viewer, hanoi):
    told = [Told("Lớp truyền nghề", 30, 40)]
    program = told_program(told, province=hanoi, owner=None, level="national", by=clerk())
    client.force_login(national_viewer)

    response = client.get(page_of(program))

    assert lines(response)["Lớp truyền nghề"].words.plan == "40"
    assert "tổng 1 kế hoạch" in response.text


def test_a_qualified_figure_keeps_its_word_and_its_date(client: Client, staff, hanoi):
    told = Told(
        "Cụm công nghiệp",
        309,
        typed={
            "qualifier": Qualifier.NEARLY,
            "qualifier_word": "gần",
            "as_of": date(2019, 6, 30),
            "note": "Theo báo cáo nhanh",
        },
    )
    program = told_program([told], province=hanoi, by=clerk())
    client.force_login(staff)

    response = client.get(page_of(program))

    assert response.context["lines"][0].words.actual == "gần 309"
    assert "đến 30/06/2019" in response.text
    assert "Theo báo cáo nhanh" in response.text


def test_a_remark_on_another_provinces_figure_stays_with_those_who_may_read_it(
    client: Client, staff, national_viewer, an_giang
):
    told = Told("Cụm công nghiệp", 309, typed={"note": "Theo báo cáo nhanh của An Giang"})
    program = told_program([told], province=an_giang, owner=None, level="national", by=clerk())

    client.force_login(staff)
    assert "Theo báo cáo nhanh" not in client.get(page_of(program)).text
    client.force_login(national_viewer)
    assert "Theo báo cáo nhanh" in client.get(page_of(program)).text


def test_a_page_whose_figures_wait_to_be_computed_says_so(client: Client, staff, program):
    client.force_login(staff)
    assert "đang tính lại" not in client.get(page_of(program)).text

    RecomputeMark.objects.create(program=program)

    assert "đang tính lại" in client.get(page_of(program)).text


def test_a_program_without_figures_says_so_everywhere(client: Client, staff, hanoi):
    program = ProgramFactory.create(province=hanoi, stage=StageFactory.create())
    client.force_login(staff)

    assert "Chưa tính được chỉ tiêu nào" in client.get(f"/chuong-trinh/{program.code}/").text
    assert "Chưa có số liệu" in client.get(page_of(program)).text
    assert "Chưa có số liệu nào được duyệt" in client.get("/").text


def test_a_period_nobody_has_heard_of_does_not_exist(client: Client, staff, program):
    client.force_login(staff)

    assert client.get(f"/chuong-trinh/{program.code}/2999/").status_code == 404


def test_someone_without_a_membership_is_told_whom_to_ask(client: Client, program):
    client.force_login(UserFactory.create())

    response = client.get("/")

    assert "chưa được phân công địa bàn nào" in response.text
    assert program.name not in response.text


def test_the_list_of_programs_is_searched_filtered_and_sorted(client: Client, national_viewer):
    for name, province in [
        ("Đào tạo nghề", "Bắc Ninh"),
        ("An toàn", "Cần Thơ"),
        ("Dệt", "An Giang"),
    ]:
        ProgramFactory.create(name=name, province=ProvinceFactory.create(name=province))
    ProgramFactory.create(name="Quốc gia", level="national", province=None)
    client.force_login(national_viewer)

    def found(**query: str) -> list[str]:
        response = client.get("/chuong-trinh/", query)
        return [summary.program.name for summary in response.context["summaries"]]

    assert found() == ["An toàn", "Dệt", "Đào tạo nghề", "Quốc gia"]  # Đ after D
    assert found(q="dao tao") == ["Đào tạo nghề"]
    assert found(cap="national") == ["Quốc gia"]
    assert found(xep="place") == ["Dệt", "Đào tạo nghề", "An toàn", "Quốc gia"]
    assert found(xep="-place") == ["An toàn", "Đào tạo nghề", "Dệt", "Quốc gia"]
    assert found(**{"giai-doan": "2016-2020"}) == found()


@pytest.mark.parametrize("rows", [1, 20])
def test_the_program_page_costs_the_same_whatever_its_length(
    client: Client, staff: User, hanoi, rows, django_assert_num_queries
):
    # The last needs its plan and its figure explained, which costs what any number would.
    told = [Told(f"Lớp {n}", n + 1, 10) for n in range(rows - 1)] + [
        Told(
            "Suy ra",
            5,
            10,
            version={"is_derived": True, "note": "tính ngược"},
            typed={"note": "ghi chú"},
        )
    ]
    StageFactory.create(year=2011)  # there is a period to compare with
    program = told_program(told, province=hanoi, by=clerk())
    client.force_login(staff)

    with django_assert_num_queries(19):
        response = client.get(page_of(program))

    assert len(response.context["lines"]) == rows


@pytest.mark.parametrize("rows", [1, 20])
@pytest.mark.parametrize(("path", "queries"), [("/", 8), ("/chuong-trinh/", 9)])
def test_home_and_the_list_cost_the_same_whatever_their_length(
    client: Client, staff: User, hanoi, rows, path, queries, django_assert_num_queries
):
    for _ in range(rows):
        told_program(FIVE[:2], province=hanoi, by=clerk())
    client.force_login(staff)

    with django_assert_num_queries(queries):
        response = client.get(path)

    assert len(response.context["summaries"]) == (min(rows, 8) if path == "/" else rows)
