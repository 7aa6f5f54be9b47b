"""Whatever a mail server does, whenever the machine dies, whoever is erased: no letter is sent twice by itself."""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from hypothesis import Phase, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.twins.faulty_smtp import FAULTS, FaultySmtp
from tests.unit.incidents.kit import DOCTOR
from tests.unit.incidents.telling.kit import TellingScene, mailed, way_to

from primum.incidents.telling import store
from primum.incidents.telling.model import Channel, Fate

PEOPLE = 5
LIKELY = (*FAULTS, "taken-mute", "taken-mute", "lost-mute", "hang-text")


class Crash(BaseException):
    """The power went."""


class Dying:
    """A way on which the machine may die before the end of a letter goes, or after it was answered."""

    def __init__(self, way):
        self.domain, self.letter, self._way, self.dies = way.domain, way.letter, way, ""

    @contextmanager
    def conversation(self):
        with self._way.conversation() as line:
            self.offer, self._line = line.offer, line
            yield self

    def hand_over(self, message, before_end):
        dies, self.dies = self.dies, ""

        def claim():
            if dies == "before":
                raise Crash
            said = before_end()
            if dies == "claimed":
                raise Crash
            return said

        said = self._line.hand_over(message, claim)
        if dies == "after":
            raise Crash
        return said


class NeverTwice(RuleBasedStateMachine):
    erased = False

    def __init__(self):
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.again: set[str] = set()
        """Letters that a person had sent again."""

    @initialize(script=st.lists(st.lists(st.sampled_from(LIKELY), max_size=3), min_size=PEOPLE, max_size=PEOPLE))
    def begin(self, script):
        self.server = FaultySmtp(self.folder, {f"p{at}@example.org": one for at, one in enumerate(script)})
        self.server.__enter__()
        self.way = Dying(way_to(self.server))
        self.scene = TellingScene(self.folder, self.way).ready(mailed(PEOPLE))
        self.batch = self.scene.telling.start_batch(DOCTOR, self.scene.file.id, Channel.MAIL)

    @rule(dies=st.sampled_from(["", "", "", "before", "claimed", "after"]), minutes=st.sampled_from([0, 11, 31, 300]))
    def sweep(self, dies, minutes):
        self.scene.clock.advance(timedelta(minutes=minutes))
        self.way.dies = dies
        try:
            self.scene.sweep()
        except Crash:
            self.scene.telling = self.scene.again(self.way)
        self.way.dies = ""

    @rule(choice=st.sampled_from(["again", "taken", "not-taken"]))
    def settle(self, choice):
        before = self._letters()
        self.scene.telling.settle(DOCTOR, self.batch.id, Fate.UNCERTAIN, choice, "regardé")
        if choice == "again":
            self.again |= {one.id for one in before if one.fate is Fate.UNCERTAIN}

    @rule()
    def begin_again(self):
        """Another batch of the same text finds nobody whose letter arrived or may have."""
        held = {to for fate, one in self._fates() if fate in {Fate.ACCEPTED, Fate.UNCERTAIN} for to in [one.who.mail]}
        try:
            made = self.scene.telling.start_batch(DOCTOR, self.scene.file.id, Channel.MAIL)
        except Exception:  # noqa: BLE001 (nobody is left)
            return
        with self.scene.engine.begin() as tx:
            to = {one.who.mail for people in store.addressees(tx, made.id).values() for one in people}
        assert not to & held

    @precondition(lambda self: not self.erased)
    @rule(which=st.integers(0, PEOPLE - 1))
    def erase(self, which):
        self.erased = True
        self.scene.telling.forget(f"P{which}")

    @invariant()
    def nobody_is_sent_a_letter_twice(self):
        if not hasattr(self, "server"):
            return
        taken = list(self.server.taken)
        for named, to in set(taken):
            if named.strip("<>").partition("@")[0] not in self.again:
                assert taken.count((named, to)) == 1
        assert len({to for _, to in taken}) == len({named for named, _ in taken})

    @invariant()
    def what_we_say_is_what_the_server_has(self):
        if not hasattr(self, "server"):
            return
        taken = {named.strip("<>").partition("@")[0] for named, _ in self.server.taken}
        for one in self._letters():
            if one.fate is Fate.ACCEPTED and one.code:
                assert one.id in taken
            if one.id not in self.again and one.fate in {Fate.WAITING, Fate.DEFERRED, Fate.REFUSED} and one.code:
                assert one.id not in taken

    def _letters(self):
        with self.scene.engine.begin() as tx:
            return [one for batch in store.batches(tx, [self.scene.file.id]) for one in store.letters(tx, batch.id)]

    def _fates(self):
        with self.scene.engine.begin() as tx:
            return store.fates(tx, [self.scene.file.id])

    def teardown(self):
        if hasattr(self, "server"):
            self.server.__exit__()
            self.scene.engine.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)


TestNeverTwice = NeverTwice.TestCase
TestNeverTwice.settings = settings(
    max_examples=30, stateful_step_count=15, deadline=None, phases=set(Phase) - {Phase.shrink}
)
"""What fails is told as it is: with a server of its own for each try, to shorten it takes minutes."""
