"""The admin: who gets in, what they see, what they may do, and that all of it is written down."""

import re
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from portal import outbox
from portal.models import Attempt, AuditEntry, DriftEntry, Message, Team, User, VendorAccount
from portal.models.messages import State
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of, make_person
from tests.dispatching import make_dispatch, sandbox_account
from tests.portal.outbox_parts import force

pytestmark = pytest.mark.django_db
SECRET = "a-very-long-secret-1234"


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box)


@pytest.fixture
def root(people: Cast) -> Client:
    return client_of(people.root)


def last_entry(action: str) -> AuditEntry:
    return AuditEntry.objects.filter(action=action).latest("id")


def act(browser: Client, model: str, action: str, *rows: Any, **more: str) -> Any:
    data = {"action": action, "index": "0", "_selected_action": [row.pk for row in rows], **more}
    return browser.post(reverse(f"admin:{model}_changelist"), data, follow=True)


def changelists() -> list[str]:
    return [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        for model in admin.site._registry
    ]


# --- the door ---------------------------------------------------------------------------------------------------


def test_only_administrators_come_in(people: Cast) -> None:
    for person in (people.alice, people.bob, people.carol, people.mia):
        browser = client_of(person)
        assert browser.get("/admin/").status_code == 403
        assert browser.get("/admin/login/").status_code == 403
        assert browser.get("/admin/portal/message/").status_code == 403
    assert client_of(people.root).get("/admin/").status_code == 200


def test_there_is_one_door(people: Cast, client: Client, root: Client) -> None:
    answer = client.get("/admin/portal/message/", follow=True)
    assert answer.request["PATH_INFO"] == reverse("login")
    assert (
        "next=%2Fadmin%2Fportal%2Fmessage%2F" in answer.redirect_chain[-1][0]
        or "next=/admin/portal/message/" in answer.redirect_chain[-1][0]
    )
    assert root.get("/admin/password_change/")["Location"] == reverse("password")


def test_every_page_opens_for_an_administrator(root: Client, people: Cast, account: VendorAccount) -> None:
    make_dispatch(people.alice, people.east)
    for address in changelists():
        page = root.get(address)
        assert page.status_code == 200, address
        assert root.get(address, {"q": "boston 1"}).status_code == 200, address
        for link in re.findall(r'<th class="field-[^>]*><a href="([^"]+)"', page.content.decode()):
            assert root.get(link).status_code == 200, link
    for model in ("portal_user", "portal_team", "portal_vendoraccount", "sites_site"):
        assert root.get(reverse(f"admin:{model}_add")).status_code == 200


def test_nothing_can_be_deleted(people: Cast, account: VendorAccount) -> None:
    boss = make_person("boss", "The Boss", "admin")
    User.objects.filter(pk=boss.pk).update(is_superuser=True)
    browser = client_of(User.objects.get(pk=boss.pk))
    make_dispatch(people.alice, people.east)
    for model in admin.site._registry:
        row = model._default_manager.first()
        if row is not None and model is not Team:
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_delete"
            assert browser.post(reverse(name, args=[row.pk]), {"post": "yes"}).status_code == 403, name


@pytest.mark.parametrize("name", ["message", "attempt", "auditentry", "driftentry", "storedfile"])
def test_history_cannot_be_edited(root: Client, people: Cast, account: VendorAccount, name: str) -> None:
    make_dispatch(people.alice, people.east)
    DriftEntry.objects.create(vendor="granite", operation="create", kind="unknown field", path="x")
    assert root.get(reverse(f"admin:portal_{name}_add")).status_code == 403
    row = next(
        model for model in admin.site._registry if model._meta.model_name == name
    )._default_manager.first()
    if row is not None:
        assert root.post(reverse(f"admin:portal_{name}_change", args=[row.pk]), {}).status_code == 403


# --- people -----------------------------------------------------------------------------------------------------


def person_form(person: User, **changes: Any) -> dict[str, Any]:
    return {
        "username": person.username,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "email": person.email,
        "is_active": "on",
        "groups": [group.pk for group in person.groups.all()],
        "teams": [team.pk for team in person.teams.all()],
    } | changes


def test_a_person_is_added_with_role_and_team(root: Client, people: Cast) -> None:
    data = {
        "username": "dan",
        "password1": "a long enough password",
        "password2": "a long enough password",
        "first_name": "Dan",
        "last_name": "Ito",
        "email": "dan@portal.example",
        "groups": [Group.objects.get(name="dispatcher").pk],
        "teams": [people.east.pk],
    }
    answer = root.post(reverse("admin:portal_user_add"), data)
    assert answer.status_code == 302
    dan = User.objects.get(username="dan")
    assert dan.has_perm("tickets.submit_dispatch")
    assert list(dan.teams.all()) == [people.east]
    entry = last_entry("user.added")
    assert (entry.by, entry.details["values"]["groups"]) == (people.root, ["", "dispatcher"])
    assert "a long enough password" not in str(entry.details)


def test_changes_of_role_and_team_are_written_down(root: Client, people: Cast) -> None:
    address = reverse("admin:portal_user_change", args=[people.bob.pk])
    groups = [Group.objects.get(name="dispatcher").pk]
    assert (
        root.post(address, person_form(people.bob, groups=groups, teams=[people.west.pk])).status_code == 302
    )
    bob = User.objects.get(pk=people.bob.pk)
    assert bob.has_perm("tickets.submit_dispatch")
    values = last_entry("user.changed").details["values"]
    assert values["groups"] == ["viewer", "dispatcher"]
    assert values["teams"] == ["Field East", "Field West"]


def test_saving_without_a_change_writes_nothing(root: Client, people: Cast) -> None:
    root.post(reverse("admin:portal_user_change", args=[people.bob.pk]), person_form(people.bob))
    assert not AuditEntry.objects.filter(action="user.changed").exists()


def test_a_password_is_set_and_never_written_down(root: Client, people: Cast) -> None:
    address = reverse("admin:auth_user_password_change", args=[people.bob.pk])
    new = "quite another password"
    root.post(address, {"password1": new, "password2": new, "usable_password": "true", "set-password": "1"})
    assert User.objects.get(pk=people.bob.pk).check_password(new)
    entry = last_entry("user.changed")
    assert new not in str(entry.details)


def test_nobody_hands_out_more_than_they_have(root: Client, people: Cast) -> None:
    more = Group.objects.create(name="more")
    more.permissions.add(Permission.objects.get(content_type__app_label="portal", codename="delete_user"))
    address = reverse("admin:portal_user_change", args=[people.bob.pk])
    page = root.get(address).content.decode()
    assert "is_superuser" not in page
    assert "user_permissions" not in page
    assert "more" not in re.findall(r"groups[^<]*<[^>]*>\s*(\w+)</label>", page)
    data = person_form(
        people.bob, groups=[more.pk], is_superuser="on", user_permissions=[Permission.objects.first().pk]
    )
    assert root.post(address, data).status_code == 200
    root.post(address, person_form(people.bob, is_superuser="on", is_staff="on", user_permissions=[1]))
    bob = User.objects.get(pk=people.bob.pk)
    assert (bob.is_superuser, bob.is_staff, bob.user_permissions.count()) == (False, False, 0)
    assert [group.name for group in bob.groups.all()] == ["viewer"]


def test_who_may_more_is_not_to_be_changed(root: Client, people: Cast) -> None:
    User.objects.filter(pk=people.mia.pk).update(is_superuser=True)
    for name in ("admin:portal_user_change", "admin:auth_user_password_change"):
        answer = root.post(reverse(name, args=[people.mia.pk]), {"password1": "x", "password2": "x"})
        assert answer.status_code == 403


def test_administrators_cannot_shut_themselves_out(root: Client, people: Cast) -> None:
    address = reverse("admin:portal_user_change", args=[people.root.pk])
    data = person_form(people.root, groups=[Group.objects.get(name="viewer").pk])
    del data["is_active"]
    page = root.post(address, data)
    assert b"You cannot shut yourself out" in page.content
    assert b"You cannot take administration away from yourself" in page.content


def test_a_locked_name_is_opened_again(root: Client, people: Cast, client: Client) -> None:
    for _ in range(8):
        answer = client.post(reverse("login"), {"username": "alice", "password": "wrong"})
    assert answer.status_code == 429
    attempt = AccessAttempt.objects.get(username="alice")
    assert "Locked" in root.get(reverse("admin:axes_accessattempt_changelist")).content.decode()
    act(root, "axes_accessattempt", "unlock", attempt)
    assert not AccessAttempt.objects.exists()
    assert last_entry("login.unlocked").details == {"username": "alice"}


def test_only_a_team_without_work_may_go(root: Client, people: Cast, account: VendorAccount) -> None:
    make_dispatch(people.alice, people.east)
    for team in (people.east, people.west):
        root.post(reverse("admin:portal_team_delete", args=[team.pk]), {"post": "yes"})
    assert list(Team.objects.all()) == [people.east]
    assert last_entry("team.deleted").about_name == "Field West"


# --- vendor accounts ----------------------------------------------------------------------------------------------


def account_form(**changes: str) -> dict[str, str]:
    return {
        "vendor": "granite",
        "name": "second",
        "api_url": "https://api.granite.example",
        "token_url": "https://login.granite.example/token",
        "create_path": "/api/v1/tickets/external",
        "client_id": "us",
        "new_secret": SECRET,
        "scope": "urn:grt:techexpress",
        "requests_per_minute": "60",
        "locations_per_message": "10",
        "assumed_zone": "UTC",
    } | changes


def test_an_account_is_added_and_its_secret_never_shown(root: Client) -> None:
    assert root.post(reverse("admin:portal_vendoraccount_add"), account_form()).status_code == 302
    account = VendorAccount.objects.get(name="second")
    assert account.secret == SECRET
    page = root.get(reverse("admin:portal_vendoraccount_change", args=[account.pk])).content.decode()
    assert SECRET not in page
    assert account.encrypted_secret not in page
    assert "…1234" in page
    assert SECRET not in str(list(AuditEntry.objects.values()))
    assert {"vendoraccount.added", "account.secret_rotated"} <= set(
        AuditEntry.objects.values_list("action", flat=True)
    )


def test_a_secret_is_rotated_and_an_empty_field_keeps_it(root: Client) -> None:
    root.post(reverse("admin:portal_vendoraccount_add"), account_form())
    account = VendorAccount.objects.get(name="second")
    address = reverse("admin:portal_vendoraccount_change", args=[account.pk])
    assert root.post(address, account_form(new_secret="", name="third")).status_code == 302
    account.refresh_from_db()
    assert (account.name, account.secret) == ("third", SECRET)
    root.post(address, account_form(name="third", new_secret="another-long-secret-9876"))
    account.refresh_from_db()
    assert account.secret == "another-long-secret-9876"


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("token_url", "https://evil.example/token"),
        ("token_url", "http://login.granite.example/token"),
        ("api_url", "https://api.granite.example:8443"),
        ("create_path", "@evil.example/tickets"),
    ],
)
def test_nobody_sends_a_secret_elsewhere_who_does_not_know_it(root: Client, name: str, address: str) -> None:
    root.post(reverse("admin:portal_vendoraccount_add"), account_form())
    account = VendorAccount.objects.get(name="second")
    page = reverse("admin:portal_vendoraccount_change", args=[account.pk])
    said = root.post(page, account_form(new_secret="") | {name: address}).content.decode()
    assert "enter it anew for this one" in said or "A path begins with a slash" in said
    account.refresh_from_db()
    assert getattr(account, name) != address
    if name != "create_path":
        assert root.post(page, account_form() | {name: address}).status_code == 302
        account.refresh_from_db()
        assert getattr(account, name) == address


def test_what_cannot_be_is_refused_at_its_field(root: Client, account: VendorAccount) -> None:
    VendorAccount.objects.filter(pk=account.pk).update(is_default=True)
    page = root.post(
        reverse("admin:portal_vendoraccount_add"),
        account_form(new_secret="", is_default="on", requests_per_minute="1"),
    )
    said = page.content.decode()
    assert "A new account needs its secret." in said
    assert f"“{account.name}” is the default." in said
    assert "greater than or equal to 6" in said


def test_saving_does_not_undo_a_pause_of_somebody_else(
    root: Client, account: VendorAccount, people: Cast
) -> None:
    act(root, "portal_vendoraccount", "pause_account", account, reason="maintenance")
    fields = {name: str(getattr(account, name)) for name in account_form() if name != "new_secret"}
    root.post(
        reverse("admin:portal_vendoraccount_change", args=[account.pk]),
        fields | {"locations_per_message": "7", "is_default": "on"},
    )
    account.refresh_from_db()
    assert (account.is_paused, account.locations_per_message) == (True, 7)
    assert last_entry("vendoraccount.changed").details["values"] == {"locations_per_message": ["10", "7"]}


def test_pausing_and_resuming_ask_why(root: Client, account: VendorAccount, people: Cast) -> None:
    page = act(root, "portal_vendoraccount", "pause_account", account)
    assert "Why?" in page.content.decode()
    assert (
        "Say why" in act(root, "portal_vendoraccount", "pause_account", account, reason="  ").content.decode()
    )
    account.refresh_from_db()
    assert not account.is_paused
    assert (
        "Paused: 1."
        in act(
            root, "portal_vendoraccount", "pause_account", account, reason="Granite calls"
        ).content.decode()
    )
    account.refresh_from_db()
    assert account.paused_reason == "Granite calls"
    act(root, "portal_vendoraccount", "resume_account", account, reason="They are back")
    account.refresh_from_db()
    assert not account.is_paused
    assert last_entry("account.resumed").details == {"reason": "They are back"}
    assert (
        "Nothing keeps it back."
        in act(root, "portal_vendoraccount", "resume_account", account, reason="x").content.decode()
    )


def test_the_connection_is_tested_without_creating_anything(
    root: Client, account: VendorAccount, box: Sandbox
) -> None:
    assert (
        "the credentials are good"
        in act(root, "portal_vendoraccount", "test_connection", account).content.decode()
    )
    VendorAccount.objects.filter(pk=account.pk).update(client_id="somebody else")
    assert "messagelist" in (
        said := act(root, "portal_vendoraccount", "test_connection", account).content.decode()
    )
    assert 'class="error"' in said
    assert not box.tickets


# --- messages -----------------------------------------------------------------------------------------------------


def new_message(people: Cast) -> Message:
    return make_dispatch(people.alice, people.east).locations.first().message


def add_attempt(message: Message, **fields: Any) -> Attempt:
    values = {
        "number": 1,
        "lease_token": "00000000-0000-0000-0000-000000000001",
        "started_at": timezone.now(),
        "outcome": Attempt.Outcome.UNKNOWN,
        "request_headers": {"Authorization": "Bearer abc"},
        "response_body": '{"local_contact_number": 6175550101, "mail": "denise@portal.example"}',
        "problems": [{"field": "local_contact_number", "index": 0, "message": "6175550101 is no number"}],
    }
    return Attempt.objects.create(message=message, **values | fields)


def test_what_is_stuck_stands_first(root: Client, people: Cast, account: VendorAccount) -> None:
    done, held, unknown, queued = (new_message(people) for _ in range(4))
    force(done, State.DONE, settled_at=timezone.now())
    force(held, State.HELD, held_reason="credential")
    force(unknown, State.UNKNOWN)
    page = root.get(reverse("admin:portal_message_changelist")).content.decode()
    places = [page.index(f">{one.reference}<") for one in (unknown, held, queued, done)]
    assert places == sorted(places)


def test_the_evidence_is_shown_without_secrets(root: Client, people: Cast, account: VendorAccount) -> None:
    message = new_message(people)
    add_attempt(message)
    force(message, State.UNKNOWN)
    page = root.get(reverse("admin:portal_message_change", args=[message.pk])).content.decode()
    assert "We do not know whether Granite created these tickets. Do not submit again." in page
    assert "Bearer abc" not in page
    assert "6175550101" in page
    assert "denise@portal.example" in page


def test_people_are_masked_for_who_may_only_look(people: Cast, account: VendorAccount) -> None:
    looks = Group.objects.create(name="looks")
    wanted = ["use_admin", "view_message", "view_attempt"]
    looks.permissions.set(Permission.objects.filter(content_type__app_label="portal", codename__in=wanted))
    people.bob.groups.add(looks)
    message = new_message(people)
    attempt = add_attempt(message, detail="Ring 617-555-0101")
    browser = client_of(User.objects.get(pk=people.bob.pk))
    for address in (
        reverse("admin:portal_message_change", args=[message.pk]),
        reverse("admin:portal_attempt_change", args=[attempt.pk]),
    ):
        page = browser.get(address).content.decode()
        assert "•••01" in page
        assert "6175550101" not in page
        assert "617-555-0101" not in page
        assert "@portal.example" not in page
    assert "Cancel…" not in page
    act(browser, "portal_message", "cancel_message", message, reason="x")
    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_what_was_not_sent_is_cancelled_and_the_rest_is_not(
    root: Client, people: Cast, account: VendorAccount
) -> None:
    queued, unknown = new_message(people), new_message(people)
    force(unknown, State.UNKNOWN)
    said = act(
        root, "portal_message", "cancel_message", queued, unknown, reason="Wrong week"
    ).content.decode()
    assert "Cancelled: 1." in said
    assert "can no longer be cancelled" in said
    queued.refresh_from_db()
    unknown.refresh_from_db()
    assert (queued.state, unknown.state) == (State.CANCELLED, State.UNKNOWN)
    assert last_entry("message.cancelled").details == {"reason": "Wrong week"}
    assert queued.detail.endswith(": Wrong week")


def test_what_is_held_is_released_and_nothing_else(
    root: Client, people: Cast, account: VendorAccount
) -> None:
    held, queued, unknown = new_message(people), new_message(people), new_message(people)
    force(held, State.HELD, held_reason="path")
    force(unknown, State.UNKNOWN)
    said = act(
        root, "portal_message", "release_message", held, queued, unknown, reason="Path corrected"
    ).content.decode()
    assert "Released: 1." in said
    assert "It is not held." in said
    assert "The vendor may have carried it out, so it is not sent again from here." in said
    unknown.refresh_from_db()
    assert unknown.state == State.UNKNOWN
    held.refresh_from_db()
    assert held.state == State.QUEUED
    assert last_entry("message.released").by == people.root


# --- the rest -----------------------------------------------------------------------------------------------------


def test_drift_is_acknowledged_once(root: Client, people: Cast) -> None:
    entry = DriftEntry.objects.create(
        vendor="granite", operation="create", kind="unknown field", path="colour"
    )
    assert "Acknowledged: 1." in act(root, "portal_driftentry", "acknowledge", entry).content.decode()
    assert "acknowledged before" in act(root, "portal_driftentry", "acknowledge", entry).content.decode()
    assert AuditEntry.objects.filter(action="drift.acknowledged").count() == 1


def test_a_site_and_its_contacts_are_kept_and_written_down(root: Client) -> None:
    data = {
        "number": "0412", "name": "Lowell", "address_line_1": "1 A Street", "city": "Lowell", "state": "MA", "zip": "01852",
        "time_zone": "America/New_York", "contacts-TOTAL_FORMS": "1", "contacts-INITIAL_FORMS": "0",
        "contacts-0-position": "1", "contacts-0-name": "Di", "contacts-0-phone": "6175550101",
    }  # fmt: skip
    assert root.post(reverse("admin:sites_site_add"), data).status_code == 302
    entry = last_entry("site.added")
    assert entry.details["values"]["zip"] == ["", "01852"]
    assert entry.details["inlines"][0]["added"]["name"] == "contact"
    answer = root.post(reverse("admin:sites_site_add"), data | {"number": "0413", "time_zone": "Mars/Base"})
    assert b"This is not a time zone" in answer.content


def test_lists_cost_the_same_at_any_length(root: Client, people: Cast, account: VendorAccount) -> None:
    def cost() -> dict[str, int]:
        found = {}
        for address in changelists():
            with CaptureQueriesContext(
                connection,
            ) as queries:
                root.get(address)
            found[address] = len(queries)
        return found

    for _ in range(2):
        make_dispatch(people.alice, people.east)
        add_attempt(Message.objects.latest("id"))
    cost()  # warms the caches
    few = cost()
    for number in range(8):
        make_dispatch(people.alice, people.east)
        add_attempt(Message.objects.latest("id"))
        make_person(f"p{number}", "Some Body", "viewer", Team.objects.create(name=f"Team {number}"))
    assert cost() == few
    assert max(few.values()) < 25


def test_nothing_breaks_the_strict_policy(root: Client, people: Cast, account: VendorAccount) -> None:
    message = new_message(people)
    add_attempt(message)
    pages = ["/admin/", *changelists(), reverse("admin:portal_message_change", args=[message.pk])]
    pages += [
        reverse("admin:portal_vendoraccount_change", args=[account.pk]),
        reverse("admin:sites_site_add"),
    ]
    for address in pages:
        page = root.get(address)
        assert "unsafe" not in page["Content-Security-Policy"]
        text = page.content.decode()
        assert not re.search(
            r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<style|\sstyle=|\son\w+=", text
        ), address


def test_the_outbox_is_untouched_by_looking(root: Client, people: Cast, account: VendorAccount) -> None:
    message = new_message(people)
    root.get(reverse("admin:portal_message_change", args=[message.pk]))
    message.refresh_from_db()
    assert message.payload_hash == outbox.payload_hash(message.payload)


def test_the_first_page_says_what_waits(root: Client, people: Cast, account: VendorAccount) -> None:
    assert "Nothing needs you now." in root.get("/admin/").content.decode()
    unknown, held = new_message(people), new_message(people)
    force(unknown, State.UNKNOWN)
    force(held, State.HELD, held_reason="path")
    DriftEntry.objects.create(vendor="granite", operation="create", kind="unknown field", path="colour")
    page = root.get("/admin/").content.decode()
    links = re.findall(r'<a href="([^"]+)"><strong>1</strong> ([^<]+)</a>', page)
    assert [words for _, words in links] == [
        "message with unknown outcome",
        "message held",
        "news in vendors’ answers",
    ]
    shown = root.get(links[0][0].replace("&amp;", "&")).content.decode()
    assert (unknown.reference in shown, held.reference in shown) == (True, False)


def test_history_is_the_audit_of_the_record(root: Client, people: Cast, account: VendorAccount) -> None:
    act(root, "portal_vendoraccount", "pause_account", account, reason="maintenance")
    page = root.get(
        reverse("admin:portal_vendoraccount_history", args=[account.pk]), follow=True
    ).content.decode()
    assert "account.paused" in page
    assert "dispatch.submitted" not in page
