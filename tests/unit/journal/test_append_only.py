"""The journal is append-only under any interleaving of writers, crashes, months and signings."""

import shutil
import tempfile
from collections import Counter
from datetime import timedelta
from pathlib import Path

from hypothesis import settings, strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, rule
from tests.unit.journal.scene import PERSON, SESSION, STUDY, a_journal, a_signer, clock, files

from primum.journal import Fact, Kind, entries
from primum.journal.limits import Limits
from primum.journal.verify import verify

SMALL = Limits(chain=2500, write=700, unfinished=1400)


class Writers(RuleBasedStateMachine):
    journals = Bundle("journals")

    def __init__(self):
        super().__init__()
        self.root = Path(tempfile.mkdtemp())
        self.folder = self.root / "journal"
        self.folder.mkdir()
        self.clock = clock()
        self.signer = a_signer(self.folder, self.clock)
        self.notes = []
        self.before = {}
        self.acknowledged = Counter()
        self.count = 0
        self.open = []

    @rule(target=journals, process=st.sampled_from(["web", "dimse"]))
    def begin(self, process):
        journal = a_journal(self.folder, process, self.clock, limits=SMALL)
        self.open.append(journal)
        return journal

    @rule(journal=journals, kind=st.sampled_from([Kind.STUDY_VIEWED, Kind.STUDY_CLOSED, Kind.DAEMON_STARTED]))
    def record(self, journal, kind):
        self.count += 1
        details = {"session": SESSION} if kind.ledger == "access" else {"version": f"v{self.count}"}
        journal.record(Fact(kind, PERSON, STUDY, details))
        if kind.durable:
            self.acknowledged[kind.value.name] += 1

    @rule(journal=journals)
    def flush(self, journal):
        journal.flush()

    @rule(journal=consumes(journals))
    def end(self, journal):
        self.open.remove(journal)
        journal.close()

    @rule(journal=consumes(journals), torn=st.binary(max_size=300), whole=st.booleans())
    def crash(self, journal, torn, whole):
        """The process dies with a line half written: rubbish, or the beginning of a true line."""
        self.open.remove(journal)
        for writer in journal._ledgers.values():
            held = writer._open
            if held is None:
                continue
            path = held.name.path(self.folder)
            true = path.read_bytes().splitlines(keepends=True)[-1][: len(torn)]
            with path.open("ab") as file:
                file.write(true.rstrip(b"\n") if whole else torn)
            journal._places[held.name.ledger].disc.close(held.handle)
            writer._open = None

    @rule(days=st.integers(min_value=-40, max_value=70))
    def time_passes(self, days):
        self.clock.advance(timedelta(days=days))

    @rule()
    def sign(self):
        signed = self.signer.sign_heads()
        assert signed.ill == ()
        self.notes.append(signed.note)

    @rule()
    def the_signer_starts_again(self):
        self.signer = a_signer(self.folder, self.clock)

    @invariant()
    def what_was_written_stays(self):
        now = files(self.folder)
        for name, data in self.before.items():
            assert now[name].startswith(data)
        self.before = now

    @invariant()
    def it_verifies_against_every_root_that_ever_was(self):
        notes = [note for note in self.notes if note]
        assert verify(self.folder, self.signer.verifier_key, notes).illnesses == []

    @invariant()
    def what_was_acknowledged_is_there(self):
        found = Counter(one.kind for one in entries(self.folder))
        assert all(found[kind] >= count for kind, count in self.acknowledged.items())

    def teardown(self):
        for journal in self.open:
            journal.close()
        shutil.rmtree(self.root)


TestWriters = Writers.TestCase
TestWriters.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
