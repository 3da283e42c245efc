"""A new message for what two people did not find, and back again if the first one's answer comes after all."""

from django.db.models.functions import Now

from portal.models import Message, User
from portal.models.messages import State
from portal.outbox import promises
from portal.outbox.handlers import handler_of

TIME_IS_OVER = (
    "Not created: two people found nothing. Its time has passed, so it was not sent again as it was; "
    "correct it and send it from the dispatch."
)


def renew(message: Message, parts: list[int], *, by: User) -> Message | None:
    """Settle `message` as not created and promise its parts again under the next reference.

    None where that makes no sense any more as it is; then the parts stay, for people to correct.
    """
    handler, first = handler_of(message), first_of_family(message)
    number = _size_of_family(first) + 1
    reference = f"{first.reference}-{number}"
    renewal = handler.renew(message, reference, parts)
    if renewal is None:
        _settle(message, State.NOT_CREATED, TIME_IS_OVER)
        return None
    is_whole = len(parts) == message.weight
    if is_whole:
        _settle(
            message, State.NOT_CREATED, f"Not created: two people found nothing. Sent again as {reference}."
        )
    else:
        _settle(message, State.DONE, f"Done in part; what two people did not find is sent as {reference}.")
    successor = promises.add(
        message.kind,
        message.account,
        reference=reference,
        # A part of it done, the old chunk is taken for ever.
        chunk=message.chunk if is_whole else f"{first.chunk}/{number}",
        payload=renewal.payload,
        weight=renewal.weight,
        files=renewal.files,
        by=by,
        interactive=True,
        renews=message,
    )
    successor.repeats.add(message)
    handler.hand_on(message, successor, parts)
    return successor


def _settle(message: Message, state: State, detail: str) -> None:
    Message.objects.filter(pk=message.pk).update(state=state, settled_at=Now(), detail=detail)


def first_of_family(message: Message) -> Message:
    """Locked, so that no two of a family take the same number.

    Always before its descendants: a late answer locks them in that order too.
    """
    first = message
    while first.renews_id is not None:
        first = Message.objects.get(pk=first.renews_id)
    return Message.objects.select_for_update(of=("self",)).get(pk=first.pk)


def _size_of_family(first: Message) -> int:
    size, generation = 1, [first.pk]
    while generation := list(Message.objects.filter(renews__in=generation).values_list("pk", flat=True)):
        size += len(generation)
    return size
