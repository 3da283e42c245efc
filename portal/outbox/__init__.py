"""Calls that cannot be taken back: promised in PostgreSQL, made once, and never guessed about.

`add` promises, `deliver_due` keeps, `sweep` tidies up after the dead, `resolving` is for people. A lost answer is *unknown*, never *failed*.
The law is held twice: here in the WHERE clauses, and by a trigger for whoever comes by another way.
"""

from portal.outbox.finding import check_found
from portal.outbox.promises import add, cancel, nudge, payload_hash, release
from portal.outbox.sending import deliver_due, settle_left
from portal.outbox.sweeping import sweep

__all__ = [
    "add",
    "cancel",
    "check_found",
    "deliver_due",
    "nudge",
    "payload_hash",
    "release",
    "settle_left",
    "sweep",
]
