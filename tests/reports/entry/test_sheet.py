"""The page of one report, of several units, and of one cell, through the front door."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse

from programs.access import Role
from reports.entry.review import return_figure
from reports.entry.workflow import submit
from reports.models import Figure
from tests.conftest import person
from tests.factories import FigureFactory, OrganisationFactory
from tests.reports.entry.year_story import Year, told_units, told_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def year(hanoi) -> Year:
    return told_year(hanoi)


def addresses(year: Year) -> list[str]:
    report = year.report.pk
    return [
        reverse("entry:report", args=[report]),
        f"{reverse('entry:preview', args=[report])}?indicator={year.flow.pk}&text=1",
        f"{reverse('entry:news', args=[report])}?since=2026-01-01T00:00:00%2B00:00",
        reverse("entry:cell", args=[report, year.flow.pk]),
        reverse("entry:units", args=[report, year.flow.pk]),
    ]


def line_of(response, indicator):
    return next(line for line in response.context["lines"] if line.row.indicator == indicator)


def typed(year: Year, *cells) -> dict[str, str]:
    """The form as a browser without scripts sends it: every cell, with what it was filled with."""
    form: dict[str, str] = {}
    for indicator, text, before, version in cells:
        form |= {
            f"text-{indicator.pk}": text,
            f"text-before-{indicator.pk}": before,
            f"note-{indicator.pk}": "",
            f"note-before-{indicator.pk}": "",
            f"version-{indicator.pk}": str(version),
        }
    return form


def test_no_page_of_a_report_exists_for_an_outsider(client, year, outsider):
    client.force_login(outsider)

    assert [client.get(url).status_code for url in addresses(year)] == [404] * 5
    assert client.post(addresses(year)[0], {}).status_code == 404


def test_everyone_of_the_province_and_the_nation_reads_and_only_staff_type(
    client, year, hanoi, staff, manager, national_viewer
):
    for who in (staff, manager, national_viewer, person("x", Role.VIEWER, hanoi)):
        client.force_login(who)
        assert [client.get(url).status_code for url in addresses(year)] == [200] * 5
        page = client.get(addresses(year)[0])
        assert line_of(page, year.flow).is_open is (who == staff)
        if who != staff:
            assert client.post(addresses(year)[0], {}).status_code == 403


def test_each_row_shows_plan_last_month_and_the_year_so_far(client, year, staff):
    FigureFactory.create(report=year.report, indicator=year.flow, value=Decimal(12))
    FigureFactory.create(report=year.report, indicator=year.cumulative, value=Decimal(64))
    client.force_login(staff)

    page = client.get(addresses(year)[0])

    flow, cumulative = line_of(page, year.flow).row, line_of(page, year.cumulative).row
    assert (flow.plan, flow.beside.before, flow.text) == ("50", "20", "12")
    assert (flow.beside.so_far, flow.beside.percent) == ("42", "84%")
    # Typed since the year began: the month itself is worked out.
    assert (cumulative.text, cumulative.beside.in_period) == ("64", "24")
    assert cumulative.beside.percent == "64%"
    assert not line_of(page, year.ratio).is_open
    assert (page.context["sheet"].answered, page.context["sheet"].typed_rows) == (2, 5)


def test_a_form_without_script_saves_what_changed_and_keeps_what_it_cannot(client, year, staff):
    FigureFactory.create(report=year.report, indicator=year.more[0], value=Decimal(3))
    client.force_login(staff)

    page = client.post(
        addresses(year)[0],
        typed(
            year,
            (year.flow, "12", "", 0),
            (year.money, "1.25", "", 0),
            (year.more[0], "3", "3", 1),
        ),
    )

    assert page.status_code == 200
    assert line_of(page, year.flow).text == "12"
    refused = line_of(page, year.money)
    assert refused.text == "1.25"
    assert "không rõ" in refused.message
    assert "không rõ" in page.content.decode()
    stored = Figure.objects.filter(report=year.report).order_by("indicator__position")
    assert [(figure.indicator_id, figure.value) for figure in stored] == [
        (year.flow.pk, Decimal(12)),
        (year.more[0].pk, Decimal(3)),
    ]

    again = client.post(addresses(year)[0], typed(year, (year.money, "1,25", "", 0)))
    assert again.status_code == 302


def test_without_script_a_conflict_is_shown_and_a_second_save_is_meant(client, year, staff, hanoi):
    FigureFactory.create(
        report=year.report,
        indicator=year.flow,
        value=Decimal(7),
        version=2,
        typed_by=person("lien", Role.STAFF, hanoi),
    )
    client.force_login(staff)

    page = client.post(addresses(year)[0], typed(year, (year.flow, "9", "6", 1)))

    line = line_of(page, year.flow)
    assert "lien đã ghi «7»" in line.message
    assert (line.text, line.version) == ("9", 2)
    assert client.post(addresses(year)[0], typed(year, (year.flow, "9", "7", 2))).status_code == 302
    assert Figure.objects.get(report=year.report, indicator=year.flow).value == 9


def test_what_others_changed_and_this_form_did_not_is_no_conflict(client, year, staff):
    FigureFactory.create(report=year.report, indicator=year.flow, value=Decimal(7), version=2)
    client.force_login(staff)

    done = client.post(
        addresses(year)[0], typed(year, (year.flow, "6", "6", 1), (year.money, "5", "", 0))
    )

    assert done.status_code == 302
    assert Figure.objects.get(report=year.report, indicator=year.flow).value == 7


def test_a_form_with_strange_names_is_read_without_an_error(client, year, staff):
    client.force_login(staff)

    done = client.post(
        addresses(year)[0],
        {
            "version-x": "1",
            "version-": "",
            "version-5": "y",
            "text-5": "1",
            f"version-{'9' * 30}": "1",
        },
    )

    assert done.status_code == 302


def test_a_sent_report_is_locked_but_for_what_came_back_with_its_reason(
    client, year, staff, manager
):
    FigureFactory.create(report=year.report, indicator=year.flow, value=Decimal(12))
    submit(year.report, by=staff)
    return_figure(year.report, year.flow, by=manager, reason="Thiếu một lớp ở Ba Vì")
    client.force_login(staff)

    page = client.get(addresses(year)[0])

    assert line_of(page, year.flow).is_open
    assert not line_of(page, year.money).is_open
    assert "Thiếu một lớp ở Ba Vì" in page.content.decode()
    assert "đã gửi, chờ duyệt" in page.content.decode()


@pytest.mark.parametrize("more", [2, 20])
def test_the_sheet_costs_the_same_whatever_its_length(
    client, hanoi, staff, more, django_assert_max_num_queries
):
    year = told_year(hanoi, more=more)
    client.force_login(staff)

    with django_assert_max_num_queries(40):
        page = client.get(addresses(year)[0])

    assert len(page.context["lines"]) == 4 + more


def test_a_cell_tells_its_months_its_plan_and_who_changed_it(client, year, staff, hanoi):
    from_page = reverse("entry:report", args=[year.report.pk])
    client.force_login(staff)
    client.post(from_page, typed(year, (year.flow, "12", "", 0)))
    client.post(from_page, typed(year, (year.flow, "15", "12", 1)))

    page = client.get(addresses(year)[3], headers={"HX-Request": "true"})

    assert [bar.text for bar in page.context["chart"]] == ["10", "20", "15"]
    assert page.context["plan"].text == "50 lớp"
    assert [(line.before, line.after, line.who) for line in page.context["history"]] == [
        ("12", "15", "hoa"),
        ("trống", "12", "hoa"),
    ]
    text = page.content.decode()
    assert "<html" not in text
    assert "<html" in client.get(addresses(year)[3]).content.decode()


def test_a_cell_of_a_unit_of_another_province_does_not_exist(client, year, staff, an_giang):
    stranger = OrganisationFactory.create(province=an_giang)
    client.force_login(staff)
    url = addresses(year)[3]

    assert client.get(url, {"don-vi": stranger.pk}).status_code == 404
    assert client.get(url, {"don-vi": "x"}).status_code == 404


def test_units_have_a_row_each_and_a_column_for_every_month(client, year, staff, hanoi):
    first, second = told_units(hanoi, 2)
    OrganisationFactory.create(province=hanoi, kind="enterprise")
    gone = OrganisationFactory.create(
        province=hanoi, kind="commune", name="Xã cũ", valid_to=date(2016, 1, 31)
    )
    OrganisationFactory.create(province=hanoi, kind="commune", valid_to=date(2015, 1, 31))
    FigureFactory.create(report=year.reports[1], indicator=year.flow, unit=first, value=Decimal(8))
    FigureFactory.create(report=year.reports[1], indicator=year.flow, unit=second, value=Decimal(5))
    client.force_login(staff)

    sheet = client.get(addresses(year)[4]).context["sheet"]

    assert [row.unit for row in sheet.rows] == [first, second, gone]
    assert len(sheet.columns) == 12
    february = sheet.columns[1].totals
    assert (february.total, february.own, february.difference) == ("13", "20", "+7")
    assert [cell.is_open for cell in sheet.rows[0].cells[:4]] == [True, True, True, False]
    # The unit was there in January only.
    assert [cell.is_open for cell in sheet.rows[2].cells[:3]] == [True, False, False]


def test_a_ratio_is_typed_for_no_unit(client, year, staff):
    client.force_login(staff)

    url = reverse("entry:units", args=[year.report.pk, year.ratio.pk])
    assert client.get(url).status_code == 404
