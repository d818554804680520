"""Writes the sample program in bulk: the same rows as if people had typed, sent and approved.

34 provinces × the months of 2024-2026, 63 units before 01/07/2025: seasons, late and returned
reports, corrections, revised plans, a merger in the middle. Every guard of the database looks
at it as at any other write.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import groupby

import pgtrigger
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Membership, User
from programs.access import Role
from programs.models import Indicator, Period, Program, Province, Target, TargetVersion
from programs.models.period import Calendar, PeriodKind
from reports.entry.figures import Cell, Change, save_cells
from reports.entry.said import state_of
from reports.entry.workflow import approve, content_of, digest, reopen, send_back, submit
from reports.models import (
    Edition,
    Evidence,
    EvidenceFile,
    Figure,
    Quotation,
    Remark,
    Reminder,
    Report,
    ReportState,
    Transition,
    WorkbookImport,
)
from reports.sample.story import (
    SHARE,
    SHARE_PLAN,
    THINGS,
    Thing,
    Unit,
    done,
    planned,
    size_of,
)

CODE = "MINH-HOA-2024-2026"
NAME = "Chương trình minh họa 2024-2026 (số liệu không có thật)"
FIRST, LAST = 2024, 2026
APPROVED_UNTIL = (2026, 9)  # October is on its way, November is being typed
CLERK, APPROVER = "nhap-so-lieu-minh-hoa", "duyet-so-lieu-minh-hoa"


# No history is kept of invented rows, and their log goes with them.
HISTORY = tuple(
    f"{model}:{trigger}"
    for model in ("programs.Target", "programs.TargetVersion", "reports.Figure", "reports.Report")
    for trigger in ("insert_insert", "update_update", "delete_delete")
)
KEPT_FOR_EVER = (
    "reports.Transition:keep_history",
    "reports.Edition:keep_edition",
    "reports.Remark:keep_remark",
)


@transaction.atomic
@pgtrigger.ignore(*HISTORY)
def load_sample() -> bool:
    """Write the sample program; False if it is there already."""
    if Program.objects.filter(code=CODE).exists():
        return False
    stage, _ = Period.objects.get_or_create(
        calendar=Calendar.STATISTICAL,
        kind=PeriodKind.STAGE,
        year=FIRST,
        number=LAST - FIRST + 1,
        defaults={
            "key": f"{FIRST}-{LAST}",
            "name": f"giai đoạn {FIRST}-{LAST}",
            "starts_on": date(FIRST, 1, 1),
            "ends_on": date(LAST, 12, 31),
            "cutoff_on": date(LAST, 12, 31),
        },
    )
    program = Program.objects.create(
        code=CODE,
        name=NAME,
        level="national",
        stage=stage,
        calendar=Calendar.STATISTICAL,
        leaf_kind=PeriodKind.MONTH,
        is_sample=True,
    )
    _Sample(program).write()
    return True


@transaction.atomic
@pgtrigger.ignore(*HISTORY, *KEPT_FOR_EVER)
def remove_sample() -> bool:
    """Take every row of the sample program out; False if there is none."""
    program = Program.objects.filter(code=CODE, is_sample=True).first()
    if program is None:
        return False
    of_program = {"report__program": program}
    Edition.objects.filter(**of_program).delete()
    Remark.objects.filter(figure__program=program).delete()
    Transition.objects.filter(**of_program).delete()
    for model in (Evidence, EvidenceFile, Reminder, WorkbookImport):
        model._default_manager.filter(**of_program).delete()
    Quotation.objects.filter(program=program).delete()
    Figure.objects.filter(program=program).delete()
    Report.objects.filter(program=program).delete()
    TargetVersion.objects.filter(target__program=program, replaces__isnull=False).delete()
    Target.objects.filter(program=program).delete()
    program.activities.all().delete()
    program.delete()
    return True


class _Sample:
    """The rows of the program, a table at a time."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.things = {
            thing.code: (thing, Indicator.objects.get(code=thing.code, province=None))
            for thing in THINGS
        }
        self.clerk = _account(CLERK, "Nhập số liệu minh họa", Role.STAFF)
        self.approver = _account(APPROVER, "Duyệt số liệu minh họa", Role.MANAGER)
        self.units = list(Province.objects.filter(valid_to=None)) + list(
            Province.objects.filter(valid_to__gte=date(FIRST, 1, 1))
        )
        self.told = _told(self.units)
        self.months = list(
            Period.objects.filter(
                calendar=Calendar.STATISTICAL, kind=PeriodKind.MONTH, year__range=(FIRST, LAST)
            ).order_by("starts_on")
        )

    def write(self) -> None:
        self.write_plans()
        reports = self.write_reports()
        through = [report for report in reports if self.is_through(report)]
        # Month by month: triggers compare the rows of one statement with one another.
        for place, (_month, of_month) in enumerate(
            groupby(through, key=lambda report: report.period_id)
        ):
            self.write_month(list(of_month))
            if place == 0:
                self.count_rows()
        self.write_october([report for report in reports if not self.is_through(report)])
        self.correct(through)

    def units_in(self, period: Period) -> Iterable[Province]:
        return (
            unit
            for unit in self.units
            if unit.valid_from <= period.starts_on
            and (unit.valid_to is None or unit.valid_to >= period.ends_on)
        )

    def write_plans(self) -> None:
        """Each unit's plan of each year, given in January; every seventh is revised in autumn."""
        years = Period.objects.filter(
            calendar=Calendar.STATISTICAL, kind=PeriodKind.YEAR, year__range=(FIRST, LAST)
        )
        share = Indicator.objects.get(code=SHARE, province=None)
        targets, numbers = [], []
        for year in years:
            day = date(year.year, 1, 15)
            for unit in self.units:
                if unit.valid_from > day or (unit.valid_to and unit.valid_to < day):
                    continue
                for thing, indicator in self.things.values():
                    targets.append(self.target(indicator, unit, year))
                    numbers.append(planned(thing, self.told[unit.pk], year.year))
                targets.append(self.target(share, unit, year))
                numbers.append(Decimal(SHARE_PLAN))
        Target.objects.bulk_create(targets)
        versions = TargetVersion.objects.bulk_create(
            TargetVersion(
                target=target,
                number=1,
                status="assigned",
                shape="exact",
                lower=number,
                upper=number,
                decided_on=date(target.period.year, 1, 15),
            )
            for target, number in zip(targets, numbers, strict=True)
        )
        TargetVersion.objects.bulk_create(
            TargetVersion(
                target=version.target,
                number=2,
                status="revised",
                replaces=version,
                shape="exact",
                lower=_revised(version.lower),
                upper=_revised(version.lower),
                decided_on=date(version.target.period.year, 9, 20),
            )
            for version in versions[::7]
            if version.target.indicator_id != share.pk and version.target.period.year < LAST
        )

    def target(self, indicator: Indicator, unit: Province, year: Period) -> Target:
        return Target(program=self.program, indicator=indicator, province=unit, period=year)

    def write_reports(self) -> list[Report]:
        """One for each unit and month up to the one that is being typed."""
        year, month = APPROVED_UNTIL
        return Report.objects.bulk_create(
            Report(
                program=self.program,
                province=unit,
                period=period,
                due_on=period.ends_on + timedelta(days=10),
            )
            for period in self.months
            if (period.year, period.number) <= (year, month + 2)
            for unit in self.units_in(period)
        )

    def count_rows(self) -> None:
        """Tell the planner that the tables are no longer empty: the guards would scan them."""
        tables = (Report, Figure, Transition, Edition)
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {', '.join(table._meta.db_table for table in tables)}")

    def write_month(self, reports: list[Report]) -> None:
        figures = self.write_figures(reports)
        self.approve(reports)
        by_report: dict[int, list[Figure]] = {}
        for figure in sorted(figures, key=lambda figure: figure.indicator.code):
            by_report.setdefault(figure.report_id, []).append(figure)
        Edition.objects.bulk_create(
            self.edition(report, by_report[report.pk]) for report in reports
        )

    def is_through(self, report: Report) -> bool:
        return (report.period.year, report.period.number) <= APPROVED_UNTIL

    def write_figures(self, reports: Iterable[Report]) -> list[Figure]:
        return Figure.objects.bulk_create(
            self.figure(report, thing, indicator)
            for report in reports
            for thing, indicator in self.things.values()
        )

    def figure(self, report: Report, thing: Thing, indicator: Indicator) -> Figure:
        period = report.period
        value = done(thing, self.told[report.province_id], period.year, period.number)
        return Figure(
            report=report,
            program=self.program,
            province=report.province,
            period=period,
            indicator=indicator,
            state=state_of(value),
            value=value,
            typed_by=self.clerk,
            typed_at=_moment(report, days=3),
        )

    def approve(self, reports: list[Report]) -> None:
        """Sent and approved at once, each move logged."""
        for before, after, by, days in (
            (ReportState.DRAFT, ReportState.SUBMITTED, self.clerk, 4),
            (ReportState.SUBMITTED, ReportState.APPROVED, self.approver, 6),
        ):
            Transition.objects.bulk_create(
                Transition(
                    report=report,
                    from_state=before,
                    to_state=after,
                    at=_moment(report, days=days),
                    by=by,
                )
                for report in reports
            )
            Report.objects.filter(pk__in=[report.pk for report in reports]).update(state=after)
        Figure.objects.filter(report__in=reports).update(
            approved_state=F("state"),
            approved_value=F("value"),
            approved_qualifier=F("qualifier"),
        )

    def edition(self, report: Report, figures: list[Figure]) -> Edition:
        for figure in figures:
            figure.approved_state = figure.state  # as the database has it by now
        content = content_of(report, figures, [])
        return Edition(
            report=report,
            number=1,
            approved_at=_moment(report, days=6),
            approved_by=self.approver,
            content=content,
            digest=digest(content),
        )

    def write_october(self, reports: list[Report]) -> None:
        """The month before last: most approved, some waiting, some returned, some not begun."""
        month = APPROVED_UNTIL[1] + 1
        october = [report for report in reports if report.period.number == month]
        typed = [report for place, report in enumerate(october) if place % 8 != 3]
        self.write_figures(typed)
        for place, report in enumerate(typed):
            submit(report, by=self.clerk, at=_moment(report, days=6))
            if place % 5 == 0:
                continue
            at = _moment(report, days=9)
            if place % 11 == 3:
                reason = "Số lao động có việc làm chưa khớp danh sách, đề nghị rà soát."
                send_back(report, by=self.approver, reason=reason, at=at)
            else:
                approve(report, by=self.approver, at=at)

    def correct(self, reports: list[Report]) -> None:
        """Every hundredth approved report is opened again for a number that was too high."""
        _thing, classes = self.things["2-luot-nguoi-tap-huan"]
        for report in reports[50::100]:
            report.refresh_from_db()
            at = _moment(report, days=40)
            reopen(report, by=self.approver, reason="Một lớp tập huấn bị ghi hai lần", at=at)
            figure = report.figures.get(indicator=classes)
            less = max((figure.value or Decimal(0)) - 20, Decimal(1))
            change = Change(Cell(report.pk, classes.pk), base=None, text=str(less))
            save_cells([change], by=self.clerk, at=at)
            submit(report, by=self.clerk, at=at)
            approve(report, by=self.approver, at=at + timedelta(days=1))


def _told(units: Iterable[Province]) -> dict[int, Unit]:
    """Each unit for the story. One made by a merger is as large as what it took over."""
    keys = {unit.pk: f"{unit.code} {unit.valid_from}" for unit in units}
    sizes = {pk: size_of(key) for pk, key in keys.items()}
    parts: defaultdict[int, list[int]] = defaultdict(list)
    for unit in units:
        if unit.successor_id in keys:
            parts[unit.successor_id].append(unit.pk)
    for heir, taken in parts.items():
        sizes[heir] = sum(sizes[part] for part in taken)
    return {pk: Unit(key, sizes[pk]) for pk, key in keys.items()}


def _revised(lower: Decimal | None) -> Decimal:
    return ((lower or Decimal(0)) * Decimal("0.9")).to_integral_value() + 1


def _moment(report: Report, *, days: int) -> datetime:
    """Some days after the report's period, never later than now."""
    day = report.period.ends_on + timedelta(days=days)
    moment = timezone.make_aware(datetime.combine(day, time(9, 30)))
    return min(moment, timezone.now())


def _account(username: str, full_name: str, role: Role) -> User:
    """Nobody can sign in with it: it has no password."""
    user = User.objects.filter(username=username).first() or User.objects.create_user(
        username, full_name=full_name
    )
    Membership.objects.get_or_create(user=user, province=None, role=role.value)
    return user
