"""`make nemesis`: see docs/benchmarks.md."""

import os
import shutil
import signal
import sys
from pathlib import Path

from portal.local.folder import PROJECT
from portal.local.problems import CannotStart
from tests.nemesis.blackhole import blackhole, fitting
from tests.nemesis.options import BadOption, Options
from tests.nemesis.report import Report, table
from tests.nemesis.run import Run
from tests.nemesis.stack import Stack, prepared_stack

KEPT = PROJECT / "var" / "nemesis"


def main() -> int:
    try:
        options = Options.by(os.environ)
    except BadOption as error:
        print(error, file=sys.stderr)
        return 2
    if options.scene:
        options = fitting(options)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGHUP, lambda *_: sys.exit(129))
    try:
        reports = [_run(options, seed) for seed in options.seeds]
    except CannotStart as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped. Nothing is left running.")
        return 130
    if len(reports) > 1:
        print("\n".join(["", *table(reports)]))
    return _verdict(options, reports)


def _run(options: Options, seed: int) -> Report:
    with prepared_stack(options) as stack:
        try:
            report = blackhole(stack, seed, say) if options.scene else Run(stack, seed, say).go()
        except BaseException:
            _keep(stack, "broken")
            raise
        print("\n".join(["", *report.lines(), ""]), flush=True)
        if report.findings.count and not options.naive:
            print(f"  Logs and the vendor's truth: {_keep(stack, f'seed-{seed}')}")
        return report


def _keep(stack: Stack, name: str) -> Path:
    """Copies of what explains a run, where `make clean` finds them."""
    target = KEPT / f"{name}-{os.getpid()}"
    target.mkdir(parents=True, exist_ok=True)
    if stack.folder.logs.exists():
        shutil.copytree(stack.folder.logs, target / "log", dirs_exist_ok=True)
    if stack.ledger.exists():
        shutil.copy(stack.ledger, target)
    return target


def _verdict(options: Options, reports: list[Report]) -> int:
    found = sum(report.findings.count for report in reports)
    if not options.naive:
        print("Nothing was found." if not found else f"{found} findings.")
        return 1 if found else 0
    duplicates = sum(len(report.findings.found["duplicates"]) for report in reports)
    if duplicates:
        print(f"The naive worker made {duplicates} duplicates, and they were found: the harness can fail.")
        return 0
    print("The naive worker made no duplicates that were found. A harness that cannot fail proves nothing.")
    return 1


def say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
