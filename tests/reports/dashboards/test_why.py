"""«Vì sao 128%?»: what the page says is enough to make the percentage again."""

from __future__ import annotations

import random
import re
from decimal import ROUND_HALF_UP, Decimal

import pytest
from django.urls import reverse

from programs.access import Role
from programs.models import Program
from programs.numbers import read_number
from reports.attainment.recompute import recompute_marked
from reports.models import Attainment, Scope
from tests.conftest import person
from tests.factories import IndicatorFactory, LegalDocumentFactory, ProvinceFactory, RatioFactory
from tests.reports.attainment.story import (
    calendar,
    local,
    national,
    plan,
    report_and_approve,
    revise,
)

pytestmark = pytest.mark.django_db


def address(row: Attainment) -> str:
    place = "ca-nuoc" if row.province_id is None else str(row.province_id)
    url = reverse("dashboards:why", args=[row.program.code, row.period.key, row.indicator_id])
    current = "&dia-gioi=hien-nay" if row.scope == Scope.CURRENT else ""
    return f"{url}?noi={place}{current}"


def said(page: str, mark: str) -> list[str]:
    """The texts of the elements that carry `mark`."""
    found = re.findall(rf"<[a-z]+[^>]*\b{mark}\b[^>]*>([^<]*)<", page)
    return [text.strip() for text in found]


def number(text: str) -> Decimal:
    return read_number(text, decimals=6)


@pytest.fixture
def periods(db):
    return calendar(2024, 2025)


def test_two_hundred_percentages_are_made_again_from_their_pages_alone(client, hanoi, periods):
    chance = random.Random(128)
    program = local(hanoi, periods["2024-2025"], "quarter")
    indicators = IndicatorFactory.create_batch(8, decimals=2)
    ends = ["2024-Q1", "2024-Q2", "2024-Q3", "2024-Q4", "2025-Q1", "2025-Q2"]
    for key in ends:
        typed = {each: Decimal(chance.randrange(1, 10**6)) / 100 for each in indicators}
        report_and_approve(program, periods[key], typed)
    for each in indicators:
        for key in (*ends, "2024", "2024-6T", "2024-9T", "2024-2025"):
            plan(program, each, periods[key], Decimal(chance.randrange(1, 10**6)) / 100)
    recompute_marked()
    client.force_login(person("x", Role.VIEWER, hanoi))

    rows = list(
        Attainment.objects.filter(program=program, percent__isnull=False).select_related(
            "program", "period"
        )
    )
    shown = [row for row in rows if row.scope in (Scope.REPORTED, Scope.CURRENT)]
    assert len(shown) >= 150
    for row in shown:
        page = client.get(address(row)).content.decode()
        (formula,) = said(page, "data-formula")
        done, planned = map(number, re.fullmatch(r"(\S+) ÷ (\S+) × 100 = \S+", formula).groups())
        share = done / planned * 100
        tenth = share.quantize(Decimal("0.1"), ROUND_HALF_UP)
        again = Decimal("99.9") if tenth >= 100 > share else tenth

        assert again == row.percent, formula
        parts = [part for part in said(page, "data-part") if part[:1].isdigit()]
        assert sum(map(number, parts)) == done == row.actual


@pytest.fixture
def machines(hanoi, periods) -> Program:
    """64 machines: 50 planned by a decision, revised to 64 on 1 September."""
    program = local(hanoi, periods["2024-2025"], "year")
    indicator = IndicatorFactory.create(name="Máy móc được hỗ trợ", unit="máy")
    first = plan(program, indicator, periods["2025"], 50)
    first.documents.add(LegalDocumentFactory.create(number="12/QĐ-UBND", province=hanoi))
    revise(first, 64, decided_on="2025-09-01")
    report_and_approve(program, periods["2025"], {indicator: 64})
    recompute_marked()
    return program


def test_the_page_names_versions_documents_edition_and_age(client, machines, hanoi):
    client.force_login(person("x", Role.VIEWER, hanoi))
    row = Attainment.objects.get(program=machines, period__key="2025", scope=Scope.REPORTED)

    page = " ".join(client.get(address(row)).content.decode().split())

    assert "64 ÷ 64 × 100 = 100" in page
    assert "128%" in page  # by the first version
    assert "12/QĐ-UBND" in page
    assert "bản 1" in page
    assert "1/1 đơn vị" in page
    assert "tính lúc" in page


def test_the_nation_opens_into_provinces_and_says_what_a_reader_may_not_see(client, periods, hanoi):
    program = national(periods["2024-2025"], "quarter")
    indicator = IndicatorFactory.create()
    other = ProvinceFactory.create(name="Tỉnh khác")
    for province, done in ((hanoi, 10), (other, 32)):
        report_and_approve(program, periods["2025-Q1"], {indicator: done}, province=province)
    recompute_marked()
    row = Attainment.objects.select_related("program", "period").get(
        program=program, period__key="2025-Q1", scope=Scope.NATION
    )

    client.force_login(person("x", Role.VIEWER, None))
    assert said(client.get(address(row)).content.decode(), "data-part") == ["10", "32"]

    client.force_login(person("y", Role.STAFF, hanoi))
    page = client.get(address(row)).content.decode()
    assert said(page, "data-part") == ["10", "32"]
    assert "các đơn vị khác" in page
    assert "Tỉnh khác" not in page


def test_a_ratio_opens_into_its_two_sums(client, periods, hanoi):
    program = local(hanoi, periods["2024-2025"], "quarter")
    ratio = RatioFactory.create()
    plan(program, ratio, periods["2025-Q1"], 80)
    report_and_approve(program, periods["2025-Q1"], {ratio.numerator: 390, ratio.denominator: 1100})
    recompute_marked()
    client.force_login(person("x", Role.VIEWER, hanoi))
    row = Attainment.objects.get(indicator=ratio, period__key="2025-Q1", scope=Scope.REPORTED)

    page = client.get(address(row)).content.decode()

    assert "không lấy trung bình" in page
    assert ratio.numerator.name in page
    assert "1.100" in page


def test_two_clicks_from_a_percentage_to_the_typed_figure(client, machines, hanoi):
    client.force_login(person("x", Role.VIEWER, hanoi))
    page = client.get(reverse("dashboards:program_period", args=[machines.code, "2025"]))
    (first,) = re.findall(r'class="share why"\s+href="([^"]+)"', page.content.decode())
    second = re.findall(r'href="(/bao-cao/\d+/ban/1/)"', client.get(first).content.decode())
    assert "64" in client.get(second[0]).content.decode()


def test_a_figure_of_another_province_is_not_explained(client, machines, outsider):
    row = Attainment.objects.get(program=machines, period__key="2025", scope=Scope.REPORTED)
    client.force_login(outsider)
    assert client.get(address(row)).status_code == 404
