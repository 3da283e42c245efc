"""The dependency rules, checked against what the files really import.

`tickets → sites → portal`; inside a package `views → services → (mirror, payloads, models)`.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("portal", "sites", "tickets")


class Import(NamedTuple):
    """`module` imports `name`, at `line` of its file."""

    module: str
    name: str
    line: int

    def __str__(self) -> str:
        return f"{self.module}:{self.line} imports {self.name}"


def modules() -> list[tuple[str, Path]]:
    paths = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))]
    return [(name_of(path), path) for path in paths if "migrations" not in path.parts]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imports_of(module: str, path: Path) -> Iterator[Import]:
    """Everything imported anywhere in the file, also inside functions; `from a import b` counts as `a.b`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (Import(module, alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: say the whole name, not a relative one"
            yield from (Import(module, f"{node.module}.{alias.name}", node.lineno) for alias in node.names)


IMPORTS = [found for name, path in modules() for found in imports_of(name, path)]


def within(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def offenders(*who: str, may_not: tuple[str, ...], except_for: tuple[str, ...] = ()) -> list[str]:
    return [
        str(found)
        for found in IMPORTS
        if within(found.module, *who)
        and within(found.name, *may_not)
        and not within(found.module, *except_for)
    ]


def test_the_walls_are_looked_at():
    assert len(modules()) > 60
    assert Import("tickets.views.home", "tickets.needs", 0)._replace(line=0) in {
        found._replace(line=0) for found in IMPORTS
    }


def test_portal_knows_nothing_of_the_packages_above_it():
    # The list of addresses is where all packages meet.
    assert offenders("portal", may_not=("sites", "tickets"), except_for=("portal.urls",)) == []


def test_sites_knows_nothing_of_tickets():
    assert offenders("sites", may_not=("tickets",)) == []


def test_views_never_speak_to_vendors():
    views = ("portal.views", "sites.views", "tickets.views")
    assert (
        offenders(
            *views,
            may_not=(
                "portal.vendors",
                "requests",
                "portal.accounts.granite_client",
                "portal.accounts.gtt_client",
            ),
        )
        == []
    )


def test_nothing_below_imports_views():
    for package in PACKAGES:
        below = [
            f"{package}.{room}"
            for room in ("services", "models", "forms", "mirror", "payloads", "planning", "tasks")
        ]
        assert offenders(*below, may_not=("portal.views", "sites.views", "tickets.views")) == []


def test_models_import_models_not_services():
    models = ("portal.models", "sites.models", "tickets.models")
    higher = (
        "portal.outbox",
        "portal.accounts",
        "sites.services",
        "tickets.services",
        "tickets.forms",
        "tickets.mirror",
    )
    assert offenders(*models, may_not=higher) == []


def test_forms_never_import_services():
    assert (
        offenders(
            "sites.forms",
            "tickets.forms",
            may_not=("sites.services", "tickets.services", "portal.vendors.http"),
        )
        == []
    )


def test_tasks_only_call_services():
    """A task has one line; what it calls is a service, or portal's own outbox and look-ups."""
    rooms = ("tickets.tasks", "sites.tasks")
    may = ("celery", "tickets.services", "sites.services", "__future__")
    wrong = [str(one) for one in IMPORTS if within(one.module, *rooms) and not within(one.name, *may)]
    assert wrong == []
    assert offenders("portal.tasks", may_not=("portal.models", "portal.vendors", "django.db")) == []


def test_vendor_clients_know_no_database():
    forbidden = ("portal.models", "portal.outbox", "django.db", "celery", "sites", "tickets")
    assert offenders("portal.vendors", may_not=forbidden) == []


def test_the_sandbox_knows_neither_django_nor_our_clients():
    ours = tuple(
        f"portal.vendors.{name}" for name in ("http", "oauth", "granite", "errors", "classify", "multipart")
    )
    assert (
        offenders(
            "portal.vendors.sandbox",
            may_not=("django", "requests", "portal.models", "portal.settings", *ours),
        )
        == []
    )


def test_production_never_imports_the_sandbox():
    for_the_demo = ("portal.vendors.sandbox", "portal.local", "portal.demo", "sites.demo")
    everything = offenders(*PACKAGES, may_not=("portal.vendors.sandbox",), except_for=for_the_demo)
    assert [line for line in everything if "load_demo" not in line] == []


def test_what_runs_before_the_installation_needs_no_django():
    assert offenders("portal.local", may_not=("django", "celery", "portal.models", "portal.settings")) == []


def test_only_one_module_touches_the_network():
    network = ("requests", "urllib3", "http.client", "socket")
    # A worker asks its own machine for its name, which is no network.
    rooms = ("portal.vendors", "portal.local", "portal.outbox.workers")
    assert offenders(*PACKAGES, may_not=network, except_for=rooms) == []


@pytest.mark.parametrize(
    ("models", "writer"),
    [
        (("Ticket", "TicketChange"), ("tickets.mirror",)),
        (("Account",), ("sites.mirror", "sites.demo", "sites.management")),
        (("Message", "Attempt", "MessageFile"), ("portal.outbox",)),
        (("RateBudget",), ("portal.ratelimit",)),
        (("AuditEntry",), ("portal.audit",)),
    ],
)
def test_each_kind_of_fact_has_one_writer(models: tuple[str, ...], writer: tuple[str, ...]):
    """Looks for `Model.objects.create(…)` and its like outside the module that may."""
    assert [call for call in writes() if call[1] in models and not within(call[0], *writer)] == []


WRITES = {"create", "bulk_create", "get_or_create", "update_or_create", "bulk_update"}


def writes() -> Iterator[tuple[str, str, int]]:
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr in WRITES
            ):
                manager = node.func.value
                if isinstance(manager, ast.Attribute) and manager.attr == "objects":
                    yield name, ast.unparse(manager.value).rsplit(".", 1)[-1], node.lineno


def test_nobody_hides_work_in_signals_or_retries_sends_by_celery():
    assert offenders(*PACKAGES, may_not=("django.db.models.signals", "django.dispatch")) == []
    texts = {name: path.read_text(encoding="utf-8") for name, path in modules()}
    assert [
        name
        for name, text in texts.items()
        if "autoretry_for" in text or ".retry(" in text or "countdown=" in text
    ] == []
