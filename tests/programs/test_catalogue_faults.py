"""What a faulty data file is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from programs import catalogues
from programs.catalogues import load_provinces
from programs.models import Province
from programs.tables import TableFault

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
