"""The sandbox as tests and the command line hold it: the vendors, their faults, the truth, and the server around them."""

import secrets
import threading
from pathlib import Path
from typing import Any, Self

from portal.vendors.sandbox import state
from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.control import Control
from portal.vendors.sandbox.faults import Armed, FaultBoard
from portal.vendors.sandbox.granite.api import Granite
from portal.vendors.sandbox.kinds import COMMON
from portal.vendors.sandbox.message import Answer, Request
from portal.vendors.sandbox.server import Server
from portal.vendors.sandbox.truth import Record, TruthLog


class Sandbox:
    """`with Sandbox() as box:` serves on a free port of the loopback until the block ends.

    `speed` says how many of a technician's minutes pass in a real minute: with 60 a technician is assigned 45 seconds
    after the ticket was created. `state_file` keeps tickets over a restart. `seed` fixes which calls the faults with a
    chance fall on; without one it is drawn, and shown.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        speed: float = 60.0,
        state_file: str | Path | None = None,
        seed: int | None = None,
    ) -> None:
        self.host, self.port = host, port
        self.lock = threading.RLock()
        self.clock = Clock()
        self.state_file = Path(state_file) if state_file else None
        self.granite = Granite(self.clock, speed)
        self.vendors = [self.granite]
        self._truth = TruthLog()
        operations = [name for vendor in self.vendors for name in vendor.operations]
        kinds = COMMON + [kind for vendor in self.vendors for kind in vendor.faults]
        self._board = FaultBoard(kinds, operations, secrets.randbelow(10**6) if seed is None else seed)
        self._control = Control(self)
        self._server: Server | None = None
        self._down = False
        if self.state_file:
            state.load(self.state_file, self.clock, self.granite.book)

    # Serving

    def start(self) -> Self:
        """Serve from a thread of its own. After a stop, the same port is used again."""
        if self._server is None:
            self._server = Server(
                self.host,
                self.port,
                self.answer,
                is_reading=self._read_anything,
                begin=self._begin,
                end=self._end,
            )
            self.port = self._server.server_address[1]
        return self

    def stop(self) -> None:
        """Connections are refused from now on, open ones are closed."""
        if self._server is not None:
            self._server.stop()
            self._server = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def token_url(self) -> str:
        return self.url + self.granite.token_path

    @property
    def down(self) -> bool:
        return self._down

    @down.setter
    def down(self, is_down: bool) -> None:
        """While down, connections are accepted and closed before a byte is read."""
        self._down = is_down
        if is_down and self._server is not None:
            self._server.close_connections()

    def _read_anything(self) -> bool:
        return not self._down

    # Faults

    def fail_next(
        self,
        name: str,
        times: int | None = None,
        on: str = "create",
        *,
        chance: float | None = None,
        **args: Any,
    ) -> None:
        """Arm a fault for the next calls of an operation: for one, for `times`, or with a `chance` for each.

        One with a chance stays until it is cleared, unless `times` limits it too. Raises ValueError if it is unknown.
        """
        with self.lock:
            self._board.arm(name, times, on, args, chance)

    @property
    def faults(self) -> list[Armed]:
        """The faults still waiting."""
        with self.lock:
            return list(self._board.armed)

    @property
    def fault_kinds(self) -> dict[str, Any]:
        return self._board.kinds

    @property
    def operations(self) -> list[str]:
        return self._board.operations

    def clear_faults(self) -> None:
        with self.lock:
            self._board.armed.clear()

    @property
    def seed(self) -> int:
        """What decides which calls the faults with a chance fall on. Setting it begins their sequence anew."""
        return self._board.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        with self.lock:
            self._board.sow(seed)

    # What happened

    @property
    def truth(self) -> list[Record]:
        with self.lock:
            return list(self._truth.records)

    def calls(self, operation: str) -> list[Record]:
        """The truth about one operation, oldest first."""
        return [record for record in self.truth if record.operation == operation]

    @property
    def tickets(self) -> dict[int, dict[str, Any]]:
        """Every ticket as it is now, with what was sent for it. A copy: change tickets by `set_ticket`."""
        with self.lock:
            return self.granite.book.snapshot()

    @property
    def token_requests(self) -> int:
        return len(self.calls("token"))

    def most_requests_in_any_minute(self) -> int:
        with self.lock:
            return self._truth.most_in_any_minute()

    # Moving the world

    def advance(self, seconds: float) -> None:
        """Move tickets on by so many seconds. Tokens and the rate limit keep to real time."""
        with self.lock:
            self.clock.advance(seconds)
            self._save()

    def set_ticket(self, ticket_id: int, **fields: Any) -> None:
        """Change a ticket by hand. A status set by hand stays until the ticket is let go again."""
        with self.lock:
            self.granite.book.change(ticket_id, fields)
            self._save()

    def let_go(self, ticket_id: int) -> None:
        """The ticket moves by itself again."""
        with self.lock:
            self.granite.book.let_go(ticket_id)
            self._save()

    def revoke_tokens(self) -> None:
        with self.lock:
            self.granite.desk.revoke_all()

    def reset(self) -> None:
        """Forget tickets, requests, tokens and faults, and put every setting back. Ids are not used twice.

        Calls that hang or wait are let go of, without an answer. Chances begin anew with the same seed.
        """
        if self._server is not None:
            self._server.let_go()
        with self.lock:
            self.down = False
            self._board.armed.clear()
            self._board.sow(self._board.seed)
            self._truth.records.clear()
            self.clock.offset = 0.0
            self.granite.reset()
            self._save()

    def _save(self) -> None:
        if self.state_file:
            state.save(self.state_file, self.clock, self.granite.book)

    # Settings, for the vendor they belong to

    @property
    def token_lifetime(self) -> int:
        return self.granite.desk.lifetime

    @token_lifetime.setter
    def token_lifetime(self, seconds: int) -> None:
        self.granite.desk.lifetime = seconds

    @property
    def limit(self) -> int:
        return self.granite.minute.limit

    @limit.setter
    def limit(self, requests_per_minute: int) -> None:
        self.granite.minute.limit = requests_per_minute

    @property
    def send_retry_after(self) -> bool:
        return self.granite.send_retry_after

    @send_retry_after.setter
    def send_retry_after(self, value: bool) -> None:
        self.granite.send_retry_after = value

    @property
    def create_paths(self) -> set[str]:
        return self.granite.create_paths

    @create_paths.setter
    def create_paths(self, paths: set[str]) -> None:
        self.granite.create_paths = set(paths)

    @property
    def error_shape(self) -> str:
        return self.granite.error_shape

    @error_shape.setter
    def error_shape(self, shape: str) -> None:
        self.granite.set_error_shape(shape)

    # Answering

    def answer(self, request: Request) -> Answer:
        """The answer to a request that was read to its end. The truth is written before the first byte goes out."""
        if request.path.startswith("/_sandbox"):
            return self._control.answer(request)
        for vendor in self.vendors:
            if vendor.owns(request.path):
                with self.lock:
                    return self._answer_as(vendor, request)
        with self.lock:
            answer = Answer(404, {"detail": "Nothing lives here."}, problem="No such path.")
            self._truth.add(request, answer, vendor="", operation="unknown", client="", fault="")
            return answer

    def _begin(self, request: Request) -> None:
        """Choose the fault for a request of which only the head is known: it may concern the reading of the rest."""
        for vendor in self.vendors:
            if vendor.owns(request.path):
                with self.lock:
                    request.fault = self._board.take(vendor.operation(request))
        if request.fault and self._board.kinds[request.fault.name].stops_reading:
            request.read_at_most = 0

    def _end(self, request: Request) -> None:
        """A request that nobody got to answer uses up no fault."""
        if request.fault:
            with self.lock:
                self._board.give_back(request.fault)

    def _answer_as(self, vendor: Granite, request: Request) -> Answer:
        operation = vendor.operation(request)
        client = vendor.client(request)
        armed: Armed | None = request.fault
        request.fault = None
        answer, has_happened = self._act(vendor, operation, request, armed)
        if armed and not has_happened:
            self._board.give_back(armed)
        if answer.ticket_ids:
            self._save()
        name = armed.name if armed and has_happened else ""
        self._truth.add(request, answer, vendor=vendor.name, operation=operation, client=client, fault=name)
        return answer

    def _act(
        self, vendor: Granite, operation: str, request: Request, armed: Armed | None
    ) -> tuple[Answer, bool]:
        """The answer, and whether the fault had its way: a call that is refused anyway does not use it up."""
        kind = self._board.kinds[armed.name] if armed else None
        if request.is_cut_short:
            return _cut_short(), False
        if armed and kind and kind.instead and kind.stops_reading:
            return kind.instead(request, armed.args), True
        if refused := vendor.gate(request, operation):
            return refused, False
        if armed and kind and kind.instead:
            return kind.instead(request, armed.args), True
        answer = vendor.handle(operation, request)
        if armed and kind and kind.after and answer.status == 200:
            return kind.after(answer, armed.args), True
        return answer, False


def _cut_short() -> Answer:
    return Answer(400, delivery="reset", problem="The body ended early.")
