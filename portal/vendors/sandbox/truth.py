"""The truth log: what arrived, what was answered, what was created. Tests and trainers trust it over any answer."""

from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from portal.vendors.sandbox.message import Answer, FilePart, Request

KEPT = 20_000
KEPT_TEXT = 64 * 1024
WINDOW = 60.0
# Where each vendor's requests lie that count towards a limit: a token does not.
COUNTED = {"granite": "/api/", "gtt": "/apis/"}


@dataclass
class Record:
    """One request. `status` is an HTTP status, or a word when the client got none.

    The words: "reset", "hung", "closed" and "garbled" are the vendor's doing, "cut short" is the client's.
    """

    monotonic: float
    at: float  # seconds since the epoch, real time
    vendor: str
    method: str
    path: str
    query: dict[str, str]
    operation: str
    client: str
    correlation: str
    status: int | str
    fault: str
    problem: str
    ticket_ids: list[int]
    parts: dict[str, str]
    ignored: list[str]
    files: list[FilePart]
    body_sha256: str
    body_length: int
    case_names: list[str] = field(default_factory=list)
    webhook_names: list[str] = field(default_factory=list)
    text: str = ""  # the start of a JSON body

    @property
    def has_changed_something(self) -> bool:
        return bool(self.ticket_ids or self.case_names or self.webhook_names)

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class TruthLog:
    """The caller holds the sandbox's lock."""

    def __init__(self) -> None:
        self.records: deque[Record] = deque(maxlen=KEPT)

    def add(
        self, request: Request, answer: Answer, *, vendor: str, operation: str, client: str, fault: str
    ) -> Record:
        # A token request carries credentials; they stay out of the log.
        parts = {k: v for k, v in request.texts if k not in ("client_id", "client_secret")}
        record = Record(
            monotonic=request.arrived,
            at=request.arrived_at,
            vendor=vendor,
            method=request.method,
            path=request.path,
            query=request.query,
            operation=operation,
            client=client,
            correlation=request.correlation,
            status="cut short" if request.is_cut_short else answer.outcome,
            fault=fault,
            problem=answer.problem,
            ticket_ids=answer.ticket_ids,
            parts=parts,
            ignored=answer.ignored,
            files=request.files,
            body_sha256=request.body_sha256,
            body_length=request.body_length,
            case_names=answer.case_names,
            webhook_names=answer.webhook_names,
            text=request.text[:KEPT_TEXT],
        )
        self.records.append(record)
        return record

    def most_in_any_minute(self, vendor: str) -> int:
        """The most requests of one client to a vendor's API that arrived within any 60 seconds, refused ones included."""
        by_client: dict[str, list[float]] = defaultdict(list)
        for record in self.records:
            if record.path.startswith(COUNTED[vendor]):
                by_client[record.client].append(record.monotonic)
        return max((_most_in_window(sorted(times)) for times in by_client.values()), default=0)


def _most_in_window(times: Iterable[float]) -> int:
    window: deque[float] = deque()
    most = 0
    for moment in times:
        window.append(moment)
        while moment - window[0] >= WINDOW:
            window.popleft()
        most = max(most, len(window))
    return most
