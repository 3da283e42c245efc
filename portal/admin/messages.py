from typing import Any

from django.contrib import admin
from django.db.models import Case, IntegerField, QuerySet, Value, When
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from portal import masking, outbox
from portal.admin.base import ReadOnlyAdmin, ReadOnlyInline, admin_of, as_json, ask_reason, badge, block, each
from portal.models import Attempt, Message, MessageTransition, Resolution
from portal.models.messages import State
from portal.problems import Problem

# What needs a person stands first.
STUCK_FIRST = [
    State.UNKNOWN, State.HELD, State.SENDING, State.CLAIMED, State.QUEUED, State.REJECTED, State.DONE, State.CANCELLED,
    State.NOT_CREATED, State.ABANDONED,
]  # fmt: skip


URGENCY = Case(
    *(When(state=state, then=Value(place)) for place, state in enumerate(STUCK_FIRST)),
    output_field=IntegerField(),
)


NEVER_FROM_HERE = "The vendor may have carried it out, so it is not sent again from here. Two people can, on its page of unknown outcomes."


def may_see_people(request: HttpRequest) -> bool:
    """Telephone numbers and e-mail addresses are for those who may act on a message."""
    return request.user.has_perm("portal.change_message")


class AttemptDisplay:
    """The evidence of an attempt: secrets for nobody, people's numbers only where the reader may see them."""

    shows_people = False
    evidence = (
        "result", "times", "path", "status", "told", "named_problems", "correlation_id", "worker",
        "sent_headers", "answer_headers", "answer",
    )  # fmt: skip

    def shown(self, attempt: Attempt, value: Any) -> Any:
        is_open = self.shows_people or getattr(attempt, "shows_people", False)
        return value if is_open else masking.mask_deep(value)

    @admin.display(description="outcome")
    def result(self, attempt: Attempt) -> SafeString:
        reason = f" ({attempt.reason})" if attempt.reason else ""
        return badge(attempt.outcome or "sending", attempt.get_outcome_display() + reason)

    @admin.display(description="when")
    def times(self, attempt: Attempt) -> str:
        took = f", took {attempt.elapsed_ms / 1000:.1f} s" if attempt.elapsed_ms is not None else ""
        return f"{attempt.started_at:%Y-%m-%d %H:%M:%S} UTC{took}"

    @admin.display(description="detail")
    def told(self, attempt: Attempt) -> str:
        return self.shown(attempt, attempt.detail) or "–"

    @admin.display(description="problems named")
    def named_problems(self, attempt: Attempt) -> SafeString:
        return block(as_json(self.shown(attempt, attempt.problems)))

    @admin.display(description="request headers")
    def sent_headers(self, attempt: Attempt) -> SafeString:
        return block(as_json(masking.without_secrets(attempt.request_headers)), summary="Show")

    @admin.display(description="answer headers")
    def answer_headers(self, attempt: Attempt) -> SafeString:
        return block(as_json(masking.without_secrets(attempt.response_headers)), summary="Show")

    @admin.display(description="answer")
    def answer(self, attempt: Attempt) -> SafeString:
        body = attempt.response_body
        return block(self.shown(attempt, body), summary=f"Show {len(body):,} characters")


class AttemptInline(AttemptDisplay, ReadOnlyInline, admin.StackedInline):  # type: ignore[type-arg]
    model = Attempt
    fields = readonly_fields = AttemptDisplay.evidence
    verbose_name_plural = "attempts, as they happened"


class TransitionInline(ReadOnlyInline, admin.TabularInline):  # type: ignore[type-arg]
    model = MessageTransition
    fields = readonly_fields = ("at", "before", "after", "detail")
    verbose_name_plural = "states, as the database saw them"

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("portal.view_message")


class ResolutionInline(ReadOnlyInline, admin.StackedInline):  # type: ignore[type-arg]
    model = Resolution
    fields = readonly_fields = (
        "kind", "state", "opened_by", "opened_at", "said", "vendor_ids", "decided_by", "decided_at", "result",
    )  # fmt: skip
    verbose_name_plural = "what people said of it while its outcome was unknown"
    shows_people = False

    @admin.display(description="note")
    def said(self, resolution: Resolution) -> str:
        return (resolution.note if self.shows_people else masking.mask(resolution.note)) or "–"


@admin.register(Message)
class MessageAdmin(ReadOnlyAdmin):
    list_display = ("reference", "standing", "why", "account", "technicians", "created_at")
    list_filter = ("state", "held_reason", "account", "created_at")
    list_select_related = ("account", "created_by")
    search_fields = ("reference", "chunk", "created_by__username")
    search_help_text = "By reference, as the vendor sees it: DSP-000123-1"
    actions = ("cancel_message", "release_message")
    ordering = (URGENCY.asc(), "-id")
    inlines = (AttemptInline, ResolutionInline, TransitionInline)
    change_form_template = "admin/portal/message/change_form.html"
    fields = (
        "reference", "renews", "standing", "why", "account", "kind", "weight", "created_by", "created_at", "due_at", "settled_at",
        "failures", "chunk", "file_list", "parts", "payload_hash",
    )  # fmt: skip
    readonly_fields = fields

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Message | None:
        message = super().get_object(request, object_id, from_field)
        if message is not None and not may_see_people(request):
            message.payload = masking.mask_deep(message.payload)
        return message

    def get_inline_instances(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        inlines: list[Any] = super().get_inline_instances(request, obj)
        for inline in inlines:
            inline.shows_people = may_see_people(request)  # inlines are made anew for each reader
        return inlines

    def has_act_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("portal.change_message")

    @admin.action(description="Cancel (queued or held)…", permissions=["act"])
    def cancel_message(self, request: HttpRequest, chosen: QuerySet[Message]) -> HttpResponse | None:
        page = ask_reason(
            self,
            request,
            chosen,
            title="Cancel messages",
            explanation="Nothing was sent yet, and nothing will be. What is being sent or has an unknown outcome stays.",
            action="cancel_message",
        )
        if page:
            return page
        by, reason = admin_of(request), request.POST["reason"].strip()

        def cancel(message: Message) -> None:
            outbox.cancel(message, by=by, reason=reason)

        each(request, chosen, cancel, done="Cancelled")
        return None

    @admin.action(description="Release (held)…", permissions=["act"])
    def release_message(self, request: HttpRequest, chosen: QuerySet[Message]) -> HttpResponse | None:
        page = ask_reason(
            self,
            request,
            chosen,
            title="Release held messages",
            explanation="They go back into the queue. Nothing of them was carried out while they were held.",
            action="release_message",
        )
        if page:
            return page
        by, reason = admin_of(request), request.POST["reason"].strip()

        def release(message: Message) -> None:
            if not outbox.release([message], by=by, reason=reason):
                raise Problem(NEVER_FROM_HERE if message.is_unknown else "It is not held.")

        each(request, chosen, release, done="Released")
        return None

    @admin.display(description="state", ordering=URGENCY)
    def standing(self, message: Message) -> SafeString:
        return badge(message.state, message.get_state_display())

    @admin.display(description="why")
    def why(self, message: Message) -> str:
        return masking.mask(message.detail) or message.get_held_reason_display() or "–"

    @admin.display(description="technicians", ordering="weight")
    def technicians(self, message: Message) -> int:
        return message.weight

    @admin.display(description="files")
    def file_list(self, message: Message) -> SafeString | str:
        rows = [(one.name, f"{one.size:,}", one.sha256[:12]) for one in message.files.all()]
        return format_html_join(", ", "{} ({} bytes, {}…)", rows) or "none"

    @admin.display(description="what is sent")
    def parts(self, message: Message) -> SafeString:
        return block(as_json(message.payload), summary="Show the frozen request")


@admin.register(Attempt)
class AttemptAdmin(AttemptDisplay, ReadOnlyAdmin):
    list_display = ("message", "number", "result", "status", "times", "correlation_id")
    list_filter = ("outcome", "reason", "status", "message__account")
    list_select_related = ("message",)
    search_fields = ("message__reference", "=correlation_id")
    search_help_text = "By reference or correlation id"
    ordering = ("-id",)
    fields = readonly_fields = ("message", "number", *AttemptDisplay.evidence)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Attempt | None:
        attempt = super().get_object(request, object_id, from_field)
        if attempt is not None:
            attempt.shows_people = may_see_people(
                request
            )  # the page object is shared, the row is this reader's
        return attempt
