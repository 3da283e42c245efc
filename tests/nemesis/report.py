"""What a run found, in lines for a person."""

import os
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from tests.nemesis.checker import Findings

MOST_SENTENCES = 5


@dataclass
class Report:
    """One run. `measured` are figures nobody asserts."""

    title: str
    findings: Findings = field(default_factory=Findings)
    strokes: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    states: dict[str, int] = field(default_factory=dict)
    measured: dict[str, str] = field(default_factory=dict)
    excused_pages: int = 0
    load: "Load" = field(default_factory=lambda: Load())
    began_at: float = field(default_factory=time.monotonic)
    seconds: float = 0.0

    def lines(self) -> list[str]:
        found = [self.title, ""]
        for name, sentences in self.findings.found.items():
            found.append(f"  {name:<24}{len(sentences):>5}")
            found += [f"      {sentence}" for sentence in sentences[:MOST_SENTENCES]]
        found += ["", f"  messages:   {_list(self.states)}"]
        found.append(f"  locations:  {_list(self.findings.locations)}")
        found.append(f"  unknown, and why:  {_list(self.unknown)}")
        found.append(f"  strokes ({self.strokes.total()}):  {_list(self.strokes)}")
        found.append(f"  pages that broke because something was dead:  {self.excused_pages}")
        found += [f"  {name}: {value}" for name, value in self.measured.items()]
        found.append(f"  {self.seconds:.0f} s, {self.load}")
        return found


@dataclass
class Load:
    """The machine's load, each time somebody looked."""

    seen: list[float] = field(default_factory=list)

    def look(self) -> None:
        self.seen.append(os.getloadavg()[0])

    def __str__(self) -> str:
        if not self.seen:
            return "load not measured"
        return f"load {sum(self.seen) / len(self.seen):.1f} on average, {max(self.seen):.1f} at most, {os.cpu_count()} cores"


def table(reports: Iterable[Report]) -> list[str]:
    """Several runs side by side."""
    reports = list(reports)
    names = list(reports[0].findings.found) if reports else []
    rows = [["", *(report.title for report in reports)]]
    rows += [[name, *(str(len(report.findings.found[name])) for report in reports)] for name in names]
    rows.append(["unknown outcomes", *(str(report.unknown.total()) for report in reports)])
    rows.append(["strokes", *(str(report.strokes.total()) for report in reports)])
    rows.append(["seconds", *(f"{report.seconds:.0f}" for report in reports)])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]


def _list(counted: Counter[str] | dict[str, int]) -> str:
    items = sorted(counted.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {count}" for name, count in items) or "none"
