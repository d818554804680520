"""People, and who works for which province in which role."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import cached_property

from programs.access import ROLE_LABELS, Right, Role, may_anywhere, rows_where
from programs.fields import NfcCharField, search_key_of
from programs.models import Province


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, user: User) -> UserQuerySet:
        """The people whom `user` administers; colleagues are not listed to one another.

        Someone without a role is shown to national administrators alone: former staff of one
        province are no other province's to take on.
        """
        if user.is_anonymous or not user.is_active:
            return self.none()
        administered = Membership.objects.filter(rows_where(user, Right.ADMINISTER))
        in_the_nation = user.memberships.filter(role=Role.ADMINISTRATOR, province=None)
        return self.filter(
            Q(pk=user.pk)
            | Q(pk__in=administered.values("user"))
            | (Q(memberships=None) & Q(models.Exists(in_the_nation)))
        )


class PeopleManager(BaseUserManager["User"]):
    def get_queryset(self) -> UserQuerySet:
        return UserQuerySet(self.model, using=self._db)

    def visible_to(self, user: User) -> UserQuerySet:
        return self.get_queryset().visible_to(user)

    def create_user(
        self, username: str, *, full_name: str, password: str | None = None, title: str = ""
    ) -> User:
        """Create a person; without a password nobody can sign in with the account."""
        user = self.model(username=username, full_name=full_name, title=title)
        user.set_password(password)
        user.full_clean(exclude=["password"])
        user.save(using=self._db)
        return user


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    exclude=["password", "last_login"],
)
class User(AbstractBaseUser):
    """One person, one account. Rights come from memberships only: there are no flags or groups."""

    username = models.CharField(
        "tên đăng nhập",
        max_length=60,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        error_messages={"unique": "Đã có người dùng mang tên đăng nhập này."},
    )
    full_name = NfcCharField("họ và tên", max_length=150)
    title = NfcCharField("chức vụ", max_length=150, blank=True)
    email = models.EmailField("thư điện tử", blank=True)
    is_active = models.BooleanField(
        "đang làm việc", default=True, help_text="Bỏ chọn khi người này nghỉ; không xóa tài khoản."
    )
    joined_at = models.DateTimeField("tạo lúc", default=timezone.now)
    search_key = search_key_of("full_name")

    objects: ClassVar[PeopleManager] = PeopleManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["full_name"]

    class Meta:
        verbose_name = "người dùng"
        verbose_name_plural = "người dùng"
        ordering = ("username",)

    def __str__(self) -> str:
        return self.full_name or self.username

    @property
    def short_name(self) -> str:
        """The given name, which Vietnamese people are addressed by: the last word."""
        return self.full_name.rpartition(" ")[2] or self.username

    @cached_property
    def administers(self) -> bool:
        return may_anywhere(self, Right.ADMINISTER)

    # The admin asks these. Which rows an administrator meets there is its querysets' matter.
    def has_perm(self, perm: str, obj: models.Model | None = None) -> bool:
        return self.is_active and self.administers

    def has_module_perms(self, app_label: str) -> bool:
        return self.is_active and self.administers


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, user: User) -> MembershipQuerySet:
        """The memberships that `user` may give and take."""
        return self.filter(rows_where(user, Right.ADMINISTER))


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
class Membership(models.Model):
    """This person, in this role, for this province; without a province, for the nation."""

    user = models.ForeignKey(
        User, on_delete=models.CASCADE, related_name="memberships", verbose_name="người dùng"
    )
    province = models.ForeignKey(
        Province,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="memberships",
        verbose_name="tỉnh",
        help_text="Để trống: phạm vi cả nước.",
    )
    role = models.CharField(
        "vai trò",
        max_length=13,
        choices=[(role.value, label) for role, label in ROLE_LABELS.items()],
    )

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = "phân quyền"
        verbose_name_plural = "phân quyền"
        ordering = ("user", "province", "role")
        constraints = (
            models.UniqueConstraint(
                fields=("user", "province", "role"),
                nulls_distinct=False,
                name="membership_once",
                violation_error_message="Người này đã có vai trò này ở phạm vi này.",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[role.value for role in Role]),
                name="membership_role",
                violation_error_message="Vai trò không có trong danh sách.",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_role_display()}, {self.province or 'cả nước'}"
