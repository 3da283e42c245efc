import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from django.test import Client

from tests.cast import Cast, client_of

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "SECRET_KEY": "kF9v!2mQ7xZr4Wc8Lp1Ty6Hn3Bd5Gs0JaEuKoXiRqMzPwVtN-eU5yAb7",
    "FIELD_ENCRYPTION_KEY": Fernet.generate_key().decode(),
    "ALLOWED_HOSTS": "portal.example.com",
    "PUBLIC_URL": "https://portal.example.com",
    "DATABASE_URL": "postgresql://portal:pw@db.example.com/portal",
    "CELERY_BROKER_URL": "redis://broker.example.com:6379/0",
    "BEHIND_PROXY": "1",
}


@pytest.mark.parametrize("address", ["/login/", "/", "/no/such/page/", "/healthz"])
def test_every_answer_tells_the_browser_what_to_refuse(people: Cast, address: str):
    answer = client_of(people.alice).get(address)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in answer["Permissions-Policy"]
    assert len(answer["X-Request-ID"]) == 32


def test_pages_hold_nothing_the_policy_would_block(people: Cast):
    pages = [
        Client().get("/login/"),
        client_of(people.alice).get("/"),
        client_of(people.alice).get("/password/"),
    ]
    for page in (answer.content.decode() for answer in pages):
        assert "<style" not in page
        assert " style=" not in page
        assert "hx-on" not in page
        assert " onclick" not in page
        assert all("src=" in tag for tag in page.split("<script")[1:])
        assert "//cdn" not in page


def test_the_session_cookie_is_kept_from_scripts(people: Cast, client: Client):
    client.post("/login/", {"username": "alice", "password": "correct horse battery"})
    cookie = client.cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_the_deployment_check_is_silent_with_production_settings(tmp_path: Path):
    answer = manage("check", "--deploy", "--fail-level", "WARNING", **folders(tmp_path))
    assert answer.returncode == 0, answer.stderr
    assert "no issues (0 silenced)" in answer.stdout


def test_https_settings_follow_the_public_address(tmp_path: Path):
    names = "SECURE_SSL_REDIRECT SECURE_HSTS_SECONDS SESSION_COOKIE_SECURE CSRF_COOKIE_SECURE SESSION_COOKIE_NAME DEBUG"
    code = f"from django.conf import settings as s; print(*[getattr(s, n) for n in {names.split()!r}])"
    answer = manage("shell", "--no-imports", "-c", code, **folders(tmp_path))
    assert answer.stdout.split() == ["True", "63072000", "True", "True", "__Host-session", "False"], (
        answer.stderr
    )


def folders(place: Path) -> dict[str, str]:
    return {"MEDIA_ROOT": str(place / "media"), "STATIC_ROOT": str(place / "static")}


def manage(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    keep = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=keep | PRODUCTION | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
