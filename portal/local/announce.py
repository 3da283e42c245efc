"""The last thing that `make run` prints: where the portal is and who may sign in."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def announce(env: Mapping[str, str], *, demo: bool, sandbox: bool, logs: Path) -> None:
    print(message(env, people() if demo else [], sandbox=sandbox, logs=logs), flush=True)


def people() -> list[Sequence[str]]:
    from portal.demo import PEOPLE  # only the demo has them

    return [(person.username, person.password, person.role, person.team) for person in PEOPLE]


def message(env: Mapping[str, str], people: Sequence[Sequence[str]], *, sandbox: bool, logs: Path) -> str:
    rows = [("The portal", env["PUBLIC_URL"])]
    rows.append(("Vendor sandbox", env["SANDBOX_URL"]) if sandbox else ("Granite", env["GRANITE_API_URL"]))
    rows.append(("Logs", str(logs)))
    lines = ["", *(f"  {name:<16}{value}" for name, value in rows)]
    if people:
        heading = ("Sign in as", "password", "role", "team")
        widths = [max(len(row[column]) for row in [heading, *people]) for column in range(len(heading))]
        lines.append("")
        for row in [heading, *people]:
            cells = [text.ljust(width) for text, width in zip(row, widths, strict=True)]
            lines.append(f"  {'   '.join(cells)}".rstrip())
    return "\n".join([*lines, "", "  Ctrl-C stops everything; the data stay."])
