"""Classes, fairs, projects: where, when, by whom, for whom, with whose money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pghistory
from django.db import models
from django.db.models import F, Q

from programs.access import Right, rows_where
from programs.fields import NfcCharField, NfcTextField, search_key_of, sort_key_of
from programs.models.document import LegalDocument
from programs.models.indicator import ContentGroup
from programs.models.program import Program
from programs.models.province import Province
from programs.numbers import show_number

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


class OrganisationKind(models.TextChoices):
    DEPARTMENT = "department", "Sở Công Thương"
    CENTRE = "centre", "trung tâm khuyến công"
    COMMUNE = "commune", "xã, phường, đặc khu"
    ENTERPRISE = "enterprise", "doanh nghiệp"
    COOPERATIVE = "cooperative", "hợp tác xã, tổ hợp tác"
    HOUSEHOLD = "household", "hộ kinh doanh"
    ASSOCIATION = "association", "hội, hiệp hội"
    OTHER = "other", "đơn vị khác"


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, user: User | AnonymousUser) -> OrganisationQuerySet:
        return self.filter(rows_where(user, Right.SEE))


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Organisation(models.Model):
    """A reporting unit, an implementing unit or a supported cơ sở công nghiệp nông thôn.

    Names change at reorganisations: a unit keeps the name valid in its own span of time and
    points to the unit that took its place.
    """

    name = NfcCharField("tên", max_length=250)
    kind = models.CharField("loại", max_length=11, choices=OrganisationKind)
    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, related_name="organisations", verbose_name="tỉnh"
    )
    code = models.CharField("mã đơn vị hành chính", max_length=10, blank=True)
    tax_number = models.CharField("mã số thuế", max_length=14, blank=True)
    address = NfcCharField("địa chỉ", max_length=250, blank=True)
    country = NfcCharField(
        "quốc gia, vùng lãnh thổ", max_length=60, blank=True, help_text="Để trống: Việt Nam."
    )
    valid_from = models.DateField("có từ ngày", null=True, blank=True)
    valid_to = models.DateField("đến hết ngày", null=True, blank=True)
    successor = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="predecessors",
        verbose_name="đơn vị kế tiếp",
    )
    search_key = search_key_of("name")
    sort_key = sort_key_of("name")

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = "tổ chức, đơn vị"
        verbose_name_plural = "tổ chức, đơn vị"
        ordering = ("sort_key", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("tax_number",),
                condition=~Q(tax_number=""),
                name="organisation_tax_number",
                violation_error_message="Đã có đơn vị mang mã số thuế này.",
            ),
            models.CheckConstraint(
                condition=Q(tax_number="") | Q(tax_number__regex=r"^\d{10}(-\d{3}|\d{2})?$"),
                name="organisation_tax_number_digits",
                violation_error_message=(
                    "Mã số thuế gồm 10 chữ số, 10 chữ số kèm -001, hoặc 12 chữ số."
                ),
            ),
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gte=F("valid_from")),
                name="organisation_dates_in_order",
                violation_error_message="Ngày kết thúc phải từ ngày bắt đầu trở đi.",
            ),
        )
        indexes = (models.Index(fields=("search_key",), name="organisation_search"),)

    def __str__(self) -> str:
        return self.name


class ActivityKind(models.TextChoices):
    CLASS = "class", "lớp đào tạo, tập huấn"
    CONFERENCE = "conference", "hội nghị, hội thảo"
    FAIR = "fair", "hội chợ, triển lãm"
    CONTEST = "contest", "bình chọn, cuộc thi"
    PROJECT = "project", "đề án hỗ trợ"
    PUBLICITY = "publicity", "thông tin, tuyên truyền"
    OTHER = "other", "hoạt động khác"


class ActivityForm(models.TextChoices):
    """Đề án điểm holds two contents or more; đề án nhóm is approved before its beneficiaries."""

    ORDINARY = "ordinary", "thường"
    FLAGSHIP = "flagship", "điểm"
    GROUP = "group", "nhóm"


class ActivityState(models.TextChoices):
    """Source: Thông tư 36/2013/TT-BCT, as amended, from registration to settlement."""

    REGISTERED = "registered", "đăng ký"
    APPRAISED = "appraised", "đã thẩm định"
    APPROVED = "approved", "đã phê duyệt"
    RUNNING = "running", "đang thực hiện"
    ACCEPTED = "accepted", "đã nghiệm thu"
    SETTLED = "settled", "đã quyết toán"
    STOPPED = "stopped", "ngừng"


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, user: User | AnonymousUser) -> ActivityQuerySet:
        return self.filter(rows_where(user, Right.SEE))


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Activity(models.Model):
    program = models.ForeignKey(
        Program, on_delete=models.PROTECT, related_name="activities", verbose_name="chương trình"
    )
    province = models.ForeignKey(
        Province, on_delete=models.PROTECT, related_name="activities", verbose_name="tỉnh"
    )
    code = models.CharField("mã", max_length=40)
    name = NfcCharField("tên", max_length=300)
    kind = models.CharField("loại", max_length=10, choices=ActivityKind)
    form = models.CharField(
        "hình thức", max_length=8, choices=ActivityForm, default=ActivityForm.ORDINARY
    )
    state = models.CharField(
        "tình trạng", max_length=10, choices=ActivityState, default=ActivityState.REGISTERED
    )
    content_groups = models.ManyToManyField(
        ContentGroup, blank=True, related_name="activities", verbose_name="nội dung hoạt động"
    )
    commune = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="activities_here",
        verbose_name="xã, phường",
        limit_choices_to={"kind": OrganisationKind.COMMUNE},
    )
    place = NfcCharField("địa điểm", max_length=250, blank=True)
    starts_on = models.DateField("từ ngày", null=True, blank=True)
    ends_on = models.DateField("đến hết ngày", null=True, blank=True)
    batch = NfcCharField("đợt", max_length=40, blank=True)
    is_recoverable = models.BooleanField("có thu hồi", default=False)
    stop_reason = NfcTextField("lý do ngừng", blank=True)
    documents = models.ManyToManyField(
        LegalDocument, blank=True, related_name="activities", verbose_name="văn bản"
    )
    search_key = search_key_of("name")
    sort_key = sort_key_of("name")

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = "hoạt động, đề án"
        verbose_name_plural = "hoạt động, đề án"
        ordering = ("-starts_on", "sort_key", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("program", "province", "code"),
                name="activity_code",
                violation_error_message="Tỉnh đã có hoạt động mang mã này trong chương trình.",
            ),
            models.CheckConstraint(
                condition=Q(starts_on=None) | Q(ends_on=None) | Q(ends_on__gte=F("starts_on")),
                name="activity_dates_in_order",
                violation_error_message="Ngày kết thúc phải từ ngày bắt đầu trở đi.",
            ),
            models.CheckConstraint(
                condition=(Q(state="stopped") & ~Q(stop_reason=""))
                | (~Q(state="stopped") & Q(stop_reason="")),
                name="activity_stopped_says_why",
                violation_error_message="Hoạt động ngừng phải có lý do; hoạt động khác thì không.",
            ),
        )
        indexes = (models.Index(fields=("search_key",), name="activity_search"),)

    def __str__(self) -> str:
        return f"{self.code} {self.name}"


class ParticipantRole(models.TextChoices):
    IMPLEMENTER = "implementer", "đơn vị thực hiện"
    COORDINATOR = "coordinator", "đơn vị phối hợp"
    BENEFICIARY = "beneficiary", "đơn vị thụ hưởng"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Participation(models.Model):
    """One organisation in one activity on one day: «lượt» adds these up, «cơ sở» recounts them."""

    activity = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="participations", verbose_name="hoạt động"
    )
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="participations",
        verbose_name="đơn vị",
    )
    role = models.CharField("vai trò", max_length=11, choices=ParticipantRole)
    took_part_on = models.DateField("ngày")

    class Meta:
        verbose_name = "lượt tham gia"
        verbose_name_plural = "lượt tham gia"
        ordering = ("activity", "role", "took_part_on", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("activity", "organisation", "role", "took_part_on"),
                name="participation_once",
                violation_error_message="Đơn vị này đã được ghi cho hoạt động trong ngày này.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.organisation} ({self.get_role_display()})"


class FundingPhase(models.TextChoices):
    ESTIMATED = "estimated", "dự toán duyệt"
    ADJUSTED = "adjusted", "điều chỉnh"
    ADVANCED = "advanced", "tạm ứng"
    DISBURSED = "disbursed", "giải ngân"
    SETTLED = "settled", "quyết toán"
    RETURNED = "returned", "hoàn trả"


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class ActivityFunding(models.Model):
    """Money of an activity in one phase, in đồng, by source. The parts equal the total."""

    activity = models.ForeignKey(
        Activity, on_delete=models.CASCADE, related_name="funding", verbose_name="hoạt động"
    )
    phase = models.CharField("giai đoạn", max_length=9, choices=FundingPhase)
    total = models.BigIntegerField("tổng (đồng)")
    national = models.BigIntegerField("KCQG (đồng)", default=0)
    local = models.BigIntegerField("KCĐP (đồng)", default=0)
    counterpart = models.BigIntegerField("đối ứng (đồng)", default=0)
    other = models.BigIntegerField("khác (đồng)", default=0)

    class Meta:
        verbose_name = "kinh phí"
        verbose_name_plural = "kinh phí"
        ordering = ("activity", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("activity", "phase"),
                name="funding_phase_once",
                violation_error_message="Hoạt động đã có kinh phí của giai đoạn này.",
            ),
            models.CheckConstraint(
                condition=Q(total=F("national") + F("local") + F("counterpart") + F("other")),
                name="funding_parts_equal_total",
                violation_error_message="KCQG + KCĐP + đối ứng + khác phải bằng tổng.",
            ),
            models.CheckConstraint(
                condition=Q(national__gte=0, local__gte=0, counterpart__gte=0, other__gte=0),
                name="funding_not_negative",
                violation_error_message="Kinh phí không thể âm.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_phase_display()}: {show_number(self.total)} đồng"
