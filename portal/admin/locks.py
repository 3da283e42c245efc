"""Names that were locked after too many wrong passwords, and the way to open them again."""

from axes import admin as axes_admin
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from axes.utils import reset
from django.conf import settings
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from portal import audit
from portal.admin.base import ReadOnlyAdmin, admin_of, badge, each

for model in (AccessAttempt, AccessLog, AccessFailureLog):
    admin.site.unregister(model)


@admin.register(AccessAttempt)
class LockAdmin(ReadOnlyAdmin):
    """Form data is not shown: people type passwords into the wrong field."""

    list_display = ("username", "standing", "failures_since_start", "ip_address", "attempt_time")
    list_filter = (axes_admin.IsLockedOutFilter,)
    search_fields = ("username", "=ip_address")
    ordering = ("-attempt_time",)
    actions = ("unlock",)
    fields = ("username", "standing", "failures_since_start", "ip_address", "user_agent", "attempt_time")
    readonly_fields = fields

    def has_unlock_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("axes.delete_accessattempt")

    @admin.action(description="Unlock", permissions=["unlock"])
    def unlock(self, request: HttpRequest, chosen: QuerySet[AccessAttempt]) -> None:
        def unlock(attempt: AccessAttempt) -> None:
            reset(username=attempt.username)
            audit.record(admin_of(request), "login.unlocked", username=attempt.username)

        each(request, list({one.username: one for one in chosen}.values()), unlock, done="Unlocked")

    @admin.display(description="state", ordering="failures_since_start")
    def standing(self, attempt: AccessAttempt) -> SafeString:
        if attempt.failures_since_start >= settings.AXES_FAILURE_LIMIT:
            return badge("held", "Locked")
        return badge("info", "Open")


@admin.register(AccessLog)
class SignInAdmin(ReadOnlyAdmin):
    list_display = ("username", "attempt_time", "logout_time", "ip_address")
    list_filter = ("attempt_time",)
    search_fields = ("username", "=ip_address")
    fields = ("username", "attempt_time", "logout_time", "ip_address", "user_agent")
    readonly_fields = fields


@admin.register(AccessFailureLog)
class FailedSignInAdmin(ReadOnlyAdmin):
    list_display = ("username", "attempt_time", "locked_out", "ip_address")
    list_filter = ("locked_out", "attempt_time")
    search_fields = ("username", "=ip_address")
    fields = ("username", "attempt_time", "locked_out", "ip_address", "user_agent")
    readonly_fields = fields
