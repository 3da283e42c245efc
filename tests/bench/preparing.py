"""In a process of its own: drafts ready to be reviewed, made by the services that the pages call."""

import os
import sys

import django


def main(person: str, counts: list[int]) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    print(" ".join(str(_make_draft(person, count)) for count in counts))


def _make_draft(person: str, count: int) -> int:
    """Places of their own, all over the sandbox's accounts: no two of them are one visit."""
    from portal.models import Team, User
    from portal.vendors.sandbox.granite.accounts import ACCOUNTS
    from tests.dispatching import make_draft, typed_row

    by = User.objects.get(username=person)
    rows = []
    first = Team.objects.earliest("pk").drafts.count() * 1000
    for number in range(first, first + count):
        name, reference = f"Bench {number:06d}", f"B{number:06d}"
        rows.append(typed_row(number % len(ACCOUNTS), location_name=name, location_number=reference))
    return make_draft(by, Team.objects.earliest("pk"), rows).pk


if __name__ == "__main__":
    main(sys.argv[1], [int(count) for count in sys.argv[2].split(",")])
