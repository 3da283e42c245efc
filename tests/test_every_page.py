"""Every URL × everybody × GET and POST against one table of what must come of it.

The objects belong to Field East, so Carol of Field West must be told 404. A URL without a row here fails by its name.
"""

import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.core.files.base import ContentFile
from django.db import transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.utils import timezone

from portal import inbox
from portal.models import Delivery, ForgottenSend, StoredFile, Subscription
from sites.models import ServiceImport
from tests.casework import gtt_account, make_case
from tests.cast import Cast, client_of
from tests.dispatching import make_dispatch, make_draft
from tests.portal.outbox_parts import make_account
from tests.sites.registering import make_service
from tests.tickets.repeating import make_recurrence
from tickets.models import PossibleDuplicate, Ticket
from tickets.services.incidents import incident_of
from tickets.services.templates import save_template

ROLES = ("anonymous", "viewer", "dispatcher", "other team", "manager", "admin")
FROM_US = {"HTTP_ORIGIN": "http://testserver"}
# The columns are the roles in the order above. 405 before 404 gives nothing away: it is so for every number.
PAGES: dict[str, tuple[str, str]] = {
    # name: (GET, POST)
    "home": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "login": ("200 302 302 302 302 302", "200 302 302 302 302 302"),
    "logout": ("405 405 405 405 405 405", "302 302 302 302 302 302"),
    "password": ("302 200 200 200 200 200", "403 200 200 200 200 200"),
    "outbound": ("302 403 403 403 403 200", "401 403 403 403 403 405"),
    "outbound-allow": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "outbound-stop": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "outbound-looked": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "outbound-again": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "file": ("302 404 200 404 200 200", "401 405 405 405 405 405"),
    "integration": ("302 403 403 403 403 200", "401 403 403 403 403 405"),
    "integration-account": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "integration-message": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "healthz": ("200 200 200 200 200 200", "405 405 405 405 405 405"),
    "tickets:drafts": ("302 403 200 200 403 200", "401 405 405 405 405 405"),
    "tickets:draft-new": ("302 403 302 302 403 302", "401 403 302 302 403 302"),
    "tickets:draft-what": ("302 403 200 404 403 200", "401 403 302 404 403 302"),
    "tickets:draft-where": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:draft-search": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:draft-add": ("302 405 405 405 405 405", "401 403 400 404 403 400"),
    "tickets:draft-copy": ("302 405 405 405 405 405", "401 403 400 404 403 400"),
    "tickets:draft-remove": ("302 405 405 405 405 405", "401 403 400 404 403 400"),
    "tickets:draft-when": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:draft-rows": ("302 403 200 404 403 200", "401 405 405 405 405 405"),
    "tickets:draft-rows-edit": ("302 405 405 405 405 405", "401 403 400 404 403 400"),
    "tickets:draft-rows-change": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:draft-rows-part": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:draft-rows-problems": ("302 403 302 404 403 302", "401 405 405 405 405 405"),
    "tickets:draft-row": ("302 403 200 404 403 200", "401 403 302 404 403 302"),
    "tickets:draft-files": ("302 403 200 404 403 200", "401 403 302 404 403 302"),
    "tickets:draft-add-files": ("302 405 405 405 405 405", "401 403 200 404 403 200"),
    "tickets:draft-remove-file": ("302 405 405 405 405 405", "401 403 200 404 403 200"),
    "tickets:draft-review": ("302 403 200 404 403 200", "401 405 405 405 405 405"),
    "tickets:draft-message": ("302 403 200 404 403 200", "401 405 405 405 405 405"),
    "tickets:draft-repeats": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:draft-estimates": ("302 403 302 404 403 302", "401 403 302 404 403 302"),
    "tickets:draft-save": ("302 405 405 405 405 405", "401 403 200 404 403 200"),
    "tickets:draft-submit": ("302 405 405 405 405 405", "401 403 409 404 403 409"),
    "tickets:draft-discard": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:dispatches": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "tickets:dispatch": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:dispatch-status": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:dispatch-correct": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:message": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:message-cancel": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:tickets": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "tickets:ticket": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:ticket-status": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:ticket-refresh": ("302 405 405 405 405 405", "401 302 302 404 302 302"),
    "sites:services": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "sites:services-export": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "sites:service": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "sites:service-new": ("302 403 200 200 403 200", "401 403 422 422 403 422"),
    "sites:service-edit": ("302 403 200 200 403 200", "401 403 422 422 403 422"),
    "sites:service-check": ("302 405 405 405 405 405", "401 403 422 422 403 422"),
    "sites:services-import": ("302 403 200 200 403 200", "401 403 400 400 403 400"),
    "sites:service-import": ("302 403 200 404 403 404", "401 403 409 404 403 404"),
    "sites:service-import-wrong": ("302 403 200 404 403 404", "401 405 405 405 405 405"),
    "tickets:cases": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "tickets:case-new": ("302 403 200 200 403 200", "401 403 422 422 403 422"),
    "tickets:case": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:case-status": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:case-refresh": ("302 405 405 405 405 405", "401 302 302 404 302 302"),
    "tickets:case-comment": ("302 405 405 405 405 405", "401 422 422 404 422 422"),
    "tickets:case-change": ("302 403 200 404 403 200", "401 403 422 404 403 422"),
    "tickets:case-settle": ("302 405 405 405 405 405", "401 404 404 404 404 404"),
    "tickets:case-files": ("302 405 405 405 405 405", "401 302 302 404 302 302"),
    "tickets:cases-comment": ("302 405 405 405 405 405", "401 403 200 200 403 200"),
    "tickets:case-technician": ("302 403 302 404 403 302", "401 403 302 404 403 302"),
    "tickets:incidents": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "tickets:incident": ("302 200 200 404 200 200", "401 405 405 405 405 405"),
    "tickets:incident-close": ("302 405 405 405 405 405", "401 403 422 404 403 422"),
    "tickets:unknown": ("302 200 200 200 200 200", "401 405 405 405 405 405"),
    "tickets:unknown-one": ("302 302 302 404 302 302", "401 405 405 405 405 405"),
    "tickets:unknown-found": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:unknown-not-there": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:unknown-confirm": ("302 405 405 405 405 405", "401 403 302 404 302 302"),
    "tickets:unknown-disagree": ("302 405 405 405 405 405", "401 403 302 404 302 302"),
    "tickets:unknown-write-off": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:draft-day": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:draft-template": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:draft-repeat": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:dispatch-copy": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:dispatch-template": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:templates": ("302 403 200 200 403 200", "401 405 405 405 405 405"),
    "tickets:template-start": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:template-rename": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:template-retire": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:template-repeat": ("302 403 200 404 403 200", "401 403 400 404 403 400"),
    "tickets:recurring": ("302 403 200 200 403 200", "401 405 405 405 405 405"),
    "tickets:recurrence": ("302 403 200 404 403 200", "401 405 405 405 405 405"),
    "tickets:recurrence-pause": ("302 405 405 405 405 405", "401 403 400 404 403 400"),
    "tickets:recurrence-resume": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:recurrence-end": ("302 405 405 405 405 405", "401 403 400 404 403 400"),
    "tickets:duplicate-settled": ("302 405 405 405 405 405", "401 403 302 404 403 302"),
    "tickets:sheet-new": ("302 403 200 200 403 200", "401 403 400 400 403 400"),
    "tickets:sheet-sites": ("302 403 200 200 403 200", "401 403 200 200 403 200"),
    "tickets:sheet-template-xlsx": ("302 403 200 200 403 200", "401 405 405 405 405 405"),
    "tickets:sheet-template-csv": ("302 403 200 200 403 200", "401 405 405 405 405 405"),
    "tickets:draft-columns": ("302 403 404 404 403 404", "401 403 404 404 403 404"),
    "gtt-hook": ("405 405 405 405 405 405", "202 202 202 202 202 202"),
    "deliveries": ("302 403 403 403 403 200", "401 403 403 403 403 405"),
    "delivery": ("302 403 403 403 403 200", "401 403 403 403 403 405"),
    "delivery-again": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "tickets:subscriptions": ("302 403 403 403 403 200", "401 403 403 403 403 422"),
    "tickets:subscription-again": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "tickets:subscription-renew": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "tickets:subscription-close": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
    "tickets:subscription-test": ("302 403 403 403 403 405", "401 403 403 403 403 302"),
}
# Sign-in, sign-out and what leads to them.
ANYBODY = {
    "admin:login",
    "admin:logout",
    "admin:password_change",
    "admin:password_change_done",
    "admin:jsi18n",
}
OF_AN_OBJECT = re.compile(r"admin:[a-z]+_[a-z]+_(change|history|delete|password_change)")


class World:
    """One object of each kind, all of them Field East's."""

    def __init__(self, people: Cast) -> None:
        make_account()
        self.people = people
        self.draft = make_draft(people.alice, people.east, 2)
        self.file = StoredFile.objects.create(
            name="plan.pdf", content_type="application/pdf", size=9, sha256="0" * 64, uploaded_by=people.alice
        )
        self.file.content.save("plan.pdf", ContentFile(b"%PDF-1.4\n"))
        self.draft.files.add(self.file)
        self.dispatch = make_dispatch(people.alice, people.east, 2)
        location = self.dispatch.locations.select_related("message").first()
        assert location is not None
        self.message = location.message
        self.ticket = Ticket.objects.create(
            account=self.message.account,
            ticket_id=771001,
            dispatch=self.dispatch,
            location=location,
            message=self.message,
            team=people.east,
            status_name="Scheduled",
            read_at=timezone.now(),
        )
        self.duplicate = PossibleDuplicate.objects.create(
            ticket=self.ticket, message=self.message, why="It came twice."
        )

        self.forgotten = ForgottenSend.objects.create(
            correlation_id=uuid.uuid4(), reference="DSP-000001-1", sent_at=timezone.now(), machine="worker-1"
        )

        self.template = save_template(
            self.draft, by=people.alice, name="Router swap", with_sites=True, with_files=True
        )
        self.recurrence = make_recurrence(people.alice, self.draft)
        self.case = make_case(people.alice, people.east, gtt_account())
        self.incident = incident_of(self.case, by=people.alice)
        address, self.secret = inbox.new_token(self.case.account)
        self.delivery = Delivery.objects.create(account=address.account, token=address, body=b"{}")
        self.subscription = Subscription.objects.create(
            account=address.account, action="create", name="case-v1alpha-create", token=address
        )
        self.service = make_service()
        self.service_import = ServiceImport.objects.create(
            name="Cells", header=["Our ID", "Site number"], rows=[["1", "x"]], lines=[2], read_by=people.alice
        )

    def arguments(self, name: str) -> dict[str, Any]:
        """What the URL of this name needs to lead to our objects."""
        page = name.removeprefix("tickets:")
        found: dict[str, Any] = {}
        if page in ("outbound-looked", "outbound-again"):
            found = {"pk": self.forgotten.pk}
        elif page == "gtt-hook":
            found = {"token": self.secret}
        elif page.startswith("delivery"):
            found = {"pk": self.delivery.pk}
        elif page.startswith("subscription-"):
            found = {"pk": self.subscription.pk}
        elif page.startswith("integration-"):
            found = {"pk": self.message.pk if page == "integration-message" else self.message.account_id}
        elif page == "file":
            found = {"key": self.file.key}
        elif page.startswith("sites:service"):
            found = {"pk": self.service_import.pk if "-import" in page else self.service.pk}
            found = {} if page in ("sites:service-new", "sites:services-import") else found
            found = {} if page in ("sites:services", "sites:services-export") else found
            found |= {"kind": "csv"} if page.endswith(("-export", "-wrong")) else {}
        elif page.startswith("draft-") and page != "draft-new":
            found = {"pk": self.draft.pk}
            found |= {"index": 0} if page in ("draft-copy", "draft-remove") else {}
            found |= {"number": 1} if page == "draft-message" else {}
            found |= {"file_pk": self.file.pk} if page == "draft-remove-file" else {}
            found |= {"step": "what"} if page == "draft-save" else {}
            found |= {"key": self.draft.locations[0]["row"]} if page == "draft-row" else {}
            found |= {"kind": "csv"} if page == "draft-rows-problems" else {}
        elif page.startswith("dispatch") and page != "dispatches":
            found = {"pk": self.dispatch.pk}
        elif page.startswith("unknown-"):
            found = {"pk": self.message.pk}
        elif page.startswith("template-"):
            found = {"pk": self.template.pk}
        elif page.startswith("recurrence"):
            found = {"pk": self.recurrence.pk}
        elif page == "duplicate-settled":
            found = {"pk": self.duplicate.pk}
        elif page.startswith("message"):
            found = {"pk": self.dispatch.pk, "message_pk": self.message.pk}
        elif (page.startswith("case-") and page != "case-new") or page == "case":
            found = {"pk": self.case.pk} | ({"edit_pk": 1} if page == "case-settle" else {})
        elif page.startswith("incident") and page != "incidents":
            found = {"pk": self.incident.pk}
        elif page.startswith("ticket") and page != "tickets":
            found = {"pk": self.ticket.pk}
        return found

    def client(self, role: str) -> Client:
        if role == "anonymous":
            return Client()
        cast = self.people
        who = {"viewer": cast.bob, "dispatcher": cast.alice, "other team": cast.carol, "manager": cast.mia}
        return client_of(who.get(role, cast.root))


@pytest.fixture
def world(people: Cast) -> World:
    return World(people)


def names(patterns: list[URLPattern | URLResolver], namespace: str = "") -> Iterator[str]:
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from names(pattern.url_patterns, inner)
        else:
            yield f"{namespace}{pattern.name}"


def all_names() -> list[str]:
    return list(names(get_resolver().url_patterns))


def ask(client: Client, method: str, address: str) -> HttpResponse:
    """One request, of which nothing stays: the next role finds the same world."""
    client.raise_request_exception, cookies = False, client.cookies.copy()
    unchanged = transaction.atomic()
    unchanged._from_testcase = True  # the test's own frame, not a transaction of the application
    with unchanged:
        answer = client.get(address) if method == "GET" else client.post(address, **FROM_US)
        transaction.set_rollback(True)
    client.cookies = cookies  # signing out is undone as well
    return answer


def test_every_url_has_its_row():
    ours = [name for name in all_names() if not name.startswith("admin:")]
    assert sorted(set(ours) - set(PAGES)) == [], "a URL without a row in PAGES"
    assert sorted(set(PAGES) - set(ours)) == [], "a row in PAGES without a URL"


@pytest.mark.parametrize("role", ROLES)
def test_every_page_answers_everybody_as_it_should(world: World, role: str):
    column, wrong = ROLES.index(role), []
    client = world.client(role)
    for name, rows in PAGES.items():
        address = reverse(name, kwargs=world.arguments(name))
        for method, row in zip(("GET", "POST"), rows, strict=True):
            told, wanted = ask(client, method, address).status_code, int(row.split()[column])
            if told != wanted:
                wrong.append(f"{method} {name}: {told} instead of {wanted}")
    assert wrong == []


@pytest.mark.parametrize("role", ROLES)
def test_the_administration_is_for_admins(world: World, role: str):
    """Every admin URL there is, so one that is added tomorrow is asked too."""
    wrong, client = [], world.client(role)
    for name, address in admin_addresses(world):
        for method in ("GET", "POST"):
            told = ask(client, method, address)
            if not is_as_it_should_be(role, name, method, told):
                wrong.append(f"{method} {name} {address}: {told.status_code}")
    assert wrong == []


def is_as_it_should_be(role: str, name: str, method: str, told: HttpResponse) -> bool:
    if name in ANYBODY:
        return told.status_code in (200, 302, 403, 405, 401)
    if role == "anonymous":
        return told.status_code == (302 if method == "GET" else 401)
    if role != "admin":
        return told.status_code == 403
    if method == "GET" and (name.endswith(("_changelist", "_change", "_history")) or name == "admin:index"):
        return told.status_code == 200
    return told.status_code < 500


def admin_addresses(world: World) -> Iterator[tuple[str, str]]:
    for name in all_names():
        if not name.startswith("admin:") or name.endswith(":None"):
            continue
        if OF_AN_OBJECT.fullmatch(name) and name not in ANYBODY:
            yield from ((name, reverse(name, args=[pk])) for pk in object_of(world, name))
        elif name == "admin:app_list":
            yield name, reverse(name, args=["portal"])
        elif name == "admin:view_on_site":
            yield name, reverse(name, args=[1, 1])
        else:
            yield name, reverse(name)


def object_of(world: World, name: str) -> list[Any]:
    """The key of one row of the model an admin URL is about, if there is one."""
    app, model = name.removeprefix("admin:").split("_")[:2]
    if app == "auth" and model == "user":
        app = "portal"
    first = apps.get_model(app, model)._default_manager.first()
    return [first.pk] if first else []
