"""The catalogues that every installation has, from programs/data, loaded as often as you like."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from django.db import transaction

from programs.calendars import periods_of
from programs.models import ContentGroup, Indicator, LegalDocument, Lineage, Period, Province
from programs.tables import Row, TableFault, add_row, day, load_table, read_table

DATA = Path(__file__).parent / "data"

FIRST_YEAR, LAST_YEAR = 2011, 2030
STAGES = [(2011, 2015), (2016, 2020), (2021, 2025), (2026, 2030)]

# Source: Nghị quyết 202/2025/QH15: 63 units until 30/06/2025, 34 after.
UNITS_ON = {
    date(2008, 8, 1): 63,
    date(2025, 6, 30): 63,
    date(2025, 7, 1): 34,
    date(2026, 4, 30): 34,
}


@dataclass(frozen=True, slots=True)
class Loaded:
    """How many rows a catalogue holds, and how many of them this run wrote."""

    what: str
    rows: int
    written: int


def load_catalogues() -> Iterator[Loaded]:
    """Load everything, in the order in which rows refer to one another.

    Raises TableFault with every fault of the first faulty file; then nothing is written.
    """
    with transaction.atomic():
        yield Loaded("tỉnh, thành phố qua các thời kỳ", *load_provinces(DATA / "provinces.csv"))
        yield Loaded("kỳ báo cáo, hai lịch", *load_periods())
        yield Loaded("văn bản", *load_table(DATA / "documents.csv", put_document))
        yield Loaded(
            "nội dung hoạt động", *load_table(DATA / "content_groups.csv", put_content_group)
        )
        yield Loaded("chỉ tiêu quốc gia", *load_indicators(DATA / "indicators.csv", None))


def load_provinces(path: Path) -> tuple[int, int]:
    """Load the units and check the file's sums; the youngest first, since successors must exist."""
    rows = [row for _line, row in read_table(path)]
    closed = sum(map(_close_province, rows))
    count, written = load_table(
        path, put_province, order=lambda row: row["valid_from"], reverse=True
    )
    faults = [
        f"{path.name}: ngày {on:%d/%m/%Y} có {found} đơn vị, đúng ra là {units}"
        for on, units in UNITS_ON.items()
        if (found := sum(_stands_on(row, on) for row in rows)) != units
    ]
    today = Lineage.objects.filter(unit__valid_to=None)
    in_lineage = set(today.values_list("part__code", "part__valid_from"))
    faults += [
        f"{path.name}: {row['name']} ({row['code']}) không dẫn đến đơn vị nào hiện nay; "
        "hãy kiểm tra cột successor_code"
        for row in rows
        if (row["code"], day(row["valid_from"])) not in in_lineage
    ]
    if faults:
        raise TableFault(faults)
    return count, written + closed


def _close_province(row: Row) -> int:
    """Close the stored unit that the file closes: its code may go on in another unit."""
    if not row["valid_to"]:
        return 0
    stored = Province.objects.filter(code=row["code"], valid_to=None)
    return stored.filter(valid_from=row["valid_from"]).update(valid_to=row["valid_to"])


def _stands_on(row: Row, on: date) -> bool:
    return row["valid_from"] <= on.isoformat() <= (row["valid_to"] or date.max.isoformat())


def put_province(row: Row) -> bool:
    """Create the unit, or name the successor of one that has none; nothing else is changed."""
    successor = None
    if row["successor_code"]:
        successor = Province.objects.get(
            code=row["successor_code"], valid_from=row["successor_from"]
        )
    identity = {"code": row["code"], "valid_from": day(row["valid_from"])}
    waiting = Province.objects.filter(**identity, valid_to=day(row["valid_to"]), successor=None)
    if successor is not None and waiting.exists():
        return bool(waiting.update(successor=successor))
    return add_row(
        Province,
        identity,
        {
            "name": row["name"],
            "kind": row["kind"],
            "region": row["region"],
            "valid_to": day(row["valid_to"]),
            "successor": successor,
        },
    )


def load_periods() -> tuple[int, int]:
    """Create the periods that are missing. A deadline that an administrator set stays."""
    spans = list(periods_of(FIRST_YEAR, LAST_YEAR, stages=STAGES))
    stored = set(Period.objects.values_list("key", flat=True))
    missing = [Period(**asdict(span)) for span in spans if span.key not in stored]
    Period.objects.bulk_create(missing)
    return len(spans), len(missing)


def put_document(row: Row) -> bool:
    return add_row(
        LegalDocument,
        {"key": row["key"]},
        {
            "kind": row["kind"],
            "number": row["number"],
            "issued_on": day(row["issued_on"]),
            "issuer": row["issuer"],
            "abstract": row["abstract"],
        },
    )


def put_content_group(row: Row) -> bool:
    return add_row(
        ContentGroup,
        {"version": row["version"], "number": int(row["number"])},
        {
            "name": row["name"],
            "short_name": row["short_name"],
            "document": LegalDocument.objects.get(key=row["document_key"]),
        },
    )


def load_indicators(path: Path, province: Province | None) -> tuple[int, int]:
    """Load one catalogue, `province`'s own or (None) the national one; ratios after their parts."""

    def put_indicator(row: Row) -> bool:
        def part(code: str) -> Indicator | None:
            return Indicator.objects.get(province=province, code=code) if code else None

        group = row["content_group"]
        return add_row(
            Indicator,
            {"province": province, "code": row["code"]},
            {
                "name": row["name"],
                "unit": row["unit"],
                "section": row["section"],
                "content_group": ContentGroup.objects.get(version="NĐ 45/2012", number=int(group))
                if group
                else None,
                "position": int(row["position"]),
                "aggregation": row["aggregation"],
                "entry_mode": row["entry_mode"],
                "direction": row["direction"],
                "decimals": int(row["decimals"]),
                "numerator": part(row["numerator"]),
                "denominator": part(row["denominator"]),
                "ratio_scale": int(row["ratio_scale"]) if row["ratio_scale"] else None,
                "counted": row["counts"],
                "evidence_required": row["evidence_required"] == "1",
            },
        )

    return load_table(path, put_indicator, order=lambda row: row["aggregation"] == "ratio")
