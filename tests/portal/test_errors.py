import re

import pytest
from django.conf import settings
from django.test import Client
from django.urls import path

from tests.cast import PASSWORD, Cast, client_of

US = {"HTTP_ORIGIN": "http://testserver"}
SOME_PAGE = "/drafts/7/what/"
TYPED = {"initial_description": "Line one\nline <two> & “three”", "po_number": "0042", "secret": "hush"}


def strict_client(people: Cast) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.alice)
    return client


def hidden(page: str, name: str) -> list[str]:
    return re.findall(rf'type="hidden" name="{name}" value="([^"]*)"', page)


def test_a_stale_form_is_kept_and_goes_on_by_one_button(people: Cast):
    client = strict_client(people)
    answer = client.post(SOME_PAGE + "?from=home", TYPED, **US)
    page = answer.content.decode()
    assert answer.status_code == 403
    assert "This page was open for a long time" in page
    assert f'action="{SOME_PAGE}?from=home"' in page
    assert hidden(page, "initial_description") == ["Line one\nline &lt;two&gt; &amp; “three”"]
    assert hidden(page, "po_number") == ["0042"]
    assert hidden(page, "secret") == [], "secrets are not put into pages"
    assert "type them again" in page
    again = client.post(
        SOME_PAGE, TYPED | {"csrfmiddlewaretoken": hidden(page, "csrfmiddlewaretoken")[0]}, **US
    )
    assert again.status_code != 403, "the new token is good"


def test_several_values_of_one_name_are_all_kept(people: Cast):
    page = strict_client(people).post(SOME_PAGE, {"tick": ["a", "b"]}, **US).content.decode()
    assert hidden(page, "tick") == ["a", "b"]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"HTTP_ORIGIN": "https://evil.example"},
        {"HTTP_ORIGIN": "null"},
        {"HTTP_ORIGIN": "http://testserver.evil.example"},
        {"HTTP_REFERER": "https://evil.example/http://testserver/"},
        {"HTTP_ORIGIN": "https://evil.example", "HTTP_REFERER": "http://testserver/"},
    ],
)
def test_what_another_site_sent_is_not_echoed(people: Cast, headers: dict[str, str]):
    answer = strict_client(people).post(SOME_PAGE, {"po_number": "planted"}, **headers)
    assert answer.status_code == 403
    assert "planted" not in answer.content.decode()
    assert "Go on" not in answer.content.decode()


def test_the_referer_counts_where_no_origin_was_sent(people: Cast):
    answer = strict_client(people).post(SOME_PAGE, TYPED, HTTP_REFERER="http://testserver/drafts/7/what/")
    assert "Go on" in answer.content.decode()


def test_an_ended_session_loses_nothing(people: Cast, client: Client):
    answer = client.post(SOME_PAGE, TYPED, **US)
    page = answer.content.decode()
    assert answer.status_code == 401
    assert "Your session has ended" in page
    assert hidden(page, "po_number") == ["0042"]
    assert (
        "planted"
        not in client.post(SOME_PAGE, {"a": "planted"}, HTTP_ORIGIN="https://evil.example").content.decode()
    )


def test_an_ended_session_tells_htmx_and_does_not_move_the_page(db: None, client: Client):
    saved = client.post("/drafts/7/save/what/", TYPED, headers={"HX-Request": "true"})
    assert saved.status_code == 401
    assert "HX-Redirect" not in saved
    read = client.get("/dispatches/7/status/", headers={"HX-Request": "true"})
    assert read["HX-Redirect"] == "/login/?next=/dispatches/7/status/"


def test_a_stale_token_tells_htmx_in_plain_words(people: Cast):
    answer = strict_client(people).post("/drafts/7/save/what/", TYPED, headers={"HX-Request": "true"}, **US)
    assert answer.status_code == 403
    assert answer["Content-Type"] == "text/plain"
    assert b"open for a long time" in answer.content


def test_a_login_form_is_never_echoed(db: None):
    answer = Client(enforce_csrf_checks=True).post(
        "/login/", {"username": "alice", "password": PASSWORD}, **US
    )
    assert answer.status_code == 403
    assert PASSWORD not in answer.content.decode()
    assert 'value="alice"' not in answer.content.decode()


def test_files_cannot_be_kept_and_that_is_said(people: Cast):
    from django.core.files.uploadedfile import SimpleUploadedFile

    upload = SimpleUploadedFile("floor.pdf", b"%PDF-1.4")
    page = strict_client(people).post(SOME_PAGE, {"file": upload, "po_number": "1"}, **US).content.decode()
    assert "choose them again" in page


def test_too_much_to_carry_is_refused_plainly(people: Cast):
    answer = strict_client(people).post(SOME_PAGE, {"initial_description": "x" * 2_100_000}, **US)
    assert answer.status_code == 403
    assert len(answer.content) < 50_000


def test_nothing_here(people: Cast, client: Client):
    for browser in (client, client_of(people.alice)):
        answer = browser.get("/no/such/page/")
        assert answer.status_code == 404
        assert "There is nothing here for you" in answer.content.decode()


def test_a_form_with_too_many_fields_says_so(people: Cast):
    fields = {f"f{number}": "" for number in range(settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1)}
    answer = client_of(people.alice).post("/password/", fields)
    assert answer.status_code == 400
    assert "more fields than the portal accepts" in answer.content.decode()


def test_an_address_that_is_not_ours(client: Client, db: None):
    answer = client.get("/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "not an address of the portal" in answer.content.decode()


def broken(request):
    raise RuntimeError("a bug")


urlpatterns = [path("broken/", broken)]
handler500 = "portal.views.errors.server_error"


@pytest.mark.urls(__name__)
def test_a_bug_shows_a_number_to_tell(people: Cast):
    browser = client_of(people.alice)
    browser.raise_request_exception = False
    answer = browser.get("/broken/")
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "a bug" not in answer.content.decode()
