from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
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
