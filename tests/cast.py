"""The cast of every test: Alice dispatches, Bob may look, Carol belongs to another team, Mia manages, Root administers."""

from dataclasses import dataclass

from django.contrib.auth.models import Group
from django.test import Client

from portal.models import Team, User
from portal.roles import write_roles
from tickets.models import CaseChoice

PASSWORD = "correct horse battery"


@dataclass(frozen=True)
class Cast:
    alice: User  # dispatcher, Field East
    bob: User  # viewer, Field East
    carol: User  # dispatcher, Field West
    mia: User  # manager, no team: sees all
    root: User  # admin, no team: sees all
    east: Team
    west: Team


# As the migration offers them; tests that commit empty the table after them.
CASE_WORDS = [
    ("case_type", "Incident"),
    ("case_type", "Service Request"),
    ("priority", "3 - Moderate"),
    ("priority", "1 - Critical"),
    ("priority", "2 - High"),
    ("priority", "4 - Low"),
    ("category", "Secure Network"),
    ("subcategory", "Service Down"),
]


def make_people() -> Cast:
    write_roles()
    words = [CaseChoice(field=field, value=value, position=9) for field, value in CASE_WORDS]
    CaseChoice.objects.bulk_create(words, ignore_conflicts=True)
    east, west = Team.objects.create(name="Field East"), Team.objects.create(name="Field West")
    return Cast(
        alice=make_person("alice", "Alice Warren", "dispatcher", east),
        bob=make_person("bob", "Bob Ellis", "viewer", east),
        carol=make_person("carol", "Carol Jensen", "dispatcher", west),
        mia=make_person("mia", "Mia Fontaine", "manager"),
        root=make_person("root", "Robin Ortiz", "admin"),
        east=east,
        west=west,
    )


def make_person(username: str, name: str, role: str, *teams: Team) -> User:
    first, last = name.split()
    person = User.objects.create_user(
        username, f"{username}@portal.example", PASSWORD, first_name=first, last_name=last
    )
    person.groups.add(Group.objects.get(name=role))
    person.teams.add(*teams)
    return person


def client_of(person: User) -> Client:
    """A browser in which this person is signed in."""
    client = Client()
    client.force_login(person)
    return client
