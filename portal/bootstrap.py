"""Makes the database say what the environment says: roles, default vendor accounts, the first administrator.

May run any number of times. What the environment does not name is left as people have set it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.models import Group
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from portal import account_services, arming, audit, encryption
from portal.models import User, VendorAccount
from portal.models.accounts import CREATE_PATH, Operation, Vendor, check_zone
from portal.problems import Problem
from portal.roles import write_roles

DEFAULT_NAME = "default"
ADMIN_ROLE = "admin"


@dataclass(frozen=True)
class Setting:
    """One variable, the column it fills, and what it must look like."""

    variable: str
    column: str
    parse: Callable[[str], Any]
    looks_like: str
    default: Any = None  # on creation, where the variable is not set; None: must be set


def _address(given: str) -> str:
    parts = urlsplit(given)
    if (
        parts.scheme not in ("http", "https")
        or not parts.hostname
        or parts.query
        or parts.fragment
        or "@" in parts.netloc
    ):
        raise ValueError
    _ = parts.port  # raises ValueError for a port that is no number
    return _text(300)(given.rstrip("/"))


def _text(most: int, pattern: str = r"\S(.*\S)?") -> Callable[[str], str]:
    def parse(given: str) -> str:
        if len(given) > most or not re.fullmatch(pattern, given):
            raise ValueError
        return given

    return parse


def _number(low: int, high: int) -> Callable[[str], int]:
    def parse(given: str) -> int:
        if not (given.isascii() and given.isdigit() and low <= int(given) <= high):
            raise ValueError
        return int(given)

    return parse


def _operations(given: str) -> list[str]:
    words = {word.strip() for word in given.split(",")} - {""}
    if not words <= {"none", *Operation.values} or ("none" in words and len(words) > 1):
        raise ValueError
    return [each.value for each in Operation if each.value in words]


def _zone(given: str) -> str:
    try:
        check_zone(given)
    except ValidationError as error:
        raise ValueError from error
    return _text(60)(given)


SECRET = "secret"  # noqa: S105 (the name of a property)
GRANITE = (
    Setting("GRANITE_API_URL", "api_url", _address, "an address such as https://api.staging.granitemsp.com"),
    Setting("GRANITE_TOKEN_URL", "token_url", _address, "an address such as https://login.example.com/oauth2/v1/token"),
    Setting("GRANITE_CLIENT_ID", "client_id", _text(200), "the client id of the API key"),
    Setting("GRANITE_CLIENT_SECRET", SECRET, _text(1000), "the client secret of the API key"),
    Setting("GRANITE_SCOPE", "scope", _text(300), "scopes such as urn:grt:techexpress", "urn:grt:techexpress"),
    Setting("GRANITE_CREATE_TICKET_PATH", "create_path", _text(200, r"/[\w./-]+"), f"a path such as {CREATE_PATH}", CREATE_PATH),
    Setting("GRANITE_REQUESTS_PER_MINUTE", "requests_per_minute", _number(6, 6000), "a whole number from 6 to 6000", 60),
    Setting("GRANITE_LOCATIONS_PER_MESSAGE", "locations_per_message", _number(1, 25), "a whole number from 1 to 25", 10),
)  # fmt: skip
GTT = (
    Setting("GTT_API_URL", "api_url", _address, "an address such as https://api.example.com"),
    Setting("GTT_TOKEN_URL", "token_url", _address, "an address such as https://login.example.com/token"),
    Setting("GTT_CLIENT_ID", "client_id", _text(200), "the client id"),
    Setting("GTT_CLIENT_SECRET", SECRET, _text(1000), "the client secret"),
    Setting("GTT_NAMESPACE", "namespace", _text(100, r"\S+"), "the namespace, without spaces"),
    Setting(
        "GTT_OPERATIONS", "operations", _operations, f"some of {','.join(Operation.values)}, or none", ()
    ),
    Setting("GTT_ASSUMED_ZONE", "assumed_zone", _zone, "a time zone such as UTC or America/Denver", "UTC"),
)
VENDORS = {Vendor.GRANITE: GRANITE, Vendor.GTT: GTT}


@dataclass
class Report:
    """What was done, in lines for the terminal. Never a secret."""

    lines: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        self.lines.append(line)


@transaction.atomic
def bootstrap(values: Mapping[str, str]) -> Report:
    """All of it or nothing. Raises Problem naming every variable that is missing or unusable."""
    given = {name: value.strip() for name, value in values.items() if value.strip()}
    report, problems = Report(), []
    write_roles()
    report.say("Roles: viewer, dispatcher, manager and admin are in place.")
    for vendor, wanted in VENDORS.items():
        problems += _account(vendor, wanted, given, report)
    problems += _first_admin(given, report)
    _arm(report)
    if problems:
        raise Problem("Nothing was changed:\n  - " + "\n  - ".join(problems))
    return report


def _account(
    vendor: Vendor, settings: tuple[Setting, ...], given: Mapping[str, str], report: Report
) -> list[str]:
    if not any(setting.variable in given for setting in settings):
        report.say(f"{vendor.label}: {settings[0].variable} is not set, so its account is left as it is.")
        return []
    rows = VendorAccount.objects.select_for_update().filter(vendor=vendor)
    client_id = next(given.get(setting.variable, "") for setting in settings if setting.column == "client_id")
    # An administrator may have renamed it: the key tells whose it is.
    account = rows.filter(name=DEFAULT_NAME).first()
    if account is None and client_id:
        account = rows.filter(client_id=client_id).first()
    found, problems = _read(settings, given, is_new=account is None)
    if account and client_id and (other := rows.filter(client_id=client_id).exclude(pk=account.pk).first()):
        problems.append(f"{vendor.name}_CLIENT_ID is already that of the account “{other.name}”.")
    if problems:
        return problems
    secret = found.pop(SECRET, "")
    if account is None:
        account, changed = _create(vendor, found), sorted(found)
    else:
        changed = _update(account, found)
    if secret and _stored_secret(account) != secret:
        account_services.rotate_secret(account, secret, by=None)
        changed.append(f"secret ({account.secret_hint})")
    report.say(f"{account}: " + (f"set {', '.join(changed)}." if changed else "is as the environment says."))
    for column in ("api_url", "token_url"):
        if _is_in_clear(getattr(account, column)):
            report.say(
                f"Warning: the {column.replace('_', ' ')} of {account} is not https; credentials travel in clear."
            )
    return []


def _read(
    settings: tuple[Setting, ...], given: Mapping[str, str], *, is_new: bool
) -> tuple[dict[str, Any], list[str]]:
    found: dict[str, Any] = {}
    problems: list[str] = []
    for setting in settings:
        text = given.get(setting.variable)
        if text is None:
            if is_new and setting.default is None:
                problems.append(f"{setting.variable} is not set. It should be {setting.looks_like}.")
            elif is_new:
                found[setting.column] = list(setting.default) if setting.default == () else setting.default
            continue
        try:
            found[setting.column] = setting.parse(text)
        except ValueError:
            problems.append(f"{setting.variable} is not usable. It should be {setting.looks_like}.")
    return found, problems


def _create(vendor: Vendor, found: dict[str, Any]) -> VendorAccount:
    is_default = not VendorAccount.objects.filter(vendor=vendor, is_default=True).exists()
    account = VendorAccount.objects.create(vendor=vendor, name=DEFAULT_NAME, is_default=is_default, **found)
    audit.record(None, "account.created", account, **found)
    return account


def _update(account: VendorAccount, found: dict[str, Any]) -> list[str]:
    before = {column: getattr(account, column) for column in found}
    changed = sorted(column for column, value in found.items() if before[column] != value)
    if changed:
        for column in changed:
            setattr(account, column, found[column])
        if "create_path" in changed or "api_url" in changed:
            account.answering_path = ""  # learned of the old address
            account.save(update_fields=[*changed, "answering_path"])
        else:
            account.save(update_fields=changed)
        audit.record(
            None,
            "account.changed",
            account,
            before={column: before[column] for column in changed},
            after={column: found[column] for column in changed},
        )
    return changed


def _stored_secret(account: VendorAccount) -> str:
    try:
        return account.secret
    except encryption.Undecipherable:
        return ""  # unreadable is as good as none: the environment's takes its place


def _is_in_clear(address: str) -> bool:
    parts = urlsplit(address)
    return parts.scheme == "http" and parts.hostname not in ("localhost", "127.0.0.1", "::1")


def _arm(report: Report) -> None:
    if arming.arm_if_fresh():
        report.say("Sending: allowed from here, a fresh database.")
    else:
        report.say(f"Sending: {arming.why_not() or 'allowed.'}")


def _first_admin(given: Mapping[str, str], report: Report) -> list[str]:
    username = given.get("ADMIN_USERNAME")
    if not username:
        return []
    if User.objects.filter(username=username).exists():
        report.say(f"Administrator: {username} exists and is left alone.")
        return []
    user = User(username=username, email=given.get("ADMIN_EMAIL", ""))
    if "ADMIN_PASSWORD" not in given:
        return ["ADMIN_PASSWORD is not set. It should be the first password of ADMIN_USERNAME."]
    try:
        validate_password(given["ADMIN_PASSWORD"], user)
        user.set_password(given["ADMIN_PASSWORD"])
        user.full_clean()
    except ValidationError as error:
        return [f"The first administrator cannot be made: {' '.join(error.messages)}"]
    user.save()
    user.groups.add(Group.objects.get(name=ADMIN_ROLE))
    audit.record(None, "user.created", user, roles=[ADMIN_ROLE])
    report.say(f"Administrator: {username} was made.")
    return []
