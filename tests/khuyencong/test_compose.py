"""docker-compose.yml against the code it starts: commands, variables, health, secrets."""

from __future__ import annotations

import re
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import django
import pytest
import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
IMAGE = (REPOSITORY / "khuyencong" / "Dockerfile").read_text()
SETTINGS = (REPOSITORY / "khuyencong" / "settings.py").read_text()

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = sorted(name for name, service in SERVICES.items() if "build" in service)
OF_PYTHON = {"PATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE", "DJANGO_SETTINGS_MODULE"}


def words_of(command: str | list[str]) -> list[str]:
    return command.split() if isinstance(command, str) else " ".join(command).split()


def variables_of_settings() -> set[str]:
    return set(re.findall(r"(?:\benv(?:\.\w+)?|\brequired)\(\s*\"([A-Z_]+)\"", SETTINGS))


def management_commands() -> set[str]:
    homes = [REPOSITORY, Path(django.__file__).parent / "core"]
    homes += [Path(django.__file__).parent / "contrib" / "staticfiles"]
    files = [file for home in homes for file in home.glob("management/commands/[!_]*.py")]
    files += REPOSITORY.glob("[!.]*/management/commands/[!_]*.py")
    return {file.stem for file in files}


def installed_programs() -> set[str]:
    return {
        script.name
        for distribution in distributions()
        for script in distribution.entry_points
        if script.group == "console_scripts"
    }


def test_the_services_are_the_ones_the_operations_guide_speaks_of() -> None:
    assert sorted(SERVICES) == ["beat", "migrate", "postgres", "valkey", "web", "worker"]
    assert OURS == ["beat", "migrate", "web", "worker"]


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_is_started_with_an_app_that_exists(name: str) -> None:
    program, *arguments = SERVICES[name]["command"]

    assert program in installed_programs()
    assert "--app=khuyencong" in arguments
    assert find_spec("khuyencong.celery") is not None


def test_the_image_serves_a_module_that_exists() -> None:
    command = re.search(r"^CMD (\[.*?\])$", IMAGE, re.DOTALL | re.MULTILINE)
    assert command is not None
    words = re.findall(r'"([^"]+)"', command.group(1))

    assert words[0] in installed_programs()
    assert words[-1] == "khuyencong.wsgi:application"
    assert find_spec("khuyencong.wsgi") is not None


def test_every_management_command_exists() -> None:
    commands = " ".join(
        [IMAGE, *(" ".join(words_of(SERVICES[name].get("command", ""))) for name in OURS)]
    )
    used = set(re.findall(r"manage\.py (\w+)", commands))

    assert used == {"collectstatic", "migrate", "load_catalogues"}
    assert used <= management_commands()


@pytest.mark.parametrize("name", OURS)
def test_every_variable_that_is_set_is_one_that_the_settings_read(name: str) -> None:
    assert set(SERVICES[name]["environment"]) <= variables_of_settings()


def test_every_variable_of_the_image_is_one_that_somebody_reads() -> None:
    lines = IMAGE.replace("\\\n", " ").splitlines()
    of_env = " ".join(line for line in lines if line.startswith("ENV "))
    names = set(re.findall(r"\b([A-Z_]+)=", of_env))

    assert names
    assert names <= variables_of_settings() | OF_PYTHON


def test_what_the_settings_require_is_set() -> None:
    required = set(re.findall(r"\brequired\(\s*\"([A-Z_]+)\"", SETTINGS))

    assert required
    for name in OURS:
        assert required <= set(SERVICES[name]["environment"])


@pytest.mark.parametrize("name", OURS)
def test_no_demo_accounts_and_no_plain_http_in_production(name: str) -> None:
    assert not {"KHUYENCONG_EMBEDDED", "DEBUG", "HTTPS"} & set(SERVICES[name]["environment"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_secrets_come_from_outside_and_have_no_default(name: str) -> None:
    for variable, value in SERVICES[name].get("environment", {}).items():
        if re.search("PASSWORD|SECRET", variable):
            assert re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", value), variable
        password = re.search(r"://[^/:@]*:(.*)@", value)
        assert password is None or password.group(1).startswith("${"), variable


@pytest.mark.parametrize("name", OURS)
def test_nothing_of_ours_starts_before_what_it_needs_is_healthy(name: str) -> None:
    needed = {other: how["condition"] for other, how in SERVICES[name]["depends_on"].items()}
    expected = {"postgres": "service_healthy", "valkey": "service_healthy"}
    if name != "migrate":
        expected["migrate"] = "service_completed_successfully"

    assert needed == expected


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {"migrate"}))
def test_every_lasting_service_is_watched_and_started_again(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"]
    assert SERVICES[name]["restart"] == "unless-stopped"


def test_the_migration_runs_once() -> None:
    assert SERVICES["migrate"]["restart"] == "no"
    assert SERVICES["migrate"]["healthcheck"] == {"disable": True}


def test_the_health_of_the_web_service_is_readiness() -> None:
    assert "/readyz" in " ".join(SERVICES["web"]["healthcheck"]["test"])
    assert "/readyz" in IMAGE


def test_only_the_web_service_is_reachable_and_only_from_this_server() -> None:
    ports = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}

    assert list(ports) == ["web"]
    assert all(port.startswith("127.0.0.1:") for port in ports["web"])


def test_data_outlive_the_containers() -> None:
    mounted = {
        volume.split(":")[0] for service in SERVICES.values() for volume in service["volumes"]
    }

    assert mounted == set(COMPOSE["volumes"])


def test_a_worker_child_is_replaced_now_and_then() -> None:
    assert any(word.startswith("--max-tasks-per-child=") for word in SERVICES["worker"]["command"])


def test_the_image_has_no_groups_and_does_not_run_as_root() -> None:
    installs = re.findall(r"uv sync .*", IMAGE)

    assert installs
    assert all("--frozen" in line and "--no-dev" in line for line in installs)
    assert not any("--group" in line or "--all-groups" in line for line in installs)
    last_user = re.findall(r"^USER (.+)$", IMAGE, re.MULTILINE)[-1]
    assert last_user.split(":")[0] not in ("root", "0")


def test_the_image_carries_no_launcher_of_local_servers() -> None:
    ignored = (REPOSITORY / ".dockerignore").read_text().splitlines()

    assert "*" in ignored
    assert "khuyencong/local" in ignored
