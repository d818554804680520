"""The administration of people: nobody gives or takes what is not theirs to give."""

from __future__ import annotations

import re
from html import unescape

import pytest
from django.urls import reverse

from accounts.models import Membership, User
from programs.access import Role
from tests.factories import MembershipFactory, UserFactory

LIST = "/quan-tri/accounts/user/"
ADD = f"{LIST}add/"
LONG_ENOUGH = "mật khẩu rất dài 2026"


def page(person, name="change"):
    return f"{LIST}{person.pk}/{name}/"


def said(response):
    return unescape(re.sub(r"<[^>]+>", " ", response.content.decode()))


def shown(client, **params):
    return set(client.get(LIST, params).context["cl"].result_list)


def person_form(person, *memberships, new=(), **changed):
    """What the page of `person` sends: the stored memberships given, and (role, province) new."""
    form = {
        "username": person.username,
        "full_name": person.full_name,
        "is_active": "on",
        "memberships-TOTAL_FORMS": len(memberships) + len(new),
        "memberships-INITIAL_FORMS": len(memberships),
    }
    for n, membership in enumerate(memberships):
        form |= {
            f"memberships-{n}-id": membership.pk,
            f"memberships-{n}-user": person.pk,
            f"memberships-{n}-role": membership.role,
            f"memberships-{n}-province": membership.province_id or "",
        }
    for n, (role, province) in enumerate(new, start=len(memberships)):
        form |= {
            f"memberships-{n}-user": person.pk,
            f"memberships-{n}-role": role,
            f"memberships-{n}-province": province.pk if province else "",
        }
    return form | changed


@pytest.fixture
def keeper(an_giang):
    """Administers An Giang only."""
    return MembershipFactory.create(
        user__full_name="Người giữ An Giang", role=Role.ADMINISTRATOR.value, province=an_giang
    ).user


@pytest.fixture
def both(an_giang, hanoi):
    """Works for An Giang and for Hà Nội."""
    user = MembershipFactory.create(province=an_giang).user
    MembershipFactory.create(user=user, province=hanoi, role=Role.MANAGER.value)
    return user


# Who is met


def test_an_administrator_meets_the_people_of_their_province(
    client, keeper, staff, outsider, administrator, both
):
    client.force_login(keeper)

    assert shown(client) == {keeper, outsider, both}


def test_a_list_tells_the_memberships_that_the_administrator_gives_and_no_others(
    client, keeper, both
):
    client.force_login(keeper)

    words = said(client.get(LIST))

    assert "cán bộ nhập số liệu, An Giang" in words
    assert "Hà Nội" not in words
    assert "Hà Nội" not in said(client.get(page(both)))


@pytest.mark.parametrize("name", ["change", "history", "password", "delete"])
@pytest.mark.parametrize("who", ["staff", "administrator"])
def test_people_of_elsewhere_do_not_exist_for_an_administrator(client, request, keeper, who, name):
    person = request.getfixturevalue(who)
    client.force_login(keeper)

    seen = client.get(page(person, name)).status_code
    sent = client.post(page(person, name), person_form(person)).status_code

    assert {seen, sent} <= {403, 404}


def test_filters_cannot_probe_passwords_or_hidden_memberships(client, keeper, hanoi, both):
    client.force_login(keeper)

    for probe in (
        {"password__startswith": "p"},
        {"memberships__province__id__exact": hanoi.pk},
        {"memberships__role": "manager"},
        {"memberships": both.memberships.get(province=hanoi).pk},
    ):
        assert client.get(LIST, probe).status_code == 400
    assert both not in shown(client, vai_tro="manager")
    assert both not in shown(client, pham_vi=hanoi.pk)


def test_people_are_found_without_accents(client, administrator):
    person = UserFactory.create(full_name="Đỗ Thị Hường")
    client.force_login(administrator)

    assert shown(client, q="do thi huong") == {person}


# What may be given


def test_a_provincial_administrator_gives_roles_in_the_province(client, keeper, an_giang):
    viewing = MembershipFactory.create(role=Role.VIEWER.value, province=an_giang)
    client.force_login(keeper)

    client.post(page(viewing.user), person_form(viewing.user, viewing, new=[("staff", an_giang)]))

    assert {str(each) for each in viewing.user.memberships.all()} == {
        "người xem, An Giang",
        "cán bộ nhập số liệu, An Giang",
    }


def test_former_staff_of_another_province_are_not_there_to_be_taken_on(client, keeper, an_giang):
    former = UserFactory.create()
    client.force_login(keeper)

    answer = client.post(page(former), person_form(former, new=[("staff", an_giang)]))

    assert answer.status_code == 404
    assert not former.memberships.exists()


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_nobody_gives_a_national_role_who_has_none(client, keeper, role):
    own = keeper.memberships.get()
    client.force_login(keeper)

    client.post(page(keeper), person_form(keeper, own, new=[(role, None)]))

    assert list(keeper.memberships.all()) == [own]


@pytest.mark.parametrize("role", [role.value for role in Role])
def test_nobody_gives_a_role_in_a_province_they_do_not_administer(
    client, keeper, outsider, hanoi, role
):
    client.force_login(keeper)
    stored = list(outsider.memberships.all())

    client.post(page(outsider), person_form(outsider, *stored, new=[(role, hanoi)]))
    client.post(page(keeper), person_form(keeper, keeper.memberships.get(), new=[(role, hanoi)]))

    assert not Membership.objects.filter(province=hanoi).exists()


def test_a_membership_is_not_carried_to_another_province(client, keeper, outsider, hanoi):
    client.force_login(keeper)
    stored = list(outsider.memberships.order_by("pk"))

    client.post(
        page(outsider), person_form(outsider, *stored) | {"memberships-0-province": hanoi.pk}
    )

    assert not Membership.objects.filter(province=hanoi).exists()


def test_memberships_elsewhere_are_out_of_reach_even_by_their_number(client, keeper, both, hanoi):
    elsewhere = both.memberships.get(province=hanoi)
    client.force_login(keeper)

    client.post(page(both), person_form(both, elsewhere) | {"memberships-0-DELETE": "on"})

    assert both.memberships.filter(pk=elsewhere.pk).exists()


def test_a_role_is_taken_back_from_someone_who_also_works_elsewhere(client, keeper, both, an_giang):
    mine = both.memberships.get(province=an_giang)
    client.force_login(keeper)

    client.post(page(both), person_form(both, mine) | {"memberships-0-DELETE": "on"})

    assert [membership.province.name for membership in both.memberships.all()] == ["Hà Nội"]


def test_the_nation_s_administrator_gives_any_role(client, administrator, staff, hanoi):
    own = staff.memberships.get()
    client.force_login(administrator)

    client.post(page(staff), person_form(staff, own, new=[("manager", hanoi), ("viewer", None)]))

    assert staff.memberships.count() == 3


def test_the_same_national_role_twice_is_an_error_of_the_form(client, administrator):
    person = UserFactory.create()
    client.force_login(administrator)

    response = client.post(
        page(person), person_form(person, new=[("viewer", None), ("viewer", None)])
    )

    assert "chỉ ghi một lần" in said(response)
    assert not person.memberships.exists()


def test_a_role_that_is_there_already_is_an_error_of_the_form(client, administrator, staff, hanoi):
    own = staff.memberships.get()
    client.force_login(administrator)

    response = client.post(page(staff), person_form(staff, own, new=[(own.role, hanoi)]))

    assert response.status_code == 200
    assert staff.memberships.count() == 1


# The person


def test_someone_who_also_works_elsewhere_keeps_name_and_password(client, keeper, both):
    client.force_login(keeper)
    name, password = both.full_name, User.objects.get(pk=both.pk).password
    mine = Membership.objects.visible_to(keeper).get(user=both)

    client.post(page(both), person_form(both, mine, full_name="Tên khác", username="khac"))
    refused = client.post(
        page(both, "password"), {"password1": LONG_ENOUGH, "password2": LONG_ENOUGH}
    )

    both = User.objects.get(pk=both.pk)
    assert refused.status_code == 403
    assert (both.full_name, both.password) == (name, password)


def test_someone_without_any_membership_gets_no_password_from_a_province(client, keeper):
    person = UserFactory.create()
    client.force_login(keeper)

    answer = client.post(
        page(person, "password"), {"password1": LONG_ENOUGH, "password2": LONG_ENOUGH}
    )

    assert answer.status_code == 404


def test_an_administrator_sets_a_password_for_their_people(client, keeper, outsider):
    client.force_login(keeper)

    client.post(page(outsider, "password"), {"password1": LONG_ENOUGH, "password2": LONG_ENOUGH})

    assert User.objects.get(pk=outsider.pk).check_password(LONG_ENOUGH)


def test_a_weak_password_is_refused_in_words(client, administrator, staff):
    client.force_login(administrator)

    response = client.post(page(staff, "password"), {"password1": "12345", "password2": "12345"})

    assert response.status_code == 200
    assert "14" in said(response)
    assert not User.objects.get(pk=staff.pk).check_password("12345")


@pytest.mark.parametrize("password", [LONG_ENOUGH, ""])
def test_a_person_is_created_with_a_first_password_or_without(client, keeper, an_giang, password):
    client.force_login(keeper)

    client.post(
        ADD,
        {
            "username": "moi",
            "full_name": "  Nguyễn   Thị Mới ",
            "password1": password,
            "password2": password,
            "memberships-TOTAL_FORMS": 1,
            "memberships-INITIAL_FORMS": 0,
            "memberships-0-role": "staff",
            "memberships-0-province": an_giang.pk,
        },
    )

    person = User.objects.get(username="moi")
    assert person.full_name == "Nguyễn Thị Mới"
    assert person.has_usable_password() is bool(password)
    assert person.check_password("") is False
    assert person.memberships.get().province == an_giang


@pytest.mark.parametrize(
    ("first", "second"), [(LONG_ENOUGH, ""), ("", LONG_ENOUGH), (LONG_ENOUGH, "khác")]
)
def test_a_first_password_is_typed_twice(client, administrator, first, second):
    client.force_login(administrator)

    client.post(
        ADD,
        {
            "username": "moi",
            "full_name": "Mới",
            "password1": first,
            "password2": second,
            "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0,
        },
    )

    assert not User.objects.filter(username="moi").exists()


def test_a_province_creates_nobody_without_a_role(client, keeper):
    client.force_login(keeper)

    client.post(
        ADD,
        {
            "username": "moi",
            "full_name": "Mới",
            "memberships-TOTAL_FORMS": 0,
            "memberships-INITIAL_FORMS": 0,
        },
    )

    assert not User.objects.filter(username="moi").exists()


def test_people_are_deactivated_and_never_deleted(client, administrator, staff):
    client.force_login(administrator)
    form = person_form(staff, staff.memberships.get())
    del form["is_active"]

    deleted = client.post(page(staff, "delete"), {"post": "yes"})
    client.post(page(staff), form)

    assert deleted.status_code == 403
    assert User.objects.get(pk=staff.pk).is_active is False


def test_nobody_deactivates_themselves(client, administrator):
    client.force_login(administrator)
    form = person_form(administrator, administrator.memberships.get())
    del form["is_active"]

    client.post(page(administrator), form)

    assert User.objects.get(pk=administrator.pk).is_active


# Pages


def test_the_history_of_a_person_tells_roles_of_the_administrator_s_provinces_only(
    client, keeper, administrator, both, an_giang, hanoi
):
    both.memberships.get(province=an_giang).delete()
    MembershipFactory.create(user=both, province=an_giang, role="viewer")
    client.force_login(keeper)

    response = client.get(page(both, "history"))

    done = [(entry.done, entry.changes[-1].before) for entry in response.context["entries"]]
    assert done == [("lập", "—"), ("xóa", "cán bộ nhập số liệu"), ("lập", "—")]
    assert "Hà Nội" not in said(response)


@pytest.mark.parametrize("name", ["", "add/", "change", "history", "password"])
def test_pages_of_people_have_no_inline_code_and_no_english(client, administrator, staff, name):
    client.force_login(administrator)

    response = client.get(page(staff, name) if name.isalpha() else f"{LIST}{name}")

    html = response.content.decode()
    assert response.status_code == 200
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    assert not re.search(
        r"\b(ID|password|Password|Delete|History|Enabled|Disabled|algorithm|Add|Change|None)\b",
        said(response),
    )


def test_the_own_password_is_changed_in_vietnamese(client, administrator):
    client.force_login(administrator)

    response = client.get(reverse("admin:password_change"))

    assert "Đổi mật khẩu" in said(response)
    assert not re.search(r"\b(Password|password|Error|theme)\b", said(response))


def test_the_list_of_people_costs_the_same_queries_whatever_its_length(
    client, administrator, hanoi, django_assert_num_queries, django_assert_max_num_queries
):
    MembershipFactory.create(province=hanoi)
    client.force_login(administrator)
    client.get(LIST)
    with django_assert_max_num_queries(20) as short:
        client.get(LIST)
    for _ in range(12):
        MembershipFactory.create(province=hanoi)

    with django_assert_num_queries(len(short)):
        assert len(shown(client)) == 14


def test_a_person_with_many_roles_costs_the_same_queries(
    client, administrator, django_assert_num_queries, django_assert_max_num_queries
):
    person = MembershipFactory.create().user
    client.force_login(administrator)
    client.get(page(person))
    with django_assert_max_num_queries(30) as few:
        client.get(page(person))
    for _ in range(8):
        MembershipFactory.create(user=person)

    with django_assert_num_queries(len(few)):
        client.get(page(person))


def test_an_administrator_does_not_become_one_of_a_province_they_only_view(
    client, keeper, an_giang, hanoi
):
    viewing = MembershipFactory.create(user=keeper, province=hanoi, role=Role.VIEWER.value)
    own = keeper.memberships.get(province=an_giang)
    client.force_login(keeper)

    for stored in ((own,), (own, viewing)):
        form = person_form(keeper, *stored, new=[(Role.ADMINISTRATOR.value, hanoi)])
        client.post(page(keeper), form)

    assert set(keeper.memberships.values_list("role", "province")) == {
        (Role.ADMINISTRATOR.value, an_giang.pk),
        (Role.VIEWER.value, hanoi.pk),
    }


def test_a_colleague_is_not_made_administrator_of_their_other_province_either(
    client, keeper, an_giang, hanoi
):
    colleague = MembershipFactory.create(province=an_giang, role=Role.VIEWER.value)
    MembershipFactory.create(user=colleague.user, province=hanoi, role=Role.VIEWER.value)
    client.force_login(keeper)

    client.post(
        page(colleague.user),
        person_form(colleague.user, colleague, new=[(Role.ADMINISTRATOR.value, hanoi)]),
    )

    assert not colleague.user.memberships.filter(role=Role.ADMINISTRATOR.value).exists()
