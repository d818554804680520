"""Whose failed sign-ins are counted together."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the person's address: behind n trusted proxies, the n-th from the right.

    What stands further left in X-Forwarded-For was sent by the person and may be anything.
    """
    passed_on = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
    count: int = settings.PROXY_COUNT
    if count and len(passed_on) >= count and passed_on[-count]:
        return passed_on[-count]
    address: str = request.META.get("REMOTE_ADDR", "")
    return address
