from __future__ import annotations

from getpass import getpass
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import Membership, User
from programs.access import Role


class Command(BaseCommand):
    help = "Tạo quản trị viên đầu tiên (phạm vi cả nước); mật khẩu được hỏi khi chạy."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username", help="tên đăng nhập")
        parser.add_argument("full_name", help="họ và tên, đặt trong ngoặc kép")

    @transaction.atomic
    def handle(self, *args: Any, username: str, full_name: str, **options: Any) -> None:
        password = getpass("Mật khẩu: ")
        if getpass("Gõ lại mật khẩu: ") != password:
            raise CommandError("Hai lần gõ mật khẩu không giống nhau; chưa tạo tài khoản.")
        try:
            validate_password(password, User(username=username, full_name=full_name))
            user = User.objects.create_user(username, full_name=full_name, password=password)
        except ValidationError as fault:
            raise CommandError(" ".join(fault.messages)) from fault
        Membership.objects.create(user=user, role=Role.ADMINISTRATOR.value)
        self.stdout.write(f"Đã tạo quản trị viên {username}.")
