from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_network

import pytest

from primum.exposure.mandates import BadWish, MandateWithdrawn, NoSuchMandate, verified
from primum.exposure.mandates.errors import FolderUnusable, WrongPassphrase
from primum.exposure.mandates.folder import MandateFolder, OpenFolder
from primum.exposure.mandates.making import Wish
from primum.ground.clock import FixedClock
from primum.journal import Filter, entries, verify_journal
from primum.vault import Argon2Cost

CHEAP = Argon2Cost(passes=1, memory_kib=64, lanes=1)
WISH = Wish(
    networks=(ip_network("192.168.1.0/24"),), ports=((104, 104),), given_by="Dr Martin", quality="controller",
    reason="yearly", language="en",
)  # fmt: skip
WORDS = "a sentence of somebody"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 11, 22, 9, tzinfo=UTC))


@pytest.fixture
def folder(tmp_path, clock) -> MandateFolder:
    return MandateFolder.create(tmp_path / "mandates", name="Dr Martin", passphrase=WORDS, clock=clock, cost=CHEAP)


@pytest.fixture
def opened(folder) -> OpenFolder:
    return folder.unlocked(WORDS)


def test_a_mandate_given_in_a_folder_is_signed_kept_and_journaled(folder, opened):
    given = opened.give(WISH)
    assert verified(folder.note(given.id), keys=[folder.key]) == given
    assert [one.mandate for one in folder.all()] == [given]
    told = [(one.kind, one.actor, one.subject) for one in entries(folder.path / "journal")]
    assert ("mandate:given", folder.person, given.id) in told


def test_the_journal_of_a_folder_is_verified_like_that_of_a_home(folder, opened):
    given = opened.give(WISH)
    opened.withdraw(given.id)
    report = verify_journal(folder.path / "journal", folder.key)
    assert report.illnesses == []
    assert not any(one.code in {"never-signed", "unsigned-tail"} for one in report.information)


def test_nobody_is_named_in_the_journal(folder, opened):
    opened.give(WISH)
    for one in entries(folder.path / "journal", Filter(chain_lines=True)):
        assert "Martin" not in str(one)
        assert "192.168" not in str(one)


def test_a_withdrawn_mandate_stands_no_more(folder, opened, clock):
    given = opened.give(WISH)
    assert folder.one(given.id).stands(clock.now())
    opened.withdraw(given.id)
    assert not folder.one(given.id).stands(clock.now())
    for again in (opened.withdraw, opened.token):
        with pytest.raises(MandateWithdrawn):
            again(given.id)


def test_a_mandate_stands_until_its_end(folder, opened, clock):
    given = opened.give(WISH)
    clock.advance(timedelta(days=90))
    assert not folder.one(given.id).stands(clock.now())


def test_a_token_is_the_same_each_time_and_of_one_mandate(folder, opened):
    one, other = opened.give(WISH), opened.give(WISH)
    assert opened.token(one.id) == folder.unlocked(WORDS).token(one.id)
    assert opened.token(one.id).secret != opened.token(other.id).secret


def test_without_the_passphrase_nothing_is_given(folder):
    with pytest.raises(WrongPassphrase):
        folder.unlocked("another sentence")


def test_what_cannot_be_given_leaves_nothing(folder, opened):
    with pytest.raises(BadWish):
        opened.give(replace(WISH, quality="friend"))
    assert folder.all() == []


def test_all_of_a_folder_is_its_owners_alone(folder, opened):
    opened.give(WISH)
    assert all(one.stat().st_mode & 0o077 == 0 for one in (folder.path, *folder.path.rglob("*")) if one.name != "")


def test_a_folder_that_others_may_look_into_is_not_used(folder, clock):
    folder.path.chmod(0o755)
    with pytest.raises(FolderUnusable):
        MandateFolder(folder.path, clock)


def test_no_folder_is_made_among_other_things(tmp_path, clock):
    (tmp_path / "thesis.txt").write_text("")
    with pytest.raises(FolderUnusable):
        MandateFolder.create(tmp_path, name="Dr Martin", passphrase=WORDS, clock=clock, cost=CHEAP)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": 2, "id": "x", "person": "y", "name": "z"}', "[" * 4000])
def test_a_folder_that_cannot_be_read_is_refused(folder, clock, text):
    (folder.path / "folder.json").write_text(text)
    with pytest.raises(FolderUnusable):
        MandateFolder(folder.path, clock)


@pytest.mark.parametrize("name", ["", "mdt_short", "../../etc/passwd", "mdt_" + "a" * 26])
def test_there_is_no_other_mandate(folder, name):
    with pytest.raises(NoSuchMandate):
        folder.note(name)
