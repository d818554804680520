"""Of which place, and of which figures, a computed row speaks."""

from __future__ import annotations

from django.db import models


class Scope(models.TextChoices):
    """The place a row speaks of. Totals of REPORTED and CURRENT are equal for every period."""

    REPORTED = "reported", "đơn vị báo cáo khi đó"
    CURRENT = "current", "theo địa giới hiện nay"
    REGION = "region", "vùng"
    NATION = "nation", "cả nước"


class Layer(models.TextChoices):
    """Which figures a row adds up. Layers are never mixed."""

    OFFICIAL = "official", "đã duyệt"
    SUBMITTED = "submitted", "đã gửi, chưa duyệt"
    ESTIMATE = "estimate", "ước thực hiện"
