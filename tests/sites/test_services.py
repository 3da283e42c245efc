"""The register of services: entered, changed, checked; and a case that names the one it is about."""

import pytest
from django.test import Client

from portal.models import AuditEntry, VendorAccount
from sites.models import Service, ServiceChange
from tests.casework import SAID, gtt_account, make_case
from tests.cast import Cast, client_of
from tests.page_forms import controls_of
from tests.sites.registering import make_service
from tests.tickets.scene import make_site
from tickets.models import Case

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(people: Cast) -> Client:
    return client_of(people.alice)


@pytest.fixture
def account() -> VendorAccount:
    return gtt_account()


def page(client: Client, url: str, status: int = 200) -> str:
    answer = client.get(url)
    assert answer.status_code == status
    return answer.content.decode()


def changed(service: Service) -> list[tuple[str, str, str]]:
    return [(one.field, one.before, one.after) for one in service.changes.order_by("pk")]


class TestEntering:
    def test_entered_with_its_zeros_found_and_shown(self, alice: Client) -> None:
        site = make_site(0)
        form = controls_of(page(alice, "/services/new/"), "service")
        said = {**form, "our_id": " 0012 ", "site": site.number, "kind": "DIA", "vendor_service_id": "000777"}
        answer = alice.post("/services/new/", said)
        service = Service.objects.get()
        assert answer.headers["Location"] == f"/services/{service.pk}/"
        assert (service.our_id, service.vendor_service_id, service.state) == ("0012", "000777", "mapped")
        for words in ("0012", "000777", "dia", site.name.lower(), f"?site={site.number}", "?state=mapped"):
            query = words if words.startswith("?") else f"?q={words}"
            assert "0012</a>" in page(alice, f"/services/{query}"), words
        assert "No service matches" in page(alice, "/services/?q=0012&state=validated")
        text = page(alice, f"/services/{service.pk}/")
        assert "Nobody has validated yet that 000777 is GTT’s id of 0012." in text
        assert AuditEntry.objects.filter(action="service.added").count() == 1

    @pytest.mark.parametrize(
        ("said", "told"),
        [
            ({"our_id": ""}, "Enter the id by which we know this service."),
            ({"our_id": "taken"}, "There is a service taken already."),
            ({"our_id": "a\u200bb"}, "This holds a character that is not text"),
            ({"our_id": "a\x00b", "note": "keep me\x00!"}, "This holds a character that is not text"),
            ({"our_id": "x" * 65}, "Use at most 64 characters; these are 65."),
            ({"our_id": "#N/A"}, "is what Excel shows where it has no value"),
            ({"site": ""}, "Say at which site it is."),
            ({"site": "nowhere"}, "None of our sites has the number or the name “nowhere”."),
            ({"site": "12"}, "None of our sites has the number 12. Is it 0012?"),
            ({"vendor_service_id": "00taken"}, "This is the id of our service taken."),
            ({"vendor": "nobody"}, "Select a valid choice"),
        ],
    )
    def test_what_is_wrong_is_said_at_its_field_and_nothing_is_lost(
        self, alice: Client, said: dict[str, str], told: str
    ) -> None:
        make_service(make_site(1, number="0012"), "taken")
        whole = {"our_id": "new", "site": "0012", "vendor": "gtt", "note": "keep me", **said}
        answer = alice.post("/services/new/", whole)
        assert answer.status_code == 422
        assert told in answer.content.decode()
        assert "keep me" in answer.content.decode()
        assert Service.objects.count() == 1

    def test_the_list_goes_on_page_by_page(self, alice: Client) -> None:
        site = make_site(0)
        Service.objects.bulk_create(Service(our_id=f"{n:04d}", site=site) for n in range(60))
        first = alice.get("/services/")
        assert first.context["rows"][0].our_id == "0059"
        rest = alice.get("/services/" + first.context["older"])
        assert [one.our_id for one in rest.context["rows"]] == [f"{n:04d}" for n in range(9, -1, -1)]


class TestChanging:
    def test_another_id_of_the_vendor_has_to_be_checked_again(self, alice: Client, people: Cast) -> None:
        service = make_service(checked_by=people.alice)
        url = f"/services/{service.pk}/edit/"
        form = controls_of(page(alice, url), "service")
        alice.post(url, {**form, "note": "only a note"})
        service.refresh_from_db()
        assert service.is_validated
        form = controls_of(page(alice, url), "service")
        alice.post(url, {**form, "vendor_service_id": "0999"})
        service.refresh_from_db()
        assert (service.state, service.checked_on, service.checked_by) == ("mapped", None, None)
        assert changed(service) == [
            ("Note", "", "only a note"),
            ("Vendor’s service ID", "000012-01", "0999"),
            ("State", "Validated", "Not validated"),
            ("Checked on", "2026-03-04", ""),
        ]
        assert "only a note" in page(alice, f"/services/{service.pk}/")

    def test_two_at_once_do_not_overwrite_each_other(self, alice: Client) -> None:
        service = make_service()
        url = f"/services/{service.pk}/edit/"
        form = controls_of(page(alice, url), "service")
        assert alice.post(url, {**form, "note": "first"}).status_code == 302
        answer = alice.post(url, {**form, "note": "second"})
        assert answer.status_code == 422
        assert "Somebody changed this service after you opened it" in answer.content.decode()
        service.refresh_from_db()
        assert service.note == "first"

    @pytest.mark.parametrize("state", ["validated", "wrong"])
    def test_checked_by_somebody_on_a_day(self, alice: Client, people: Cast, state: str) -> None:
        service = make_service(state="mapped")
        form = controls_of(page(alice, f"/services/{service.pk}/"), "check")
        alice.post(f"/services/{service.pk}/check/", {**form, "state": state, "note": "Asked GTT."})
        service.refresh_from_db()
        assert (service.state, service.checked_by, service.note) == (state, people.alice, "Asked GTT.")
        assert service.checked_on is not None
        assert AuditEntry.objects.get(action="service.checked").by == people.alice

    def test_a_verdict_on_an_id_that_was_changed_meanwhile_counts_for_nothing(self, alice: Client) -> None:
        service = make_service(state="mapped")
        form = controls_of(page(alice, f"/services/{service.pk}/"), "check")
        Service.objects.update(vendor_service_id="another")
        answer = alice.post(f"/services/{service.pk}/check/", {**form, "state": "validated"}, follow=True)
        assert "changed meanwhile" in answer.content.decode()
        assert Service.objects.get().state == "mapped"
        assert "right or wrong" in alice.post(f"/services/{service.pk}/check/", form).content.decode()

    def test_who_may_look_may_not_change(self, people: Cast) -> None:
        service = make_service()
        bob = client_of(people.bob)
        assert "Check the vendor" not in page(bob, f"/services/{service.pk}/")
        for url in ("new/", f"{service.pk}/edit/", f"{service.pk}/check/", "import/"):
            assert bob.post(f"/services/{url}", {}).status_code == 403, url


class TestCases:
    def test_a_case_names_the_service_by_both_ids(self, alice: Client, account: VendorAccount) -> None:
        service = make_service()
        text = page(alice, f"/cases/new/?service={service.pk}")
        form = controls_of(text, "case")
        assert (form["site"], form["service"]) == (str(service.site_id), str(service.pk))
        assert "Nobody has validated" not in text
        alice.post("/cases/new/", {**form, **SAID})
        case = Case.objects.get()
        assert case.service == service
        assert "Service ID: 000012-01 (ours: 0012-01), DIA" in case.description.splitlines()
        assert str(case) in page(alice, f"/services/{service.pk}/")
        assert f'href="/services/{service.pk}/"' in page(alice, f"/cases/{case.pk}/")

    @pytest.mark.parametrize(
        ("fields", "warning", "line"),
        [
            (
                {"state": "unmapped", "vendor_service_id": ""},
                "No GTT service id is known for 0012-01",
                "Service: ours 0012-01, DIA",
            ),
            (
                {"state": "mapped"},
                "Nobody has validated yet that 000012-01",
                "Service ID: 000012-01 (ours: 0012-01), DIA",
            ),
            ({"state": "wrong"}, "000012-01 was found not to be", "Service: ours 0012-01, DIA"),
        ],
    )
    def test_one_that_nobody_validated_is_warned_about_and_not_stopped(
        self, alice: Client, account: VendorAccount, fields: dict[str, str], warning: str, line: str
    ) -> None:
        service = make_service(**fields)
        form = controls_of(page(alice, f"/cases/new/?site={service.site_id}"), "case")
        assert form["service"] == ""
        chosen = {**form, **SAID, "service": str(service.pk)}
        piece = alice.post("/cases/new/", {**chosen, "choose": "1"}, headers={"HX-Request": "true"})
        assert warning in piece.content.decode()
        assert not Case.objects.exists()
        alice.post("/cases/new/", chosen)
        case = Case.objects.get()
        assert line in case.description.splitlines()
        assert warning in page(alice, f"/cases/{case.pk}/")

    def test_a_service_of_another_site_or_none_at_all(self, alice: Client, account: VendorAccount) -> None:
        service, other = make_service(), make_site(1)
        form = controls_of(page(alice, f"/cases/new/?site={other.pk}"), "case")
        assert "service" not in form
        for said, told in (
            (service.pk, "is at"),
            (10**17, "not known any more"),
            ("x", "not known any more"),
        ):
            answer = alice.post("/cases/new/", {**form, **SAID, "service": said})
            assert answer.status_code == 422
            assert told in answer.content.decode()
        assert page(alice, "/cases/new/?service=99999999999999999999")

    def test_cases_of_other_teams_stay_theirs(self, people: Cast, account: VendorAccount) -> None:
        service = make_service()
        case = make_case(people.alice, people.east, account, service=service, site=service.site)
        assert str(case) not in page(client_of(people.carol), f"/services/{service.pk}/")


def test_nothing_is_written_down_where_nothing_changed(alice: Client) -> None:
    service = make_service()
    form = controls_of(page(alice, f"/services/{service.pk}/edit/"), "service")
    alice.post(f"/services/{service.pk}/edit/", form)
    assert not ServiceChange.objects.exists()
    assert not AuditEntry.objects.filter(action="service.changed").exists()
