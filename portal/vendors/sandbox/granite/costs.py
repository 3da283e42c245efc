"""What a visit would cost. The prices are invented; the form is Granite's."""

import math
from datetime import datetime
from typing import Any

from portal.vendors.sandbox.granite.accounts import BY_ID
from portal.vendors.sandbox.granite.errors import Problem
from portal.vendors.sandbox.granite.order import SERVICE_TYPES
from portal.vendors.sandbox.granite.validate import parse_datetime, window_problem

LEAST_HOURS = 2
RATES = {"Site Audit": 85.0, "Smart Hands": 95.0, "Equipment Install": 95.0, "Move": 110.0}
OTHER_RATE = 125.0


def read_question(query: dict[str, str]) -> list[Problem]:
    """Everything that is wrong with an estimate's query."""
    required = ("service_type", "dispatch_start", "dispatch_end", "account_id")
    problems = [
        Problem((name,), "This field is required.") for name in required if not query.get(name, "").strip()
    ]
    if problems:
        return problems
    if query["service_type"] not in SERVICE_TYPES:
        problems.append(Problem(("service_type",), "Must be one of: " + ", ".join(SERVICE_TYPES) + "."))
    times = ("dispatch_start", "dispatch_end")
    bad = [name for name in times if not parse_datetime(query[name])]
    problems += [Problem((name,), "Must be a time like 2026-01-31T09:00:00.") for name in bad]
    if not bad and (text := window_problem(query["dispatch_start"], query["dispatch_end"])):
        problems.append(Problem(("dispatch_end",), text))
    account_id = query["account_id"]
    if not (account_id.isascii() and account_id.isdigit() and len(account_id) < 19):
        problems.append(Problem(("account_id",), "Must be an integer."))
    elif int(account_id) not in BY_ID:
        problems.append(Problem(("account_id",), f"There is no account {account_id}."))
    return problems


def estimate(query: dict[str, str]) -> dict[str, Any]:
    """The answer to a question without problems. A visit counts at least two hours, a hard start exactly that."""
    start = datetime.fromisoformat(query["dispatch_start"])
    end = datetime.fromisoformat(query["dispatch_end"])
    hours = max(LEAST_HOURS, math.ceil((end - start).total_seconds() / 3600))
    rate = RATES.get(query["service_type"], OTHER_RATE)
    is_far = BY_ID[int(query["account_id"])].state in ("AK", "HI")
    fee, misc = 75.0, 150.0 if is_far else 0.0
    return {
        "dispatch_fee_dollars": fee,
        "hours": hours,
        "misc_fee_dollars": misc,
        "rate_per_hour": rate,
        "total": fee + misc + hours * rate,
    }
