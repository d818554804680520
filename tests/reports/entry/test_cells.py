"""What the sheet's script asks of the server, and what it is told."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from programs.access import Role
from reports.entry.figures import Cell, Change, save_cells
from reports.entry.review import return_figure
from reports.entry.workflow import submit
from reports.models import Figure
from tests.conftest import person
from tests.factories import OrganisationFactory, ProvinceFactory
from tests.reports.entry.year_story import Year, told_units, told_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def year(hanoi) -> Year:
    return told_year(hanoi)


@pytest.fixture
def colleague(hanoi):
    return person("lien", Role.STAFF, hanoi)


def cell(year: Year, indicator=None, **fields):
    return {
        "report": year.report.pk,
        "indicator": (indicator or year.flow).pk,
        "base": 0,
        **fields,
    }


def post(client: Client, by, *cells, expect: int = 200):
    client.force_login(by)
    answer = client.post(
        reverse("entry:cells"),
        json.dumps({"by": by.pk, "cells": cells}),
        content_type="application/json",
    )
    assert answer.status_code == expect, answer.content
    return answer.json()


def value(year: Year, indicator=None, **where) -> Decimal | None:
    figure = Figure.objects.filter(
        report=year.report, indicator=indicator or year.flow, **({"unit": None} | where)
    ).first()
    return figure.value if figure else None


def test_a_cell_is_saved_as_a_vietnamese_number_and_what_is_beside_it_follows(client, year, staff):
    told = post(client, staff, cell(year, year.money, text="1.234,5", note="theo sổ quỹ"))

    assert value(year, year.money) == Decimal("1234.5")
    (saved,) = told["cells"]
    assert saved | {"at": ""} == {
        "report": year.report.pk,
        "indicator": year.money.pk,
        "unit": None,
        "outcome": "saved",
        "message": "",
        "text": "1.234,5",
        "note": "theo sổ quỹ",
        "state": "reported",
        "version": 1,
        "who": "hoa",
        "at": "",
        "mine": True,
    }
    beside = told["beside"][str(year.report.pk)][str(year.money.pk)]
    assert (beside["so_far"], beside["percent"]) == ("1.234,5", "137,2%")


def test_a_ratio_of_two_cells_moves_with_one_of_them(client, year, staff):
    told = post(client, staff, cell(year, text="50"), cell(year, year.money, text="20"))

    ratio = told["beside"][str(year.report.pk)][str(year.ratio.pk)]
    assert ratio["in_period"] == "2,5"


def test_a_block_saves_what_can_be_and_says_what_is_wrong_with_the_rest(client, year, staff):
    told = post(
        client,
        staff,
        cell(year, text="12"),
        cell(year, year.money, text="1.25"),
        cell(year, year.cumulative, text="30"),
        cell(year, year.ratio, text="5"),
    )

    outcomes = [each["outcome"] for each in told["cells"]]
    assert outcomes == ["saved", "refused", "refused", "refused"]
    assert "không rõ là 1,25 hay 125" in told["cells"][1]["message"]
    assert "Lũy kế 30 thấp hơn 40 đã ghi đến hết tháng 2/2016" in told["cells"][2]["message"]
    assert "tính từ hai chỉ tiêu khác" in told["cells"][3]["message"]
    assert value(year) == 12
    assert not Figure.objects.filter(report=year.report, indicator=year.money).exists()


def test_zero_nothing_and_not_applicable_are_three_answers(client, year, staff):
    one, two, three = year.flow, year.money, year.more[0]
    told = post(
        client,
        staff,
        cell(year, one, text="0"),
        cell(year, two, text=""),
        cell(year, three, text="không áp dụng"),
    )

    assert [(each["state"], each["text"]) for each in told["cells"]] == [
        ("zero", "0"),
        ("missing", ""),
        ("not_applicable", "không áp dụng"),
    ]


def test_what_somebody_else_saved_meanwhile_is_not_overwritten(client, year, staff, colleague):
    post(client, colleague, cell(year, text="7"))

    (told,) = post(client, staff, cell(year, text="9"))["cells"]

    assert told["outcome"] == "conflict"
    assert (told["text"], told["who"], told["mine"]) == ("7", "lien", False)
    assert value(year) == 7
    (kept,) = post(client, staff, cell(year, text="9", base=told["version"]))["cells"]
    assert kept["outcome"] == "saved"
    assert value(year) == 9


def test_many_conflicts_name_their_people_without_asking_for_each(client, year, staff, colleague):
    indicators = [year.flow, year.money, *year.more]
    post(client, colleague, *(cell(year, each, text="7") for each in indicators))

    told = post(client, staff, *(cell(year, each, text="8") for each in indicators))["cells"]

    assert {(each["outcome"], each["who"]) for each in told} == {("conflict", "lien")}


def test_sending_the_same_again_after_a_lost_answer_changes_nothing(client, year, staff):
    post(client, staff, cell(year, text="12", note=" hai  dòng\nnày "))

    (told,) = post(client, staff, cell(year, text="12", note=" hai  dòng\nnày "))["cells"]

    assert (told["outcome"], told["version"]) == ("saved", 1)


def test_a_sent_report_is_closed_but_for_the_figure_that_came_back(client, year, staff, manager):
    post(client, staff, cell(year, text="12"), cell(year, year.money, text="5"))
    submit(year.report, by=staff)
    return_figure(year.report, year.flow, by=manager, reason="Thiếu một lớp")

    told = post(
        client, staff, cell(year, text="13", base=1), cell(year, year.money, text="6", base=1)
    )["cells"]

    assert [each["outcome"] for each in told] == ["saved", "closed"]
    assert "không sửa được số liệu" in told[1]["message"]
    assert (value(year), value(year, year.money)) == (Decimal(13), Decimal(5))


def test_who_may_not_enter_there_changes_nothing(client, year, manager, outsider, national_viewer):
    for who in (manager, outsider, national_viewer):
        (told,) = post(client, who, cell(year, text="12"))["cells"]
        assert (told["outcome"], told["text"]) == ("forbidden", ""), who
    assert value(year) is None


def test_a_forbidden_cell_does_not_tell_what_stands_in_it(client, year, staff, outsider):
    post(client, staff, cell(year, text="12"))

    told = post(client, outsider, cell(year, text="1"))

    assert told["cells"][0]["text"] == ""
    assert told["beside"] == {}


def test_units_are_saved_with_the_feet_of_their_columns(client, year, staff, hanoi):
    first, second = told_units(hanoi, 2)

    told = post(
        client,
        staff,
        cell(year, text="10"),
        cell(year, text="3", unit=first.pk),
        cell(year, text="4", unit=second.pk),
    )

    assert told["totals"] == {
        str(year.report.pk): {str(year.flow.pk): {"total": "7", "own": "10", "difference": "+3"}}
    }


def test_a_unit_of_another_province_has_no_cell_here(client, year, staff):
    stranger = OrganisationFactory.create(province=ProvinceFactory.create(), kind="commune")

    (told,) = post(client, staff, cell(year, text="1", unit=stranger.pk))["cells"]

    assert told["outcome"] == "forbidden"


def test_what_one_person_typed_is_never_saved_in_anothers_name(client, year, staff, colleague):
    client.force_login(colleague)
    answer = client.post(
        reverse("entry:cells"),
        json.dumps({"by": staff.pk, "cells": [cell(year, text="12")]}),
        content_type="application/json",
    )

    assert answer.status_code == 409
    assert "tài khoản khác" in answer.json()["message"]
    assert value(year) is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "không phải json",
        "[]",
        '{"cells": 1}',
        '{"cells": []}',
        '{"by": "x", "cells": []}',
        '{"by": 1, "cells": [1]}',
        '{"by": 1, "cells": [{}]}',
        '{"by": 1, "cells": [{"report": "1", "indicator": 1, "base": 0}]}',
        '{"by": 1, "cells": [{"report": true, "indicator": 1, "base": 0}]}',
        '{"by": 1, "cells": [{"report": 1, "indicator": 1, "base": 0, "text": 5}]}',
        '{"by": 1, "cells": [{"report": 99999999999999999999, "indicator": 1, "base": 0}]}',
    ],
)
def test_what_the_script_would_not_send_is_answered_with_a_sentence(client, staff, body):
    client.force_login(staff)

    answer = client.post(reverse("entry:cells"), body, content_type="application/json")

    assert answer.status_code == 400
    assert answer.json()["message"].endswith(".")


def test_more_than_two_thousand_cells_are_too_many_at_once(client, year, staff):
    told = post(client, staff, *[cell(year, text="1")] * 2001, expect=400)

    assert "2.000 ô" in told["message"]


def test_signs_that_no_database_keeps_are_left_out(client, year, staff):
    (told,) = post(client, staff, cell(year, text="5", note="a\x00b\ud800c"))["cells"]

    assert told["note"] == "abc"


def test_a_preview_reads_as_saving_would_and_saves_nothing(client, year, staff):
    client.force_login(staff)
    address = reverse("entry:preview", args=[year.report.pk])

    def ask(indicator, text):
        return client.get(address, {"indicator": indicator.pk, "text": text}).json()

    told = ask(year.flow, "1.000")
    assert told["shown"] == "1.000"
    beside = told["beside"][str(year.flow.pk)]
    assert (beside["so_far"], beside["percent"]) == ("1.030", "2.060%")
    assert "không rõ" in ask(year.flow, "1.25")["refused"]
    assert "thấp hơn 40" in ask(year.cumulative, "39")["refused"]
    assert ask(year.flow, "kad")["shown"] == "không áp dụng"
    assert value(year) is None
    assert client.get(address, {"indicator": "x"}).status_code == 404


def test_news_are_what_others_saved_and_whether_the_report_is_still_open(
    client, year, staff, colleague, manager
):
    since = timezone.now()
    post(client, staff, cell(year, text="12"))
    post(client, colleague, cell(year, year.money, text="5"))
    client.force_login(staff)
    address = reverse("entry:news", args=[year.report.pk])

    told = client.get(address, {"since": since.isoformat()}).json()

    assert [(each["indicator"], each["text"], each["who"]) for each in told["cells"]] == [
        (year.money.pk, "5", "lien")
    ]
    assert told["is_open"] is True
    assert told["beside"][str(year.report.pk)][str(year.money.pk)]["so_far"] == "5"

    submit(year.report, by=staff)
    return_figure(year.report, year.flow, by=manager, reason="Thiếu một lớp")
    later = (timezone.now() + timedelta(minutes=2)).isoformat()
    told = client.get(address, {"since": later}).json()
    assert (told["is_open"], told["state"]) == (False, "đã gửi, chờ duyệt")
    assert (told["cells"], told["returned"]) == ([], [year.flow.pk])
    assert client.get(address, {"since": "hôm qua"}).status_code == 400


def test_news_of_units_are_of_every_month_of_the_year(client, year, staff, colleague, hanoi):
    (unit,) = told_units(hanoi, 1)
    since = timezone.now()
    january = Cell(year.reports[0].pk, year.flow.pk, unit.pk)
    save_cells([Change(january, 0, text="2")], by=colleague)
    client.force_login(staff)

    told = client.get(
        reverse("entry:news", args=[year.report.pk]),
        {"since": since.isoformat(), "indicator": year.flow.pk},
    ).json()

    assert [(each["report"], each["unit"], each["text"]) for each in told["cells"]] == [
        (year.reports[0].pk, unit.pk, "2")
    ]
    assert told["totals"][str(year.reports[0].pk)][str(year.flow.pk)]["difference"] == "+8"


def test_a_whole_block_costs_a_bounded_number_of_statements(
    client, year, staff, django_assert_max_num_queries
):
    indicators = [year.flow, year.money, *year.more]
    with django_assert_max_num_queries(40):
        post(client, staff, *(cell(year, each, text="3") for each in indicators))
