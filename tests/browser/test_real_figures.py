"""Hà Nội's real figures on the real page; also draws the README's picture.

    SCREENSHOTS=1 ./kc test tests/browser/test_real_figures.py

writes docs/images/program-page.png again.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from programs.catalogues import load_catalogues
from programs.models import Program, Province
from reports.attainment.recompute import recompute_marked
from reports.hanoi.load import load_hanoi
from tests.browser.conftest import WIDE

PICTURE = Path(settings.BASE_DIR) / "docs" / "images" / "program-page.png"


@pytest.fixture
def hanoi(transactional_db: None) -> Province:
    """In place of the cast's: the province as the catalogue has it."""
    list(load_catalogues())
    list(load_hanoi())
    recompute_marked()
    return Province.objects.get(code="01", valid_to=None)


@pytest.fixture
def program(hanoi: Province) -> Program:
    return Program.objects.get(code="KC-HN-2016-2020")


def test_the_official_sentences_stand_on_the_page(at_work: Callable[[str], Page], tmp_path: Path):
    page = at_work("/chuong-trinh/KC-HN-2016-2020/2016-2020/")
    page.set_viewport_size({"width": WIDE["width"], "height": 1200})

    sentences = page.locator("section.sentences")
    for phrase in (
        "đạt 128% kế hoạch",
        "đạt 100% kế hoạch",
        "đạt 170% kế hoạch",
        "tăng 22,6% so với giai đoạn 2011-2015",
        "bằng 199,5% so với giai đoạn 2011-2015",
        "81,1%",
    ):
        expect(sentences).to_contain_text(phrase)
    expect(page.locator(".headline")).to_contain_text("3/3 chỉ tiêu đạt kế hoạch")

    picture = PICTURE if os.environ.get("SCREENSHOTS") else tmp_path / PICTURE.name
    page.screenshot(path=picture)
    assert picture.stat().st_size <= 300_000
