"""The four roles, as groups. What a role may do is said here and nowhere else."""

from django.contrib.auth.models import Group, Permission

VIEWER = frozenset(
    {"tickets.view_dispatch", "tickets.view_case", "tickets.view_incident", "sites.view_service"}
)
DISPATCHER = VIEWER | {
    "tickets.submit_dispatch",
    "tickets.confirm_resend",
    "tickets.raise_case",
    "sites.change_service",
}
MANAGER = VIEWER | {"portal.see_all_teams", "tickets.confirm_resend"}
ADMIN = (
    DISPATCHER
    | MANAGER
    | {
        "portal.use_admin",
        "portal.rearm_outbound",
        *(
            f"portal.{verb}_{model}"
            for model in ("user", "team", "vendoraccount")
            for verb in ("view", "add", "change")
        ),
        "portal.delete_team",
        *(
            f"sites.{verb}_{model}"
            for model in ("site", "contact", "account")
            for verb in ("view", "add", "change")
        ),
        "sites.delete_contact",
        "auth.view_group",
        *(
            f"portal.view_{model}"
            for model in (
                "message",
                "attempt",
                "auditentry",
                "driftentry",
                "storedfile",
                "ratebudget",
                "resolution",
                "delivery",
            )
        ),
        "portal.change_message",
        "portal.change_delivery",
        *(f"portal.{verb}_subscription" for verb in ("view", "add", "change")),
        "portal.change_driftentry",
        *(f"tickets.view_{model}" for model in ("draft", "location", "ticket", "ticketchange", "casechange")),
        *(f"tickets.{verb}_casechoice" for verb in ("view", "add", "change")),
        "axes.view_accessattempt",
        "axes.delete_accessattempt",
        "axes.view_accesslog",
        "axes.view_accessfailurelog",
    }
)
ROLES = {"viewer": VIEWER, "dispatcher": DISPATCHER, "manager": MANAGER, "admin": ADMIN}


def write_roles() -> None:
    """Make the groups say what ROLES says; may run any number of times."""
    for role, names in ROLES.items():
        group, _ = Group.objects.get_or_create(name=role)
        wanted = []
        for name in sorted(names):
            app, codename = name.split(".")
            wanted.append(Permission.objects.get(content_type__app_label=app, codename=codename))
        group.permissions.set(wanted)
