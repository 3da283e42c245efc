"""OAuth 2.0 client credentials (RFC 6749 §4.4), as a vendor's login server answers them."""

import base64
import binascii
import hmac
import secrets
import time
from dataclasses import dataclass

from portal.vendors.sandbox.message import Answer, Request


@dataclass
class Client:
    client_id: str
    secret: str
    scopes: frozenset[str]


@dataclass
class Token:
    client_id: str
    scopes: frozenset[str]
    ends: float  # monotonic
    is_revoked: bool = False

    @property
    def is_good(self) -> bool:
        return not self.is_revoked and time.monotonic() < self.ends


class TokenDesk:
    """Issues and knows tokens. The caller holds the sandbox's lock."""

    def __init__(self, clients: list[Client], lifetime: int = 3600) -> None:
        self.clients = {client.client_id: client for client in clients}
        self.lifetime = lifetime
        self._tokens: dict[str, Token] = {}

    def known(self, request: Request) -> Token | None:
        """The token a request carries, good or not, if it is one of ours."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        return self._tokens.get(text) if scheme == "Bearer" else None

    def revoke_all(self) -> None:
        for token in self._tokens.values():
            token.is_revoked = True

    def clear(self) -> None:
        self._tokens.clear()

    def caller(self, request: Request) -> Client | None:
        """The client whose id and secret the Basic header holds."""
        scheme, _, text = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            client_id, _, secret = base64.b64decode(text, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            return None
        client = self.clients.get(client_id)
        if client is None or not hmac.compare_digest(client.secret.encode(), secret.encode()):
            return None
        return client

    def keep(self, client_id: str, scopes: frozenset[str], beginning: str = "") -> str:
        """A new token."""
        text = beginning + secrets.token_urlsafe(48)
        self._tokens[text] = Token(client_id, scopes, time.monotonic() + self.lifetime)
        return text

    def issue(self, request: Request) -> Answer:
        client = self.caller(request)
        if client is None:
            return refuse(401, "invalid_client", "The client id or secret is wrong or missing.")
        if request.trouble or request.media_type != "application/x-www-form-urlencoded":
            return refuse(400, "invalid_request", "Send a form: application/x-www-form-urlencoded.")
        parts = request.parts
        if parts.get("grant_type") != "client_credentials":
            return refuse(400, "unsupported_grant_type", "Only client_credentials is offered here.")
        scopes = frozenset(parts.get("scope", "").split())
        if not scopes or not scopes <= client.scopes:
            return refuse(400, "invalid_scope", "Ask for at least one scope, and only for those granted.")
        text = self.keep(client.client_id, scopes)
        scope = " ".join(sorted(scopes))
        return Answer(
            200,
            {"access_token": text, "token_type": "Bearer", "expires_in": self.lifetime, "scope": scope},
            headers={"Cache-Control": "no-store"},
        )


def refuse(status: int, error: str, description: str) -> Answer:
    headers = {"WWW-Authenticate": 'Basic realm="sandbox"'} if status == 401 else {}
    return Answer(
        status, {"error": error, "error_description": description}, headers=headers, problem=description
    )
