"""What the wizard's tests share: accounts, a browser, forms read from the page as a browser would send them."""

from typing import Any

from django.test import Client

from portal.models import VendorAccount
from sites.models import Account, Contact, Site
from tests.cast import client_of
from tests.page_forms import controls_of
from tickets.models import Draft

WHAT = {
    "service_type": "Smart Hands",
    "initial_description": "Swap the router.",
    "contact_name": "Alice Warren",
    "contact_email_address": "alice@portal.example",
    "automatic_email_contact": "on",
}
PLACE = {
    "location_name": "Store 12",
    "location_number": "0012",
    "account_macnum": "03526768",
    "time_zone": "America/New_York",
    "local_contact_name": "Sam Poe",
    "local_contact_number": "(555) 123-4567",
}
WINDOW = {"start_date": "2027-02-03T09:00", "end_date": "2027-02-03T12:00"}


def make_site(account: VendorAccount | None = None, **changes: Any) -> Site:
    values: dict[str, Any] = {
        "name": "Store 77",
        "number": "0077",
        "address_line_1": "1 Main St",
        "city": "Lexington",
        "state": "KY",
        "zip": "40507",
        "time_zone": "America/New_York",
    }
    macnum = changes.pop("macnum", "0077000")
    if account:
        values["account"] = Account.objects.create(
            vendor_account=account, macnum=macnum, account_id=77, seen_at="2026-11-01T00:00Z"
        )
    site = Site.objects.create(**values | changes)
    Contact.objects.create(site=site, name="Kim Lee", phone="555-222-3333", extension="4")
    return site


def form_of(response: Any, form_id: str = "step") -> dict[str, str]:
    """What a browser would send of this page's form, without any button."""
    found = controls_of(response.content.decode(), form_id)
    return {name: value for name, value in found.items() if name not in ("csrfmiddlewaretoken", "pick")}


class Browser:
    """Somebody at the wizard without scripts: loads pages, fills in, presses buttons."""

    def __init__(self, person: Any) -> None:
        self.person = person
        self.client: Client = client_of(person)

    def begin(self) -> Draft:
        response = self.client.post("/drafts/new/")
        assert response.status_code == 302, response.content
        return Draft.objects.get(pk=int(response["Location"].split("/")[2]))

    def url(self, draft: Draft, rest: str) -> str:
        return f"/drafts/{draft.pk}/{rest}"

    def open(self, draft: Draft, step: str) -> Any:
        response = self.client.get(self.url(draft, f"{step}/"))
        assert response.status_code == 200, response.status_code
        return response

    def press(self, draft: Draft, step: str, *, to: str = "", page: Any = None, **typed: str) -> Any:
        """Load the step (or stay on `page`), type, and press a button of it."""
        data = form_of(page or self.open(draft, step)) | {
            name.replace("__", "-"): text for name, text in typed.items()
        }
        return self.client.post(
            self.url(draft, to or f"{step}/"), {k: v for k, v in data.items() if v is not None}
        )

    def fill(self, draft: Draft, places: int = 1, what: dict[str, str] | None = None) -> None:
        """A draft ready for review."""
        self.press(draft, "what", **WHAT | (what or {}), go="next")
        for index in range(places):
            self.press(draft, "where", to="where/add/", add="blank")
            values = PLACE | {"location_name": f"Store {index + 12}", "location_number": f"{index + 12:04d}"}
            self.press(draft, "where", **row(index, values), go="next")
        for index in range(places):
            self.press(draft, "when", **row(index, WINDOW), go="next")

    def submit(self, draft: Draft) -> Any:
        review = self.open(draft, "review")
        return self.client.post(self.url(draft, "submit/"), {"plan_hash": review.context["plan"].hash})


def row(index: int, values: dict[str, str]) -> dict[str, str]:
    return {f"locations-{index}-{name}": value for name, value in values.items()}
