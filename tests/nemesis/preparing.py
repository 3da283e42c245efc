"""In a process of its own, before the portal starts: tables, places, and one dispatcher for each client."""

import os
import sys

import django

PASSWORD = "nobody-else-knows-this"
LOOKER, OPERATOR = "looker", "operator"


def client_name(number: int) -> str:
    return f"client{number}"


def main(clients: int) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    django.setup()
    from django.core.management import call_command

    call_command("prepare", "migrate", "bootstrap", "load_demo", "collectstatic")
    _make_people(clients)


def _make_people(clients: int) -> None:
    from django.contrib.auth.models import Group

    from portal.models import Team, User

    wanted = {client_name(number): "dispatcher" for number in range(clients)}
    for username, role in {**wanted, LOOKER: "manager", OPERATOR: "admin"}.items():
        person = User.objects.create_user(
            username, f"{username}@portal.example", PASSWORD, first_name=username.title(), last_name="Nemesis"
        )
        person.groups.add(Group.objects.get(name=role))
        person.teams.add(Team.objects.earliest("pk"))


if __name__ == "__main__":
    main(int(sys.argv[1]))
