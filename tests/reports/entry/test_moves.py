"""Approving, sending back and reopening on the page: reasons, rights, and somebody faster."""

from __future__ import annotations

import re

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from reports.entry.review import return_figure
from reports.entry.workflow import approve, reopen, send_back, submit
from reports.models import Report, Transition
from tests.factories import FigureFactory, ReportFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(hanoi):
    return ReportFactory.create(program__province=hanoi)


@pytest.fixture
def sent(report, staff):
    submit(report, by=staff)
    return report


def post(client: Client, name: str, report: Report, **fields):
    return client.post(reverse(f"entry:{name}", args=[report.pk]), fields)


def said(response) -> list[str]:
    return [str(message) for message in get_messages(response.wsgi_request)]


def state(report: Report) -> str:
    report.refresh_from_db()
    return report.state


def test_a_manager_approves_and_is_told_of_the_edition(client, sent, manager):
    client.force_login(manager)
    response = post(client, "approve", sent)

    assert response["Location"] == f"/bao-cao/{sent.pk}/"
    assert state(sent) == "approved"
    assert said(response) == [f"Đã duyệt {sent}, lưu thành bản 1."]


def test_a_manager_sends_back_with_a_reason(client, sent, manager):
    client.force_login(manager)
    response = post(client, "send_back", sent, reason="Thiếu Ba Vì")

    assert state(sent) == "returned"
    assert said(response) == [f"Đã trả lại {sent}."]
    assert sent.transitions.last().reason == "Thiếu Ba Vì"


def test_an_approved_report_is_reopened_with_a_reason(client, sent, manager):
    approve(sent, by=manager)
    client.force_login(manager)
    post(client, "reopen", sent, reason="Một lớp ghi hai lần")
    assert state(sent) == "reopened"


@pytest.mark.parametrize("name", ["send_back", "reopen"])
def test_without_a_reason_the_form_comes_back_and_says_so(client, sent, manager, name):
    if name == "reopen":
        approve(sent, by=manager)
    before = state(sent)
    client.force_login(manager)
    response = post(client, name, sent, reason="   ")

    page = response.content.decode()
    assert response.status_code == 200
    assert "Hãy nêu lý do" in page
    assert re.search(r'<textarea id="reason"[^>]*>   </textarea>', page)
    assert state(sent) == before


@pytest.mark.parametrize("name", ["approve", "send_back", "reopen"])
def test_somebody_faster_is_a_message_and_not_an_error(client, sent, manager, name):
    if name == "reopen":
        approve(sent, by=manager)
        reopen(sent, by=manager, reason="Người khác đã mở lại")
    else:
        send_back(sent, by=manager, reason="Người khác đã trả")
    client.force_login(manager)
    response = post(client, name, sent, reason="hai")

    assert response.status_code == 302
    assert "đang ở tình trạng" in said(response)[-1]


@pytest.mark.parametrize("name", ["approve", "send_back", "reopen"])
def test_a_report_of_another_province_is_not_there_and_staff_may_not_decide(
    client, sent, staff, outsider, national_viewer, name
):
    moves = Transition.objects.count()
    for user, status in ((outsider, 404), (staff, 403), (national_viewer, 403)):
        client.force_login(user)
        assert post(client, name, sent, reason="x").status_code == status
    assert Transition.objects.count() == moves


@pytest.mark.parametrize("name", ["approve", "send_back", "reopen"])
def test_a_move_is_never_made_by_a_link(client, sent, manager, name):
    """Whoever had to sign in first comes back by GET: to the report, as it is."""
    client.force_login(manager)
    response = client.get(reverse(f"entry:{name}", args=[sent.pk]))
    assert response["Location"] == f"/bao-cao/{sent.pk}/"
    assert state(sent) == "submitted"


def buttons(client: Client, report: Report) -> set[str]:
    page = client.get(reverse("entry:report", args=[report.pk])).content.decode()
    moves = page[page.index('<div class="moves">') :]
    return {
        name
        for name in ("send", "approve", "send_back", "reopen")
        if reverse(f"entry:{name}", args=[report.pk]) in moves
    }


def test_the_page_offers_what_each_person_may_do(client, report, staff, manager, national_viewer):
    def offered() -> list[set[str]]:
        found = []
        for user in (staff, manager, national_viewer):
            client.force_login(user)
            found.append(buttons(client, report))
        return found

    assert offered() == [{"send"}, set(), set()]
    submit(report, by=staff)
    assert offered() == [set(), {"approve", "send_back"}, set()]
    approve(report, by=manager)
    assert offered() == [set(), {"reopen"}, set()]


def test_the_page_says_what_an_approval_would_leave_out(client, report, staff, manager):
    figure = FigureFactory.create(report=report)
    submit(report, by=staff)
    return_figure(report, figure.indicator, by=manager, reason="Sai")
    client.force_login(manager)

    page = client.get(reverse("entry:report", args=[report.pk])).content.decode()
    assert "trừ 1 số đang bị trả lại" in page
