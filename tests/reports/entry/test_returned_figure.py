"""One figure goes back with a proposed value while the rest of the report goes on."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from programs.access import Role
from programs.models import Indicator
from reports.attainment.recompute import recompute_marked
from reports.entry.review import answer, return_figure
from reports.entry.workflow import approve, reopen, submit
from reports.models import Attainment, Figure, Remark, Report, Review
from reports.models.places import Layer, Scope
from tests.conftest import person
from tests.factories import FigureFactory, IndicatorFactory, RatioFactory, ReportFactory
from tests.reports.entry.conftest import month, open_report, report_month, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(hanoi):
    return ReportFactory.create(program__province=hanoi)


@pytest.fixture
def figure(report) -> Figure:
    return FigureFactory.create(report=report, value=100)


@pytest.fixture
def approved(report, figure, staff, manager):
    submit(report, by=staff)
    approve(report, by=manager)
    return report


def post(client: Client, step: str, report: Report, indicator: Indicator, **fields: object):
    url = reverse(f"entry:{step}", args=[report.pk, indicator.pk])
    return client.post(url, fields, headers={"HX-Request": "true"})


def text_of(response) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def now(figure: Figure) -> tuple[Any, ...]:
    figure.refresh_from_db()
    return figure.review, figure.value, figure.approved_value


def test_the_whole_way_returned_taken_accepted(client, approved, figure, staff, manager):
    client.force_login(manager)
    shown = post(
        client, "return_figure", approved, figure.indicator, text="Ghi hai lần", proposed="90"
    )
    assert now(figure) == ("returned", 100, 100)
    assert shown["HX-Trigger"] == "figure-reviewed"
    assert "Ghi hai lần" in text_of(shown)
    assert "Đề nghị: 90" in text_of(shown)

    client.force_login(staff)
    panel = client.get(reverse("entry:cell", args=[approved.pk, figure.indicator_id]))
    assert "Lấy giá trị đề nghị: 90" in text_of(panel)
    take = Remark.objects.get().pk
    shown = post(
        client, "answer_figure", approved, figure.indicator, take=take, base=figure.version
    )
    assert now(figure) == ("answered", 90, 100)
    assert "Đã lấy giá trị đề nghị" in text_of(shown)

    client.force_login(manager)
    shown = post(client, "accept_figure", approved, figure.indicator)
    assert now(figure) == ("", 90, 90)
    assert "lưu bản 2" in text_of(shown)
    kinds = Remark.objects.order_by("at", "pk").values_list("kind", flat=True)
    assert list(kinds) == ["returned", "answered", "accepted"]
    approved.refresh_from_db()
    assert approved.state == "approved"


def coverage(report: Report, scope: Scope) -> dict[int, tuple[int, int, int, int]]:
    rows = Attainment.objects.filter(
        program=report.program, period=report.period, scope=scope, layer=Layer.OFFICIAL
    )
    return {
        row.indicator_id: (
            row.units_reported, row.units_expected, row.leaves_reported, row.leaves_expected,
        )
        for row in rows
    }  # fmt: skip


def test_of_forty_figures_one_is_returned_and_thirty_nine_are_approved(
    client, hanoi, an_giang, staff, manager
):
    """Its total is partial until the correction is accepted; the others are whole."""
    program = ReportFactory.create(
        program__level="national", program__province=None, province=hanoi
    ).program
    ours = Report.objects.get()
    theirs = ReportFactory.create(program=program, province=an_giang, period=ours.period)
    indicators = IndicatorFactory.create_batch(40)
    clerks = person("x", Role.STAFF, an_giang), person("y", Role.MANAGER, an_giang)
    for report in (ours, theirs):
        for indicator in indicators:
            FigureFactory.create(report=report, indicator=indicator, value=10)
    submit(theirs, by=clerks[0])
    approve(theirs, by=clerks[1])
    submit(ours, by=staff)
    wrong = indicators[7]
    client.force_login(manager)
    post(client, "return_figure", ours, wrong, text="Kiểm tra lại", proposed="12")
    client.post(reverse("entry:approve", args=[ours.pk]))
    recompute_marked()

    assert ours.figures.filter(approved_state="reported").count() == 39
    nation = coverage(ours, Scope.NATION)
    assert len(nation) == 40
    for indicator in indicators:
        assert nation[indicator.pk] == ((1, 2, 1, 2) if indicator == wrong else (2, 2, 2, 2))
    total = Attainment.objects.get(indicator=wrong, scope=Scope.NATION, period=ours.period,
                                   layer=Layer.OFFICIAL)  # fmt: skip
    assert total.actual == 10

    client.force_login(staff)
    post(client, "answer_figure", ours, wrong, take=Remark.objects.get().pk)
    client.force_login(manager)
    post(client, "accept_figure", ours, wrong)
    recompute_marked()

    assert set(coverage(ours, Scope.NATION).values()) == {(2, 2, 2, 2)}
    total.refresh_from_db()
    assert Attainment.objects.get(
        indicator=wrong, scope=Scope.NATION, period=ours.period, layer=Layer.OFFICIAL
    ).actual == Decimal(22)


def test_a_published_figure_stays_official_until_the_correction_is_accepted(
    approved, figure, manager
):
    return_figure(approved, figure.indicator, by=manager, reason="Ghi hai lần")
    recompute_marked()

    row = Attainment.objects.get(
        indicator=figure.indicator,
        period=approved.period,
        scope=Scope.REPORTED,
        layer=Layer.OFFICIAL,
    )
    assert row.actual == 100
    assert row.leaves_reported == 1


def test_a_bad_proposed_number_says_why_and_keeps_what_was_typed(client, approved, figure, manager):
    client.force_login(manager)
    response = post(
        client, "return_figure", approved, figure.indicator, text="Ghi hai lần", proposed="1.25"
    )

    assert "không rõ là 1,25 hay 125" in text_of(response)
    page = response.content.decode()
    assert 'value="1.25"' in page
    assert ">Ghi hai lần</textarea>" in page
    assert now(figure)[0] == ""


def test_without_a_reason_nothing_is_returned_and_the_proposal_is_kept(
    client, approved, figure, manager
):
    client.force_login(manager)
    response = post(client, "return_figure", approved, figure.indicator, text=" ", proposed="90")

    assert "Hãy nêu vì sao trả lại số này" in text_of(response)
    assert 'value="90"' in response.content.decode()
    assert not Remark.objects.exists()


@pytest.mark.parametrize(
    ("proposed", "taken"),
    [
        ("0", ("zero", 0)),
        ("không áp dụng", ("not_applicable", None)),
        ("chưa báo cáo", ("missing", None)),
        ("1.250", ("reported", 1250)),
    ],
)
def test_whatever_may_be_typed_may_be_proposed_and_taken(
    client, approved, figure, staff, manager, proposed, taken
):
    client.force_login(manager)
    post(client, "return_figure", approved, figure.indicator, text="Sai", proposed=proposed)
    client.force_login(staff)
    post(client, "answer_figure", approved, figure.indicator, take=Remark.objects.get().pk)

    figure.refresh_from_db()
    assert (figure.state, figure.value, figure.review) == (*taken, "answered")


def test_a_figure_that_nobody_typed_is_asked_for(client, approved, staff, manager):
    indicator = IndicatorFactory.create()
    client.force_login(manager)
    post(client, "return_figure", approved, indicator, text="Còn thiếu", proposed="5")
    client.force_login(staff)
    post(client, "answer_figure", approved, indicator, take=Remark.objects.get().pk)

    asked = approved.figures.get(indicator=indicator)
    assert now(asked) == ("answered", 5, None)


def test_an_own_number_may_be_sent_in_again_with_a_word(client, approved, figure, staff, manager):
    return_figure(approved, figure.indicator, by=manager, reason="Sai?", proposed=None)
    client.force_login(staff)
    response = post(client, "answer_figure", approved, figure.indicator, text="Đúng là 100")

    assert now(figure) == ("answered", 100, 100)
    assert "Đúng là 100" in text_of(response)
    assert "Chấp nhận số đã sửa" not in text_of(response)


def test_a_proposal_is_not_taken_over_what_somebody_typed_meanwhile(
    client, approved, figure, staff, manager
):
    return_figure(approved, figure.indicator, by=manager, reason="Sai", proposed=("reported", 90))
    seen = figure.version
    Figure.objects.filter(pk=figure.pk).update(value=95, version=seen + 1)
    client.force_login(staff)
    response = post(
        client,
        "answer_figure",
        approved,
        figure.indicator,
        take=Remark.objects.get().pk,
        base=seen,
    )

    assert "Có người vừa sửa số này" in text_of(response)
    assert now(figure) == ("returned", 95, 100)


def test_a_proposal_that_the_year_contradicts_is_refused_as_typing_it_would_be(
    client, hanoi, monthly, staff, manager
):
    """Lũy kế of July is 50: nobody's proposal makes August's 40."""
    running = IndicatorFactory.create(entry_mode="cumulative")
    report_month(monthly, 7, (running, 50), staff=staff, manager=manager)
    august = open_report(monthly, month(8))
    say(august, (running, 60), by=staff)
    submit(august, by=staff)
    return_figure(august, running, by=manager, reason="Sai", proposed=("reported", Decimal(40)))
    client.force_login(staff)
    response = post(client, "answer_figure", august, running, take=Remark.objects.get().pk)

    assert "Lũy kế không giảm" in text_of(response)
    assert now(august.figures.get()) == ("returned", 60, None)


def test_somebody_faster_is_a_sentence_in_the_thread(client, approved, figure, staff, manager):
    return_figure(approved, figure.indicator, by=manager, reason="Sai")
    figure.refresh_from_db()
    answer(figure, by=staff)
    client.force_login(staff)
    response = post(client, "answer_figure", approved, figure.indicator)

    assert response.status_code == 200
    assert "Số này không còn chờ sửa" in text_of(response)


def test_a_comment_is_kept_and_an_empty_one_is_not(client, approved, figure, staff):
    client.force_login(staff)
    post(client, "comment_figure", approved, figure.indicator, text="Theo biên bản 12")
    response = post(client, "comment_figure", approved, figure.indicator, text=" ")

    assert "Chưa có nội dung ý kiến" in text_of(response)
    assert Remark.objects.get().text == "Theo biên bản 12"


def test_a_character_that_cannot_be_stored_is_left_out(client, approved, figure, staff):
    client.force_login(staff)
    post(client, "comment_figure", approved, figure.indicator, text="Theo\x00 biên bản")
    assert Remark.objects.get().text == "Theo biên bản"


def test_the_numbers_of_a_form_are_not_written_for_people(client, approved, figure, staff, manager):
    """A key or a version of a thousand is «1000» in a form, not «1.000»."""
    Figure.objects.filter(pk=figure.pk).update(version=1000)
    remark = return_figure(
        approved, figure.indicator, by=manager, reason="Sai", proposed=("reported", Decimal(90))
    )
    client.force_login(staff)
    page = client.get(reverse("entry:cell", args=[approved.pk, figure.indicator_id]))
    form = " ".join(page.content.decode().split())
    assert 'name="base" value="1000"' in form
    assert f'name="take" value="{remark.pk}"' in form


def test_a_comment_on_nothing_is_a_sentence(client, approved, staff):
    client.force_login(staff)
    response = post(client, "comment_figure", approved, IndicatorFactory.create(), text="Sao?")
    assert "chưa có số liệu" in text_of(response)


STEPS = ["return_figure", "answer_figure", "accept_figure", "comment_figure"]


@pytest.mark.parametrize("step", STEPS)
def test_the_steps_of_another_province_are_not_there(client, approved, figure, outsider, step):
    client.force_login(outsider)
    assert post(client, step, approved, figure.indicator, text="x").status_code == 404
    assert not Remark.objects.exists()


@pytest.mark.parametrize(
    ("step", "who"),
    [
        ("return_figure", "hoa"),
        ("answer_figure", "minh"),
        ("accept_figure", "hoa"),
        ("comment_figure", "lan"),
        ("return_figure", "lan"),
        ("accept_figure", "lan"),
        ("answer_figure", "lan"),
    ],
)
def test_each_step_is_for_whoever_has_the_right(
    client, approved, figure, manager, national_viewer, step, who
):
    return_figure(approved, figure.indicator, by=manager, reason="Sai", proposed=("reported", 90))
    client.force_login(User.objects.get(username=who))
    take = {"take": Remark.objects.get().pk} if step == "answer_figure" else {}

    assert post(client, step, approved, figure.indicator, text="x", **take).status_code == 403
    assert Remark.objects.count() == 1
    assert now(figure)[1] == 100


def test_a_proposal_of_another_figure_is_not_taken(client, approved, figure, staff, manager):
    other = IndicatorFactory.create()
    return_figure(approved, other, by=manager, reason="x", proposed=("reported", Decimal(7)))
    return_figure(approved, figure.indicator, by=manager, reason="Sai")
    client.force_login(staff)
    take = Remark.objects.get(figure__indicator=other).pk
    for wrong in (take, "x", "9" * 25):
        response = post(client, "answer_figure", approved, figure.indicator, take=wrong)
        assert "Đề nghị này không còn" in text_of(response)
    assert now(figure) == ("returned", 100, 100)


def forms(client: Client, user: User, report: Report, indicator: Indicator) -> set[str]:
    client.force_login(user)
    page = client.get(reverse("entry:cell", args=[report.pk, indicator.pk])).content.decode()
    found = {
        step
        for step in STEPS
        if f'"{reverse(f"entry:{step}", args=[report.pk, indicator.pk])}"' in page
    }
    return {step.removesuffix("_figure") for step in found}


def test_the_panel_offers_what_each_person_may_do(
    client, report, figure, staff, manager, national_viewer
):
    def offered() -> list[set[str]]:
        people = (staff, manager, national_viewer)
        return [forms(client, user, report, figure.indicator) for user in people]

    assert offered() == [{"comment"}, {"comment"}, set()]
    submit(report, by=staff)
    assert offered() == [{"comment"}, {"comment", "return"}, set()]
    return_figure(report, figure.indicator, by=manager, reason="Sai")
    assert offered() == [{"comment", "answer"}, {"comment"}, set()]
    figure.refresh_from_db()
    answer(figure, by=staff)
    assert offered() == [{"comment"}, {"comment", "return"}, set()]  # accepted with the report
    approve(report, by=manager)
    return_figure(report, figure.indicator, by=manager, reason="Vẫn sai")
    figure.refresh_from_db()
    answer(figure, by=staff)
    assert offered() == [{"comment"}, {"comment", "return", "accept"}, set()]


def test_a_ratio_is_not_returned_but_what_it_is_made_of(client, approved, manager):
    ratio = RatioFactory.create()
    assert forms(client, manager, approved, ratio) == set()


def test_without_scripts_the_way_leads_back_to_the_report(client, approved, figure, manager):
    client.force_login(manager)
    url = reverse("entry:return_figure", args=[approved.pk, figure.indicator_id])
    refused = client.post(url, {"text": "Sai", "proposed": "abc"})
    assert "có chữ" in text_of(refused)
    assert "<h1>" in refused.content.decode()
    done = client.post(url, {"text": "Sai"})
    assert done["Location"] == f"/bao-cao/{approved.pk}/#o-{figure.indicator_id}"
    assert Figure.objects.get(pk=figure.pk).review == Review.RETURNED


def test_the_thread_costs_the_same_however_long_it_is(
    client, approved, figure, staff, django_assert_max_num_queries
):
    client.force_login(staff)
    for number in range(8):
        post(client, "comment_figure", approved, figure.indicator, text=f"Ý kiến {number}")
    with django_assert_max_num_queries(14):
        response = post(client, "comment_figure", approved, figure.indicator, text=" ")
    assert text_of(response).count("Ý kiến ") >= 8


def test_sending_the_whole_report_again_answers_for_its_returned_figures(
    approved, figure, staff, manager
):
    return_figure(approved, figure.indicator, by=manager, reason="Chưa khớp")
    reopen(approved, by=manager, reason="Còn số khác cũng sai")
    say(approved, (figure.indicator, 90), by=staff)

    submit(approved, by=staff)
    assert now(figure) == ("answered", 90, 100)
    approve(approved, by=manager)

    assert now(figure) == ("", 90, 90)
    kinds = figure.remarks.order_by("pk").values_list("kind", "by__username")
    assert list(kinds) == [("returned", "minh"), ("answered", "hoa")]
