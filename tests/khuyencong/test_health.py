"""The two addresses that a load balancer asks: without a session, a host name or TLS."""

from __future__ import annotations

import pytest
import redis
from django.db import OperationalError, connection
from django.test import Client


def test_the_process_answers_without_a_database():
    response = Client(headers={"host": "10.0.0.7"}).get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok")


@pytest.mark.django_db
def test_ready_when_database_broker_and_migrations_are():
    response = Client(headers={"host": "10.0.0.7"}).get("/readyz")
    assert response.json() == {"database": "ok", "broker": "ok"}
    assert response.status_code == 200


@pytest.mark.django_db
def test_not_ready_without_a_broker(settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["broker"]) == (503, "unreachable")


@pytest.mark.django_db
def test_not_ready_without_a_database(monkeypatch):
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError

    monkeypatch.setattr(connection, "cursor", refuse)
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "unreachable")


@pytest.mark.django_db
def test_not_ready_while_a_migration_waits():
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'reports'")
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["database"]) == (503, "migrations pending")


def test_the_broker_of_the_tests_is_a_real_one(settings):
    client = redis.Redis.from_url(settings.REDIS_URL)
    assert client.info("server")["redis_version"]
    client.close()
