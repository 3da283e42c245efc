"""In a process of its own: cases at the sandbox's GTT, and a secret address at which it may tell of them."""

import os
import sys

import django


def main(username: str, count: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from portal import inbox
    from portal.models import Team, User, VendorAccount
    from tests.casework import make_case, send

    account = VendorAccount.objects.get(vendor="gtt")
    by, team = User.objects.get(username=username), Team.objects.earliest("pk")
    cases = [make_case(by, team, account) for _ in range(count)]
    send(account)
    for case in cases:
        case.refresh_from_db()
    print(inbox.new_token(account)[1], *(case.number for case in cases if case.number))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
