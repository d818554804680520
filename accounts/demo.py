"""Four people to try the program with. They exist only on the embedded servers on loopback."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from django.conf import settings

from accounts.models import Membership, User
from programs.access import Role
from programs.models import Province


@dataclass(frozen=True, slots=True)
class DemoAccount:
    username: str
    full_name: str
    title: str
    role: Role
    province_code: str  # empty: the nation

    @property
    def password(self) -> str:
        """Made from this machine's secret key: it differs everywhere and is stored nowhere."""
        key = hmac.new(settings.SECRET_KEY.encode(), self.username.encode(), hashlib.sha256)
        letters = base64.b32encode(key.digest()).decode().lower()
        return "-".join(letters[start : start + 4] for start in range(0, 16, 4))


DEMO_ACCOUNTS = (
    DemoAccount("canbo", "Nguyễn Thị Hoa", "Cán bộ Sở Công Thương Hà Nội", Role.STAFF, "01"),
    DemoAccount("lanhdao", "Trần Văn Minh", "Lãnh đạo Sở Công Thương Hà Nội", Role.MANAGER, "01"),
    DemoAccount("trunguong", "Lê Thị Lan", "Chuyên viên theo dõi cả nước", Role.VIEWER, ""),
    DemoAccount("quantri", "Phạm Anh Quân", "Quản trị hệ thống", Role.ADMINISTRATOR, ""),
)


def make_demo_accounts() -> None:
    """Create the accounts that are missing. Raises RuntimeError anywhere but on loopback."""
    if not settings.EMBEDDED:
        raise RuntimeError("demo accounts exist on the embedded servers only")
    for account in DEMO_ACCOUNTS:
        if User.objects.filter(username=account.username).exists():
            continue
        user = User.objects.create_user(
            account.username,
            full_name=account.full_name,
            title=account.title,
            password=account.password,
        )
        province = (
            Province.objects.get(code=account.province_code, valid_to=None)
            if account.province_code
            else None
        )
        Membership.objects.create(user=user, province=province, role=account.role.value)
