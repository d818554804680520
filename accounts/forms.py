from __future__ import annotations

from django.contrib.auth.forms import AuthenticationForm


class SignInForm(AuthenticationForm):
    """Says one thing for a wrong name and a wrong password, so that nobody can try out names."""

    error_messages = {  # noqa: RUF012 -- declared so by Django
        **AuthenticationForm.error_messages,
        "invalid_login": (
            "Tên đăng nhập hoặc mật khẩu không đúng. Hãy kiểm tra phím Caps Lock và tắt bộ gõ "
            "tiếng Việt rồi nhập lại."
        ),
        "inactive": "Tài khoản này đã ngừng sử dụng. Hãy liên hệ quản trị của đơn vị.",
    }
