"""`./kc bench entry`: twenty people save cells at once, over HTTP, against the real web server.

Nothing may be lost and nobody may see an error; the time of one person's save is set beside a
bare write of the same row in the same run.
"""

from __future__ import annotations

import argparse
import http.client
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from http.cookies import SimpleCookie
from threading import Thread
from time import monotonic, perf_counter, sleep
from urllib.parse import urlencode

from django.contrib.auth.hashers import make_password
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts.models import Membership, User
from bench.attainment.databases import environment, scratch_database
from bench.attainment.findings import Finding, print_table
from bench.attainment.machine import machine
from bench.attainment.timing import in_words, percentile
from programs.access import Role
from programs.catalogues import load_catalogues
from programs.models import Indicator, Period, Program, Province
from programs.numbers import show_number
from reports.models import Figure, Report

PASSWORD = "mot-mat-khau-cua-bai-do"  # noqa: S105  # of people who exist during the run
CELLS_EACH = 12
WARMING_UP = 5
ALONE = 100  # saves of one person by himself

Found = dict[str, str]


@dataclass
class Person:
    """One member of staff at a browser: signed in, with cells of one report to fill."""

    user: User
    report: Report
    indicators: Sequence[Indicator]
    port: int
    cookies: SimpleCookie = field(default_factory=SimpleCookie)
    seconds: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    acknowledged: dict[int, str] = field(default_factory=dict)  # by indicator
    versions: dict[int, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)

    def sign_in(self) -> None:
        address = reverse("accounts:sign_in")
        page = self.ask("GET", address)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page[1])
        assert token is not None
        form = {
            "username": self.user.username,
            "password": PASSWORD,
            "csrfmiddlewaretoken": token[1],
        }
        status, _ = self.ask("POST", address, urlencode(form), "application/x-www-form-urlencoded")
        assert status == 302, f"not signed in: {status}"
        self.ask("GET", reverse("entry:report", args=[self.report.pk]))
        self.connection.close()  # the server would, before the typing begins

    def save(self, indicator: Indicator, value: int) -> None:
        """One cell, as the sheet's script sends it."""
        text = show_number(value)
        cell = {
            "report": self.report.pk,
            "indicator": indicator.pk,
            "base": self.versions.get(indicator.pk, 0),
            "text": text,
        }
        body = json.dumps({"by": self.user.pk, "cells": [cell]})
        begun = perf_counter()
        status, answer = self.ask("POST", reverse("entry:cells"), body, "application/json")
        self.seconds.append(perf_counter() - begun)
        if status != http.HTTPStatus.OK:
            self.errors.append(f"{status}: {answer[:200]}")
            return
        (saved,) = json.loads(answer)["cells"]
        if saved["outcome"] != "saved":
            self.errors.append(f"{saved['outcome']}: {saved['message']}")
            return
        self.acknowledged[indicator.pk] = text
        self.versions[indicator.pk] = saved["version"]

    def type_for(self, seconds: float) -> None:
        """Fill the cells over and over, as fast as the server answers."""
        ends, value = monotonic() + seconds, 0
        while monotonic() < ends:
            value += 1
            try:
                self.save(self.indicators[value % len(self.indicators)], value)
            except (OSError, http.client.HTTPException) as error:
                self.errors.append(repr(error))
                return

    def ask(self, method: str, path: str, body: str = "", kind: str = "") -> tuple[int, str]:
        headers = {
            "Cookie": "; ".join(f"{name}={each.value}" for name, each in self.cookies.items()),
            "Referer": f"http://127.0.0.1:{self.port}/",
        }
        if "csrftoken" in self.cookies:
            headers["X-CSRFToken"] = self.cookies["csrftoken"].value
        if kind:
            headers["Content-Type"] = kind
        self.connection.request(method, path, body or None, headers)
        response = self.connection.getresponse()
        text = response.read().decode()
        for name, value in response.getheaders():
            if name.lower() == "set-cookie":
                self.cookies.load(value)
        return response.status, text


def prepare(people: int, port: int) -> list[Person]:
    """A program by months, five provinces with a report each, and the people who fill them."""
    list(load_catalogues())
    program = Program.objects.create(
        code="NHAP-BENCH",
        name="Chương trình của bài đo",
        level="national",
        stage=Period.objects.get(key="2026-2030"),
        calendar="statistical",
        leaf_kind="month",
    )
    indicators = list(
        Indicator.objects.filter(province=None, aggregation="flow", decimals=0)[: 4 * CELLS_EACH]
    )
    provinces = Province.objects.filter(valid_to=None, valid_from__lt=date(2026, 1, 1))[:5]
    reports = Report.objects.bulk_create(
        Report(program=program, province=province, period=Period.objects.get(key="2026-06"))
        for province in provinces
    )
    password = make_password(PASSWORD)
    made = []
    for number in range(people):
        report = reports[number % len(reports)]
        user = User.objects.create(
            username=f"nguoi-do-{number}", full_name=f"Người đo {number}", password=password
        )
        Membership.objects.create(user=user, province=report.province, role=Role.STAFF.value)
        turn = number // len(reports)
        mine = indicators[turn * CELLS_EACH :][:CELLS_EACH]
        made.append(Person(user, report, mine, port))
    return made


@contextmanager
def web_server() -> Iterator[int]:
    """The web server of `./kc up`, on the database of the connection; yields its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        *(sys.executable, "-m", "gunicorn", "khuyencong.wsgi:application"),
        *("--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"),
        *("--log-level", "warning"),
    ]
    with subprocess.Popen(command, env=environment()) as server:
        try:
            _wait_for(port)
            yield port
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    ends = monotonic() + 60
    while monotonic() < ends:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        sleep(0.1)
    raise TimeoutError("the web server did not start")


def bare_writes(person: Person, times: int) -> list[float]:
    """Seconds of writing one figure through the ORM, with the table's own triggers."""
    figure = Figure.objects.filter(report=person.report).first()
    assert figure is not None
    seconds = []
    for value in range(times):
        begun = perf_counter()
        figure.value, figure.typed_at = Decimal(value + 1), timezone.now()
        figure.save(update_fields=("value", "typed_at"))
        seconds.append(perf_counter() - begun)
    return seconds


def findings_of(people: Sequence[Person], seconds: float) -> Iterator[Finding]:
    person = people[0]
    person.seconds.clear()
    for value in range(WARMING_UP + ALONE):
        person.save(person.indicators[0], 1000 + value)
    if person.errors:
        raise SystemExit(f"The first cells were not saved: {person.errors[0]}")
    alone = person.seconds[WARMING_UP:]
    bare = bare_writes(person, WARMING_UP + ALONE)[WARMING_UP:]
    person.acknowledged.clear()  # the bare writes went over them
    for share, name in ((0.5, "p50"), (0.95, "p95")):
        yield Finding(
            "E1",
            "",
            f"one cell saved over HTTP, alone, {name}",
            in_words(percentile(alone, share)),
            f"bare write {in_words(percentile(bare, share))}",
            percentile(alone, share) / percentile(bare, share),
        )

    for each in people:
        each.connection.close()
        each.seconds.clear()
    typing = [Thread(target=each.type_for, args=(seconds,)) for each in people]
    for thread in typing:
        thread.start()
    for thread in typing:
        thread.join()
    saves = [second for each in people for second in each.seconds]
    errors = [error for each in people for error in each.errors]
    lost = list(lost_cells(people))
    yield Finding(
        "E2",
        "",
        f"{len(people)} people for {seconds:.0f} s, {len(saves)} cells, p95",
        in_words(percentile(saves, 0.95)),
        f"{len(saves) / seconds:.0f} cells/s; alone {in_words(percentile(alone, 0.95))}",
        percentile(saves, 0.95) / percentile(alone, 0.95),
    )
    yield Finding("E3", "", "errors seen", str(len(errors)), "; ".join(errors[:3]), len(errors), 0)
    yield Finding("E4", "", "cells lost", str(len(lost)), "; ".join(lost[:3]), len(lost), 0)


def lost_cells(people: Sequence[Person]) -> Iterator[str]:
    """What was acknowledged last and is not what the database has."""
    for person in people:
        stored = dict(
            Figure.objects.filter(
                report=person.report, indicator__in=person.indicators
            ).values_list("indicator", "value")
        )
        for indicator, text in person.acknowledged.items():
            if show_number(stored.get(indicator) or 0) != text:
                yield f"{person.user}: {text} is {stored.get(indicator)}"


def main(words: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="./kc bench entry", description=__doc__)
    parser.add_argument("--people", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args(words)
    for line in machine():
        print(line)
    with scratch_database("entry"), web_server() as port:
        people = prepare(options.people, port)
        for person in people:
            person.sign_in()
        findings = list(findings_of(people, options.seconds))
        connection.close()
    print_table(findings)
    return int(any(finding.is_missed for finding in findings))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
