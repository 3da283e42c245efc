"""bootstrap, load_demo and doctor, as whoever sets a machine up runs them."""

from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command

from portal import account_services
from portal.demo import PEOPLE
from portal.models import AuditEntry, Team, User, VendorAccount
from sites.models import Account, Contact, Service, Site

GRANITE = {
    "GRANITE_API_URL": "https://api.granite.example/",
    "GRANITE_TOKEN_URL": "https://login.granite.example/token",
    "GRANITE_CLIENT_ID": "us",
    "GRANITE_CLIENT_SECRET": "a-very-long-secret-1234",
}
ALL = [
    "GRANITE_API_URL", "GRANITE_TOKEN_URL", "GRANITE_CLIENT_ID", "GRANITE_CLIENT_SECRET", "GRANITE_SCOPE",
    "GRANITE_CREATE_TICKET_PATH", "GRANITE_REQUESTS_PER_MINUTE", "GRANITE_LOCATIONS_PER_MESSAGE",
    "GTT_API_URL", "GTT_TOKEN_URL", "GTT_CLIENT_ID", "GTT_CLIENT_SECRET", "GTT_NAMESPACE",
    "GTT_OPERATIONS", "GTT_ASSUMED_ZONE",
    "ADMIN_USERNAME", "ADMIN_PASSWORD", "ADMIN_EMAIL",
]  # fmt: skip
pytestmark = pytest.mark.django_db


@pytest.fixture
def env(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Set the environment to exactly these variables of ours."""

    def only(**values: str) -> None:
        for name in ALL:
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, value)

    return only


def run(name: str) -> str:
    out = StringIO()
    call_command(name, stdout=out)
    return out.getvalue()


def test_without_a_vendor_there_are_the_roles(env: Any) -> None:
    env()
    said = run("bootstrap")
    assert "GRANITE_API_URL is not set" in said
    assert set(Group.objects.values_list("name", flat=True)) == {"viewer", "dispatcher", "manager", "admin"}
    assert not VendorAccount.objects.exists()


def test_the_default_account_and_its_defaults(env: Any) -> None:
    env(**GRANITE)
    said = run("bootstrap")
    account = VendorAccount.objects.get()
    assert (account.vendor, account.name, account.is_default) == ("granite", "default", True)
    assert account.api_url == "https://api.granite.example"
    assert account.scope == "urn:grt:techexpress"
    assert account.create_path == "/api/v1/tickets/external"
    assert (account.requests_per_minute, account.locations_per_message) == (60, 10)
    assert account.secret == GRANITE["GRANITE_CLIENT_SECRET"]
    assert GRANITE["GRANITE_CLIENT_SECRET"] not in said + account.encrypted_secret
    assert GRANITE["GRANITE_CLIENT_SECRET"] not in str(list(AuditEntry.objects.values()))


def test_a_second_run_changes_nothing(env: Any) -> None:
    env(**GRANITE)
    run("bootstrap")
    before, entries = VendorAccount.objects.values().get(), AuditEntry.objects.count()
    assert "is as the environment says" in run("bootstrap")
    assert VendorAccount.objects.values().get() == before
    assert AuditEntry.objects.count() == entries


def test_what_the_environment_does_not_name_stays(env: Any) -> None:
    env(**GRANITE)
    run("bootstrap")
    root = User.objects.create_user("root")
    account = VendorAccount.objects.get()
    account_services.pause(account, "maintenance", by=root)
    VendorAccount.objects.update(locations_per_message=3, is_default=False, answering_path="/other")
    env(**GRANITE, GRANITE_REQUESTS_PER_MINUTE="50")
    run("bootstrap")
    account.refresh_from_db()
    assert (account.locations_per_message, account.is_default, account.is_paused) == (3, False, True)
    assert (account.requests_per_minute, account.answering_path) == (50, "/other")
    entry = AuditEntry.objects.filter(action="account.changed").get()
    assert entry.details["before"] == {"requests_per_minute": 60}


def test_a_renamed_account_is_known_by_its_key(env: Any) -> None:
    env(**GRANITE)
    run("bootstrap")
    VendorAccount.objects.update(name="Production")
    run("bootstrap")
    assert VendorAccount.objects.get().name == "Production"


def test_a_key_that_another_account_has_is_refused(env: Any) -> None:
    env(**GRANITE)
    run("bootstrap")
    VendorAccount.objects.create(vendor="granite", name="second", client_id="taken")
    env(GRANITE_CLIENT_ID="taken")
    with pytest.raises(CommandError, match="GRANITE_CLIENT_ID is already that of the account “second”"):
        run("bootstrap")


def test_another_secret_is_put_in_place(env: Any) -> None:
    env(**GRANITE)
    run("bootstrap")
    env(GRANITE_CLIENT_SECRET="another-long-secret-9876")
    assert "secret (…9876)" in run("bootstrap")
    assert VendorAccount.objects.get().secret == "another-long-secret-9876"
    assert AuditEntry.objects.filter(action="account.secret_rotated").count() == 2


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GRANITE_API_URL", "granite"),
        ("GRANITE_API_URL", "ftp://granite.example"),
        ("GRANITE_API_URL", "https://"),
        ("GRANITE_API_URL", "https://user:pw@granite.example"),
        ("GRANITE_TOKEN_URL", "https://granite.example:port/token"),
        ("GRANITE_CREATE_TICKET_PATH", "api/v1"),
        ("GRANITE_CREATE_TICKET_PATH", "/api v1"),
        ("GRANITE_REQUESTS_PER_MINUTE", "5"),
        ("GRANITE_REQUESTS_PER_MINUTE", "sixty"),
        ("GRANITE_LOCATIONS_PER_MESSAGE", "26"),
        ("GRANITE_CLIENT_ID", "x" * 201),
        ("GTT_API_URL", "https://gtt.example"),
    ],
)
def test_nonsense_is_refused_by_name_and_changes_nothing(env: Any, name: str, value: str) -> None:
    env(**GRANITE | {name: value})
    with pytest.raises(
        CommandError, match=name if name != "GTT_API_URL" else "GTT_TOKEN_URL is not set"
    ) as refused:
        run("bootstrap")
    assert "should be" in str(refused.value)
    assert not VendorAccount.objects.exists()
    assert not Group.objects.exists()


def test_everything_that_is_missing_is_told_at_once(env: Any) -> None:
    env(GRANITE_API_URL="https://granite.example")
    with pytest.raises(CommandError) as refused:
        run("bootstrap")
    for name in ("GRANITE_TOKEN_URL", "GRANITE_CLIENT_ID", "GRANITE_CLIENT_SECRET"):
        assert f"{name} is not set" in str(refused.value)


def test_the_second_vendor(env: Any) -> None:
    env(
        GTT_API_URL="https://gtt.example",
        GTT_TOKEN_URL="https://gtt.example/token",
        GTT_CLIENT_ID="us",
        GTT_CLIENT_SECRET="secret",
        GTT_NAMESPACE="4711",
    )
    run("bootstrap")
    account = VendorAccount.objects.get()
    assert (account.vendor, account.namespace, account.is_default) == ("gtt", "4711", True)


def test_the_first_administrator_is_made_once_and_never_reset(env: Any) -> None:
    env(ADMIN_USERNAME="ada", ADMIN_PASSWORD="a first long password", ADMIN_EMAIL="ada@portal.example")
    run("bootstrap")
    ada = User.objects.get(username="ada")
    assert ada.has_perm("portal.use_admin")
    assert not ada.is_superuser
    ada.set_password("her own long password")
    ada.save()
    assert "left alone" in run("bootstrap")
    ada.refresh_from_db()
    assert ada.check_password("her own long password")


@pytest.mark.parametrize("values", [{}, {"ADMIN_PASSWORD": "short"}])
def test_the_first_administrator_needs_a_good_password(env: Any, values: dict[str, str]) -> None:
    env(ADMIN_USERNAME="ada", **values)
    with pytest.raises(CommandError):
        run("bootstrap")
    assert not User.objects.exists()


def test_the_demo_is_refused_elsewhere(settings: Any) -> None:
    settings.DEMO = False
    with pytest.raises(CommandError, match="not a demo"):
        run("load_demo")
    assert not User.objects.exists()


def test_the_demo_is_loaded_once(env: Any, settings: Any, django_assert_max_num_queries: Any) -> None:
    settings.DEMO = True
    env(**GRANITE)
    run("bootstrap")
    run("load_demo")
    assert set(Team.objects.values_list("name", flat=True)) == {"Field East", "Field West"}
    for person in PEOPLE:
        user = User.objects.get(username=person.username)
        assert user.check_password(person.password)
        assert [group.name for group in user.groups.all()] == [person.role]
        assert [team.name for team in user.teams.all()] == ([person.team] if person.team else [])
    assert Site.objects.count() == Contact.objects.count() == 300
    assert Site.objects.filter(account__account_id__isnull=False).count() == Account.objects.count() >= 60
    assert len(set(Site.objects.values_list("state", flat=True))) > 40
    assert Service.objects.values("site").distinct().count() == 300
    assert {one.state for one in Service.objects.all()} == set(Service.State.values)
    elsewhere = [
        site
        for site in Site.objects.select_related("account")
        if site.account and site.address != site.account.address
    ]
    assert [site.number for site in elsewhere] == ["0017"]
    Site.objects.filter(number="0002").update(name="Renamed by hand")
    with django_assert_max_num_queries(24):
        assert "0 people, 0 Granite accounts, 0 sites and 0 services" in run("load_demo")
    assert Site.objects.get(number="0002").name == "Renamed by hand"


def test_the_demo_without_a_vendor_still_has_places(settings: Any) -> None:
    settings.DEMO = True
    assert "No Granite account yet" in run("load_demo")
    assert Site.objects.count() == 300
    assert not Account.objects.exists()


def test_the_doctor_finds_everything_in_order(env: Any, settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path
    env(**GRANITE)
    run("bootstrap")
    said = run("doctor")
    assert said.count("ok ") == 9
    assert not list(tmp_path.iterdir())


def test_the_doctor_tells_all_that_is_wrong(settings: Any) -> None:
    settings.MEDIA_ROOT = "/proc/nowhere"
    VendorAccount.objects.create(vendor="gtt", name="x", encrypted_secret="of another key")
    out = StringIO()
    with pytest.raises(CommandError, match="media, secrets, account") as refused:
        call_command("doctor", stdout=out)
    assert refused.value.returncode == 1
    assert "FIELD_ENCRYPTION_KEY does not open the secret of: GTT – x" in out.getvalue()
