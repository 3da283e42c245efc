"""A GTT account: what is switched on, who may change that, and whether GTT is there at all."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.urls import reverse

from portal import accounts, breaker, doctor
from portal.models import AuditEntry, Breaker, VendorAccount
from portal.models.accounts import Operation
from portal.vendors.errors import NotExecuted
from portal.vendors.sandbox import Sandbox
from tests import casework
from tests.cast import Cast, client_of
from tests.portal.outbox_parts import make_account
from tests.portal.socket_server import closed_port

pytestmark = pytest.mark.django_db
NAMESPACE = "142033"
CHANGE = "admin:portal_vendoraccount_change"


def gtt_account(box: Sandbox, *operations: str, **changes: Any) -> VendorAccount:
    account = casework.gtt_account(box, operations=list(operations))
    VendorAccount.objects.filter(pk=account.pk).update(**changes)
    account.refresh_from_db()
    return account


@pytest.fixture
def root(people: Cast) -> Client:
    return client_of(people.root)


def form(account: VendorAccount, *operations: str, **changes: str) -> dict[str, Any]:
    names = ("name", "api_url", "token_url", "client_id", "scope", "namespace", "assumed_zone",
             "requests_per_minute")  # fmt: skip
    return (
        {name: str(getattr(account, name)) for name in names}
        | {"is_default": "on", "operations": operations}
        | changes
    )


# Switches


def test_nothing_unconfirmed_is_on_until_somebody_switches_it_on(box: Sandbox) -> None:
    account = gtt_account(box)
    assert [account.may(operation) for operation in Operation] == [False] * 4
    account.operations = ["get", "comment"]
    assert [operation for operation in Operation if account.may(operation)] == ["get", "comment"]


def test_a_row_written_without_our_code_has_nothing_switched_on(box: Sandbox) -> None:
    account = gtt_account(box, "get", is_default=False)
    columns = [field.column for field in VendorAccount._meta.concrete_fields]
    kept = ", ".join(
        f'"{name}"'
        for name in columns
        if name not in ("id", "operations", "assumed_zone", "name", "client_id")
    )
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO portal_vendoraccount ({kept}, name, client_id) "
            f"SELECT {kept}, 'other', 'other' FROM portal_vendoraccount WHERE id = %s",
            [account.pk],
        )
    other = VendorAccount.objects.get(name="other")
    assert (other.operations, other.assumed_zone) == ([], "UTC")


def test_an_administrator_switches_on_what_gtt_has_confirmed(root: Client, box: Sandbox) -> None:
    account = gtt_account(box)
    page = reverse(CHANGE, args=[account.pk])
    said = root.get(page).content.decode()
    assert "GTT has not confirmed how we use them" in said
    assert said.count('type="checkbox" name="operations"') == 4
    assert "Granite only" not in said
    assert root.post(page, form(account, "update", "get", assumed_zone="America/Denver")).status_code == 302
    account.refresh_from_db()
    assert (account.operations, account.assumed_zone) == (["get", "update"], "America/Denver")
    entry = AuditEntry.objects.get(action="vendoraccount.changed")
    assert "operations" in entry.details["values"]
    assert root.post(page, form(account)).status_code == 302
    account.refresh_from_db()
    assert account.operations == []


def test_saving_without_a_change_changes_nothing(root: Client, box: Sandbox) -> None:
    account = gtt_account(box, "get", "list")
    root.post(reverse(CHANGE, args=[account.pk]), form(account, "list", "get"))
    assert not AuditEntry.objects.filter(action="vendoraccount.changed").exists()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"assumed_zone": "Mars/Olympus"}, "is no time zone"),
        ({"assumed_zone": "../../etc/passwd"}, "is no time zone"),
        ({"namespace": " "}, "enter ours"),
        ({"operations": "delete"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_is_refused_at_its_place(
    root: Client, box: Sandbox, changes: dict[str, str], sentence: str
) -> None:
    account = gtt_account(box, "get")
    page = root.post(reverse(CHANGE, args=[account.pk]), form(account, "get") | changes)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    account.refresh_from_db()
    assert (account.namespace, account.operations, account.assumed_zone) == (NAMESPACE, ["get"], "UTC")


def test_a_granite_account_is_not_asked_about_gtt(root: Client, box: Sandbox) -> None:
    account = make_account(box.url, box.token_url)
    said = root.get(reverse(CHANGE, args=[account.pk])).content.decode()
    assert "GTT only" not in said
    assert 'name="namespace"' not in said
    assert 'name="operations"' not in said


# Whether GTT is there


@pytest.mark.parametrize(("operations", "told"), [((), False), (("get",), True), (("get", "list"), True)])
def test_the_connection_is_tested_with_what_is_switched_on(
    root: Client, box: Sandbox, operations: tuple[str, ...], told: bool
) -> None:
    account = gtt_account(box, *operations)
    data = {"action": "test_connection", "index": "0", "_selected_action": [account.pk]}
    page = root.post(reverse("admin:portal_vendoraccount_changelist"), data, follow=True).content.decode()
    assert "the credentials are good" in page
    assert (f"Its namespace {NAMESPACE} can be read." in page) is told
    assert box.gtt.cases == {}


def test_a_namespace_we_may_not_use_is_named_by_the_test(root: Client, box: Sandbox) -> None:
    account = gtt_account(box, "list", namespace="2135")
    data = {"action": "test_connection", "index": "0", "_selected_action": [account.pk]}
    page = root.post(reverse("admin:portal_vendoraccount_changelist"), data, follow=True).content.decode()
    assert "may not use the namespace 2135" in page


@pytest.mark.parametrize(
    ("operations", "asked"),
    [((), "gtt.token"), (("get", "update"), "gtt.get"), (("get", "list"), "gtt.list")],
)
def test_the_probe_asks_what_is_switched_on_and_never_creates(
    box: Sandbox, operations: tuple[str, ...], asked: str
) -> None:
    account = gtt_account(box, *operations)
    accounts.token_source(account).get()
    seen = len(box.calls(asked))
    assert accounts.probe_gtt(account) == ""
    assert len(box.calls(asked)) == seen + 1
    box.fail_next("500", on=asked)
    assert "500" in accounts.probe_gtt(account)
    box.fail_next("403", on=asked)
    assert accounts.probe_gtt(account) == "", "a refusal is an answer"
    VendorAccount.objects.filter(pk=account.pk).update(
        api_url=f"http://127.0.0.1:{closed_port()}", token_url=f"http://127.0.0.1:{closed_port()}/token"
    )
    assert "could not be reached" in accounts.probe_gtt(VendorAccount.objects.get())
    assert not box.calls("gtt.create")


def test_the_breaker_probes_gtt(box: Sandbox) -> None:
    account = gtt_account(box, "list")
    for _ in range(breaker.IN_A_ROW):
        breaker.note_silence(account, "no answer")
    Breaker.objects.update(open_until="2026-01-01T00:00:00Z")
    assert breaker.probe_due() == 1
    assert Breaker.objects.get().state == Breaker.State.TRIAL
    assert len(box.calls("gtt.list")) == 1


def test_the_token_at_hand_is_the_one_a_write_uses(box: Sandbox) -> None:
    account = gtt_account(box)
    token = accounts.token_source(account).get()
    accounts.drop_token(account, None)
    asked = len(box.calls("gtt.token"))
    accounts.gtt_client(account, token=token).list_cases()
    assert len(box.calls("gtt.token")) == asked


def test_a_refused_token_is_dropped_and_the_next_call_has_a_new_one(box: Sandbox) -> None:
    account = gtt_account(box)
    client = accounts.gtt_client(account)
    client.list_cases()
    box.revoke_tokens()
    with pytest.raises(NotExecuted) as caught:
        client.list_cases()
    accounts.heed_refusal(account, caught.value)
    assert client.list_cases().cases == []


# The environment

ENVIRONMENT = {
    "GTT_API_URL": "https://gtt.example",
    "GTT_TOKEN_URL": "https://gtt.example/token",
    "GTT_CLIENT_ID": "us",
    "GTT_CLIENT_SECRET": "secret",
    "GTT_NAMESPACE": "4711",
}


def bootstrap(monkeypatch: pytest.MonkeyPatch, **values: str) -> VendorAccount:
    for name in ("GTT_OPERATIONS", "GTT_ASSUMED_ZONE", "GRANITE_API_URL", "GRANITE_TOKEN_URL", "GRANITE_CLIENT_ID",
                 "GRANITE_CLIENT_SECRET", "ADMIN_USERNAME"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name, value in {**ENVIRONMENT, **values}.items():
        monkeypatch.setenv(name, value)
    call_command("bootstrap", stdout=StringIO())
    return VendorAccount.objects.get()


def test_bootstrap_switches_on_what_the_environment_names_and_keeps_it_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert bootstrap(monkeypatch).operations == []
    assert bootstrap(monkeypatch, GTT_OPERATIONS=" update, get,,list").operations == ["get", "list", "update"]
    assert bootstrap(monkeypatch, GTT_ASSUMED_ZONE="America/Denver").assumed_zone == "America/Denver"
    kept = bootstrap(monkeypatch)
    assert (kept.operations, kept.assumed_zone) == (["get", "list", "update"], "America/Denver")
    assert bootstrap(monkeypatch, GTT_OPERATIONS="none").operations == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("GTT_OPERATIONS", "get,delete"), ("GTT_OPERATIONS", "none,get"), ("GTT_ASSUMED_ZONE", "Denver")],
)
def test_bootstrap_refuses_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(CommandError, match=f"{name} is not usable"):
        bootstrap(monkeypatch, **{name: value})
    assert not VendorAccount.objects.exists()


@pytest.mark.parametrize(
    ("namespace", "sentence"),
    [(NAMESPACE, "beside creating it uses get, list."), ("", "No namespace is set for: GTT – sandbox.")],
)
def test_the_doctor_looks_at_the_account(box: Sandbox, namespace: str, sentence: str) -> None:
    gtt_account(box, "get", "list", namespace=namespace, name="sandbox")
    (finding,) = (one for one in doctor.examine() if one.name == "gtt")
    assert sentence in finding.sentence
    assert finding.is_good is bool(namespace)
