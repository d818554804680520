"""The administration of reports and results: deadlines are set there, figures never."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from html import unescape
from itertools import product

import pytest
from django.urls import reverse
from django.utils import timezone

from programs.access import Role
from programs.models import Period
from reports.models import (
    Attainment,
    Edition,
    Evidence,
    Figure,
    JobRun,
    OfficialPlan,
    Quotation,
    RecomputeMark,
    Report,
    Transition,
)
from tests.factories import (
    FigureFactory,
    LegalDocumentFactory,
    MembershipFactory,
    PeriodFactory,
    ProgramFactory,
    ReportFactory,
)

READ_ONLY = [
    Figure,
    Attainment,
    Edition,
    Transition,
    Evidence,
    Quotation,
    JobRun,
    RecomputeMark,
]
OF_A_PROVINCE = [Report, *READ_ONLY[:6]]


def page(model, name="changelist", row=None):
    opts = model._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_{name}", args=[row.pk] if row else [])


def said(response):
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


@pytest.fixture
def keeper(an_giang):
    return MembershipFactory.create(role=Role.ADMINISTRATOR.value, province=an_giang).user


@pytest.fixture
def rows(hanoi, administrator):
    """One row of Hà Nội of every kind, by model."""
    report = ReportFactory.create(program__province=hanoi)
    figure = FigureFactory.create(report=report, value=Decimal("1250.5"), indicator__decimals=1)
    cell = {
        "program": report.program,
        "indicator": figure.indicator,
        "province": hanoi,
        "period": report.period,
    }
    now = timezone.now()
    place = {"program": report.program, "indicator": figure.indicator, "scope": "reported"}
    plan = OfficialPlan.objects.create(
        **place, province=hanoi, period=report.period, parts=2, shape="exact", lower=977, upper=977
    )
    quotation = Quotation.objects.create(**cell, kind="value", text="1.250,5 lớp")
    return {
        Report: report,
        Figure: figure,
        Quotation: quotation,
        Attainment: Attainment.objects.create(
            **cell,
            scope="reported",
            actual=Decimal("1250.5"),
            plan=plan,
            percent=Decimal("128.0"),
            reason="",
            standing="reached",
            year_plan=plan,
            year_percent=Decimal("64.5"),
            units_expected=1,
            units_reported=1,
            leaves_expected=1,
            leaves_reported=1,
            computed_at=now,
        ),
        Edition: Edition.objects.create(
            report=report,
            number=1,
            approved_at=now,
            approved_by=administrator,
            content={"chỉ tiêu": "Lớp mây tre đan"},
            digest="0" * 64,
        ),
        Transition: Transition.objects.create(
            report=report, from_state="draft", to_state="submitted", at=now, by=administrator
        ),
        Evidence: Evidence.objects.create(
            report=report, document=LegalDocumentFactory.create(province=hanoi)
        ),
        JobRun: JobRun.objects.create(state="running", started_at=now),
        RecomputeMark: RecomputeMark.objects.create(program=report.program),
    }


@pytest.mark.parametrize("model", READ_ONLY)
def test_computed_and_workflow_rows_are_looked_at_and_never_written(
    client, administrator, rows, model
):
    row = rows[model]
    stored = model.objects.filter(pk=row.pk).values().get()
    client.force_login(administrator)

    seen = client.get(page(model, "change", row))
    answers = {
        client.get(page(model, "add")).status_code,
        client.post(page(model, "add"), {}).status_code,
        client.post(page(model, "change", row), {"value": "1", "state": "done"}).status_code,
        client.post(page(model, "delete", row), {"post": "yes"}).status_code,
    }

    assert seen.status_code == 200
    assert 'type="submit" value="Lưu' not in seen.content.decode()
    assert answers == {403}
    assert model.objects.filter(pk=row.pk).values().get() == stored


@pytest.mark.parametrize("model", OF_A_PROVINCE)
@pytest.mark.parametrize("name", ["change", "history", "delete"])
def test_results_of_another_province_do_not_exist_for_an_administrator(
    client, keeper, rows, model, name
):
    client.force_login(keeper)

    answer = client.get(page(model, name, rows[model])).status_code

    assert answer in ((403, 404) if name == "delete" else (404,))
    assert not client.get(page(model)).context["cl"].result_list


@pytest.mark.parametrize("model", [JobRun, RecomputeMark])
def test_the_worker_s_records_are_for_the_nation_s_administrators(client, keeper, rows, model):
    client.force_login(keeper)

    assert client.get(page(model)).status_code == 403
    assert client.get(page(model, "change", rows[model])).status_code == 403


def test_an_administrator_meets_the_results_of_their_province(client, an_giang, keeper):
    figure = FigureFactory.create(report__program__province=an_giang)
    client.force_login(keeper)

    assert list(client.get(page(Figure)).context["cl"].result_list) == [figure]
    assert client.get(page(Figure, "change", figure)).status_code == 200


# Reports


def test_an_administrator_sets_the_deadline_of_a_report_and_nothing_else(client, keeper, an_giang):
    report = ReportFactory.create(program__province=an_giang)
    other = ReportFactory.create(program__province=an_giang)
    client.force_login(keeper)

    client.post(
        page(Report, "change", report),
        {
            "due_on": "03/11/2026",
            "note": "Gia hạn theo đề nghị",
            "state": "approved",
            "program": other.program.pk,
            "period": other.period.pk,
            "transitions-TOTAL_FORMS": 0,
            "transitions-INITIAL_FORMS": 0,
        },
    )

    stored = Report.objects.get(pk=report.pk)
    assert (stored.due_on, stored.note) == (date(2026, 11, 3), "Gia hạn theo đề nghị")
    assert (stored.state, stored.program, stored.period) == (
        "draft",
        report.program,
        report.period,
    )


def test_an_administrator_opens_a_report(client, keeper, an_giang):
    program = ProgramFactory.create(province=an_giang)
    client.force_login(keeper)

    client.post(
        page(Report, "add"),
        {
            "program": program.pk,
            "province": an_giang.pk,
            "period": PeriodFactory.create(year=program.stage.year).pk,
            "state": "approved",
        },
    )

    assert Report.objects.get().state == "draft"


def test_a_period_of_the_wrong_kind_is_an_error_of_the_form(client, keeper, an_giang):
    program = ProgramFactory.create(province=an_giang)
    client.force_login(keeper)

    response = client.post(
        page(Report, "add"),
        {
            "program": program.pk,
            "province": an_giang.pk,
            "period": program.stage.pk,
            "note": "gõ rồi",
        },
    )

    assert "không phải loại kỳ báo cáo của chương trình" in said(response)
    assert response.context["adminform"].form["note"].value() == "gõ rồi"
    assert not Report.objects.exists()


def test_a_province_of_another_program_is_an_error_of_the_form(
    client, administrator, hanoi, an_giang
):
    program = ProgramFactory.create(province=hanoi)
    client.force_login(administrator)

    response = client.post(
        page(Report, "add"),
        {
            "program": program.pk,
            "province": an_giang.pk,
            "period": PeriodFactory.create(year=program.stage.year).pk,
        },
    )

    assert "không phải của «An Giang»" in said(response)


def test_a_second_report_of_the_same_period_is_an_error_of_the_form(client, administrator):
    report = ReportFactory.create()
    client.force_login(administrator)

    response = client.post(
        page(Report, "add"),
        {
            "program": report.program.pk,
            "province": report.province.pk,
            "period": report.period.pk,
        },
    )

    assert "Tỉnh đã có báo cáo của chương trình cho kỳ này." in said(response)


def test_an_empty_draft_may_be_deleted_and_a_report_with_figures_not(client, administrator):
    mistake = ReportFactory.create()
    kept = FigureFactory.create().report
    client.force_login(administrator)

    answers = [
        client.post(page(Report, "delete", report), {"post": "yes"}).status_code
        for report in (mistake, kept)
    ]

    assert answers == [302, 403]
    assert list(Report.objects.all()) == [kept]


def test_a_report_s_history_says_who_changed_the_deadline_from_what(client, administrator):
    report = ReportFactory.create(due_on=date(2026, 1, 15))
    client.force_login(administrator)
    client.post(
        page(Report, "change", report),
        {
            "due_on": "31/01/2026",
            "note": "",
            "transitions-TOTAL_FORMS": 0,
            "transitions-INITIAL_FORMS": 0,
        },
    )

    latest = client.get(page(Report, "history", report)).context["entries"][0]

    assert (latest.by, latest.done) == (administrator.full_name, "sửa")
    assert [(change.before, change.after) for change in latest.changes] == [
        ("15/01/2026", "31/01/2026")
    ]


def test_a_figure_s_history_shows_its_numbers_as_they_are_written(client, administrator, rows):
    figure = rows[Figure]
    Figure.objects.filter(pk=figure.pk).update(value=Decimal("22.5"))
    client.force_login(administrator)

    latest = client.get(page(Figure, "history", figure)).context["entries"][0]

    assert [(change.before, change.after) for change in latest.changes] == [("1.250,5", "22,5")]


def test_the_deadline_of_a_period_is_kept_by_the_nation(client, administrator, keeper):
    period = PeriodFactory.create(year=2019)
    form = {
        "name": period.name,
        "starts_on": "01/01/2019",
        "ends_on": "31/12/2019",
        "cutoff_on": "31/12/2019",
        "due_on": "20/01/2020",
    }
    client.force_login(keeper)
    refused = client.post(page(Period, "change", period), form).status_code
    client.force_login(administrator)

    client.post(page(Period, "change", period), form | {"year": "2030", "key": "x"})

    stored = Period.objects.get(pk=period.pk)
    assert refused == 403
    assert (stored.due_on, stored.year, stored.key) == (date(2020, 1, 20), 2019, "2019")


# Pages


ENGLISH = re.compile(
    r"\b(ID|Delete|Home|Save|History|Search|Filter|Yes|No|All|None|Add|Change|View|Error|Select|"
    r"program|province|period|indicator|unit|event|numerator|denominator|base|report)\b"
)


@pytest.mark.parametrize(
    ("model", "name"),
    [
        *product([Report, *READ_ONLY[:-1]], ["changelist", "change", "history"]),
        (RecomputeMark, "changelist"),
    ],
)
def test_pages_have_no_inline_code_and_no_english(client, administrator, rows, model, name):
    client.force_login(administrator)

    response = client.get(page(model, name, None if name == "changelist" else rows[model]))

    html = response.content.decode()
    assert response.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    assert not ENGLISH.findall(said(response))


def test_numbers_on_read_only_pages_are_vietnamese(client, administrator, rows):
    client.force_login(administrator)

    for model in (Figure, Attainment):
        html = client.get(page(model, "change", rows[model])).content.decode()
        fields = " ".join(re.findall(r'<div class="readonly">(.*?)</div>', html))
        assert "1.250,5" in fields
        assert "reached" not in fields
        assert not re.search(r"1250|500000|128[.]0", re.sub("<a .*?</a>", "", fields))


def test_a_computed_row_shows_its_plans_in_words(client, administrator, rows):
    client.force_login(administrator)

    words = said(client.get(page(Attainment, "change", rows[Attainment])))

    assert words.count("977 (tổng 2 kế hoạch)") == 2
    assert "64,5" in words


def test_the_frozen_content_of_an_edition_is_readable(client, administrator, rows):
    client.force_login(administrator)

    assert '"chỉ tiêu": "Lớp mây tre đan"' in said(
        client.get(page(Edition, "change", rows[Edition]))
    )


@pytest.mark.parametrize("make", [ReportFactory, FigureFactory])
def test_a_list_costs_the_same_queries_whatever_its_length(
    client, administrator, django_assert_num_queries, django_assert_max_num_queries, make
):
    address = page(type(make()))
    client.force_login(administrator)
    client.get(address)
    with django_assert_max_num_queries(20) as short:
        client.get(address)
    for _ in range(12):
        make()

    with django_assert_num_queries(len(short)):
        assert len(client.get(address).context["cl"].result_list) == 13
