"""«Việc cần làm» on one page."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from programs.access import SignedInRequest
from reports.entry.work import work_of


@require_GET
def work(request: SignedInRequest) -> HttpResponse:
    return render(request, "reports/entry/work.html", {"work": work_of(request.user, request.GET)})
