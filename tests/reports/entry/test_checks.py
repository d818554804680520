"""Before a report is sent: what is found, how it is answered, what cannot be answered."""

from __future__ import annotations

import pytest
from django.urls import reverse

from reports.entry.checks import findings_of, justify
from reports.entry.sense import Sense
from reports.models import Evidence, FigureState, Justification, Report
from tests.factories import (
    IndicatorFactory,
    LegalDocumentFactory,
    OrganisationFactory,
    RatioFactory,
)
from tests.reports.attainment.story import type_in
from tests.reports.entry.conftest import (
    month,
    open_report,
    plan_of_year,
    report_month,
    say,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def spring(monthly, classes, staff, manager) -> None:
    for number, done in enumerate((9, 10, 12), start=1):
        report_month(monthly, number, (classes, done), staff=staff, manager=manager)


@pytest.fixture
def april(monthly, spring) -> Report:
    return open_report(monthly, month(4))


def senses(report: Report) -> list[Sense | None]:
    return [finding.sense for finding in findings_of(fresh(report))]


def fresh(report: Report) -> Report:
    return Report.objects.select_related("program", "province", "period").get(pk=report.pk)


def test_an_honest_report_has_nothing_to_look_at(april, classes, staff):
    say(april, (classes, 11), by=staff)
    assert findings_of(fresh(april)) == []


def test_what_hangs_most_on_it_comes_first(april, classes, monthly, staff):
    visitors = IndicatorFactory.create(position=0)
    plan_of_year(monthly, visitors, 1_000_000)
    say(april, (classes, 10_000), (visitors, 900_000_000), by=staff)

    found = findings_of(fresh(april))

    assert [finding.indicator for finding in found] == [visitors, classes]
    assert [finding.sense for finding in found] == [Sense.THOUSANDS, Sense.THOUSANDS]
    # 10.000 is 8.333,3% of 120, 10 is 8,3%: the difference of the two as printed.
    assert str(found[1].effect) == "8325.0"


def test_lũy_kế_typed_as_the_months_number_is_asked_about(april, classes, staff):
    say(april, (classes, 42), by=staff)
    assert senses(april) == [Sense.CUMULATIVE]


def test_the_sum_of_units_that_differs_from_the_total_is_shown_and_not_overwritten(
    april, classes, staff, hanoi
):
    say(april, (classes, 11), by=staff)
    type_in(april, classes, 4, unit=OrganisationFactory.create(province=hanoi, kind="commune"))

    (found,) = findings_of(fresh(april))

    assert found.sense is Sense.PARTS
    assert april.figures.get(unit=None).value == 11


def test_a_part_larger_than_its_whole(april, classes, monthly, staff):
    trained, employed = IndicatorFactory.create_batch(2)
    share = RatioFactory.create(numerator=employed, denominator=trained)
    plan_of_year(monthly, share, 80)
    say(april, (trained, 35), (employed, 40), by=staff)

    assert senses(april) == [Sense.SHARE]


def test_a_whole_report_copied_from_last_month(monthly, classes, staff, manager):
    others = IndicatorFactory.create_batch(5)
    numbers = [(each, 3 + place) for place, each in enumerate(others)]
    report_month(monthly, 1, (classes, 9), *numbers, staff=staff, manager=manager)
    february = open_report(monthly, month(2))
    say(february, (classes, 11), *numbers, by=staff)

    assert senses(february) == [Sense.COPIED] * 5


def test_evidence_is_asked_for_where_the_indicator_wants_it(april, classes, staff):
    fairs = IndicatorFactory.create(evidence_required=True)
    say(april, (classes, 11), (fairs, 2), by=staff)
    assert senses(april) == [Sense.EVIDENCE]

    Evidence.objects.create(
        report=april, indicator=fairs, document=LegalDocumentFactory.create(province=None)
    )
    assert senses(april) == []


def test_a_cumulative_value_that_falls_cannot_be_answered_away(
    monthly, classes, staff, manager, client
):
    money = IndicatorFactory.create(entry_mode="cumulative", unit="triệu đồng")
    report_month(monthly, 1, (money, 50), staff=staff, manager=manager)
    february = open_report(monthly, month(2))
    type_in(february, money, 40)  # past the sheet, which refuses it

    (found,) = findings_of(fresh(february))
    assert found.is_impossible
    client.force_login(staff)
    client.post(reverse("entry:send", args=[february.pk]), {f"ly-do-{found.key}": "đúng mà"})
    assert fresh(february).state == "draft"
    with pytest.raises(ValueError, match="not to be answered"):
        justify(found, reason="đúng mà", by=staff)


def test_an_unlikely_number_is_asked_about_once_and_the_answer_stays_with_it(
    april, classes, staff, client
):
    say(april, (classes, 10_000), by=staff)
    client.force_login(staff)
    address = reverse("entry:send", args=[april.pk])

    page = client.post(address).content.decode()
    assert "nhầm đơn vị tính" in page
    assert fresh(april).state == "draft"

    (found,) = findings_of(fresh(april))
    client.post(address, {f"ly-do-{found.key}": "Có chương trình lớn của thành phố"})
    assert fresh(april).state == "submitted"
    answer = Justification.objects.get()
    assert answer.by == staff
    assert answer.figure.value == 10_000

    (now,) = findings_of(fresh(april))
    assert not now.is_open


def test_another_number_is_asked_about_anew(april, classes, staff):
    say(april, (classes, 10_000), by=staff)
    (found,) = findings_of(fresh(april))
    justify(found, reason="Đúng", by=staff)
    say(april, (classes, 20_000), by=staff)

    (again,) = findings_of(fresh(april))
    assert again.is_open


def test_reasons_given_are_kept_when_others_are_missing(april, classes, monthly, staff, client):
    visitors = IndicatorFactory.create()
    plan_of_year(monthly, visitors, 100)
    say(april, (classes, 10_000), (visitors, 90_000_000), by=staff)
    client.force_login(staff)
    first, second = findings_of(fresh(april))

    page = client.post(
        reverse("entry:send", args=[april.pk]), {f"ly-do-{first.key}": "Đã đối chiếu"}
    ).content.decode()

    assert "Đã đối chiếu" in page
    assert f"ly-do-{second.key}" in page
    assert fresh(april).state == "draft"


def test_what_is_not_typed_is_said_and_does_not_hold_up_the_report(april, classes, staff, client):
    client.force_login(staff)
    address = reverse("entry:send", args=[april.pk])
    assert "1 chỉ tiêu chưa nhập sẽ là «chưa báo cáo»" in client.get(address).content.decode()

    client.post(address)
    assert fresh(april).state == "submitted"
    assert not april.figures.exclude(state=FigureState.MISSING).exists()


def test_only_who_enters_there_sends(april, manager, outsider, client):
    address = reverse("entry:send", args=[april.pk])
    client.force_login(manager)
    assert client.post(address).status_code == 403
    client.force_login(outsider)
    assert client.post(address).status_code == 404


def test_the_number_of_queries_does_not_grow_with_the_report(
    april, classes, staff, django_assert_max_num_queries
):
    say(april, *[(each, 5) for each in IndicatorFactory.create_batch(30)], by=staff)
    with django_assert_max_num_queries(14):
        findings_of(fresh(april))


def test_one_reason_may_hold_for_all_missing_evidence(april, classes, staff, client):
    fairs, models = IndicatorFactory.create_batch(2, evidence_required=True)
    say(april, (classes, 11), (fairs, 2), (models, 1), by=staff)
    client.force_login(staff)
    reason = "Hồ sơ giấy lưu tại Trung tâm Khuyến công"

    client.post(reverse("entry:send", args=[april.pk]), {"ly-do-evidence": reason})

    assert fresh(april).state == "submitted"
    assert list(Justification.objects.values_list("reason", flat=True)) == [reason] * 2
