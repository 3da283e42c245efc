"""GTT's login server, which is a Keycloak: five minutes, no scope to ask for, and errors in its own words."""

from portal.vendors.sandbox.message import Answer, Request
from portal.vendors.sandbox.tokens import Client, TokenDesk

GRANT = "client_credentials"
OWN_SCOPES = ("email", "profile")


class KeycloakDesk(TokenDesk):
    """`namespaces` holds, for each client, those that it may work in."""

    def __init__(self, clients: list[Client], namespaces: dict[str, set[str]], lifetime: int = 300) -> None:
        super().__init__(clients, lifetime)
        self.namespaces = namespaces

    def issue(self, request: Request) -> Answer:
        if request.media_type != "application/x-www-form-urlencoded":
            return _refuse(415, "HTTP 415 Unsupported Media Type", "")
        client = self.caller(request)
        if client is None:
            return _refuse(401, "unauthorized_client", "Invalid client or Invalid client credentials")
        if request.trouble or "grant_type" not in request.parts:
            return _refuse(400, "invalid_request", "Missing form parameter: grant_type")
        if request.parts["grant_type"] != GRANT:
            return _refuse(400, "unsupported_grant_type", "Unsupported grant_type")
        if unknown := set(request.parts.get("scope", "").split()) - {"openid", *OWN_SCOPES}:
            return _refuse(400, "invalid_scope", f"Invalid scopes: {' '.join(sorted(unknown))}")
        return Answer(
            200,
            {
                "access_token": self.keep(client.client_id, frozenset(OWN_SCOPES), "eyJhbGciOiJSUzI1NiJ9."),
                "expires_in": self.lifetime,
                "refresh_expires_in": 1800,
                "token_type": "Bearer",
                "not-before-policy": 0,
                "scope": " ".join(OWN_SCOPES),
            },
            headers={"Cache-Control": "no-store"},
            ignored=[name for name, _ in request.texts if name not in ("grant_type", "scope")],
        )


def _refuse(status: int, error: str, description: str) -> Answer:
    data = {"error": error, "error_description": description} if description else {"error": error}
    return Answer(status, data, problem=description or error)
