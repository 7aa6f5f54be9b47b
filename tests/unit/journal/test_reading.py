from datetime import timedelta

from tests.unit.journal.scene import DEVICE, PERSON, START, STARTED, STORED, STUDY, VIEWED, a_journal, clock, only_chain

from primum.journal import Fact, Filter, Kind, Ledger, entries, latest, newest_of


def a_morning(folder):
    at = clock()
    with a_journal(folder, "web", at) as web, a_journal(folder, "dimse", at) as dimse:
        for fact in (STORED, VIEWED, STORED, STARTED, VIEWED):
            (dimse if fact is STORED else web).record(fact)
            at.advance(timedelta(minutes=1))


def kinds(folder, **wanted):
    return [one.kind for one in entries(folder, Filter(**wanted))]


def test_chains_and_ledgers_are_told_as_one_story(tmp_path):
    a_morning(tmp_path)
    told = list(entries(tmp_path))
    assert [one.at[14:16] for one in told] == ["15", "16", "17", "18", "19"]
    assert [one.kind.split(":")[0] for one in told] == ["device", "person", "device", "daemon", "person"]


def test_each_filter_restricts(tmp_path):
    a_morning(tmp_path)
    assert kinds(tmp_path, ledgers=(Ledger.ACCOUNT,)) == ["daemon:started"]
    assert kinds(tmp_path, kinds=("person:",)) == ["person:study:viewed"] * 2
    assert kinds(tmp_path, actor=DEVICE) == ["device:study:stored"] * 2
    assert len(kinds(tmp_path, subject=STUDY)) == 4
    assert kinds(tmp_path, since=START + timedelta(minutes=3)) == ["daemon:started", "person:study:viewed"]
    assert kinds(tmp_path, until=START + timedelta(minutes=1)) == ["device:study:stored"]
    assert kinds(tmp_path, actor=PERSON, kinds=("device:",)) == []
    assert len(kinds(tmp_path, chain_lines=True)) == 8


def test_the_latest_are_given_oldest_first(tmp_path):
    a_morning(tmp_path)
    assert [one.kind for one in latest(tmp_path, Filter(), 2)] == ["daemon:started", "person:study:viewed"]


def test_the_newest_of_a_kind_is_found_without_reading_what_is_older(tmp_path):
    a_morning(tmp_path)
    assert (
        newest_of(tmp_path, Ledger.ACCOUNT, "daemon:started")
        == latest(tmp_path, Filter(kinds=("daemon:started",)), 1)[0]
    )
    assert newest_of(tmp_path, Ledger.ACCOUNT, "journal:verified") is None
    assert newest_of(tmp_path / "nowhere", Ledger.ACCOUNT, "daemon:started") is None


def test_a_sentence_is_said_in_two_languages_with_names_for_who_may_see_them(tmp_path):
    a_morning(tmp_path)
    stored, viewed = latest(tmp_path, Filter(), 5)[:2]
    assert stored.sentence("fr") == f"{DEVICE} a envoyé 120 instances de l'examen {STUDY}"
    assert viewed.sentence("en", {PERSON: "Dr Anne Nilsson", STUDY: "CT"}.get) == "Dr Anne Nilsson opened study CT"


def test_what_cannot_be_read_is_shown_as_such(tmp_path):
    with a_journal(tmp_path) as journal:
        journal.record(VIEWED)
    path = only_chain(tmp_path)
    path.write_bytes(path.read_bytes() + b"0" * 64 + b" [1]\n" + b"0" * 64 + b' {"n":"x","at":1}\n\xff\n')
    assert kinds(tmp_path, chain_lines=True)[2:] == ["chain:illegible"] * 3
    assert kinds(tmp_path) == ["person:study:viewed"]


def test_an_absent_journal_has_nothing_to_tell(tmp_path):
    assert list(entries(tmp_path)) == []


def test_a_filter_by_kind_takes_the_names_of_the_vocabulary(tmp_path):
    with a_journal(tmp_path) as journal:
        journal.record(Fact(Kind.SESSION_REFUSED, "stranger", "", {"reason": "wrong", "address": "192.0.2.7"}))
    (one,) = entries(tmp_path, Filter(kinds=(Kind.SESSION_REFUSED.value.name,)))
    assert one.sentence("en") == "sign-in refused to stranger from 192.0.2.7 (wrong)"
