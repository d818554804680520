from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from accounts.lockout import address_of
from accounts.models import User

PASSWORD = "mot-mat-khau-du-dai"
SIGN_IN = "/nguoi-dung/dang-nhap/"
SIGN_OUT = "/nguoi-dung/dang-xuat/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(staff: User) -> User:
    staff.set_password(PASSWORD)
    staff.save(update_fields=("password",))
    return staff


def try_password(client: Client, password: str, *, username: str = "hoa", **more: str):
    return client.post(SIGN_IN, {"username": username, "password": password, **more})


def test_the_right_password_leads_home(client: Client, officer):
    response = try_password(client, PASSWORD)

    assert response.headers["Location"] == "/"
    assert client.session["_auth_user_id"] == str(officer.pk)


def test_one_comes_back_to_the_page_one_asked_for(client: Client, officer):
    response = try_password(client, PASSWORD, next="/chuong-trinh/?q=thiet+bi")

    assert response.headers["Location"] == "/chuong-trinh/?q=thiet+bi"


def test_signing_in_never_leads_to_another_site(client: Client, officer):
    response = try_password(client, PASSWORD, next="https://example.com/")

    assert response.headers["Location"] == "/"


def test_a_wrong_name_and_a_wrong_password_get_the_same_answer(client: Client, officer):
    wrong_password = try_password(client, "sai").context["form"].non_field_errors()
    wrong_name = try_password(client, PASSWORD, username="khong-co").context["form"]

    assert wrong_password == wrong_name.non_field_errors()
    assert "Caps Lock" in wrong_password[0]


def test_someone_who_left_cannot_sign_in(client: Client, officer):
    officer.is_active = False
    officer.save(update_fields=("is_active",))

    try_password(client, PASSWORD)

    assert "_auth_user_id" not in client.session


def test_the_fifth_failure_locks_and_says_for_how_long(client: Client, officer):
    for _ in range(4):
        assert try_password(client, "sai").status_code == 200

    locked = try_password(client, "sai")

    assert locked.status_code == 429
    assert "Tạm khóa đăng nhập" in locked.text
    assert "15 phút" in locked.text
    assert try_password(client, PASSWORD).status_code == 429


def test_signing_out_is_a_post_only(client: Client, officer):
    client.force_login(officer)

    assert client.get(SIGN_OUT).status_code == 405
    assert client.session["_auth_user_id"] == str(officer.pk)


def test_signing_out_ends_the_session(client: Client, officer):
    client.force_login(officer)

    response = client.post(SIGN_OUT)

    assert response.headers["Location"] == SIGN_IN
    assert "_auth_user_id" not in client.session


def test_signing_out_twice_does_no_harm(client: Client):
    assert client.post(SIGN_OUT).headers["Location"] == SIGN_IN


@pytest.mark.parametrize(
    ("proxies", "passed_on", "address"),
    [
        (0, "203.0.113.7", "172.18.0.1"),  # nobody is trusted to say
        (1, "203.0.113.7", "203.0.113.7"),
        (1, "1.1.1.1, 203.0.113.7", "203.0.113.7"),  # what the person wrote is further left
        (2, "203.0.113.7, 10.0.0.2", "203.0.113.7"),
        (1, "", "172.18.0.1"),
    ],
)
def test_people_behind_a_proxy_are_told_apart_by_their_own_address(
    rf, settings, proxies, passed_on, address
):
    settings.PROXY_COUNT = proxies
    request = rf.get("/", REMOTE_ADDR="172.18.0.1", headers={"X-Forwarded-For": passed_on})

    assert address_of(request) == address


def test_everybody_changes_their_own_password(client, staff):
    staff.set_password(PASSWORD)
    staff.save()
    client.force_login(staff)
    new = "mot-mat-khau-khac-9"

    client.post(
        reverse("accounts:own_password"),
        {"old_password": PASSWORD, "new_password1": new, "new_password2": new},
    )

    staff.refresh_from_db()
    assert staff.check_password(new)
