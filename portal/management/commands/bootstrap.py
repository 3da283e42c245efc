import os
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portal.bootstrap import bootstrap
from portal.problems import Problem


class Command(BaseCommand):
    help = "Makes roles, the vendors' default accounts and the first administrator from the environment."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = bootstrap(os.environ)
        except Problem as problem:
            raise CommandError(str(problem)) from problem
        for line in report.lines:
            self.stdout.write(line)
