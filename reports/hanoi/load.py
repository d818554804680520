"""Loads the CSV files beside it, as often as you like. What is approved already is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from django.db import transaction
from django.utils import timezone

from accounts.models import Membership, User
from programs.access import Role
from programs.catalogues import Loaded, load_indicators
from programs.models import (
    Indicator,
    LegalDocument,
    Period,
    Program,
    Province,
    Target,
    TargetVersion,
)
from programs.planning import Qualifier
from programs.tables import Row, add_row, day, decimal, keys, load_table
from reports.entry.figures import enter_figure
from reports.entry.said import Typed
from reports.entry.workflow import approve, submit
from reports.models import Evidence, FigureState, Quotation, Report

HERE = Path(__file__).parent
INDICATORS = HERE / "indicators.csv"

# Nobody can sign in with these: they have no password. They stand in the log for the loading.
CLERK, APPROVER = "nap-so-lieu-bao-chi", "duyet-so-lieu-bao-chi"


def load_hanoi(*, at: datetime | None = None) -> Iterator[Loaded]:
    """Load everything. Raises TableFault with every fault of the first faulty file."""
    at = at or timezone.now()
    with transaction.atomic():
        hanoi = Province.objects.get(code="01", valid_to=None)
        yield Loaded("chỉ tiêu của Hà Nội", *load_indicators(INDICATORS, hanoi))
        yield Loaded("chương trình", *load_table(HERE / "programs.csv", _put_program))
        loader = _Loader(hanoi, at)
        yield Loaded("phiên bản kế hoạch", *load_table(HERE / "targets.csv", loader.put_target))
        yield Loaded("số liệu thực hiện", *load_table(HERE / "figures.csv", loader.put_figure))
        yield Loaded("trích dẫn", *load_table(HERE / "quotations.csv", loader.put_quotation))
        loader.send_and_approve()


def _put_program(row: Row) -> bool:
    stage = Period.objects.get(key=f"{row['stage_start']}-{row['stage_end']}")
    owner = row["province_code"]
    return add_row(
        Program,
        {"code": row["code"]},
        {
            "name": row["name"],
            "level": row["level"],
            "province": Province.objects.get(code=owner, valid_to=None) if owner else None,
            "leaf_kind": row["leaf_kind"],
            "calendar": row["calendar"],
            "stage": stage,
            "follows": Program.objects.get(code=row["follows"]) if row["follows"] else None,
        },
    )


class _Loader:
    """What the rows of several files have in common: their keys, and who enters and approves."""

    def __init__(self, hanoi: Province, at: datetime) -> None:
        self.hanoi = hanoi
        self.at = at
        self.programs = {program.code: program for program in Program.objects.all()}
        self.periods = {period.key: period for period in Period.objects.all()}
        self.documents = {document.key: document for document in LegalDocument.objects.all()}
        self.indicators = {
            indicator.code: indicator
            for indicator in (
                *Indicator.objects.filter(province=None),
                *Indicator.objects.filter(province=hanoi),
            )
        }
        self.typed: dict[int, Report] = {}
        self.clerk = _account(CLERK, "Nạp số liệu báo chí", Role.STAFF, hanoi)
        self.approver = _account(APPROVER, "Duyệt số liệu báo chí", Role.MANAGER, hanoi)

    def put_target(self, row: Row) -> bool:
        target, _created = Target.objects.get_or_create(
            program=self.programs[row["program"]],
            indicator=self.indicators[row["indicator"]],
            province=self.hanoi,
            period=self.periods[row["period"]],
        )
        number = int(row["version"])
        written = add_row(
            TargetVersion,
            {"target": target, "number": number},
            {
                "status": row["status"],
                "shape": row["shape"],
                "lower": decimal(row["lower"]),
                "upper": decimal(row["upper"]),
                "decided_on": day(row["decided_on"]),
                "is_derived": row["derived"] == "1",
                "quote": row["quote"],
                "note": row["note"],
            },
        )
        if written:
            target.versions.get(number=number).documents.set(self._sources(row))
        return written

    def put_figure(self, row: Row) -> bool:
        """Type the figure into a report that this run has opened; one that was there stays."""
        report, is_new = Report.objects.get_or_create(
            program=self.programs[row["program"]],
            province=self.hanoi,
            period=self.periods[row["period"]],
        )
        indicator = self.indicators[row["indicator"]]
        if not is_new and report.pk not in self.typed:
            return False
        enter_figure(
            report,
            indicator,
            Typed(
                state=FigureState(row["state"]),
                value=decimal(row["value"]),
                qualifier=Qualifier(row["qualifier"]),
                qualifier_word=row["qualifier_word"],
                as_of=day(row["as_of"]),
                is_derived=row["derived"] == "1",
                note=row["note"],
            ),
            by=self.clerk,
        )
        Evidence.objects.bulk_create(
            Evidence(report=report, indicator=indicator, document=document)
            for document in self._sources(row)
        )
        self.typed[report.pk] = report
        return True

    def put_quotation(self, row: Row) -> bool:
        identity = {
            "program": self.programs[row["program"]],
            "indicator": self.indicators[row["indicator"]],
            "province": self.hanoi,
            "period": self.periods[row["period"]],
            "kind": row["kind"],
        }
        written = add_row(Quotation, identity, {"text": row["text"]})
        if written:
            Quotation.objects.get(**identity).documents.set(self._sources(row))
        return written

    def send_and_approve(self) -> None:
        """Send and approve the reports that this run typed into, and no others."""
        for report in self.typed.values():
            submit(report, by=self.clerk, at=self.at)
            approve(report, by=self.approver, at=self.at)

    def _sources(self, row: Row) -> list[LegalDocument]:
        return [self.documents[key] for key in keys(row["sources"])]


def _account(username: str, full_name: str, role: Role, province: Province) -> User:
    user = User.objects.filter(username=username).first()
    if user is None:
        user = User.objects.create_user(username, full_name=full_name)
    Membership.objects.get_or_create(user=user, province=province, role=role.value)
    return user
