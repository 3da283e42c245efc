"""python -m portal.local.prepare COMMAND…

Several commands of manage.py in one process, for `make run`: loading Django for each of them takes longer than their work.
"""

import os
import sys
from typing import Any

import django
from django.core.management import CommandError, call_command

OPTIONS: dict[str, dict[str, Any]] = {
    "migrate": {"interactive": False},
    "collectstatic": {"interactive": False, "verbosity": 0},
}


def main(names: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    for name in names:
        try:
            call_command(name, skip_checks=False, **OPTIONS.get(name, {}))
        except CommandError as error:
            print(f"{name}: {error}", file=sys.stderr, flush=True)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
