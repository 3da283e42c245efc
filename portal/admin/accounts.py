from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.widgets import AdminURLFieldWidget
from django.core.exceptions import ValidationError
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from portal import account_services, accounts
from portal.admin.base import PortalAdmin, admin_of, ask_reason, badge, each
from portal.models import VendorAccount
from portal.models.accounts import Operation, Vendor
from portal.models.messages import WAITING, State
from portal.problems import Problem

GTT_ONLY = "GTT only"
GRANITE_ONLY = {"create_path", "answering_path", "granted_tenant_macnum", "locations_per_message"}
CHANGES_THE_DOOR = {"api_url", "create_path"}
ENTER_IT_ANEW = (
    "The secret would go to another machine than the one it was entered for: enter it anew for this one."
)
NOT_CONFIRMED = (
    "GTT names these, but its pages do not say how they work, and GTT has not confirmed how we use them. "
    "Switch one on for a live account once GTT has. Creating cases is documented and always on."
)
CHANGES_THE_KEY = {"api_url", "token_url", "client_id", "scope"}


def address_field(label: str, example: str) -> forms.URLField:
    return forms.URLField(
        label=label,
        max_length=300,
        assume_scheme="https",
        widget=AdminURLFieldWidget,
        help_text=f"e.g. {example}",
    )


class AccountForm(forms.ModelForm):  # type: ignore[type-arg]
    api_url = address_field("API address", "https://api.staging.granitemsp.com")
    token_url = address_field("Token address", "https://login.example.com/oauth2/v1/token")
    new_secret = forms.CharField(
        label="New client secret",
        required=False,
        max_length=1000,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "class": "vTextField"}),
        help_text="Leave empty to keep the present one. It is encrypted at once and never shown again.",
    )

    operations = forms.MultipleChoiceField(
        label="Switched on",
        required=False,
        choices=Operation.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=NOT_CONFIRMED,
    )

    class Meta:
        model = VendorAccount
        fields = (
            "vendor", "name", "is_default", "api_url", "token_url", "create_path", "client_id", "scope", "namespace",
            "granted_tenant_macnum", "requests_per_minute", "locations_per_message", "operations", "assumed_zone",
        )  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean() or {}
        if not self.instance.pk and not cleaned.get("new_secret"):
            self.add_error("new_secret", "A new account needs its secret.")
        if self.instance.pk and not cleaned.get("new_secret") and self._leads_elsewhere(cleaned):
            self.add_error("new_secret", ENTER_IT_ANEW)
        vendor = cleaned.get("vendor") or self.instance.vendor
        if vendor == Vendor.GTT and "namespace" in self.fields and not cleaned.get("namespace", "").strip():
            self.add_error("namespace", "GTT keeps everything in a namespace: enter ours.")
        if cleaned.get("is_default"):
            others = VendorAccount.objects.filter(vendor=vendor, is_default=True).exclude(pk=self.instance.pk)
            if other := others.first():
                self.add_error("is_default", f"“{other.name}” is the default. Take that away there first.")
        return cleaned

    def clean_operations(self) -> list[str]:
        chosen = self.cleaned_data["operations"]
        return [each.value for each in Operation if each.value in chosen]

    def clean_create_path(self) -> str:
        path: str = self.cleaned_data["create_path"]
        if path and not path.startswith("/"):
            raise ValidationError(
                "A path begins with a slash. What stands before it decides who gets our token."
            )
        return path

    def _leads_elsewhere(self, cleaned: dict[str, Any]) -> bool:
        """Whether the secret, or the token it buys, would go to another machine than the one it was entered for."""
        return any(
            host_of(cleaned[name]) != host_of(self.initial[name])
            for name in ("api_url", "token_url")
            if cleaned.get(name)
        )


def host_of(address: str) -> tuple[str, str]:
    parts = urlsplit(address)
    return parts.scheme, parts.netloc


@admin.register(VendorAccount)
class VendorAccountAdmin(PortalAdmin):
    form = AccountForm
    change_form_template = "admin/portal/vendoraccount/change_form.html"
    list_display = (
        "__str__",
        "is_default",
        "standing",
        "waiting",
        "in_doubt",
        "last_success_at",
        "secret_state",
        "api_url",
    )
    list_filter = ("vendor",)
    search_fields = ("name", "client_id", "api_url")
    actions = ("pause_account", "resume_account", "test_connection")
    readonly_fields = (
        "secret_state",
        "answering_path",
        "standing",
        "last_success_at",
        "token_state",
        "budget_state",
    )
    fieldsets = (
        (None, {"fields": ("vendor", "name", "is_default")}),
        ("Where", {"fields": ("api_url", "token_url", "create_path", "answering_path")}),
        ("Who we are there", {"fields": ("client_id", "new_secret", "secret_state", "scope", "granted_tenant_macnum")}),
        (GTT_ONLY, {"fields": ("namespace", "operations", "assumed_zone")}),
        ("How fast, how much at once", {"fields": ("requests_per_minute", "locations_per_message", "budget_state")}),
        ("How it stands", {"fields": ("standing", "last_success_at", "token_state")}),
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[VendorAccount]:
        return (
            super()
            .get_queryset(request)
            .select_related("token", "budget")
            .annotate(
                waiting_count=Count("messages", filter=Q(messages__state__in=WAITING)),
                unknown_count=Count("messages", filter=Q(messages__state=State.UNKNOWN)),
            )
        )

    def get_readonly_fields(self, request: HttpRequest, obj: VendorAccount | None = None) -> tuple[str, ...]:
        # Messages were frozen for this vendor: the account cannot become another's.
        return (*self.readonly_fields, "vendor") if obj else tuple(self.readonly_fields)

    def get_fieldsets(self, request: HttpRequest, obj: VendorAccount | None = None) -> Any:
        if obj is None:
            return self.fieldsets[:-1]
        if obj.vendor != Vendor.GTT:
            return [each for each in self.fieldsets if each[0] != GTT_ONLY]
        return [
            (title, {"fields": tuple(name for name in group["fields"] if name not in GRANITE_ONLY)})
            for title, group in self.fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: VendorAccount, form: Any, change: bool) -> None:
        """Writes what was changed and nothing else: a pause set meanwhile by somebody else must stand."""
        changed = {name for name in form.changed_data if name != "new_secret"}
        if change:
            if changed & CHANGES_THE_DOOR:
                obj.answering_path = ""  # learned behind the old door
                obj.save(update_fields=[*changed, "answering_path"])
            elif changed:
                obj.save(update_fields=list(changed))
            if changed & CHANGES_THE_KEY:
                accounts.drop_token(obj, None)
        else:
            obj.save()
        if secret := form.cleaned_data.get("new_secret"):
            account_services.rotate_secret(obj, secret, by=admin_of(request))

    @admin.action(description="Pause sending…", permissions=["change"])
    def pause_account(self, request: HttpRequest, chosen: QuerySet[VendorAccount]) -> HttpResponse | None:
        page = ask_reason(
            self,
            request,
            chosen,
            title="Pause sending",
            explanation="What is queued waits, what is under way finishes. People can go on submitting; they are told.",
            action="pause_account",
        )
        if page:
            return page
        reason, by = request.POST["reason"], admin_of(request)
        each(request, chosen, lambda one: account_services.pause(one, reason, by=by), done="Paused")
        return None

    @admin.action(description="Resume sending…", permissions=["change"])
    def resume_account(self, request: HttpRequest, chosen: QuerySet[VendorAccount]) -> HttpResponse | None:
        page = ask_reason(
            self,
            request,
            chosen,
            title="Resume sending",
            explanation=(
                "What waited is sent at once, as fast as the vendor's limit allows. Where sending stopped because "
                "the vendor did not answer, a single request goes first."
            ),
            action="resume_account",
        )
        if page:
            return page
        reason, by = request.POST["reason"], admin_of(request)

        def resume(account: VendorAccount) -> None:
            if not account.standstill:
                raise Problem("Nothing keeps it back.")
            account_services.resume(account, by=by, reason=reason)

        each(request, chosen, resume, done="Resumed")
        return None

    @admin.action(description="Test connection", permissions=["change"])
    def test_connection(self, request: HttpRequest, chosen: QuerySet[VendorAccount]) -> None:
        """Asks for a token and nothing else; no ticket can come of it."""
        for account in chosen:
            try:
                messages.success(request, account_services.check_connection(account))
            except Problem as problem:
                messages.error(request, f"{account}: {problem}")

    @admin.display(description="sending")
    def standing(self, account: VendorAccount) -> SafeString:
        if account.is_paused:
            return badge("paused", f"Paused: {account.paused_reason}")
        if account.standstill:
            return badge("held", account.standstill)
        return badge("good", "Open")

    @admin.display(description="waiting", ordering="waiting_count")
    def waiting(self, account: Any) -> int:
        return account.waiting_count

    @admin.display(description="unknown", ordering="unknown_count")
    def in_doubt(self, account: Any) -> int | SafeString:
        return badge("unknown", str(account.unknown_count)) if account.unknown_count else 0

    @admin.display(description="secret")
    def secret_state(self, account: VendorAccount) -> str:
        changed = account.secret_changed_at
        return account.secret_hint + (f", since {changed:%Y-%m-%d}" if changed else "")

    @admin.display(description="access token")
    def token_state(self, account: VendorAccount) -> str:
        token = getattr(account, "token", None)
        if token is None or token.expires_at is None:
            return "none held; the next call asks for one"
        return f"version {token.version}, until {token.expires_at:%Y-%m-%d %H:%M:%S} UTC"

    @admin.display(description="requests left")
    def budget_state(self, account: VendorAccount) -> SafeString | str:
        budget = getattr(account, "budget", None)
        if budget is None:
            return "not used yet"
        closed = (
            f", closed by the vendor until {budget.closed_until:%H:%M:%S} UTC" if budget.closed_until else ""
        )
        return format_html(
            "{} at {} UTC{}", f"{budget.tokens:.1f}", f"{budget.refreshed_at:%H:%M:%S}", closed
        )
