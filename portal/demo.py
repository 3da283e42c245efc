"""The people of the demo, as plain data. They exist nowhere but where DEMO is set."""

from typing import NamedTuple

TEAMS = ("Field East", "Field West")


class Person(NamedTuple):
    username: str
    password: str
    role: str
    team: str
    full_name: str
    email: str


PEOPLE = [
    Person("alice", "alice-sends-vans", "dispatcher", "Field East", "Alice Warren", "alice@portal.example"),
    Person("bob", "bob-only-watches", "viewer", "Field East", "Bob Ellis", "bob@portal.example"),
    Person("carol", "carol-goes-west", "dispatcher", "Field West", "Carol Jensen", "carol@portal.example"),
    Person("mia", "mia-manages-all", "manager", "", "Mia Fontaine", "mia@portal.example"),
    Person("root", "root-runs-the-portal", "admin", "", "Robin Ortiz", "root@portal.example"),
]
