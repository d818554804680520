"""Every page has the strict policy and keeps to it: nothing inline, nothing from elsewhere."""

from __future__ import annotations

import re

import pytest
from django.template.loader import render_to_string
from django.test import Client, RequestFactory
from django.views.csrf import csrf_failure

from tests.reports.dashboards.story import clerk, told_program

INLINE = re.compile(
    r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=|javascript:|<(?:script|link|img)[^>]*//",
    re.IGNORECASE,
)

pytestmark = pytest.mark.django_db

PAGES = [
    "/",
    "/chuong-trinh/",
    "/chuong-trinh/KC-THU/",
    "/chuong-trinh/KC-THU/2016-2020/?q=thiet+bi&xep=-percent",
    "/khong-co-trang-nay/",
]


@pytest.mark.parametrize("path", PAGES)
def test_pages_keep_to_the_policy(client: Client, staff, hanoi, path):
    told_program(province=hanoi, by=clerk(), code="KC-THU")
    client.force_login(staff)

    response = client.get(path)

    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert INLINE.findall(response.text) == []


def test_the_sign_in_page_keeps_to_the_policy(client: Client):
    response = client.get("/nguoi-dung/dang-nhap/")

    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    assert INLINE.findall(response.text) == []


@pytest.mark.parametrize("template", ["400.html", "403.html", "404.html", "500.html"])
def test_an_error_page_needs_no_context(template):
    page = render_to_string(template)

    assert INLINE.findall(page) == []
    assert 'href="/"' in page


def test_a_form_sent_too_late_is_explained(rf: RequestFactory):
    response = csrf_failure(rf.post("/"))

    assert response.status_code == 403
    assert "Trang đã mở quá lâu" in response.text
