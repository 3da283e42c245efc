"""`python -m portal.vendors.sandbox`: the vendors on a port, until Ctrl-C or SIGTERM."""

import argparse
import signal
import sys
import threading
from pathlib import Path

from portal.vendors.sandbox.box import Sandbox
from portal.vendors.sandbox.gtt.webhooks import LOOPBACK


def main() -> int:
    options = read_options()
    try:
        box = Sandbox(
            options.host,
            options.port,
            speed=options.speed,
            state_file=options.state,
            ledger=options.ledger,
            seed=options.seed,
        )
        box.limit = options.limit
        if options.webhook_host:
            box.gtt.webhook_hosts = {*LOOPBACK, *options.webhook_host}
        box.gtt.notices.postman.couriers = options.couriers
        box.start()
    except ValueError as error:
        print(f"vendor sandbox: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(
            f"vendor sandbox: cannot listen on {options.host}:{options.port}: {error.strerror}",
            file=sys.stderr,
        )
        return 1
    ended = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: ended.set())
    tokens = f"token {box.token_url} (Granite), {box.url}{box.gtt.token_path} (GTT)"
    print(f"vendor sandbox: {box.url}  {tokens}  trainer's page {box.url}/_sandbox/", flush=True)
    ended.wait()
    box.stop()
    return 0


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m portal.vendors.sandbox", description="The vendors, played."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=9100, help="port to listen on (default: %(default)s)")
    parser.add_argument(
        "--state", type=Path, metavar="FILE", help="keep tickets and cases in this file over restarts"
    )
    parser.add_argument(
        "--ledger",
        type=Path,
        metavar="FILE",
        help="append every request, ticket and case to this file, and read it at start",
    )
    parser.add_argument(
        "--limit", type=int, default=60, help="requests a minute and client (default: %(default)s)"
    )
    parser.add_argument(
        "--webhook-host",
        action="append",
        metavar="HOST",
        help="GTT's webhooks may go to this host too, and not only to this machine; may be given more than once",
    )
    parser.add_argument(
        "--couriers", type=int, default=1, help="webhooks under way at once (default: %(default)s, in order)"
    )
    parser.add_argument("--seed", type=int, help="fixes which calls the faults with a chance fall on")
    parser.add_argument(
        "--speed",
        type=float,
        default=60.0,
        help="how much faster than real technicians work; with the default of %(default)s a technician is "
        "assigned 45 s, on the way 90 s, on site 150 s and done 240 s after the ticket was created",
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
