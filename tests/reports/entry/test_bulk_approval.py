"""Many reports are approved at once, each by itself: one that fails holds up no other."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError

from programs.access import Role
from reports.entry import workflow
from reports.entry.review import return_figure
from reports.entry.workflow import approve, submit
from reports.models import Edition, Report
from tests.conftest import person
from tests.factories import FigureFactory, MembershipFactory, ReportFactory

pytestmark = pytest.mark.django_db

URL = "/bao-cao/duyet/"


@pytest.fixture
def sent(hanoi, staff):
    def make(province=hanoi, by=staff) -> Report:
        report = ReportFactory.create(program__province=province)
        FigureFactory.create(report=report)
        submit(report, by=by)
        return report

    return make


def states(*reports: Report) -> list[str]:
    for report in reports:
        report.refresh_from_db()
    return [report.state for report in reports]


def results(response) -> dict[int, tuple[int | None, str]]:
    return {
        each.report.pk: (each.edition and each.edition.number, each.why)
        for each in response.context["results"]
    }


def test_the_ticked_reports_are_approved_and_the_others_are_not(client, sent, manager):
    first, second, third = sent(), sent(), sent()
    client.force_login(manager)
    response = client.post(URL, {"report": [first.pk, second.pk]})

    assert states(first, second, third) == ["approved", "approved", "submitted"]
    assert results(response) == {first.pk: (1, ""), second.pk: (1, "")}
    text = re.sub(r"\s+", " ", response.content.decode())
    assert "Đã duyệt 2/2 báo cáo" in text
    assert f"/bao-cao/{first.pk}/ban/1/" in text


def test_each_row_says_its_edition_or_why_not(client, sent, manager):
    fresh, again, done = sent(), sent(), sent()
    approve(again, by=manager)
    workflow.reopen(again, by=manager, reason="Sửa")
    submit(again, by=person("x", Role.STAFF, again.province))
    approve(done, by=manager)
    client.force_login(manager)
    response = client.post(URL, {"report": [fresh.pk, again.pk, done.pk]})

    found = results(response)
    assert found[fresh.pk] == (1, "")
    assert found[again.pk] == (2, "")
    assert found[done.pk][0] is None
    assert "đang ở tình trạng «đã duyệt»" in found[done.pk][1]


def test_one_that_the_database_refuses_holds_up_no_other(client, sent, manager, monkeypatch):
    bad, good = sent(), sent()
    freeze = workflow.freeze

    def refusing(report: Report, **fields):
        if report.pk == bad.pk:
            Edition.objects.create(
                report=good, number=1, approved_at=fields["at"], approved_by=manager, content={}
            )
            raise IntegrityError("Số liệu chính thức chỉ đổi khi báo cáo được duyệt.\nCONTEXT: x")
        return freeze(report, **fields)

    monkeypatch.setattr(workflow, "freeze", refusing)
    client.force_login(manager)
    response = client.post(URL, {"report": [bad.pk, good.pk]})

    assert states(bad, good) == ["submitted", "approved"]
    assert results(response)[bad.pk] == (
        None,
        "Số liệu chính thức chỉ đổi khi báo cáo được duyệt.",
    )
    assert good.editions.count() == 1  # what the refused one had written is gone
    assert bad.transitions.count() == 1


def test_what_a_person_may_see_but_not_approve_is_refused(client, sent, hanoi, an_giang, manager):
    clerk = person("thuy", Role.STAFF, an_giang)
    mine, theirs = sent(), sent(an_giang, clerk)
    MembershipFactory.create(user=manager, role=Role.VIEWER.value, province=an_giang)
    client.force_login(manager)
    response = client.post(URL, {"report": [mine.pk, theirs.pk]})

    assert states(mine, theirs) == ["approved", "submitted"]
    assert results(response)[theirs.pk] == (None, "Bạn không có quyền duyệt báo cáo này.")


def test_what_a_person_may_not_see_is_not_named(client, sent, outsider):
    hidden = sent()
    client.force_login(outsider)
    response = client.post(URL, {"report": [hidden.pk, "x", "9" * 30]})

    assert states(hidden) == ["submitted"]
    assert results(response) == {}
    assert hidden.program.name not in response.content.decode()


def test_nothing_ticked_says_what_to_do(client, manager):
    client.force_login(manager)
    page = client.post(URL).content.decode()
    assert "Chưa chọn báo cáo nào" in page


def test_a_figure_that_was_returned_is_left_out_and_said_so(client, sent, manager):
    report = sent()
    return_figure(report, report.figures.get().indicator, by=manager, reason="Sai")
    client.force_login(manager)
    page = client.post(URL, {"report": [report.pk]}).content.decode()

    assert "trừ 1 số đang bị trả lại" in page
    assert report.figures.get().approved_state == ""


def test_reports_are_ticked_on_the_list_by_who_approves_only(client, hanoi, staff, manager):
    report = ReportFactory.create(pk=1_234_567, program__province=hanoi)  # no «1.234.567»
    submit(report, by=staff)
    box = f'value="{report.pk}"'
    client.force_login(manager)
    page = client.get("/viec-can-lam/").content.decode()
    assert box in page
    assert "Duyệt các báo cáo đã chọn" in page
    client.force_login(staff)
    assert box not in client.get("/viec-can-lam/").content.decode()
    assert client.get(URL)["Location"] == "/viec-can-lam/"
