"""What becomes of a request: the fault that meets it, the vendor's answer, and the truth about both."""

import threading
from collections.abc import Callable, Sequence

from portal.vendors.sandbox.faults import Armed, FaultBoard
from portal.vendors.sandbox.message import STEERING, Answer, Request
from portal.vendors.sandbox.truth import Record, TruthLog
from portal.vendors.sandbox.vendor import Vendor


class Calls:
    """Takes the requests of all threads; `steer` answers the sandbox's own addresses, `note` keeps each of them."""

    def __init__(
        self,
        vendors: Sequence[Vendor],
        board: FaultBoard,
        truth: TruthLog,
        lock: threading.RLock,
        steer: Callable[[Request], Answer],
        note: Callable[[Record], None],
    ) -> None:
        self.vendors, self.board, self.truth = vendors, board, truth
        self.lock, self.steer, self.note = lock, steer, note

    def begin(self, request: Request) -> None:
        """Choose the fault for a request of which only the head is known: it may concern the reading of the rest."""
        vendor = self._vendor(request)
        if vendor is None:
            return
        with self.lock:
            request.fault = self.board.take(vendor.operation(request))
            request.fault_since = self.board.clearings
        if request.fault and self.board.kinds[request.fault.name].stops_reading:
            request.read_at_most = 0

    def answer(self, request: Request) -> Answer:
        """The answer to a request that was read. The truth is written before the first byte goes out."""
        if request.path.startswith(STEERING):
            return self.steer(request)
        vendor = self._vendor(request)
        with self.lock:
            if vendor:
                return self._answer_as(vendor, request)
            answer = Answer(404, {"detail": "Nothing lives here."}, problem="No such path.")
            self.note(self.truth.add(request, answer, vendor="", operation="unknown", client="", fault=""))
            return answer

    def end(self, request: Request) -> None:
        """A request that nobody got to answer uses up no fault."""
        if request.fault:
            with self.lock:
                self.board.give_back(request.fault, request.fault_since)

    def _vendor(self, request: Request) -> Vendor | None:
        return next((vendor for vendor in self.vendors if vendor.owns(request.path)), None)

    def _answer_as(self, vendor: Vendor, request: Request) -> Answer:
        operation = vendor.operation(request)
        client = vendor.client(request)
        armed: Armed | None = request.fault
        request.fault = None
        answer, has_happened = self._act(vendor, operation, request, armed)
        if armed and not has_happened:
            self.board.give_back(armed, request.fault_since)
        name = armed.name if armed and has_happened else ""
        record = self.truth.add(
            request, answer, vendor=vendor.name, operation=operation, client=client, fault=name
        )
        self.note(record)
        return answer

    def _act(
        self, vendor: Vendor, operation: str, request: Request, armed: Armed | None
    ) -> tuple[Answer, bool]:
        """The answer, and whether the fault had its way: a call that is refused anyway does not use it up."""
        kind = self.board.kinds[armed.name] if armed else None
        if request.is_cut_short:
            return Answer(400, delivery="reset", problem="The body ended early."), False
        if armed and kind and kind.instead and kind.stops_reading:
            return kind.instead(request, armed.args), True
        if refused := vendor.gate(request, operation):
            return refused, False
        if armed and kind and kind.instead:
            return kind.instead(request, armed.args), True
        answer = vendor.handle(operation, request)
        if armed and kind and kind.after and 200 <= answer.status < 300:
            return kind.after(answer, armed.args), True
        return answer, False
