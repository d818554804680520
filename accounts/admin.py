"""People and their memberships. Nobody gives a right that they do not have themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from axes.utils import reset as unlock
from django import forms
from django.contrib import admin
from django.contrib.auth import forms as auth_forms
from django.contrib.auth.admin import UserAdmin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Prefetch, Q
from django.http import Http404, HttpRequest

from accounts.models import Membership, User
from programs.access import ROLE_LABELS, Right, Role, rows_where
from programs.administration import (
    LoadedFormSet,
    ScopedAdmin,
    ScopedInline,
    administers_nation,
    person_of,
    words,
)
from programs.administration import history as histories
from programs.models import Lineage

if TYPE_CHECKING:
    _NewUserForm = auth_forms.UserCreationForm[User]
    _PasswordForm = auth_forms.AdminPasswordChangeForm[User]
    _UserAdmin = UserAdmin[User]
else:
    _NewUserForm = auth_forms.UserCreationForm
    _UserAdmin = UserAdmin
    _PasswordForm = auth_forms.AdminPasswordChangeForm

IDENTITY = ("username", "full_name", "title", "email", "is_active")


class NewPersonForm(_NewUserForm):
    """A person with a first password, or without: then nobody signs in with the account yet."""

    class Meta:
        model = User
        fields = ("username", "full_name", "title", "email")
        field_classes: dict[str, Any] = {"username": auth_forms.UsernameField}  # noqa: RUF012

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password1"].required = False
        self.fields["password2"].required = False
        self.fields["password1"].label = "Mật khẩu đầu tiên"
        self.fields["password2"].label = "Nhập lại mật khẩu"
        self.fields["password2"].help_text = "Để trống cả hai ô: chưa ai đăng nhập được."

    def clean(self) -> Any:
        typed = self.cleaned_data.get("password1"), self.cleaned_data.get("password2")
        if any(typed) and not all(typed):
            self.add_error("password2", "Hãy nhập mật khẩu hai lần.")
        return super().clean()

    def set_password_and_save(self, user: User, *args: Any, **kwargs: Any) -> Any:
        """An empty password is no password, not an empty one."""
        self.cleaned_data["password1"] = self.cleaned_data.get("password1") or None
        return super().set_password_and_save(user, *args, **kwargs)  # type: ignore[misc]


class SetPasswordForm(_PasswordForm):
    """A new password for someone who forgot theirs."""

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(user, *args, **kwargs)
        self.fields.pop("usable_password", None)  # whoever leaves is deactivated instead
        self.fields["password1"].required = True
        self.fields["password2"].required = True


class MembershipFormSet(LoadedFormSet):
    needs_one: ClassVar[bool] = False

    def clean(self) -> None:
        """Once each: of two national roles alike Django's own check sees nothing."""
        super().clean()
        given = [
            (form.cleaned_data.get("province"), form.cleaned_data.get("role"))
            for form in self.forms
            if getattr(form, "cleaned_data", None) and not form.cleaned_data.get("DELETE")
        ]
        if len(given) > len(set(given)):
            raise ValidationError("Một vai trò ở cùng một phạm vi chỉ ghi một lần.")
        if self.needs_one and not given:
            raise ValidationError("Hãy giao ít nhất một vai trò ở tỉnh của bạn.")


class MembershipInline(ScopedInline):
    """The memberships that the administrator may give and take; others are not shown."""

    model = Membership
    formset = MembershipFormSet
    autocomplete_fields = ("province",)
    fields = ("role", "province")
    verbose_name = "vai trò"
    verbose_name_plural = "vai trò và phạm vi"

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        mine = rows_where(person_of(request), Right.ADMINISTER)
        return super().get_queryset(request).filter(mine).select_related("province")

    def get_formset(self, request: HttpRequest, obj: Any | None = None, **kwargs: Any) -> Any:
        """A province creates people for itself: without a role they would be nobody's."""
        formset: Any = super().get_formset(request, obj, **kwargs)
        formset.needs_one = obj is None and not administers_nation(request)
        return formset


class RoleFilter(admin.SimpleListFilter):
    title = "vai trò"
    parameter_name = "vai_tro"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(role.value, label) for role, label in ROLE_LABELS.items()]

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any] | None:
        if not self.value():
            return None
        given = Membership.objects.visible_to(person_of(request)).filter(role=self.value())
        return queryset.filter(pk__in=given.values("user"))


class ProvinceFilter(admin.SimpleListFilter):
    title = "phạm vi"
    parameter_name = "pham_vi"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        given = Membership.objects.visible_to(person_of(request)).order_by("province__sort_key")
        provinces = {
            str(membership.province_id or "ca-nuoc"): str(membership.province or "cả nước")
            for membership in given.select_related("province")
        }
        return list(provinces.items())

    def queryset(
        self, request: HttpRequest, queryset: models.QuerySet[Any]
    ) -> models.QuerySet[Any] | None:
        value = self.value() or ""
        if value != "ca-nuoc" and not value.isdecimal():
            return None
        given = Membership.objects.visible_to(person_of(request))
        province = None if value == "ca-nuoc" else int(value)
        return queryset.filter(pk__in=given.filter(province=province).values("user"))


@admin.register(User)
class PeopleAdmin(ScopedAdmin, _UserAdmin):
    """Whoever administers all of a person's memberships changes the person.

    Someone who also works elsewhere, or for the nation, is changed by whoever administers it
    all: a password is the key to everything that person may do.
    """

    province_path = None
    form = forms.ModelForm
    add_form = NewPersonForm
    add_form_template = None
    change_password_form = SetPasswordForm
    change_user_password_template = "admin/accounts/user/change_password.html"  # noqa: S105
    filter_horizontal = ()
    list_display = ("username", "full_name", "title", "roles", "is_active", "last_seen")
    list_display_links = ("username", "full_name")
    list_filter = ("is_active", RoleFilter, ProvinceFilter)
    search_fields = ("search_key", "username", "email", "title")
    ordering = ("username",)
    inlines = (MembershipInline,)
    fieldsets = (
        (None, {"fields": ("username", "full_name", "title", "email")}),
        ("Đăng nhập", {"fields": ("is_active", "password_state", "last_seen", "joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "full_name", "title", "email")}),
        ("Mật khẩu", {"fields": ("password1", "password2")}),
    )

    # Rights

    def get_queryset(self, request: HttpRequest) -> models.QuerySet[Any]:
        mine = User.objects.visible_to(person_of(request))
        return super().get_queryset(request).filter(pk__in=mine.values("pk"))

    def has_right(self, request: HttpRequest, row: models.Model | None) -> bool:
        """Whether the page may be saved at all; `changes_person` asks about the person."""
        if row is None or administers_nation(request):
            return person_of(request).administers
        return User.objects.visible_to(person_of(request)).filter(pk=row.pk).exists()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # whoever leaves is deactivated: their name stays in the record

    def changes_person(self, request: HttpRequest, person: User) -> bool:
        if administers_nation(request):
            return True
        mine = rows_where(person_of(request), Right.ADMINISTER)
        memberships = person.memberships
        return (
            memberships.exists()
            and not memberships.exclude(
                pk__in=Membership.objects.filter(mine).values("pk")
            ).exists()
        )

    def is_within_reach(self, request: HttpRequest, row: Any, formsets: Any) -> bool:
        """What was given must be one's own to give, and no role just given vouches for itself."""
        given = [
            membership.pk
            for formset in formsets
            for membership in (
                *formset.new_objects,
                *(changed for changed, _fields in formset.changed_objects),
            )
        ]
        administering = (
            person_of(request)
            .memberships.filter(role=Role.ADMINISTRATOR.value)
            .exclude(pk__in=given)
        )
        if administering.filter(province=None).exists():
            return True
        own = Lineage.objects.filter(unit__in=administering.values("province")).values("part")
        return not Membership.objects.filter(pk__in=given).exclude(province__in=own).exists()

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:  # noqa: A002
        person = self.get_object(request, id)
        if person is None:
            raise Http404
        if not self.changes_person(request, person):
            raise PermissionDenied
        response = super().user_change_password(request, id, form_url)
        if request.method == "POST" and response.status_code == 302:
            unlock(username=person.username)
        return response

    def get_readonly_fields(self, request: HttpRequest, obj: Any | None = None) -> Any:
        shown = ("password_state", "last_seen", "joined")
        if obj is None:
            return ()
        if not self.changes_person(request, obj):
            return (*IDENTITY, *shown)
        return ("is_active", *shown) if obj == request.user else shown

    # Pages

    def get_list_prefetch(self, request: HttpRequest) -> tuple[Prefetch[Any]]:
        mine = rows_where(person_of(request), Right.ADMINISTER)
        memberships = Membership.objects.filter(mine).select_related("province")
        return (Prefetch("memberships", memberships.order_by("province__sort_key", "role")),)

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        person = context.get("original")
        context["changes_person"] = person is not None and self.changes_person(request, person)
        return super().render_change_form(request, context, *args, **kwargs)

    def lookup_allowed(self, lookup: str, value: Any, request: Any = None) -> bool:
        """No guessing at a password's hash, or at memberships that are not shown."""
        hidden = lookup.startswith(("password", "memberships"))
        return not hidden and super().lookup_allowed(lookup, value, request)

    @admin.display(description="vai trò và phạm vi")
    def roles(self, person: User) -> str:
        return "; ".join(str(membership) for membership in person.memberships.all()) or "chưa có"

    @admin.display(description="đăng nhập gần nhất", ordering="last_login")
    def last_seen(self, person: User) -> str:
        seen = person.last_login
        return words(User._meta.get_field("last_login"), seen) if seen else "chưa lần nào"

    @admin.display(description="tạo lúc")
    def joined(self, person: User) -> str:
        return words(User._meta.get_field("joined_at"), person.joined_at)

    @admin.display(description="mật khẩu")
    def password_state(self, person: User) -> str:
        return "đã đặt" if person.has_usable_password() else "chưa đặt, chưa đăng nhập được"

    def history_entries(self, request: HttpRequest, row: Any) -> list[histories.Entry]:
        """What was done to the person, and the memberships that the administrator may see."""
        mine = rows_where(person_of(request), Right.ADMINISTER)
        given = histories.entries_of(Membership, Q(user=row.pk) & mine)
        # Django's own log names every role in one sentence, other provinces' too.
        logged = histories.log_of(row) if administers_nation(request) else []
        return sorted((*logged, *given), key=lambda entry: entry.at, reverse=True)
