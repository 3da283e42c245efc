"""Access tokens by OAuth 2 client credentials: shared by all workers, renewed by one of them at a time."""

from __future__ import annotations

import base64
import json
import math
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol
from urllib.parse import quote_plus

from portal.vendors import classify
from portal.vendors.errors import Exchange, NotExecuted, NotSent, ReadFailed, VendorError
from portal.vendors.http import VendorHttp

AuthStyle = Literal["basic", "post"]
ASK_SECONDS = 15.0
"""How long the token endpoint may take."""
CLAIM_SECONDS = ASK_SECONDS + 5
"""How long one caller keeps the others from asking, should it die on the way."""
WAIT_SECONDS = CLAIM_SECONDS + 1
"""How long the others wait: until the claim of a dead one is over, so that its death is not taken for the vendor's silence."""
POLL_SECONDS = 0.1
MARGIN_SECONDS = 60.0
MARGIN_SHARE = 0.2
FALLBACK_LIFETIME = 60.0
_WORD = re.compile(r"[A-Za-z0-9_.-]{1,60}")


@dataclass(frozen=True)
class Token:
    """A bearer token. `version` grows with every renewal; `expires_at` is on this machine's clock, in UTC.

    `lifetime_seconds`, where the store knows it, lets the last fifth of a long life count as "renew now".
    """

    value: str
    version: int
    expires_at: datetime
    lifetime_seconds: float | None = None

    def __repr__(self) -> str:
        return f"Token(version={self.version}, expires_at={self.expires_at:%Y-%m-%d %H:%M:%S})"

    def seconds_left(self) -> float:
        return (self.expires_at - datetime.now(UTC)).total_seconds()


class TokenStore(Protocol):
    """Where the token lies that all workers share: one store for each set of credentials.

    Methods must be safe to call from many processes at once, each in a transaction of its own.
    """

    def load(self) -> Token | None:
        """The newest token, or None. It may be over."""

    def claim_renewal(self, seconds: float) -> bool:
        """True for one caller until it releases, saves, or `seconds` have passed."""

    def save(self, value: str, lifetime_seconds: float) -> Token:
        """Keep a new token under the next version and end the claim."""

    def release_renewal(self) -> None:
        """End the claim without a token."""

    def drop(self, version: int) -> None:
        """Forget the token if it is still this version. Versions keep growing afterwards."""


class MemoryTokenStore:
    """A token store for one process: tests and tools."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._token: Token | None = None
        self._version = 0
        self._claimed_until = 0.0

    def load(self) -> Token | None:
        with self._lock:
            return self._token

    def claim_renewal(self, seconds: float) -> bool:
        with self._lock:
            now = time.monotonic()
            if now < self._claimed_until:
                return False
            self._claimed_until = now + seconds
            return True

    def save(self, value: str, lifetime_seconds: float) -> Token:
        with self._lock:
            self._version += 1
            ends = datetime.now(UTC) + timedelta(seconds=lifetime_seconds)
            self._token = Token(value, self._version, ends, lifetime_seconds)
            self._claimed_until = 0.0
            return self._token

    def release_renewal(self) -> None:
        with self._lock:
            self._claimed_until = 0.0

    def drop(self, version: int) -> None:
        with self._lock:
            if self._token is not None and self._token.version == version:
                self._token = None


class Tokens(Protocol):
    """Whatever gives out a token that can be used now."""

    def get(self, min_life: float = 60) -> Token: ...


class TokenInHand:
    """A token already fetched, for a call that must touch nothing but the network."""

    def __init__(self, token: Token) -> None:
        self.token = token

    def get(self, min_life: float = 60) -> Token:
        return self.token


class TokenSource:
    """Tokens for one set of credentials. `http` gives the timeouts and the vendor's name; `token_url` is absolute."""

    def __init__(
        self,
        http: VendorHttp,
        token_url: str,
        client_id: str,
        client_secret: str,
        scope: str,
        store: TokenStore,
        auth_style: AuthStyle = "basic",
    ) -> None:
        self.http = http
        self.token_url = token_url
        self.client_id = client_id
        self.scope = scope
        self.store = store
        self.auth_style = auth_style
        self._client_secret = client_secret

    def get(self, min_life: float = 60) -> Token:
        """A token with at least `min_life` seconds left, as far as the vendor gives out such long ones.

        Renews early: at a fifth of its life, or a minute, before the end. One caller among all workers asks;
        the others use the old token while it still serves, or wait for the new one.

        Raises NotSent when the token endpoint cannot be reached or gives no token, and NotExecuted
        ("credential" for 400, 401, 403) when it refuses us. Nothing was sent to the vendor's API in either case.
        """
        seen = self.store.load()
        if seen is not None and _has(seen, max(MARGIN_SECONDS, min_life), share=MARGIN_SHARE):
            return seen
        if self.store.claim_renewal(CLAIM_SECONDS):
            return self._renew(seen, min_life)
        if seen is not None and _has(seen, min_life):
            return seen
        return self._wait(seen, min_life)

    def drop(self, version: int) -> None:
        """Forget a token that the vendor refused; a newer one stays."""
        self.store.drop(version)

    def _wait(self, seen: Token | None, min_life: float) -> Token:
        ends = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < ends:
            time.sleep(POLL_SECONDS)
            token = self.store.load()
            if (
                token is not None
                and (seen is None or token.version > seen.version)
                and token.seconds_left() > 0
            ):
                return token
            if self.store.claim_renewal(CLAIM_SECONDS):
                # Whoever asked came back with nothing, or never came back.
                return self._renew(seen, min_life)
        raise NotSent(f"No access token for {self.http.vendor} came in time, so nothing was sent.")

    def _renew(self, seen: Token | None, min_life: float) -> Token:
        """Ask for a token, holding the claim."""
        saved = False
        try:
            newest = self.store.load()
            if (
                newest is not None
                and (seen is None or newest.version > seen.version)
                and _has(newest, min_life)
            ):
                return newest  # Somebody renewed between our look and our claim.
            token = self.store.save(*self._ask())
            saved = True
            return token
        except NotSent:
            if seen is not None and newest is not None and _has(seen, min_life):
                return seen  # We came early; the old one still serves.
            raise
        finally:
            if not saved:
                self.store.release_renewal()

    def _ask(self) -> tuple[str, float]:
        """Ask with the credentials as they are; after a 401 once more with each half written as in a form.

        RFC 6749 §2.3.1 wants the second, many servers the first. They differ only for unusual characters, and a
        server that says 401 has done nothing.
        """
        given = (self.client_id, self._client_secret)
        try:
            return self._ask_as(*given)
        except NotExecuted as refused:
            quoted = tuple(quote_plus(half) for half in given)
            status = refused.exchange.status if refused.exchange else None
            if self.auth_style != "basic" or status != 401 or quoted == given:
                raise
            return self._ask_as(*quoted)

    def _ask_as(self, client_id: str, client_secret: str) -> tuple[str, float]:
        form = {"grant_type": "client_credentials"}
        headers = {}
        if self.scope:
            form["scope"] = self.scope
        if self.auth_style == "basic":
            pair = f"{client_id}:{client_secret}".encode()
            headers["Authorization"] = "Basic " + base64.b64encode(pair).decode()
        else:
            form |= {"client_id": client_id, "client_secret": client_secret}
        try:
            exchange = self.http.post_form(self.token_url, form, headers, deadline=ASK_SECONDS)
        except ReadFailed as failed:
            raise NotSent(failed.message, _without_body(failed.exchange)) from None
        answer = _json_object(exchange.response_body)
        if exchange.status == 200:
            return self._token_in(answer, exchange)
        raise self._refusal(answer, exchange)

    def _token_in(self, answer: Mapping[str, Any], exchange: Exchange) -> tuple[str, float]:
        value = answer.get("access_token")
        if not isinstance(value, str) or not value or not value.isascii() or not value.isprintable():
            message = (
                f"The token endpoint of {self.http.vendor} answered without a token, so nothing was sent."
            )
            raise NotSent(message, _without_body(exchange))
        return value, _lifetime(answer.get("expires_in"))

    def _refusal(self, answer: Mapping[str, Any], exchange: Exchange) -> VendorError:
        vendor = f"The token endpoint of {self.http.vendor}"
        error = answer.get("error")
        # Only a plain word is shown: a longer text might echo what we sent.
        word = error if isinstance(error, str) and _WORD.fullmatch(error) else "no reason given"
        kept = _without_body(exchange)
        if exchange.status in (400, 401, 403):
            message = f"{vendor} does not accept our credentials ({exchange.status}: {word})."
            return NotExecuted(message, kept, reason="credential")
        refusal = classify.read_error(exchange, vendor, single=False)
        if isinstance(refusal, NotExecuted):
            refusal.exchange = kept
            return refusal
        return NotSent(f"{vendor} gave no token ({exchange.status}), so nothing was sent.", kept)


def _has(token: Token, seconds: float, share: float = 0.0) -> bool:
    """Whether enough is left. Of a token that lives shortly, half its life is enough, or none would ever be."""
    if token.lifetime_seconds is not None:
        seconds = min(max(seconds, share * token.lifetime_seconds), token.lifetime_seconds / 2)
    return token.seconds_left() > max(seconds, 0.0)


def _lifetime(expires_in: Any) -> float:
    try:
        seconds = math.nan if isinstance(expires_in, bool) else float(expires_in)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if not 0 < seconds <= 366 * 86_400:
        return FALLBACK_LIFETIME
    return seconds


def _json_object(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _without_body(exchange: Exchange | None) -> Exchange | None:
    """A token endpoint's answer may hold a token or echo a credential, so it is never evidence."""
    return exchange and replace(exchange, response_body=b"")
