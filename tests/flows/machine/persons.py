"""What people do in a play, in time, too late, twice and against each other."""

from contextlib import suppress

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from portal import account_services, outbox
from portal.models import Resolution
from portal.models.messages import State
from portal.outbox import resolving
from portal.problems import Problem
from tests.flows.machine.play import Play, numbers, step

LOOKED = "Granite portal, search for the reference; then Joan at the desk"
names = st.sampled_from(["alice", "carol", "mia", "root"])


class Persons(Play):
    @precondition(lambda self: self.has(State.UNKNOWN))
    @rule(
        number=numbers,
        name=names,
        which=st.sampled_from(["ours", "one of ours", "foreign", "invented", "all"]),
    )
    @step
    def say_found(self, number: int, name: str, which: str) -> None:
        message, by = self.some(number, State.UNKNOWN), self.person(name)
        ours = self.world.ids_of(message.reference)
        ids = {
            "ours": ours,
            "one of ours": ours[-1:],
            "foreign": [key for key in self.world.box.tickets if key not in ours],
            "invented": [999_999_999],
            "all": [999_999_999, *self.world.box.tickets],
        }[which]
        with suppress(Problem):
            said = {str(vendor_id): place % message.weight for place, vendor_id in enumerate(ids)}
            resolving.say_found(message, said, by=by)
            self.people_found = True
            self.world.deeds.note("message.found_claimed", by, message)

    @precondition(lambda self: self.has(State.UNKNOWN))
    @rule(number=numbers, name=names, when=st.sampled_from(["later", "later", "at once", "too late"]))
    @step
    def say_not_there(self, number: int, name: str, when: str) -> None:
        """Too late is after the visit should have begun: it cannot be sent again as it is."""
        message, by = self.some(number, State.UNKNOWN), self.person(name)
        if when != "at once":
            self.world.pass_time(minutes=16)
        if when == "too late":
            self.world.pass_visits(message)
        with suppress(Problem):
            said = resolving.say_not_there(message, note=LOOKED, by=by)
            self.world.deeds.looked_first[said.pk] = by
            self.world.deeds.note("message.not_found", by, message)

    @precondition(lambda self: self.world.deeds.looked_first)
    @rule(number=numbers, name=names)
    @step
    def confirm(self, number: int, name: str) -> None:
        said, by = self.a_said(number), self.person(name)
        with suppress(Problem):
            resolving.confirm(said, by=by)
            pair = (self.world.deeds.looked_first[said.pk], by)
            self.world.deeds.renewed_by.setdefault(said.message.reference, []).append(pair)
            self.world.deeds.note("message.not_created", by, said.message)

    def a_said(self, number: int) -> Resolution:
        """The newest are the likelier ones, and those long decided are tried, too."""
        keys = sorted(self.world.deeds.looked_first, reverse=True)
        return Resolution.objects.select_related("message").get(pk=keys[number % min(len(keys), 3)])

    @precondition(lambda self: self.messages)
    @rule(
        number=numbers,
        name=names,
        act=st.sampled_from(["release", "cancel", "disagree", "write off", "pause"]),
    )
    @step
    def intervene(self, number: int, name: str, act: str) -> None:
        """Whatever state it is in: where it is too late, the portal has to refuse."""
        message, by, deeds = self.messages[number % len(self.messages)], self.person(name), self.world.deeds
        with suppress(Problem):
            if act == "cancel":
                outbox.cancel(message, by=by)
                deeds.note("message.cancelled", by, message)
            elif act == "release" and outbox.release([message], by=by, reason="mended"):
                deeds.note("message.released", by, message)
            elif act == "write off":
                resolving.write_off(message, reason="The shop burnt down.", by=by)
                deeds.written_off.add(message.reference)
                deeds.note("message.written_off", by, message)
            elif act == "pause":
                account_services.pause(self.world.account, "Granite called", by=by)
                deeds.note("account.paused", by, self.world.account)
            elif act == "disagree" and deeds.looked_first:
                said = self.a_said(number)
                resolving.disagree(said, note="I see it there", by=by)
                deeds.note("message.not_found_withdrawn", by, said.message)

    @precondition(lambda self: self.is_stopped)
    @rule(name=names)
    @step
    def resume(self, name: str) -> None:
        account_services.resume(self.world.account, reason="Granite called again", by=self.person(name))
        self.world.deeds.note("account.resumed", self.person(name), self.world.account)
