"""The sandbox as tests and the command line hold it: the vendors, their faults, the truth, and the server around them."""

import secrets
import threading
from pathlib import Path
from typing import Any, Self

from portal.vendors.sandbox import state
from portal.vendors.sandbox.calls import Calls
from portal.vendors.sandbox.clock import Clock
from portal.vendors.sandbox.control import Control
from portal.vendors.sandbox.faults import Armed, FaultBoard
from portal.vendors.sandbox.granite.api import Granite
from portal.vendors.sandbox.gtt.vendor import Gtt
from portal.vendors.sandbox.kinds import COMMON
from portal.vendors.sandbox.ledger import Ledger, lines, record_of
from portal.vendors.sandbox.server import Server
from portal.vendors.sandbox.truth import Record, TruthLog
from portal.vendors.sandbox.vendor import Vendor


class Sandbox:
    """`with Sandbox() as box:` serves on a free port of the loopback until the block ends.

    `speed` says how many of a technician's minutes pass in a real minute: with 60 a technician is assigned 45 seconds
    after the ticket was created. `state_file` keeps tickets over a restart; `ledger` keeps the truth, too, and before
    each answer, so that it is whole after a `kill -9`. `seed` fixes which calls the faults with a
    chance fall on; without one it is drawn, and shown.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        speed: float = 60.0,
        state_file: str | Path | None = None,
        ledger: str | Path | None = None,
        seed: int | None = None,
    ) -> None:
        if state_file and ledger:
            raise ValueError("Tickets are kept in a state file or in a ledger, not in both.")
        self.host, self.port = host, port
        self.lock = threading.RLock()
        self.clock = Clock()
        self.state_file = Path(state_file) if state_file else None
        self.granite = Granite(self.clock, speed, self._save)
        self.gtt = Gtt(self.clock, speed, self.lock, self._save, rests=lambda: self._down)
        self.vendors: list[Vendor] = [self.granite, self.gtt]
        self._truth = TruthLog()
        operations = [name for vendor in self.vendors for name in vendor.operations]
        kinds = COMMON + [kind for vendor in self.vendors for kind in vendor.faults]
        self._board = FaultBoard(kinds, operations, secrets.randbelow(10**6) if seed is None else seed)
        self.gtt.board.sow(self._board.seed)
        self._calls = Calls(
            self.vendors, self._board, self._truth, self.lock, Control(self).answer, self._note
        )
        self._server: Server | None = None
        self._down = False
        self._ledger: Ledger | None = None
        if self.state_file:
            state.load(self.state_file, self.clock, self.vendors)
        if ledger:
            self._read_ledger(Path(ledger))
            self._ledger = Ledger(Path(ledger))

    def _read_ledger(self, path: Path) -> None:
        """Take the truth up where the one before left it. Raises ValueError if that is no ledger."""
        try:
            for line in lines(path) if path.exists() else ():
                self.clock.offset = line.get("clock_offset", self.clock.offset)
                for vendor in self.vendors:
                    vendor.take_back(line)
                if record := record_of(line):
                    self._truth.records.append(record)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not a ledger ({error}). Move it away to start empty.") from error

    # Serving

    def start(self) -> Self:
        """Serve from a thread of its own. After a stop, the same port is used again."""
        if self._server is None:
            self._server = Server(
                self.host,
                self.port,
                self._calls.answer,
                is_reading=self._read_anything,
                begin=self._calls.begin,
                end=self._calls.end,
            )
            self.port = self._server.server_address[1]
            for vendor in self.vendors:
                vendor.start()
        return self

    def stop(self) -> None:
        """Connections are refused from now on, open ones are closed."""
        if self._server is not None:
            server, self._server = self._server, None  # stopped or not, the next start makes a new one
            server.stop()
            for vendor in self.vendors:
                vendor.stop()

    @property
    def is_stopped(self) -> bool:
        return self._server is None

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
            self._board.clear()
            self.gtt.board.clear()

    @property
    def seed(self) -> int:
        """What decides which calls the faults with a chance fall on. Setting it begins their sequence anew."""
        return self._board.seed

    @seed.setter
    def seed(self, seed: int) -> None:
        with self.lock:
            self._board.sow(seed)
            self.gtt.board.sow(seed)

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

    def most_requests_in_any_minute(self, vendor: str = "granite") -> int:
        with self.lock:
            return self._truth.most_in_any_minute(vendor)

    # Moving the world

    def advance(self, seconds: float) -> None:
        """Move tickets and cases on by so many seconds. Tokens and the rate limit keep to real time."""
        with self.lock:
            self.clock.advance(seconds)
            for vendor in self.vendors:
                vendor.look()
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
            for vendor in self.vendors:
                vendor.revoke_tokens()

    def reset(self) -> None:
        """Forget tickets, cases, requests, tokens and faults, and put every setting back. Ids are not used twice.

        Calls that hang or wait are let go of, without an answer. Chances begin anew with the same seed.
        """
        if self._server is not None:
            self._server.let_go()
        with self.lock:
            self.down = False
            self._board.clear()
            self._board.sow(self._board.seed)
            self.gtt.board.sow(self._board.seed)
            self._truth.records.clear()
            self.clock.offset = 0.0
            for vendor in self.vendors:
                vendor.reset()
            self._save()

    def _note(self, record: Record) -> None:
        """Before the answer to this request goes out."""
        if self._ledger:
            self._ledger.note(record, self.vendors)
        elif record.has_changed_something:
            self._save()

    def _save(self) -> None:
        if self._ledger:
            self._ledger.keep(self.clock.offset, self.vendors)
        if self.state_file:
            state.save(self.state_file, self.clock, self.vendors)

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
