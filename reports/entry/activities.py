"""Activities entered once, with their numbers and money: a report's figures follow from them.

An activity's numbers are figures of the report (Figure.activity). Where the province's own
figure is not typed they are what counts; where it is, a difference is shown, nothing is
overwritten (workflow.make_official, sheet.Beside.differs).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import count

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Prefetch, Q, Sum
from django.db.models.functions import Coalesce

from accounts.models import User
from programs.access import Right, may
from programs.models import (
    Activity,
    ActivityFunding,
    Indicator,
    Organisation,
    Participation,
)
from programs.models.activity import (
    ActivityKind,
    ActivityQuerySet,
    ActivityState,
    FundingPhase,
    OrganisationKind,
    ParticipantRole,
)
from programs.models.indicator import Aggregation, IndicatorQuerySet, Section
from programs.vietnamese import search_key
from reports.entry.expected import catalogue_of, expected_in
from reports.entry.figures import Cell, Change, Outcome, ReportClosed, Saved, save_cells
from reports.models import Figure, FigureNature, Report

SOURCES = ("national", "local", "counterpart", "other")
MOST_COLUMNS = 8  # numbers of an activity beside one another on one screen


@dataclass(frozen=True, slots=True)
class Money:
    """Đồng that were paid out, by source."""

    national: int = 0
    local: int = 0
    counterpart: int = 0
    other: int = 0

    @property
    def total(self) -> int:
        return self.national + self.local + self.counterpart + self.other


@dataclass(frozen=True, slots=True)
class Described:
    """An activity as it is typed in one line. Numbers are texts, as in a cell of the sheet."""

    name: str
    kind: ActivityKind
    starts_on: date | None
    ends_on: date | None = None
    code: str = ""  # empty: the next free one
    place: str = ""
    implementer: str = ""  # by name; one that is not known yet is made
    beneficiary: str = ""
    money: Money = Money()
    numbers: dict[int, str] = field(default_factory=dict)  # by indicator


@dataclass(frozen=True, slots=True)
class Line:
    """One activity of a report's list."""

    activity: Activity
    columns: Sequence[Indicator]
    figures: list[Figure | None]  # in the order of `columns`
    paid: int | None  # đồng; None: no money written down

    @property
    def cells(self) -> list[tuple[Indicator, Figure | None]]:
        return list(zip(self.columns, self.figures, strict=True))

    def is_about(self, words: str) -> bool:
        """Whether every word stands in its name, code, place or people; accents aside."""
        told = [self.activity.code, self.activity.name, self.activity.place]
        told += [part.organisation.name for part in self.activity.participations.all()]
        text = search_key(" ".join(told))
        return all(word in text for word in search_key(words).split())


class NumbersRefused(Exception):
    """Some of an activity's numbers cannot be; `answers` say which and why. Nothing is written."""

    def __init__(self, answers: Sequence[Saved], rows: Sequence[int]) -> None:
        super().__init__("; ".join(answer.message for answer in answers))
        self.answers = answers
        self.rows = rows  # of the activity that each answer is about, as they were given


def activities_of(report: Report) -> ActivityQuerySet:
    """Activities of the report's program and province that belong to its period.

    By their last day (a class counts when it ends), else their first; and whatever has a number
    in this very report.
    """
    period = report.period
    return (
        Activity.objects.filter(program=report.program_id, province=report.province_id)
        .annotate(counted_on=Coalesce("ends_on", "starts_on"))
        .filter(
            Q(counted_on__gte=period.starts_on, counted_on__lte=period.ends_on)
            | Q(pk__in=report.figures.exclude(activity=None).values("activity"))
        )
        .order_by("counted_on", "code", "pk")
    )


def countable(report: Report) -> IndicatorQuerySet:
    """Indicators that an activity may have a number of: those that are added up."""
    return catalogue_of(report).filter(aggregation=Aggregation.FLOW, in_use=True)


def columns_of(report: Report, asked: Sequence[str]) -> list[Indicator]:
    """The indicators beside the list: those asked for by code, else those used before.

    Used before in the program, else the first contents the report is to answer.
    """
    possible = countable(report).order_by("position", "code", "pk")
    if asked:
        return list(possible.filter(code__in=asked)[:MOST_COLUMNS])
    used = possible.filter(
        pk__in=Figure.objects.filter(program=report.program_id, province=report.province_id)
        .exclude(activity=None)
        .values("indicator")
    )
    if found := list(used[:MOST_COLUMNS]):
        return found
    expected = expected_in(report).filter(section=Section.CONTENT, aggregation=Aggregation.FLOW)
    return list(expected[:4])


def lines_of(report: Report, columns: Sequence[Indicator]) -> list[Line]:
    """The list of a report's activities with their numbers. Four queries."""
    figures: defaultdict[int, dict[int, Figure]] = defaultdict(dict)
    rows = report.figures.filter(
        activity__isnull=False, indicator__in=columns, nature=FigureNature.ACTUAL
    )
    for figure in rows:
        if figure.activity_id is not None:
            figures[figure.activity_id][figure.indicator_id] = figure
    activities = (
        activities_of(report)
        .annotate(paid=Sum("funding__total", filter=Q(funding__phase=FundingPhase.DISBURSED)))
        .prefetch_related(
            Prefetch("participations", Participation.objects.select_related("organisation"))
        )
    )
    return [
        Line(
            activity,
            columns,
            [figures[activity.pk].get(column.pk) for column in columns],
            getattr(activity, "paid"),  # noqa: B009  # annotated above
        )
        for activity in activities
    ]


def put_activity(
    report: Report, described: Described, *, by: User, activity: Activity | None = None
) -> Activity:
    """Create or change an activity of `report` with its numbers, whole or not at all.

    Raises PermissionDenied, ReportClosed, and NumbersRefused with every number that cannot be.
    """
    return put_activities(report, [(described, activity)], by=by)[0]


@transaction.atomic
def put_activities(
    report: Report, rows: Sequence[tuple[Described, Activity | None]], *, by: User
) -> list[Activity]:
    """The same for many at once, all or none; None beside a description makes a new activity."""
    if not may(by, Right.ENTER, report.province):
        raise PermissionDenied
    if not report.is_open:
        raise ReportClosed(
            f"Báo cáo {report} «{report.get_state_display()}» nên không sửa được hoạt động của nó."
        )
    codes = _free_codes(report, {described.code for described, _ in rows})
    known = _organisations(report, [described for described, _ in rows])
    written = [_put(report, described, activity, codes, known) for described, activity in rows]
    changes = [
        Change(Cell(report.pk, indicator, activity=activity.pk), base=None, text=text)
        for activity, (described, _) in zip(written, rows, strict=True)
        for indicator, text in described.numbers.items()
    ]
    answers = save_cells(changes, by=by)
    if refused := [each for each in answers if each.outcome is not Outcome.SAVED]:
        places = {activity.pk: place for place, activity in enumerate(written)}
        raise NumbersRefused(refused, [places[each.change.cell.activity or 0] for each in refused])
    _put_groups(written, [described for described, _ in rows])
    return written


def _put(
    report: Report,
    described: Described,
    activity: Activity | None,
    codes: Iterator[str],
    known: Organisations,
) -> Activity:
    if activity is None:
        activity = Activity(
            program=report.program, province=report.province, state=ActivityState.ACCEPTED
        )
    activity.code = described.code or activity.code or next(codes)
    activity.name = described.name
    activity.kind = described.kind
    activity.starts_on = described.starts_on
    activity.ends_on = described.ends_on
    activity.place = described.place
    # Its fields only: who describes it has asked whether the code is free, and the table refuses
    # the rest; asking again is five questions for each of a few hundred rows.
    activity.clean_fields(exclude=("program", "province"))
    is_new = activity.pk is None
    activity.save()
    _put_people(activity, described, known, is_new=is_new)
    _put_money(activity, described.money, is_new=is_new)
    return activity


def _put_groups(activities: Sequence[Activity], described: Sequence[Described]) -> None:
    """The contents of Điều 4 that the numbers belong to, beside those said before."""
    asked = {pk for each in described for pk, text in each.numbers.items() if text.strip()}
    groups = dict(Indicator.objects.filter(pk__in=asked).values_list("pk", "content_group"))
    through = Activity.content_groups.through
    through._default_manager.bulk_create(
        [
            through(activity_id=activity.pk, contentgroup_id=group)
            for activity, each in zip(activities, described, strict=True)
            for group in {groups.get(pk) for pk, text in each.numbers.items() if text.strip()}
            if group is not None
        ],
        ignore_conflicts=True,
    )


@transaction.atomic
def remove_activity(report: Report, activity: Activity, *, by: User) -> None:
    """Take an activity out that was entered by mistake.

    Raises PermissionDenied, and ReportClosed if the report was sent or a number of it was ever
    official: then it stays, with its state or its numbers corrected.
    """
    if not may(by, Right.ENTER, report.province):
        raise PermissionDenied
    elsewhere = activity.figures.exclude(report=report).exists()
    official = activity.figures.exclude(approved_state="").exists()
    if not report.is_open or elsewhere or official or activity.files.exists():
        raise ReportClosed(
            f"Không xóa được «{activity.name}»: số liệu của nó đã gửi, đã từng được duyệt, hoặc có "
            "tệp chứng cứ. Hãy sửa số liệu, hoặc ghi hoạt động là «ngừng» trong phần quản trị."
        )
    activity.figures.all().delete()
    activity.delete()


def _free_codes(report: Report, taken: set[str]) -> Iterator[str]:
    """«HD-007» and on: the next numbers in the program and province that are not `taken`."""
    codes = Activity.objects.filter(
        program=report.program_id, province=report.province_id, code__regex=r"^HD-\d+$"
    ).values_list("code", flat=True)
    highest = max((int(code.removeprefix("HD-")) for code in codes), default=0)
    return (code for number in count(highest + 1) if (code := f"HD-{number:03}") not in taken)


def supported_before(activity: Activity) -> list[Participation]:
    """Earlier support of the same beneficiaries: nothing is paid twice for one thing.

    Source: Thông tư liên tịch 26/2014/TTLT-BTC-BCT, Điều 7. A warning, not a refusal.
    """
    beneficiaries = activity.participations.filter(role=ParticipantRole.BENEFICIARY)
    return list(
        Participation.objects.filter(
            role=ParticipantRole.BENEFICIARY,
            organisation__in=beneficiaries.values("organisation"),
        )
        .exclude(activity=activity)
        .select_related("activity", "organisation")
        .order_by("-took_part_on")[:5]
    )


def _put_people(
    activity: Activity, described: Described, known: Organisations, *, is_new: bool
) -> None:
    """One implementer, one beneficiary: more are kept in the administration."""
    day = described.ends_on or described.starts_on
    for role, name, kind in (
        (ParticipantRole.IMPLEMENTER, described.implementer, OrganisationKind.CENTRE),
        (ParticipantRole.BENEFICIARY, described.beneficiary, OrganisationKind.ENTERPRISE),
    ):
        now = [] if is_new else list(activity.participations.filter(role=role))
        if len(now) > 1:
            continue  # several are kept as they are
        if not name.strip() or day is None:
            for each in now:
                each.delete()
            continue
        organisation = _organisation(activity, name, kind, known)
        part = now[0] if now else Participation(activity=activity, role=role)
        if (part.organisation_id, part.took_part_on) != (organisation.pk, day):
            part.organisation = organisation
            part.took_part_on = day
            part.save()


Organisations = dict[str, Organisation]  # of a province, by their names without accents


def _organisations(report: Report, described: Sequence[Described]) -> Organisations:
    """Those that are named, of the report's province."""
    names = {
        search_key(name) for each in described for name in (each.implementer, each.beneficiary)
    }
    found = Organisation.objects.filter(province=report.province_id, search_key__in=names)
    return {each.search_key: each for each in found.order_by("-sort_key", "-pk")}


def _organisation(
    activity: Activity, name: str, kind: OrganisationKind, known: Organisations
) -> Organisation:
    """The organisation of that name in the province, accents and case aside; else a new one."""
    key = search_key(name)
    if key not in known:
        known[key] = Organisation.objects.create(name=name, kind=kind, province=activity.province)
    return known[key]


def _put_money(activity: Activity, money: Money, *, is_new: bool) -> None:
    paid = (
        None if is_new else activity.funding.filter(phase=FundingPhase.DISBURSED).first()
    ) or ActivityFunding(activity=activity, phase=FundingPhase.DISBURSED)
    if not money.total:
        if paid.pk is not None:
            paid.delete()
        return
    for source in SOURCES:
        setattr(paid, source, getattr(money, source))
    paid.total = money.total
    paid.save()


def sums_of(lines: Sequence[Line], columns: Sequence[Indicator]) -> list[Decimal]:
    """The total of each column, as the sheet has it."""
    return [
        sum(
            (line.figures[place].value or Decimal(0) for line in lines if line.figures[place]),  # type: ignore[union-attr]
            Decimal(0),
        )
        for place in range(len(columns))
    ]
