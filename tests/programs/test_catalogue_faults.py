"""What a faulty data file is told."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from programs import catalogues
from programs.catalogues import load_catalogues, load_provinces
from programs.models import Indicator, Province
from programs.tables import TableFault
from tests.factories import ProvinceFactory

pytestmark = pytest.mark.django_db


def test_all_faults_of_a_file_are_told_at_once_and_nothing_is_written(db, tmp_path: Path):
    rows = (catalogues.DATA / "provinces.csv").read_text("utf-8").splitlines()
    rows[3] = rows[3].replace("2008-08-01", "01/08/2008")
    rows[10] = "1x" + rows[10][2:]
    broken = tmp_path / "provinces.csv"
    broken.write_text("\n".join(rows), "utf-8")

    with pytest.raises(TableFault) as fault:
        load_provinces(broken)

    assert [line.split(":")[0] for line in fault.value.faults if "dòng" in line] == [
        "provinces.csv, dòng 4",
        "provinces.csv, dòng 11",
    ]
    assert not Province.objects.exists()


def test_a_unit_that_leads_nowhere_is_noticed_by_the_sums(db, tmp_path: Path):
    rows = (catalogues.DATA / "provinces.csv").read_text("utf-8").splitlines()
    short = tmp_path / "provinces.csv"
    short.write_text("\n".join(row for row in rows if not row.startswith("04,")), "utf-8")

    with pytest.raises(TableFault, match="có 33 đơn vị, đúng ra là 34"):
        load_provinces(short)


def test_what_an_administrator_changed_is_not_undone_by_the_next_deployment(db):
    list(load_catalogues())
    Indicator.objects.filter(code="1-lop-dao-tao-nghe").update(name="Lớp đào tạo", decimals=1)
    hanoi = Province.objects.on(date(2026, 1, 1)).get(name="Hà Nội")
    new = ProvinceFactory.create(code="99", name="Thủ đô", valid_from=date(2027, 1, 1))
    Province.objects.filter(pk=hanoi.pk).update(valid_to=date(2026, 12, 31), successor=new)

    assert {each.written for each in load_catalogues()} == {0}

    assert Indicator.objects.get(code="1-lop-dao-tao-nghe").name == "Lớp đào tạo"
    assert Province.objects.get(pk=hanoi.pk).successor == new


def test_a_new_release_closes_a_unit_that_was_merged_since(db, tmp_path: Path):
    list(load_catalogues())
    rows = (catalogues.DATA / "provinces.csv").read_text("utf-8").splitlines()
    rows = [
        row.replace("2008-08-01,,,", "2008-08-01,2026-12-31,01,2027-01-01")
        if row.startswith("01,")
        else row
        for row in rows
    ]
    rows.append("01,Hà Nội,thành phố,Đồng bằng sông Hồng,2027-01-01,,,")
    later = tmp_path / "provinces.csv"
    later.write_text("\n".join(rows), "utf-8")

    assert load_provinces(later) == (89, 3)  # closed, created, and led to its successor
    closed = Province.objects.get(code="01", valid_from=date(2008, 8, 1))
    assert closed.successor == Province.objects.get(code="01", valid_to=None)
