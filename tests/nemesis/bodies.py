"""Whether what arrived at the vendor is, byte for byte, what was frozen when somebody submitted it."""

import hashlib
import json
from functools import partial
from pathlib import Path

from portal.vendors.http import FilePart, MultipartRequest
from portal.vendors.sandbox.truth import Record
from tests.nemesis.ours import Message, Ours


def is_whole(record: Record) -> bool:
    """A request whose body was read to its end, by a vendor that had looked at it."""
    return record.status != "cut short" and record.fault != "reset_in_upload" and record.body_length > 0


def reference_in(record: Record) -> str:
    return record.parts.get("customer_ticket_number", "").split(",")[0]


class Frozen:
    """The bytes of each message as its payload in the database decides them."""

    def __init__(self, ours: Ours, media: Path) -> None:
        self.ours, self.media = ours, media
        self.hashes: dict[int, str] = {}

    def hash_of(self, message: Message) -> str:
        if message.id not in self.hashes:
            self.hashes[message.id] = self._request(message).body_sha256()
        return self.hashes[message.id]

    def is_as_reviewed(self, message: Message, hashes: list[str]) -> bool:
        """The payload is what its hash says, and what the person saw on the review page."""
        canonical = json.dumps(message.payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        found = hashlib.sha256(canonical.encode()).hexdigest()
        return found == message.payload_hash and (not hashes or found in hashes)

    def _request(self, message: Message) -> MultipartRequest:
        payload = message.payload
        files = [
            FilePart(
                filename=file["filename"],
                content_type=file["content_type"],
                size=file["size"],
                open=partial((self.media / self.ours.files[file["id"]]).open, "rb"),
            )
            for file in payload["files"]
        ]
        fields = [(name, value) for name, value in payload["fields"]]
        return MultipartRequest(fields=fields, files=files, boundary=payload["boundary"])
