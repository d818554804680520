"""Activities entered once: their numbers and money, and the report's figures that follow."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.urls import reverse

from programs.models import Activity
from programs.models.activity import ActivityKind
from reports.attainment.recompute import recompute_marked
from reports.entry.activities import (
    Described,
    Money,
    NumbersRefused,
    activities_of,
    put_activity,
    remove_activity,
    supported_before,
)
from reports.entry.figures import ReportClosed
from reports.entry.sheet import sheet_of
from reports.entry.workflow import approve, submit
from reports.models import Attainment, Scope
from tests.factories import IndicatorFactory, OrganisationFactory
from tests.reports.entry.conftest import month, open_report, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def trained(monthly):
    return IndicatorFactory.create(name="Lao động được đào tạo", code="lao-dong", position=2)


def a_class(**given: object) -> Described:
    usual: dict[str, object] = {
        "name": "Lớp mây tre đan Phú Vinh",
        "kind": ActivityKind.CLASS,
        "starts_on": date(2026, 8, 3),
        "ends_on": date(2026, 8, 28),
        "place": "Phú Vinh",
    }
    return Described(**(usual | given))


def test_an_activity_is_entered_once_with_place_people_numbers_and_money(
    august, classes, trained, staff
):
    activity = put_activity(
        august,
        a_class(
            implementer="Trung tâm Khuyến công Hà Nội",
            beneficiary="HTX Mây tre đan Phú Vinh",
            money=Money(local=105_000_000, counterpart=20_000_000),
            numbers={classes.pk: "1", trained.pk: "35"},
        ),
        by=staff,
    )

    assert activity.code == "HD-001"
    assert {part.organisation.name for part in activity.participations.all()} == {
        "Trung tâm Khuyến công Hà Nội",
        "HTX Mây tre đan Phú Vinh",
    }
    assert activity.funding.get().total == 125_000_000
    assert sorted(activity.figures.values_list("value", flat=True)) == [1, 35]


def test_the_reports_total_follows_its_activities(august, classes, trained, staff, manager):
    for number, people in enumerate(("35", "30", "33"), start=1):
        put_activity(
            august,
            a_class(name=f"Lớp {number}", numbers={classes.pk: "1", trained.pk: people}),
            by=staff,
        )
    submit(august, by=staff)
    approve(august, by=manager)
    recompute_marked()

    row = Attainment.objects.get(
        indicator=trained, period=august.period, scope=Scope.REPORTED, layer="official"
    )
    assert row.actual == 98


def test_a_typed_total_stays_and_the_difference_is_shown(august, classes, trained, staff):
    say(august, (trained, 100), by=staff)
    put_activity(august, a_class(numbers={trained.pk: "35"}), by=staff)

    row = next(row for row in sheet_of(august).rows if row.indicator == trained)

    assert row.text == "100"
    assert row.beside.differs == "khác tổng 1 hoạt động: 35"
    assert row.fillable == "35"


def test_every_number_that_cannot_be_is_named_and_nothing_is_written(
    august, classes, trained, staff
):
    with pytest.raises(NumbersRefused) as refused:
        put_activity(august, a_class(numbers={classes.pk: "1.25", trained.pk: "-3"}), by=staff)

    assert len(refused.value.answers) == 2
    assert "1.25" in str(refused.value)


def test_an_organisation_written_without_accents_is_the_one_that_is_known(
    august, classes, staff, hanoi
):
    known = OrganisationFactory.create(name="HTX Gốm Bát Tràng", kind="cooperative", province=hanoi)
    put_activity(august, a_class(beneficiary="htx gom bat trang"), by=staff)
    assert known.participations.count() == 1


def test_earlier_support_of_the_same_organisation_is_said(august, classes, staff):
    put_activity(august, a_class(name="Máy CNC", beneficiary="HTX Phú Vinh"), by=staff)
    again = put_activity(august, a_class(name="Máy tiện", beneficiary="HTX Phú Vinh"), by=staff)

    assert [part.activity.name for part in supported_before(again)] == ["Máy CNC"]


def test_a_class_counts_in_the_month_in_which_it_ends(august, monthly, classes, staff):
    september = open_report(monthly, month(9))
    put_activity(september, a_class(ends_on=date(2026, 9, 4)), by=staff)

    assert not activities_of(august).exists()
    assert activities_of(september).count() == 1


def test_what_was_sent_or_official_is_not_removed(august, classes, staff, manager):
    activity = put_activity(august, a_class(numbers={classes.pk: "1"}), by=staff)
    submit(august, by=staff)
    with pytest.raises(ReportClosed):
        remove_activity(august, activity, by=staff)
    with pytest.raises(ReportClosed):
        put_activity(august, a_class(name="Khác"), by=staff, activity=activity)


def test_a_mistake_is_removed_with_its_numbers(august, classes, staff):
    activity = put_activity(august, a_class(numbers={classes.pk: "1"}), by=staff)
    remove_activity(august, activity, by=staff)
    assert not Activity.objects.exists()
    assert not august.figures.exists()


def test_only_who_enters_there(august, outsider, manager):
    for somebody in (outsider, manager):
        with pytest.raises(PermissionDenied):
            put_activity(august, a_class(), by=somebody)


# The page.


@pytest.fixture
def address(august, classes, trained, staff, client):
    client.force_login(staff)
    return f"{reverse('entry:activities', args=[august.pk])}?cot=lop&cot=lao-dong"


TYPED = {
    "name": "Lớp thêu",
    "kind": "class",
    "starts_on": "03/08/2026",
    "ends_on": "28/08/2026",
    "local": "105.000.000",
}


def test_a_line_is_entered_and_stands_in_the_list_with_its_totals(
    address, client, classes, trained
):
    number, people = f"so-{classes.pk}", f"so-{trained.pk}"
    response = client.post(address, TYPED | {number: "1", people: "1.250"}, follow=True)

    content = response.content.decode()
    assert "Đã ghi «Lớp thêu» (mã HD-001)" in content
    assert "105.000.000" in content
    assert content.count("1.250") == 2  # the line and the total


def test_everything_wrong_is_said_at_once_and_nothing_typed_is_lost(address, client, classes):
    number = f"so-{classes.pk}"
    wrong = {
        "name": "Lớp thêu",
        "kind": "class",
        "starts_on": "31/8",
        number: "1.25",
        "local": "1,5",
    }

    content = client.post(address, wrong).content.decode()

    assert not Activity.objects.exists()
    assert content.count("field-error") == 3
    for typed in ("Lớp thêu", "31/8", "1.25", "1,5"):
        assert f'value="{typed}"' in content


def test_a_day_outside_the_period_names_the_period(address, client):
    content = client.post(address, TYPED | {"ends_on": "02/09/2026"}).content.decode()
    assert "nằm ngoài tháng 8/2026" in content


def test_changing_a_line_keeps_its_code(address, client, classes, august, staff):
    activity = put_activity(august, a_class(numbers={classes.pk: "1"}), by=staff)
    shown = client.get(f"{address}&sua={activity.pk}").content.decode()
    assert 'value="03/08/2026"' in shown

    client.post(f"{address}&sua={activity.pk}", TYPED | {f"so-{classes.pk}": "2"})

    activity.refresh_from_db()
    assert (activity.code, activity.name) == ("HD-001", "Lớp thêu")
    assert activity.figures.get().value == Decimal(2)


def test_an_activity_of_another_province_is_not_there(address, client, august, outsider, staff):
    activity = put_activity(august, a_class(), by=staff)
    client.force_login(outsider)
    assert client.get(address).status_code == 404
    remove = reverse("entry:activity_remove", args=[august.pk, activity.pk])
    assert client.post(remove).status_code == 404
