"""What workers, the vendor, the clock and the portal's own tidying do in a play."""

from hypothesis import strategies as st
from hypothesis.stateful import initialize, precondition, rule

from portal import breaker, outbox
from portal.models.messages import State
from tests.dispatching import make_dispatch
from tests.flows.machine import worker
from tests.flows.machine.play import Play, numbers, step
from tests.flows.machine.worker import Worker

MOST_MESSAGES = 5
STILL_MOVING = (State.QUEUED, State.CLAIMED, State.SENDING, State.UNKNOWN)
# None of those that take longer than an example; they are played where they are tested.
FAULTS = (
    "", "", "", "lose_answer", "close_after", "reset_before", "close_before", "reset_in_upload", "reset_in_answer",
    "cut_status_line", "cut_refusal", "truncated", "empty_200", "html_200", "500", "500_after", "502_after", "503",
    "408", "409", "400_field", "413", "422", "401", "403", "404", "405", "429", "redirect", "refused",
    "fewer", "more", "reordered", "repeated_ids", "no_ids", "nulls", "string_ids", "wrong_address",
)  # fmt: skip

stops_on_the_way = st.sampled_from([worker.MARKED, worker.ANSWERED, worker.ANSWERED, *worker.STOPS])
faults = st.sampled_from(FAULTS)


class Work(Play):
    @initialize(rows=st.integers(1, 3))
    def the_first(self, rows: int) -> None:
        self.submit(rows)

    @precondition(lambda self: len(self.messages) < MOST_MESSAGES)
    @rule(rows=st.integers(1, 3))
    @step
    def submit(self, rows: int) -> None:
        dispatch = make_dispatch(self.world.people.alice, self.world.people.east, rows)
        self.world.locations += rows
        self.world.deeds.note("dispatch.submitted", self.world.people.alice, dispatch)

    @precondition(lambda self: self.has(State.QUEUED))
    @rule(fault=faults)
    @step
    def deliver(self, fault: str) -> None:
        """By a third worker, without a stop."""
        with self.world.lying(fault):
            outbox.deliver_due(limit=1)

    @precondition(lambda self: self.has(State.QUEUED) and any(one.is_idle for one in self.workers))
    @rule(until=stops_on_the_way, fault=faults)
    @step
    def begin(self, until: str, fault: str) -> None:
        """Somebody takes a message in hand and is held up, say with the answer in hand."""
        one = next(one for one in self.workers if one.is_idle)
        with self.world.lying(fault):
            one.step()
            one.go_on(until)

    @precondition(lambda self: self.has(State.QUEUED) and any(one.is_idle for one in self.workers))
    @rule(fault=faults, is_journalled=st.booleans())
    @step
    def lose_sight(self, fault: str, is_journalled: bool) -> None:
        """A worker is held up with its answer in hand, until the others settle it out of the journal or give it up."""
        one = next(one for one in self.workers if one.is_idle)
        with self.world.lying(fault):
            one.step()
            one.go_on(worker.JOURNALLED if is_journalled else worker.ANSWERED)
        if is_journalled:
            self.world.age_journal()
            outbox.settle_left()
        else:
            self.world.pass_time(minutes=16)
            outbox.sweep()

    @precondition(lambda self: any(not one.is_idle for one in self.workers))
    @rule(number=numbers, until=st.just("") | stops_on_the_way, fault=faults)
    @step
    def go_on(self, number: int, until: str, fault: str) -> None:
        """ "" is to the end."""
        one = self.a_busy_worker(number)
        # Who is past its preparations has the vendor's address in hand.
        with self.world.lying("" if fault == "refused" else fault):
            one.go_on(until)

    @precondition(lambda self: any(not one.is_idle for one in self.workers))
    @rule(number=numbers, how=st.sampled_from(["kill", "kill", "half-written", "interrupt"]))
    @step
    def die(self, number: int, how: str) -> None:
        one = self.a_busy_worker(number)
        if how == "interrupt":
            one.interrupt()
            return
        if how == "half-written" and one.at == worker.JOURNALLED:
            self.world.tear_last_page()
        one.kill()

    def a_busy_worker(self, number: int) -> Worker:
        busy = [one for one in self.workers if not one.is_idle]
        return busy[number % len(busy)]

    # What passes, and what the portal does by itself

    @precondition(lambda self: self.has(*STILL_MOVING))
    @rule(minutes=st.sampled_from([0, 16, 16]), is_swept=st.sampled_from([True, True, False]))
    @step
    def time_passes(self, minutes: int, is_swept: bool) -> None:
        self.world.pass_time(minutes)
        if is_swept:
            outbox.sweep()
            breaker.probe_due()

    @precondition(lambda self: self.world.journal() or self.world.pages)
    @rule(number=numbers, comes_back=st.sampled_from([False, False, True]))
    @step
    def the_journal_is_read(self, number: int, comes_back: bool) -> None:
        """Or an old page comes back, from a copy of the disk."""
        self.world.age_journal()
        if comes_back and self.world.pages:
            path, text = list(self.world.pages.items())[number % len(self.world.pages)]
            path.write_text(text)
            self.world.age_journal()
        outbox.settle_left()

    @precondition(lambda self: self.has(State.UNKNOWN) and self.people_found)
    @rule(is_away=st.sampled_from([False, False, True]))
    @step
    def what_was_found_is_checked(self, is_away: bool) -> None:
        if is_away:
            self.world.box.fail_next("500", on="details")
        outbox.check_found()
        self.world.box.clear_faults()
