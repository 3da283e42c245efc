from argparse import ArgumentParser
from typing import Any

from django.core.management import BaseCommand, CommandError, call_command

OPTIONS: dict[str, dict[str, Any]] = {
    "migrate": {"interactive": False},
    "collectstatic": {"interactive": False, "verbosity": 0},
}


class Command(BaseCommand):
    help = "Several commands in one process: loading Django for each of them takes longer than their work."
    requires_system_checks: list[str] = []  # each command makes its own

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("names", nargs="+", metavar="COMMAND")

    def handle(self, *args: Any, **options: Any) -> None:
        for name in options["names"]:
            try:
                call_command(name, skip_checks=False, **OPTIONS.get(name, {}))
            except CommandError as error:
                raise CommandError(f"{name}: {error}") from error
