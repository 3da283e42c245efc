from typing import Any

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from portal import audit
from portal.demo import PEOPLE, TEAMS, Person
from portal.models import Team, User, VendorAccount
from portal.models.accounts import Vendor
from portal.roles import write_roles
from sites import demo, demo_services


class Command(BaseCommand):
    help = "Makes the demo's teams, people and sites where they are missing. Only where DEMO is set."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "This is not a demo: DEMO is not set. People with known passwords are not let in."
            )
        with transaction.atomic():
            people = self.load_people()
            account = VendorAccount.objects.filter(vendor=Vendor.GRANITE, is_default=True).first()
            accounts = demo.load_accounts(account) if account else 0
            sites = demo.load_sites(account)
            services = demo_services.load_services(demo.numbers())
            if people or sites or accounts or services:
                audit.record(
                    None, "demo.loaded", people=people, sites=sites, accounts=accounts, services=services
                )
        if account is None:
            self.stdout.write("No Granite account yet: the sites have none either. Run bootstrap first.")
        self.stdout.write(
            f"Demo: {people} people, {accounts} Granite accounts, {sites} sites and {services} services were added."
        )

    def load_people(self) -> int:
        if not Group.objects.filter(name="admin").exists():
            write_roles()
        teams = {name: Team.objects.get_or_create(name=name)[0] for name in TEAMS}
        known = set(User.objects.values_list("username", flat=True))
        missing = [person for person in PEOPLE if person.username not in known]
        for person in missing:
            self.add(person, teams)
        return len(missing)

    def add(self, person: Person, teams: dict[str, Team]) -> None:
        first, last = person.full_name.split(" ", 1)
        user = User.objects.create_user(
            person.username, person.email, person.password, first_name=first, last_name=last
        )
        user.groups.add(Group.objects.get(name=person.role))
        if person.team:
            teams[person.team].members.add(user)
