"""What our admin pages have in common: nothing is deleted, every change is audited, every page is cheap."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import InlineModelAdmin
from django.contrib.admin.utils import unquote
from django.core.exceptions import BadRequest
from django.db import models
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from portal import audit
from portal.badges import look
from portal.icons import svg
from portal.models import AuditEntry, User
from portal.problems import Problem

LONGEST_VALUE = 200


def admin_of(request: HttpRequest) -> User:
    """Who is at work. The admin site lets nobody in who is not signed in."""
    assert isinstance(request.user, User)
    return request.user


class PortalAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Every change leaves an audit entry with the values before and after."""

    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def construct_change_message(
        self, request: HttpRequest, form: Any, formsets: Any, add: bool = False
    ) -> list[dict[str, Any]]:
        told = super().construct_change_message(request, form, formsets, add)
        return [{"values": values_changed(form)}, *told]

    def log_addition(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        return super().log_addition(request, obj, self._record(request, obj, "added", message))

    def log_change(self, request: HttpRequest, obj: models.Model, message: Any) -> Any:
        return super().log_change(request, obj, self._record(request, obj, "changed", message))

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Everything ever done to the record, not only what was done here."""
        entries = AuditEntry.objects.filter(about_type=self.opts.label_lower, about_id=unquote(object_id))
        return super().history_view(request, object_id, {"entries": entries[:200], **(extra_context or {})})

    def response_action(  # type: ignore[override]  # the stubs know a later Django's
        self, request: HttpRequest, queryset: QuerySet[Any]
    ) -> HttpResponse | None:
        """Refuses what no page of ours sends, before an action asks the database for it."""
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        if not all(key.isascii() and key.isdigit() and len(key) < 19 for key in chosen):
            raise BadRequest("A row that cannot be one.")
        if "\x00" in request.POST.get("reason", ""):
            raise BadRequest("A reason that is no text.")
        return super().response_action(request, queryset)

    def log_deletions(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        for one in queryset:
            audit.record(admin_of(request), f"{one._meta.model_name}.deleted", one)
        return super().log_deletions(request, queryset)

    def _record(self, request: HttpRequest, obj: models.Model, verb: str, message: Any) -> Any:
        """The audit entry gets everything; Django's own log keeps its short form."""
        told = [part for part in message if "values" not in part] if isinstance(message, list) else []
        values: dict[str, list[str]] = (
            next((part["values"] for part in message if "values" in part), {}) if told else {}
        )
        inlines = [part for part in told if any("object" in str(inner) for inner in part.values())]
        if not told and isinstance(message, list):
            return message[1:]  # saved without a change: nothing was done
        details: dict[str, Any] = {"values": values} | ({"inlines": inlines} if inlines else {})
        audit.record(admin_of(request), f"{obj._meta.model_name}.{verb}", obj, **details)
        return told or message


class ReadOnlyAdmin(PortalAdmin):
    """To be looked at. What may be done is an action of its own."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


class ReadOnlyInline(InlineModelAdmin):  # type: ignore[type-arg]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def values_changed(form: BaseForm) -> dict[str, list[str]]:
    """Field → before and after, as text. Passwords and secrets are named, never shown."""
    found = {}
    for name in form.changed_data:
        if "password" in name or "secret" in name:
            found[name] = ["…", "…"]
        elif name in form.fields:
            found[name] = [
                _as_text(form.get_initial_for_field(form.fields[name], name)),
                _as_text(form.cleaned_data.get(name)),
            ]
    return found


def _as_text(value: Any) -> str:
    if isinstance(value, models.QuerySet | list | tuple | set):
        return ", ".join(sorted(str(one) for one in value))[:LONGEST_VALUE]
    return "" if value is None else str(value)[:LONGEST_VALUE]


def badge(word: str, text: str) -> SafeString:
    """A state as an icon and a word; colour never speaks alone."""
    looks = look(word)
    return format_html('<span class="state state-{}">{} {}</span>', looks.tone, svg(looks.icon), text)


def block(text: str, *, summary: str = "") -> SafeString:
    """Long text as it is, folded away under a summary where there is one."""
    if not text:
        return mark_safe("–")
    if not summary:
        return format_html('<pre class="raw">{}</pre>', text)
    return format_html('<details><summary>{}</summary><pre class="raw">{}</pre></details>', summary, text)


def as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) if value else ""


def each(request: HttpRequest, chosen: Iterable[Any], deed: Callable[[Any], object], *, done: str) -> None:
    """Do it to each chosen row; what cannot be done is told row by row and stops none of the others."""
    count = 0
    for one in chosen:
        try:
            deed(one)
            count += 1
        except Problem as problem:
            messages.error(request, f"{one}: {problem}")
    if count:
        messages.success(request, f"{done}: {count}.")


def ask_reason(
    model_admin: admin.ModelAdmin,  # type: ignore[type-arg]
    request: HttpRequest,
    chosen: Iterable[Any],
    *,
    title: str,
    explanation: str,
    action: str,
) -> HttpResponse | None:
    """The page between an action and its deed, which asks why; None once a reason was given."""
    reason = request.POST.get("reason", "").strip()
    if reason:
        return None
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "explanation": explanation,
        "chosen": chosen,
        "action": action,
        "opts": model_admin.opts,
        "is_missing": "reason" in request.POST,
    }
    return TemplateResponse(request, "admin/ask_reason.html", context)
