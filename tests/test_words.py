"""Where nobody knows an outcome, no word may invite anybody to try again: never “failed”, never “retry”.

The words are looked for where people read them: in every template and mail, in every sentence of the code, and in what
pages and mails say after each fault of the vendor that leaves an outcome unknown.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from portal.models import Message, VendorAccount
from portal.models.messages import State
from portal.outbox import resolving
from portal.vendors.sandbox import Sandbox
from tests.cast import Cast, client_of
from tests.dispatching import sandbox_account
from tests.post_office import html_of, open_post_office, text_of, use
from tests.tickets.doubting import WHERE, in_doubt, let_pass
from tickets.letters import STEPS, TITLES, WORDS
from tickets.models import Mailing
from tickets.services import mailing, reminding

ROOT = Path(__file__).resolve().parents[1]
FORBIDDEN = re.compile(r"\b(fail\w*|retr(?:y|ies|ied|ying)\w*|re-?submit\w*|try again)", re.IGNORECASE)
# Of readings, files and settings, which may be repeated freely. Nothing here is about a request that was sent.
ALLOWED = {
    "templates/tickets/_ticket_rows.html": {"last reading failed"},
    "portal/admin_site.py": {"Failed sign-ins"},
    "portal/doctor.py": {"uploads will fail."},
    "tickets/models/tickets.py": {"why the last reading failed"},
}
TAG = re.compile(r"\{#.*?#\}|\{\{.*?\}\}|<!--.*?-->", re.DOTALL)
# What a tag says to people stands between quotes: {% badge "warn" "last reading failed" %}.
QUOTED = re.compile(r"""\{%.*?%\}""", re.DOTALL)


def sentences_of_template(text: str) -> str:
    text = TAG.sub(" ", text)
    return QUOTED.sub(lambda tag: " ".join(re.findall(r'"([^"]*)"', tag.group())), text)


def forbidden_in(text: str, path: str = "") -> list[str]:
    for allowed in ALLOWED.get(path, ()):
        text = text.replace(allowed, "")
    return [text[max(found.start() - 40, 0) : found.end() + 20] for found in FORBIDDEN.finditer(text)]


def test_the_words_are_found_where_they_stand() -> None:
    assert forbidden_in(sentences_of_template('{% badge "bad" "Sending failed" %}'))
    assert forbidden_in("Please retry.")
    assert not forbidden_in(sentences_of_template("{# failed #}{{ row.failures }}{% if failed %}{% endif %}"))
    assert list(prose("def f():\n    '''It failed.'''\n    return f'It failed {1} times.'")) == [
        "It failed  times."
    ]


@pytest.mark.parametrize(
    "path", sorted(str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.*")), ids=str
)
def test_templates_and_mails(path: str) -> None:
    assert forbidden_in(sentences_of_template((ROOT / path).read_text(encoding="utf-8")), path) == []


def prose(source: str) -> Iterator[str]:
    """Strings of more than a word that may reach people: no docstrings, and what goes to the log does not either."""
    tree = ast.parse(source)
    hidden: set[ast.AST] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            hidden.add(node.value)
        if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("log."):
            hidden.update(ast.walk(node))
        if isinstance(node, ast.JoinedStr):
            hidden.update(child for child in ast.walk(node) if child is not node)
    for node in ast.walk(tree):
        if node in hidden:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value.strip():
            yield node.value


def files_that_speak() -> list[str]:
    """Everything but the sandbox, which plays the vendor, and the migrations."""
    found = [path for package in ("portal", "sites", "tickets") for path in (ROOT / package).rglob("*.py")]
    silent = ("migrations", "sandbox", "local", "management")
    return sorted(str(path.relative_to(ROOT)) for path in found if not set(silent) & set(path.parts))


def test_sentences_in_the_code() -> None:
    wrong = {}
    for path in files_that_speak():
        source = (ROOT / path).read_text(encoding="utf-8")
        if found := [words for text in prose(source) for words in forbidden_in(text, path)]:
            wrong[path] = found
    assert wrong == {}


def test_what_scripts_say() -> None:
    for path in (ROOT / "static" / "js").glob("*.js"):
        strings = re.findall(r""""[^"\n]* [^"\n]*"|`[^`]* [^`]*`""", path.read_text(encoding="utf-8"))
        assert [words for text in strings for words in forbidden_in(text)] == [], path


def test_what_mails_say() -> None:
    said = [*TITLES.values(), *WORDS.values(), *(step for steps in STEPS.values() for step in steps)]
    assert [words for text in said for words in forbidden_in(text)] == []


UNKNOWN_FAULTS = (
    "reset_in_upload",
    "reset_before",
    "close_before",
    "502_html",
    "lose_answer",
    "close_after",
    "cut_status_line",
    "cut_headers",
    "reset_in_answer",
    "truncated",
    "truncated_chunked",
    "503_after",
    "empty_200",
    "html_200",
    "truncated_gzip",
    "huge",
    "gzip_bomb",
    "deep",
    "fewer",
    "repeated_ids",
    "no_ids",
)


@pytest.fixture
def account(box: Sandbox, people: Cast) -> VendorAccount:
    return sandbox_account(box)


@pytest.mark.django_db
@pytest.mark.parametrize("fault", UNKNOWN_FAULTS)
def test_everything_people_read_after_a_fault(
    fault: str, box: Sandbox, account: VendorAccount, people: Cast, settings: Any
) -> None:
    dispatch, message = in_doubt(box, people, 2, fault)
    let_pass(message)
    resolving.say_not_there(message, note=WHERE, by=people.alice)
    read = [message.detail, *message.attempts.values_list("detail", flat=True)]
    client = client_of(people.mia)
    for path in (
        "/",
        "/unknown/",
        f"/unknown/{message.pk}/",
        f"/dispatches/{dispatch.pk}/",
        f"/dispatches/{dispatch.pk}/messages/{message.pk}/",
    ):
        # Our own words: what the vendor itself answered is evidence and stands in <pre>.
        page = client.get(path).content.decode().split("<main", 1)[1]
        read.append(re.sub(r"<pre.*?</pre>|<[^>]+>", " ", page, flags=re.DOTALL))
    read += mails_about(message, settings)
    description = dispatch.initial_description  # typed by the sender
    assert [words for text in read for words in forbidden_in(text.replace(description, ""))] == []


def mails_about(message: Message, settings: Any) -> list[str]:
    assert message.state == State.UNKNOWN
    with open_post_office() as office:
        use(settings, office.url)
        reminding.raise_due()
        mailing.send_due()
        Mailing.objects.update(due_at=message.created_at)
        mailing.send_due()
    assert {mail["To"] for mail in office.mails} >= {"alice@portal.example", "mia@portal.example"}
    return [text for mail in office.mails for text in (mail["Subject"], text_of(mail), html_of(mail))]
