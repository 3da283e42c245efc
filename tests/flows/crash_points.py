"""Where a worker may die: one line for every point between two steps.

A line says where the process kills itself (see `crashing`), how the message stands at that moment, what other workers
make of it, how often the vendor had carried it out by then, and how many attempts there are in the end.
"""

from typing import NamedTuple

IN_THE_CALL = "in portal.vendors.http.VendorHttp.write"  # and not while the token was fetched


class Point(NamedTuple):
    where: str
    left: str
    ends: str
    carried_out: int
    attempts: int


ANSWERED = [
    # Nothing has left: another worker sends it.
    Point("before portal.outbox.claims.claim", "queued", "done", 0, 1),
    Point("commit portal.outbox.claims.claim", "queued", "done", 0, 1),
    Point("after portal.outbox.claims._claim", "claimed", "done", 0, 1),
    Point("after portal.outbox.claims.claim", "claimed", "done", 0, 1),
    Point("after tickets.services.delivery.CreateTickets.path", "claimed", "done", 0, 1),
    Point("after portal.outbox.sending.payload_hash", "claimed", "done", 0, 1),
    Point("after portal.outbox.forgotten.sent_before", "claimed", "done", 0, 1),
    Point("after portal.files.is_intact", "claimed", "done", 0, 1),
    Point("commit portal.accounts.DatabaseTokenStore._row", "claimed", "done", 0, 1),
    Point("after portal.accounts.DatabaseTokenStore.claim_renewal", "claimed", "done", 0, 1),
    Point("after portal.vendors.http.VendorHttp.post_form", "claimed", "done", 0, 1),
    Point("after portal.accounts.DatabaseTokenStore.save", "claimed", "done", 0, 1),
    Point("after portal.outbox.sending._preflight", "claimed", "done", 0, 1),
    Point("after tickets.services.delivery.CreateTickets.prepare", "claimed", "done", 0, 1),
    Point("after portal.outbox.sending._prepared", "claimed", "done", 0, 1),
    Point("before portal.ratelimit.take", "claimed", "done", 0, 1),
    Point("after portal.ratelimit.take", "claimed", "done", 0, 1),
    Point("before portal.outbox.claims.begin", "claimed", "done", 0, 1),
    Point("commit portal.outbox.claims.begin", "claimed", "done", 0, 1),
    # Marked as being sent: a machine cannot know any more, although the vendor never heard of it.
    Point("after portal.outbox.claims.begin", "sending", "unknown", 0, 1),
    Point("before portal.sentlog.note", "sending", "unknown", 0, 1),
    Point("before os.fsync in portal.sentlog.note", "sending", "unknown", 0, 1),
    Point("after portal.sentlog.note", "sending", "unknown", 0, 1),
    Point("after portal.outbox.sending._is_noted", "sending", "unknown", 0, 1),
    Point("before portal.vendors.http.VendorHttp.write", "sending", "unknown", 0, 1),
    Point(f"before portal.vendors.sockets.Call.open_socket {IN_THE_CALL}", "sending", "unknown", 0, 1),
    Point(f"after portal.vendors.sockets.Call.open_socket {IN_THE_CALL}", "sending", "unknown", 0, 1),
    Point(f"after portal.vendors.sockets.Call.stand {IN_THE_CALL}", "sending", "unknown", 0, 1),
    Point("before portal.vendors.multipart.MultipartBody.read", "sending", "unknown", 0, 1),
    Point("second portal.vendors.multipart.MultipartBody.read", "sending", "unknown", 0, 1),
    # The vendor has all of it, and nothing of ours outlived the worker.
    Point(f"before portal.vendors.sockets.WholeHeadResponse.begin {IN_THE_CALL}", "sending", "unknown", 1, 1),
    Point(f"after portal.vendors.sockets._LastLine.readline {IN_THE_CALL}", "sending", "unknown", 1, 1),
    Point(f"before portal.vendors.http.read_body {IN_THE_CALL}", "sending", "unknown", 1, 1),
    Point(f"after portal.vendors.http.read_body {IN_THE_CALL}", "sending", "unknown", 1, 1),
    Point("after portal.vendors.http.VendorHttp.write", "sending", "unknown", 1, 1),
    Point("before portal.outbox.journal.keep", "sending", "unknown", 1, 1),
    Point("before os.fsync in portal.outbox.journal.keep", "sending", "unknown", 1, 1),
    Point("before pathlib.Path.replace", "sending", "unknown", 1, 1),
    # The answer is on this machine's disk.
    Point("second os.fsync in portal.outbox.journal.keep", "sending", "done", 1, 1),
    Point("after portal.outbox.journal.keep", "sending", "done", 1, 1),
    Point("after portal.sentlog.note_end", "sending", "done", 1, 1),
    Point("after portal.outbox.settling._lock", "sending", "done", 1, 1),
    Point("after tickets.services.delivery.CreateTickets.record", "sending", "done", 1, 1),
    Point("after portal.outbox.settling._close", "sending", "done", 1, 1),
    Point("after portal.outbox.settling._move", "sending", "done", 1, 1),
    Point("commit portal.outbox.settling.succeed", "sending", "done", 1, 1),
    # The database has it.
    Point("before portal.drift.record", "done", "done", 1, 1),
    Point("after portal.outbox.settling.succeed", "done", "done", 1, 1),
    Point("after portal.outbox.journal.forget", "done", "done", 1, 1),
    Point("commit portal.breaker.note_answer", "done", "done", 1, 1),
    Point("after portal.breaker.note_answer", "done", "done", 1, 1),
    Point("after portal.outbox.sending.deliver", "done", "done", 1, 1),
]

# By what the vendor does. "refused": it is not there at all.
REFUSED = [
    ("503", Point("before portal.outbox.sending._fail", "sending", "unknown", 0, 1)),
    ("503", Point("after portal.outbox.sending.judge", "sending", "unknown", 0, 1)),
    ("503", Point("commit portal.outbox.settling.fail", "sending", "unknown", 0, 1)),
    ("503", Point("after portal.outbox.settling.fail", "unknown", "unknown", 0, 1)),
    ("503", Point("commit portal.breaker.note_silence", "unknown", "unknown", 0, 1)),
    ("503", Point("after portal.breaker.note_silence", "unknown", "unknown", 0, 1)),
    ("lose_answer", Point("after portal.outbox.journal.keep", "sending", "unknown", 1, 1)),
    ("lose_answer", Point("after portal.outbox.settling.fail", "unknown", "unknown", 1, 1)),
    ("422", Point("commit portal.outbox.settling.fail", "sending", "rejected", 0, 1)),
    ("422", Point("before portal.outbox.journal.keep", "sending", "unknown", 0, 1)),
    ("429", Point("after portal.ratelimit.shrink", "sending", "done", 0, 2)),
    ("429", Point("after portal.outbox.settling.fail", "queued", "done", 0, 2)),
    ("401", Point("after portal.accounts.drop_token", "sending", "done", 0, 2)),
    ("401", Point("after portal.accounts.heed_refusal", "sending", "done", 0, 2)),
    ("refused", Point("before portal.outbox.journal.keep", "sending", "unknown", 0, 1)),
    ("refused", Point("commit portal.outbox.settling.fail", "sending", "done", 0, 2)),
    ("401 token", Point("before portal.outbox.claims.hold", "claimed", "done", 0, 1)),
    ("401 token", Point("commit portal.outbox.claims.hold", "claimed", "done", 0, 1)),
    ("401 token", Point("after portal.outbox.claims.hold", "held", "held", 0, 0)),
    ("503 token", Point("commit portal.outbox.claims.give_back", "claimed", "done", 0, 1)),
    ("503 token", Point("after portal.outbox.claims.give_back", "queued", "done", 0, 1)),
    ("503 token", Point("commit portal.breaker.note_silence", "queued", "done", 0, 1)),
]

# By what the worker that dies finds: the work of one that died before it.
TIDYING = [
    ("an old claim", Point("commit portal.outbox.sweep", "claimed", "done", 0, 1)),
    ("an old claim", Point("after portal.outbox.sweep", "queued", "done", 0, 1)),
    ("an old send", Point("commit portal.outbox.sweep", "sending", "unknown", 0, 1)),
    ("an old send", Point("after portal.outbox.sweep", "unknown", "unknown", 0, 1)),
    ("an answer in the journal", Point("before portal.outbox.settling.succeed", "sending", "done", 1, 1)),
    ("an answer in the journal", Point("commit portal.outbox.settling.succeed", "sending", "done", 1, 1)),
    ("an answer in the journal", Point("after portal.outbox.settling.succeed", "done", "done", 1, 1)),
    ("an answer in the journal", Point("after portal.outbox.journal.forget", "done", "done", 1, 1)),
    ("an answer in the journal", Point("after portal.outbox.settle_left", "done", "done", 1, 1)),
    ("a late answer", Point("commit portal.outbox.settling.succeed", "unknown", "done", 1, 1)),
    ("a silent vendor", Point("commit portal.breaker._claim_probe", "queued", "done", 0, 1)),
    ("a silent vendor", Point("after portal.breaker._claim_probe", "queued", "done", 0, 1)),
    ("a silent vendor", Point("after portal.accounts.probe_granite", "queued", "done", 0, 1)),
    ("a silent vendor", Point("after portal.breaker.probe_due", "queued", "done", 0, 1)),
    ("a silent vendor", Point("after portal.breaker.claim_trial", "queued", "done", 0, 1)),
    ("a silent vendor", Point("commit portal.breaker.note_answer", "done", "done", 1, 1)),
]
