"""`kc` itself: what it says before there is anything of ours to run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NEEDED_TOOLS = ("sh", "cat", "dirname", "mkdir", "readlink")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without .venv."""
    folder = tmp_path / "khuyến công"
    (folder / "khuyencong" / "local").mkdir(parents=True)
    shutil.copy(REPOSITORY / "kc", folder)
    shutil.copy(REPOSITORY / "khuyencong/local/usage.txt", folder / "khuyencong/local")
    return folder


@pytest.fixture
def bare_path(tmp_path: Path) -> Path:
    """A PATH with nothing but a few ordinary tools: no Python, no uv."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in NEEDED_TOOLS:
        found = shutil.which(tool)
        assert found is not None
        (folder / tool).symlink_to(found)
    return folder


def run(script: Path, *arguments: str, path: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [script, *arguments],
        cwd="/",
        env={"PATH": str(path)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_an_old_python_is_named_in_one_line(checkout: Path, bare_path: Path) -> None:
    old = bare_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.9.2" && exit\nexit 1\n')
    old.chmod(0o755)

    refused = run(checkout / "kc", "up", path=bare_path)

    assert refused.returncode == 1
    assert refused.stderr == "✗ Cần Python 3.11 trở lên; máy này có: Python 3.9.2.\n"
    assert not (checkout / ".venv").exists()


def test_a_machine_without_python_is_told_so(checkout: Path, bare_path: Path) -> None:
    refused = run(checkout / "kc", "up", path=bare_path)

    assert refused.returncode == 1
    assert refused.stderr == "✗ Cần Python 3.11 trở lên; máy này không có Python.\n"


def test_help_needs_nothing_installed_and_works_through_a_link(
    checkout: Path, bare_path: Path, tmp_path: Path
) -> None:
    link = tmp_path / "link"
    link.symlink_to(os.path.relpath(checkout / "kc", tmp_path))

    helped = run(link, "--help", path=bare_path)

    assert helped.returncode == 0
    assert "./kc up --once" in helped.stdout
    assert not (checkout / ".local").exists()


def test_the_uv_that_kc_fetches_is_the_one_that_the_image_uses() -> None:
    script = (REPOSITORY / "kc").read_text()
    image = (REPOSITORY / "khuyencong" / "Dockerfile").read_text()

    fetched = set(re.findall(r"uv==[0-9.]*[0-9]", script))

    assert len(fetched) == 1
    assert fetched.pop() in image
