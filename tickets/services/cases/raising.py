"""Raising a case: written down and promised in one transaction, once for each open form."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.template.loader import render_to_string

from portal import audit, outbox
from portal.models import Message, User
from portal.problems import Problem
from portal.vendors.gtt.wire import NewCase, as_bytes
from sites.models import Service, Site
from tickets.models import Case

KIND = "gtt.create_case"
NO_TEAM = "You belong to no team yet, so a case would be nobody's. Ask an administrator."
NO_ACCOUNT = "No GTT account is set up yet. An administrator can add one."


def raise_case(said: dict[str, Any], *, by: User) -> Case:
    """Promise GTT this case. The same form sent twice gives the case it made the first time."""
    if not by.has_perm("tickets.raise_case"):
        raise PermissionDenied
    if said["team"] is None:
        raise Problem(NO_TEAM)
    if said["account"] is None:
        raise Problem(NO_ACCOUNT)
    try:
        with transaction.atomic():
            return _raise(said, by)
    except IntegrityError:
        if made := Case.objects.filter(key=said["key"], submitted_by=by).first():
            return made
        raise


def _raise(said: dict[str, Any], by: User) -> Case:
    fields = {
        name: value
        for name, value in said.items()
        if name
        in (
            "key", "team", "account", "site", "service", "case_type", "priority", "category", "subcategory", "short_description",
        )
    }  # fmt: skip
    case = Case.objects.create(**fields, description=said["description"], submitted_by=by)
    case.description = whole_description(
        said["description"], said["site"], case.reference, service=said.get("service")
    )
    case.message = promise(case, reference=case.reference, chunk=f"case:{case.pk}", by=by)
    case.search = f"{case.reference} {case.short_description} {case.description}".upper()
    case.save(update_fields=["description", "message", "search"])
    audit.record(by, "case.raised", case, summary=case.short_description)
    return case


def whole_description(
    description: str, site: Site | None, reference: str, *, service: Service | None = None
) -> str:
    """What a person typed, with the facts of the site and the service, and our reference last: machines look for it.

    GTT's form of a case has no field for the id of a service, so it stands in the description.
    """
    contacts = list(site.contacts.order_by("position", "id")[:2]) if site else []
    context = {
        "description": description,
        "site": site,
        "service": service,
        "contacts": contacts,
        "reference": reference,
    }
    return render_to_string("tickets/case_description.txt", context).strip()


def promise(case: Case, *, reference: str, chunk: str, by: User) -> Message:
    return outbox.add(
        KIND,
        case.account,
        reference=reference,
        chunk=chunk,
        payload=payload_of(case),
        weight=1,
        files=[],
        by=by,
        interactive=True,
    )


def payload_of(case: Case) -> dict[str, Any]:
    """The request's body to the byte: what is frozen here is what leaves."""
    new = NewCase(
        short_description=case.short_description,
        description=case.description,
        case_type=case.case_type,
        priority=case.priority,
        category=case.category,
        subcategory=case.subcategory,
    )
    return {"body": as_bytes(new.to_body(case.account.namespace)).decode()}
