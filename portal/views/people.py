"""Coming in, going out, a new password, and being locked out."""

import unicodedata
from datetime import timedelta
from typing import Any, cast

from axes.helpers import get_cool_off
from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.forms import AuthenticationForm, PasswordChangeForm
from django.contrib.auth.views import LoginView, LogoutView, PasswordChangeView
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.decorators import method_decorator

from portal import audit
from portal.models import AuditEntry, User


class SignInForm(AuthenticationForm):
    def clean_username(self) -> str:
        """Django tells only the browser how long a name may be, and the log of failures has no room for a book."""
        username: str = self.cleaned_data["username"]
        if len(username) > (User._meta.get_field("username").max_length or 0):
            raise self.get_invalid_login_error()
        return username


class SignIn(LoginView):
    template_name = "portal/login.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response = super().form_valid(form)
        user = cast(User, form.get_user())
        audit.record(user, "user.signed_in", user)
        return response


@method_decorator(login_not_required, name="dispatch")
class SignOut(LogoutView):
    """Whoever is out already gets the login page, not a question to sign in first."""


class NewPassword(PasswordChangeView):
    template_name = "portal/password.html"
    success_url = reverse_lazy("home")

    @transaction.atomic
    def form_valid(self, form: PasswordChangeForm) -> HttpResponse:
        response = super().form_valid(form)
        user = cast(User, form.user)
        audit.record(user, "user.password_changed", user)
        messages.success(self.request, "Your password was changed. Other browsers were signed out.")
        return response


login = SignIn.as_view()
logout = SignOut.as_view()
password = NewPassword.as_view()


def note_lock(request: HttpRequest) -> None:
    """One audit entry per lock, not per try: nobody outside shall fill a log that is never emptied."""
    name = unicodedata.normalize("NFKC", request.POST.get("username", "").replace("\x00", "").strip())[:150]
    since = timezone.now() - (get_cool_off(request) or timedelta(hours=1))
    known = AuditEntry.objects.filter(at__gt=since, action="login.locked", details__username=name)
    if not known.exists():
        audit.record(None, "login.locked", User.objects.filter(username=name).first(), username=name)


def locked_out(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    """Too many wrong passwords for one name. Each further try starts the wait anew, so it ends that long from now."""
    note_lock(request)
    wait = get_cool_off(request)
    opens_at = timezone.localtime(timezone.now() + wait) if wait else None
    response = render(request, "portal/locked.html", {"opens_at": opens_at, "wait": wait}, status=429)
    if wait:
        response["Retry-After"] = str(int(wait.total_seconds()))
    return response
