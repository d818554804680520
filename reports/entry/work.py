"""«Việc cần làm»: what each person is to enter and to approve, by right, with the days left."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache, cached_property
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import (
    Case,
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from programs.access import ROLES_WITH, Right, rows_where
from programs.models.indicator import Aggregation
from reports.entry.deadlines import DEADLINE, days_left, days_words, deadline_of
from reports.entry.expected import cell_counts
from reports.entry.reminders import occasion_words, reminders_of
from reports.models import (
    Figure,
    FigureNature,
    FigureState,
    Remark,
    RemarkKind,
    Reminder,
    Report,
    ReportState,
    Review,
    Transition,
)
from reports.models.report import OPEN_STATES

PER_PAGE = 50
RECENT = timedelta(days=30)
REMINDED = timedelta(days=7)


def to_enter(user: User) -> Q:
    """Reports in which something waits for `user` to type: open ones, or with a figure returned."""
    return rows_where(user, Right.ENTER) & (
        Q(state__in=OPEN_STATES) | Q(pk__in=_with_figures(RemarkKind.RETURNED, Review.RETURNED))
    )


def to_approve(user: User) -> Q:
    """Reports in which something waits for `user` to decide: sent, or with a figure answered."""
    return rows_where(user, Right.APPROVE) & (
        Q(state=ReportState.SUBMITTED)
        | Q(
            state=ReportState.APPROVED,
            pk__in=_with_figures(RemarkKind.ANSWERED, Review.ANSWERED),
        )
    )


def lately_done(user: User, *, now: Any) -> Q:
    """Reports that moved lately and wait for nobody here."""
    moved = Transition.objects.filter(report=OuterRef("pk"), at__gte=now - RECENT)
    mine = (rows_where(user, Right.ENTER) & Q(state__in=_SENT)) | (
        rows_where(user, Right.APPROVE) & Q(state__in=_DECIDED)
    )
    return mine & Exists(moved) & ~to_enter(user) & ~to_approve(user)


_SENT = (ReportState.SUBMITTED, ReportState.APPROVED)
_DECIDED = (ReportState.APPROVED, ReportState.RETURNED)


def _with_figures(kind: RemarkKind, review: Review) -> QuerySet[Remark, Any]:
    """Reports with a figure under review. Through the remarks, which are few beside figures."""
    return Remark.objects.filter(kind=kind, figure__review=review).values("figure__report")


def work_count(user: User) -> int | None:
    """How many reports wait for `user`; None for who neither enters nor approves. One query."""
    waiting = (
        Report.objects.filter(to_enter(user) | to_approve(user))
        .order_by()
        .annotate(one=Value(1))
        .values("one")
        .annotate(count=Count("pk"))
        .values("count")
    )
    return (
        user.memberships.filter(role__in=ROLES_WITH[Right.ENTER] | ROLES_WITH[Right.APPROVE])
        .order_by()
        .values_list(Coalesce(Subquery(waiting, output_field=IntegerField()), Value(0)), flat=True)
        .first()
        if user.is_active
        else None
    )


def work_in_header(request: HttpRequest) -> dict[str, Callable[[], int | None]]:
    """Context processor: `work_to_do`, asked for only by pages that show it, and once."""

    @cache
    def count() -> int | None:
        user = getattr(request, "user", None)
        return work_count(user) if isinstance(user, User) else None

    return {"work_to_do": count}


@dataclass(frozen=True, slots=True)
class FigureLine:
    """A figure under review, with the latest word on it."""

    figure: Figure
    remark: Remark | None

    @property
    def url(self) -> str:
        """Where its thread is, and what can be done about it."""
        return reverse("entry:cell", args=[self.figure.report_id, self.figure.indicator_id])


@dataclass(frozen=True)
class Line:
    """One report on the list, with everything that is said beside it."""

    report: Report
    on: date
    last: Transition | None  # the latest move, None of a draft that never moved
    answered: int  # cells that say something
    cells: int  # cells that are to be typed
    returned: Sequence[FigureLine]
    corrected: Sequence[FigureLine]

    @property
    def url(self) -> str:
        return report_url(self.report.pk)

    @property
    def is_open(self) -> bool:
        return self.report.is_open

    @cached_property
    def days(self) -> int | None:
        return days_left(self.report, on=self.on)

    @property
    def days_words(self) -> str:
        return days_words(self.days)

    @property
    def is_late(self) -> bool:
        return self.report.is_open and self.days is not None and self.days < 0

    @property
    def is_near(self) -> bool:
        return self.report.is_open and self.days is not None and 0 <= self.days <= 7

    @property
    def deadline(self) -> date | None:
        return deadline_of(self.report)

    @property
    def waited(self) -> int | None:
        """Days since the latest move, by local date."""
        return None if self.last is None else (self.on - timezone.localdate(self.last.at)).days

    @property
    def reason(self) -> str:
        return self.last.reason if self.last and self.report.is_open else ""

    @property
    def can_be_ticked(self) -> bool:
        return self.report.state == ReportState.SUBMITTED


@dataclass(frozen=True, slots=True)
class Lane:
    key: str
    name: str
    nothing: str  # what an empty lane says
    page: Page[Report]
    lines: Sequence[Line]
    asked: QueryDict  # the address, kept by the links to other pages

    @property
    def count(self) -> int:
        return self.page.paginator.count

    @property
    def previous_query(self) -> str:
        return self._query(self.page.previous_page_number())

    @property
    def next_query(self) -> str:
        return self._query(self.page.next_page_number())

    def _query(self, number: int) -> str:
        query = self.asked.copy()
        query[f"trang-{self.key}"] = str(number)
        return f"?{query.urlencode()}"


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """What narrows the lists; a value that is not offered narrows nothing."""

    programs: Sequence[Choice]
    provinces: Sequence[Choice]
    program: str
    province: str

    @classmethod
    def asked(cls, asked: QueryDict, reports: QuerySet[Report]) -> WorkFilter:
        found = list(
            reports.order_by("program__sort_key", "program", "province__sort_key", "province")
            .values_list("program__code", "program__name", "province", "province__name")
            .distinct()
        )
        programs = {code: name for code, name, _, _ in found}
        provinces = {str(pk): name for _, _, pk, name in found}
        program, province = asked.get("chuong-trinh", ""), asked.get("tinh", "")
        return cls(
            programs=[Choice(code, name) for code, name in programs.items()],
            provinces=[Choice(pk, name) for pk, name in provinces.items()],
            program=program if program in programs else "",
            province=province if province in provinces else "",
        )

    def of(self, reports: QuerySet[Report]) -> QuerySet[Report]:
        if self.program:
            reports = reports.filter(program__code=self.program)
        return reports.filter(province=int(self.province)) if self.province else reports

    @property
    def is_offered(self) -> bool:
        return len(self.programs) > 1 or len(self.provinces) > 1

    @property
    def narrows(self) -> bool:
        return bool(self.program or self.province)


@dataclass(frozen=True, slots=True)
class Work:
    """The whole page. `lanes` has none for a person who neither enters nor approves."""

    filter: WorkFilter
    lanes: Sequence[Lane]
    reminders: Sequence[tuple[Reminder, str]]

    @property
    def to_tick(self) -> int:
        return sum(
            line.can_be_ticked for lane in self.lanes if lane.key == "duyet" for line in lane.lines
        )


def work_of(user: User, asked: QueryDict, *, on: date | None = None) -> Work:
    """Return the work of `user`. The same number of queries however many reports there are."""
    on = on or timezone.localdate()
    roles = set(user.memberships.values_list("role", flat=True))
    enters = bool(roles & ROLES_WITH[Right.ENTER])
    approves = bool(roles & ROLES_WITH[Right.APPROVE])
    entering, approving = to_enter(user), to_approve(user)
    done = lately_done(user, now=timezone.now())
    wanted = WorkFilter.asked(asked, Report.objects.filter(entering | approving | done))

    narrowed = "Không có báo cáo nào khớp với điều kiện lọc." if wanted.narrows else ""
    lanes = [
        (
            "nhap",
            "Cần nhập",
            entering,
            "Không có báo cáo nào chờ nhập. Báo cáo của kỳ mới tự hiện ở đây khi kỳ bắt đầu.",
            enters,
        ),
        (
            "duyet",
            "Chờ duyệt",
            approving,
            "Không có báo cáo nào chờ duyệt. Báo cáo hiện ở đây ngay khi cán bộ gửi.",
            approves,
        ),
        (
            "xong",
            "Đã xong gần đây",
            done,
            f"Trong {RECENT.days} ngày qua chưa có báo cáo nào được gửi hoặc duyệt.",
            enters or approves,
        ),
    ]
    pages = [
        (key, name, narrowed or nothing, _page(wanted.of(_listed(where, key)), asked, key))
        for key, name, where, nothing, shown in lanes
        if shown
    ]
    lines = lines_of([report for *_, page in pages for report in page], on=on)
    reminders = reminders_of(user, since=on - REMINDED)[:10]
    return Work(
        filter=wanted,
        lanes=[
            Lane(key, name, nothing, page, [lines[report.pk] for report in page], asked)
            for key, name, nothing, page in pages
        ],
        reminders=[(reminder, occasion_words(reminder.occasion)) for reminder in reminders],
    )


def first_lines(user: User, count: int, *, on: date | None = None) -> list[Line]:
    """The `count` most urgent things to do: what is typed first, then what is approved."""
    reports = _listed(to_enter(user) | to_approve(user), "nhap")[:count]
    lines = lines_of(list(reports), on=on or timezone.localdate())
    return list(lines.values())


def _listed(where: Q, lane: str) -> QuerySet[Report]:
    """The reports of a lane in their order; the key last, so that pages are stable."""
    reports = Report.objects.filter(where).select_related("program", "province", "period")
    if lane == "xong":
        latest = Transition.objects.filter(report=OuterRef("pk")).order_by("-at", "-pk")
        return reports.annotate(moved_at=Subquery(latest.values("at")[:1])).order_by(
            "-moved_at", "pk"
        )
    # What somebody sent back comes first: there is a person who waits for it.
    asked_for = Case(When(state=ReportState.RETURNED, then=0), default=1)
    return reports.order_by(
        asked_for,
        DEADLINE.asc(nulls_last=True),
        "program__sort_key",
        "province__sort_key",
        "pk",
    )


def _page(reports: QuerySet[Report], asked: QueryDict, key: str) -> Page[Report]:
    return Paginator(reports, PER_PAGE).get_page(asked.get(f"trang-{key}"))


def lines_of(reports: Sequence[Report], *, on: date) -> dict[int, Line]:
    """Return what the list says of each report, by its pk, in their order. Nine queries."""
    if not reports:
        return {}
    keys = {report.pk for report in reports}
    moves = (
        Transition.objects.filter(report__in=keys)
        .order_by("report_id", "-at", "-pk")
        .distinct("report_id")
        .select_related("by")
    )
    latest = {move.report_id: move for move in moves}
    reviewed = _under_review(keys)
    answered = dict(
        Figure.objects.filter(report__in=keys, nature=FigureNature.ACTUAL)
        .exclude(state=FigureState.MISSING)
        .exclude(indicator__aggregation=Aggregation.RATIO)
        .order_by()
        .values("report")
        .annotate(count=Count("indicator", distinct=True))
        .values_list("report", "count")
    )
    cells = cell_counts(reports)
    return {
        report.pk: Line(
            report=report,
            on=on,
            last=latest.get(report.pk),
            answered=answered.get(report.pk, 0),
            cells=cells[report.pk],
            returned=reviewed[report.pk, Review.RETURNED],
            corrected=reviewed[report.pk, Review.ANSWERED],
        )
        for report in reports
    }


def _under_review(reports: Iterable[int]) -> Mapping[tuple[int, str], list[FigureLine]]:
    """Figures that were returned or corrected, by report and review. Two queries."""
    words = Remark.objects.select_related("by").order_by("at", "pk")
    figures = (
        Figure.objects.filter(report__in=reports, review__in=(Review.RETURNED, Review.ANSWERED))
        .select_related("indicator")
        .prefetch_related(Prefetch("remarks", queryset=words))
        .order_by("indicator__position", "pk")
    )
    found: defaultdict[tuple[int, str], list[FigureLine]] = defaultdict(list)
    for figure in figures:
        remarks = [
            each for each in figure.remarks.all() if each.kind != RemarkKind.COMMENT
        ]  # prefetched
        found[figure.report_id, figure.review].append(
            FigureLine(figure, remarks[-1] if remarks else None)
        )
    return found


def report_url(report: int) -> str:
    return reverse("entry:report", args=[report])
