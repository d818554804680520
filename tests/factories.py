"""The simplest valid row of each model. A test states only what it is about.

Codes and years of the sequences stay clear of real ones, so a literal in a test never collides.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.contrib.auth.hashers import make_password
from factory.declarations import (
    LazyAttribute,
    SelfAttribute,
    Sequence,
    SubFactory,
)
from factory.django import DjangoModelFactory

from accounts.models import Membership, User
from programs.access import Role
from programs.models import (
    Activity,
    ContentGroup,
    Indicator,
    LegalDocument,
    Organisation,
    Period,
    Program,
    Province,
    Target,
    TargetVersion,
)
from reports.models import Figure, Report

# Codes that tests write out: a sequence that met one of them would fail one run in fifty.
WRITTEN_OUT = {1, 2, 4, 10, 15, 20, 67, 68, 91, 92, 99}
FREE_CODES = [f"{number:02}" for number in range(100) if number not in WRITTEN_OUT]


class ProvinceFactory(DjangoModelFactory[Province]):
    class Meta:
        model = Province

    code = Sequence(lambda n: FREE_CODES[n % len(FREE_CODES)])
    name = Sequence(lambda n: f"Tỉnh {n}")
    kind = "tỉnh"
    region = "Vùng thử"
    valid_from = date(1990, 1, 1)
    valid_to = None


class UserFactory(DjangoModelFactory[User]):
    class Meta:
        model = User

    username = Sequence(lambda n: f"nguoi-{n}")
    full_name = Sequence(lambda n: f"Nguyễn Văn {n}")
    password = make_password(None)  # nobody signs in with it; tests force the login


class MembershipFactory(DjangoModelFactory[Membership]):
    class Meta:
        model = Membership

    user = SubFactory(UserFactory)
    province = SubFactory(ProvinceFactory)
    role = Role.STAFF.value


class LegalDocumentFactory(DjangoModelFactory[LegalDocument]):
    class Meta:
        model = LegalDocument

    key = Sequence(lambda n: f"van-ban-{n}")
    kind = "decision"
    number = Sequence(lambda n: f"{n}/QĐ-UBND")
    issuer = "UBND tỉnh"
    abstract = "Giao kế hoạch khuyến công"
    issued_on = date(2020, 1, 15)


class PeriodFactory(DjangoModelFactory[Period]):
    """A calendar year of the statistical calendar, long before the real ones."""

    class Meta:
        model = Period
        django_get_or_create = ("key",)

    calendar = "statistical"
    kind = "year"
    year = Sequence(lambda n: 1700 + n)
    number = 1
    key = LazyAttribute(lambda p: str(p.year))
    name = LazyAttribute(lambda p: f"năm {p.year}")
    starts_on = LazyAttribute(lambda p: date(p.year, 1, 1))
    ends_on = LazyAttribute(lambda p: date(p.year, 12, 31))
    cutoff_on = LazyAttribute(lambda p: p.ends_on)


class StageFactory(PeriodFactory):
    """Five years."""

    kind = "stage"
    year = 2016  # type: ignore[assignment]  # a declaration gives way to a value
    number = 5
    key = LazyAttribute(lambda p: f"{p.year}-{p.year + p.number - 1}")
    name = LazyAttribute(lambda p: f"giai đoạn {p.year}-{p.year + p.number - 1}")
    ends_on = LazyAttribute(lambda p: date(p.year + p.number - 1, 12, 31))


class ProgramFactory(DjangoModelFactory[Program]):
    """A local program of 2016-2020 that is reported by year."""

    class Meta:
        model = Program

    code = Sequence(lambda n: f"CT-{n}")
    name = Sequence(lambda n: f"Chương trình {n}")
    level = "local"
    province = SubFactory(ProvinceFactory)
    stage = SubFactory(StageFactory)
    calendar = "statistical"
    leaf_kind = "year"


class ContentGroupFactory(DjangoModelFactory[ContentGroup]):
    class Meta:
        model = ContentGroup
        django_get_or_create = ("version", "number")

    version = "NĐ thử"
    number = 1
    name = "Đào tạo nghề, truyền nghề"
    short_name = "Đào tạo nghề"
    document = SubFactory(LegalDocumentFactory)


class IndicatorFactory(DjangoModelFactory[Indicator]):
    """A whole-number flow of the national catalogue, higher is better."""

    class Meta:
        model = Indicator

    code = Sequence(lambda n: f"chi-tieu-{n}")
    name = Sequence(lambda n: f"Chỉ tiêu {n}")
    unit = "lớp"
    section = "outcome"
    aggregation = "flow"


class RatioFactory(IndicatorFactory):
    unit = "%"
    aggregation = "ratio"
    decimals = 1
    numerator = SubFactory(IndicatorFactory)
    denominator = SubFactory(IndicatorFactory)
    ratio_scale = 100


class TargetFactory(DjangoModelFactory[Target]):
    class Meta:
        model = Target

    program = SubFactory(ProgramFactory)
    indicator = SubFactory(IndicatorFactory)
    province = SelfAttribute("program.province")
    period = SelfAttribute("program.stage")


class TargetVersionFactory(DjangoModelFactory[TargetVersion]):
    """Exactly 50, assigned, undated."""

    class Meta:
        model = TargetVersion

    target = SubFactory(TargetFactory)
    number = 1
    status = "assigned"
    shape = "exact"
    lower = Decimal(50)
    upper = LazyAttribute(
        lambda version: version.lower if version.shape in ("exact", "about") else None
    )


class ReportFactory(DjangoModelFactory[Report]):
    """A draft of the first year of the program's stage, by the program's province."""

    class Meta:
        model = Report

    program = SubFactory(ProgramFactory)
    province = LazyAttribute(lambda r: r.program.province or ProvinceFactory())
    period = LazyAttribute(
        lambda r: (
            r.program.stage
            if r.program.leaf_kind == "stage"
            else PeriodFactory(year=r.program.stage.year)
        )
    )


class FigureFactory(DjangoModelFactory[Figure]):
    class Meta:
        model = Figure

    report = SubFactory(ReportFactory)
    program = SelfAttribute("report.program")
    province = SelfAttribute("report.province")
    period = SelfAttribute("report.period")
    indicator = SubFactory(IndicatorFactory)
    state = "reported"
    value = Decimal(64)


class OrganisationFactory(DjangoModelFactory[Organisation]):
    class Meta:
        model = Organisation

    name = Sequence(lambda n: f"Cơ sở {n}")
    kind = "enterprise"
    province = SubFactory(ProvinceFactory)


class ActivityFactory(DjangoModelFactory[Activity]):
    class Meta:
        model = Activity

    program = SubFactory(ProgramFactory)
    province = LazyAttribute(lambda a: a.program.province or ProvinceFactory())
    code = Sequence(lambda n: f"HD-{n}")
    name = Sequence(lambda n: f"Hoạt động {n}")
    kind = "project"
