from functools import update_wrapper
from typing import Any

from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.decorators import login_not_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator

# What stands together on the first page, the most urgent first, and what things are called there.
SECTIONS = {
    "Sending": ("Message", "VendorAccount", "Attempt", "DriftEntry"),
    "Work": ("Dispatch", "Ticket", "Draft", "StoredFile"),
    "Places": ("Site", "Account"),
    "People": ("User", "Team", "Group", "AccessAttempt", "AccessFailureLog", "AccessLog"),
    "History": ("AuditEntry",),
}
NAMES = {
    "Account": "Granite accounts",
    "User": "People",
    "Group": "Roles",
    "AccessAttempt": "Locked names",
    "AccessFailureLog": "Failed sign-ins",
    "AccessLog": "Sign-ins",
}


class PortalAdminSite(AdminSite):
    """Stock pages. People sign in, sign out and change their password at the portal's one door."""

    site_header = site_title = "Portal administration"
    index_title = "What needs an administrator"
    enable_nav_sidebar = False  # lists need the width

    def has_permission(self, request: HttpRequest) -> bool:
        return bool(request.user.is_active and request.user.has_perm("portal.use_admin"))

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            # Signing in again would not help somebody who is signed in: say no, plainly.
            if request.user.is_authenticated and not self.has_permission(request):
                raise PermissionDenied
            return inner(request, *args, **kwargs)

        return update_wrapper(guarded, view)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = super().get_app_list(request, app_label)
        models = {model["object_name"]: model for app in apps for model in app["models"]}
        for name, words in NAMES.items():
            if name in models:
                models[name]["name"] = words
        if app_label is not None:
            return apps
        sections = []
        for title, names in SECTIONS.items():
            if found := [models.pop(name) for name in names if name in models]:
                sections.append(self._section(title, found))
        return [*sections, self._section("Other", list(models.values()))] if models else sections

    def _section(self, title: str, models: list[Any]) -> dict[str, Any]:
        index = resolve_url("admin:index")
        return {
            "name": title,
            "app_label": title.lower(),
            "app_url": f"{index}#{title.lower()}",
            "has_module_perms": True,
            "models": models,
        }

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        # Needs models, which are loaded after this module.
        from portal.admin.needs import needs

        return super().index(request, {"needs": needs(request), **(extra_context or {})})

    @method_decorator(login_not_required)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        # Needs models, which are loaded after this module.
        from django.contrib.auth.views import redirect_to_login

        wanted = request.GET.get("next") or resolve_url("admin:index")
        if self.has_permission(request):
            return HttpResponseRedirect(resolve_url("admin:index"))
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(wanted, resolve_url(settings.LOGIN_URL))

    def password_change(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        return HttpResponseRedirect(resolve_url("password"))


class PortalAdminConfig(AdminConfig):
    default_site = "portal.admin_site.PortalAdminSite"
