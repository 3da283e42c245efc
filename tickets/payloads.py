"""Our records in Granite's words: what each message will say, to the byte, before and after it is promised."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from portal import outbox
from portal.models import StoredFile, VendorAccount
from portal.vendors.granite.wire import NewLocation, NewTickets, locations_as_text
from tickets import planning
from tickets.forms.checking import CheckedLocation
from tickets.forms.labels import LABELS
from tickets.forms.rows import FILES

KIND = "granite.create_tickets"
_LOCATION_FIELDS = {field.name for field in fields(NewLocation)}


@dataclass(frozen=True)
class PlannedMessage:
    """One message as it will be promised, and what a person is told of it. `what` is said for all its locations."""

    reference: str
    chunk: str
    reason: str
    what: dict[str, Any]
    files: list[StoredFile]
    locations: tuple[CheckedLocation, ...]
    payload: dict[str, Any]
    payload_hash: str

    @property
    def pretty_locations(self) -> str:
        raw = dict(self.payload["fields"])["locations"]
        return json.dumps(json.loads(raw), indent=2, ensure_ascii=False)


def planned_messages(
    pk: int,
    account: VendorAccount,
    what: dict[str, Any],
    locations: Sequence[CheckedLocation],
    files: Sequence[StoredFile],
) -> list[PlannedMessage]:
    """The messages of draft `pk`. The same draft gives the same bytes, so that what is reviewed is what is sent."""
    found = []
    chunks = planning.chunks(locations, account.locations_per_message, LABELS)
    for number, chunk in enumerate(chunks, start=1):
        reference = f"DSP-{pk:06d}-{number}"
        own = {**what, **chunk.rows[0].own}
        names = own.pop(FILES, None)
        attached = [file for file in files if names is None or file.name in names]
        order = new_tickets(own, chunk.rows, reference=reference, macnum=account.granted_tenant_macnum)
        payload = freeze(order, attached, reference)
        found.append(
            PlannedMessage(
                reference=reference,
                chunk=f"dispatch:{pk}:{number}",
                reason=chunk.reason,
                what=own,
                files=attached,
                locations=chunk.rows,
                payload=payload,
                payload_hash=outbox.payload_hash(payload),
            )
        )
    return found


def plan_hash(account: VendorAccount, messages: Sequence[PlannedMessage]) -> str:
    """What a person agreed to on the review page: every message, in order, through this account."""
    lines = [f"account:{account.pk}", *(message.payload_hash for message in messages)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def new_tickets(
    what: dict[str, Any], locations: Sequence[CheckedLocation], *, reference: str, macnum: str
) -> NewTickets:
    """Our reference goes first into `customer_ticket_number`: it is what people and machines look for at Granite."""
    own_numbers = what["customer_ticket_number"]
    return NewTickets(
        contact_name=what["contact_name"],
        initial_description=what["initial_description"],
        automatic_email_contact=what["automatic_email_contact"],
        contact_email_address=what["contact_email_address"],
        automatic_email_cc=what["automatic_email_cc"],
        automatic_email_cc_address=what["automatic_email_cc_address"],
        customer_ticket_number=f"{reference},{own_numbers}" if own_numbers else reference,
        po_number=what["po_number"],
        customer_preferred_tech=what["customer_preferred_tech"],
        prior_ticket=what["prior_ticket"],
        special_instructions=what["special_instructions"],
        non_standard_tools=what["non_standard_tools"],
        service_type=what["service_type"],
        granted_tenant_macnum=macnum,
        locations=tuple(_location(location) for location in locations),
    )


def _location(location: CheckedLocation) -> NewLocation:
    values = {name: getattr(location, name) for name in _LOCATION_FIELDS}
    return NewLocation(**values | {"local_contact_number": int(location.local_contact_number)})


def freeze(order: NewTickets, files: Sequence[StoredFile], reference: str) -> dict[str, Any]:
    """The request as JSON, with everything that decides its bytes, so that a preview has the very same ones."""
    content: dict[str, Any] = {
        "fields": [[name, value] for name, value in order.to_fields()],
        "files": [
            {
                "id": file.pk,
                "filename": file.name,
                "content_type": file.content_type,
                "size": file.size,
                "sha256": file.sha256,
            }
            for file in files
        ],
    }
    return _sealed(content, reference)


def renewed(payload: dict[str, Any], *, old: str, new: str, parts: Sequence[int]) -> dict[str, Any]:
    """Some locations of a frozen request once more, under another reference; everything else as it was."""
    changed = []
    for name, value in payload["fields"]:
        if name == "customer_ticket_number":
            value = ",".join(new if number == old else number for number in value.split(","))
        elif name == "locations":
            locations = json.loads(value)
            value = locations_as_text([locations[part] for part in parts])
        changed.append([name, value])
    return _sealed({"fields": changed, "files": payload["files"]}, new)


def _sealed(content: dict[str, Any], reference: str) -> dict[str, Any]:
    """The boundary follows from all of it, the files' hashes too: nobody can write a file that contains its own."""
    mark = hashlib.sha256(f"{reference} {outbox.payload_hash(content)}".encode()).hexdigest()
    return content | {"boundary": f"portal-{mark[:40]}"}
