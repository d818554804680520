from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator

from accounts.forms import SignInForm


class SignIn(LoginView):
    template_name = "accounts/sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True


# Without a session too: asked to sign in first, a person would come back here by GET, to a 405.
@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """POST only: a link or an image elsewhere cannot sign anybody out."""

    http_method_names = ("post", "options")


class OwnPassword(PasswordChangeView):
    """Everybody chooses their own: who was given one must not go on sharing it."""

    template_name = "accounts/own_password.html"
    success_url = reverse_lazy("home")

    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        messages.success(self.request, "Đã đổi mật khẩu.")
        return super().form_valid(form)
