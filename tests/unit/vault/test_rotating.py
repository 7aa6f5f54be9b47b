"""Another root key: at every moment of it one root opens everything, and after it the former guards open nothing."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.unit.vault.support import CLOCK, SMALL, bytes_of, facts, flip
from tests.unit.vault.test_guards import key_file, passphrase

from primum import vault
from primum.ground.disc import RealDisc
from primum.vault import Label, rotating
from primum.vault.carrying import STAGE
from primum.vault.guards import seal_home, verify_home

UIDS = ("2.25.1", "2.25.2", "2.25.3")


class Home:
    """A home with studies, under a key file and a recovery key."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.keyring = folder / "home", folder / "home" / "keyring"
        for name in ("vault", "keyring", "certificates"):
            (self.folder / name).mkdir(parents=True)
        vault.create_layout(RealDisc(), self.folder / "vault", self.keyring)
        (self.folder / "home.json").write_bytes(b'{"id":"hom"}')
        self.old, self.new = key_file(folder, "old.key", b"o" * 32), key_file(folder, "new.key", b"n" * 32)
        self.root, self.recovery = vault.create_root(RealDisc(), self.keyring, [passphrase("correct horse"), self.old])
        seal_home(RealDisc(), self.keyring, self.root, self.identity())
        opened = self.vault(self.root)
        self.held = {opened.study_ref("ctl_a", uid) for uid in UIDS}
        with opened.writer() as writer:
            for number, study in enumerate(sorted(self.held)):
                writer.store(study, facts(number), bytes_of(3000))

    def identity(self) -> bytes:
        return (self.folder / "home.json").read_bytes()

    def vault(self, root: vault.RootKey) -> vault.Vault:
        keys = vault.VaultKeys.of(root)
        return vault.open_vault(self.folder / "vault", self.keyring, keys, RealDisc(), CLOCK, SMALL)

    def opens(self, root: vault.RootKey) -> None:
        """Look that a root opens everything."""
        verify_home(self.keyring, root, self.identity())
        opened = self.vault(root)
        assert [one for one in opened.check({}, deep=True) if not isinstance(one, vault.Leftover)] == []
        assert set(opened.studies()) == self.held


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def rotate(home: Home, disc: RealDisc | None = None) -> rotating.Staged:
    disc = disc or RealDisc()
    staged = rotating.stage(disc, home.folder, home.root, [home.new])
    rotating.put_aside(disc, home.folder, "certificates/web.sealed", b"sealed anew")
    rotating.commit(disc, home.folder)
    rotating.finish(disc, home.folder)
    rotating.done(disc, home.folder)
    return staged


def test_the_new_guards_open_everything_and_the_former_ones_nothing(home: Home) -> None:
    staged = rotate(home)
    for guard in (home.new, vault.RecoveryGuard(staged.recovery)):
        home.opens(vault.unlock(home.keyring, guard))
    with pytest.raises(vault.WrongKeyFile):
        vault.unlock(home.keyring, home.old)
    with pytest.raises(vault.NoSuchGuard):
        vault.unlock(home.keyring, passphrase("correct horse"))
    with pytest.raises(vault.WrongRecoveryKey):
        vault.unlock(home.keyring, vault.RecoveryGuard(home.recovery))
    assert (home.folder / "certificates" / "web.sealed").read_bytes() == b"sealed anew"
    assert not (home.folder / STAGE).exists()


def test_the_former_root_opens_no_study_key_any_more(home: Home) -> None:
    rotate(home)
    with pytest.raises(vault.HomeAltered):
        verify_home(home.keyring, home.root, home.identity())
    assert {one.code for one in home.vault(home.root).check({})} >= {"vault.key-broken"}


def test_what_is_carried_is_the_same_and_the_rest_is_not(home: Home) -> None:
    rotate(home)
    root = vault.unlock(home.keyring, home.new)
    same = {label for label in Label if root.derive(label) == home.root.derive(label)}
    assert same == set(vault.CARRIED) == {Label.NAMES, Label.SIGNER, Label.SECRETS}


def test_a_second_replacement_carries_on(home: Home, tmp_path: Path) -> None:
    rotate(home)
    first = vault.unlock(home.keyring, home.new)
    third = key_file(tmp_path, "third.key", b"t" * 32)
    rotating.stage(RealDisc(), home.folder, first, [third])
    rotating.commit(RealDisc(), home.folder)
    rotating.finish(RealDisc(), home.folder)
    rotating.done(RealDisc(), home.folder)
    last = vault.unlock(home.keyring, third)
    home.opens(last)
    assert last.derive(Label.NAMES) == home.root.derive(Label.NAMES)
    assert last.derive(Label.KEYRING) != first.derive(Label.KEYRING)


class Dying(RealDisc):
    """A disc under a process that is killed before its n-th change."""

    def __init__(self, after: int) -> None:
        self.left = after

    def _step(self) -> None:
        if self.left == 0:
            raise KeyboardInterrupt
        self.left -= 1

    def create(self, *args, **how):
        self._step()
        return super().create(*args, **how)

    def write_at(self, *args):
        self._step()
        super().write_at(*args)

    def rename(self, *args):
        self._step()
        super().rename(*args)

    def unlink(self, *args):
        self._step()
        super().unlink(*args)

    def make_folder(self, *args):
        self._step()
        super().make_folder(*args)

    def sync_folder(self, *args):
        self._step()
        super().sync_folder(*args)


def test_killed_at_any_moment_one_root_opens_everything(home: Home, tmp_path: Path) -> None:
    outcomes, moment = [], 0
    while True:
        copy = Home.__new__(Home)
        copy.__dict__ |= home.__dict__
        copy.folder = tmp_path / "copy"
        copy.keyring = copy.folder / "keyring"
        shutil.rmtree(copy.folder, ignore_errors=True)
        shutil.copytree(home.folder, copy.folder)
        try:
            rotate(copy, Dying(moment))
            ended = True
        except KeyboardInterrupt:
            ended = False
        if vault.is_committed(copy.folder):
            with pytest.raises(vault.RotationUnfinished):
                vault.unlock(copy.keyring, copy.new)
            with pytest.raises(vault.RotationUnfinished):
                rotating.drop(copy.folder)
            finishing = 0
            while True:  # killed again while it is finished, and again
                try:
                    rotating.finish(Dying(finishing), copy.folder)
                    break
                except KeyboardInterrupt:
                    finishing += 5
            rotating.done(RealDisc(), copy.folder)
        try:
            root = vault.unlock(copy.keyring, copy.old)
            outcomes.append("old")
        except vault.WrongKeyFile:
            root = vault.unlock(copy.keyring, copy.new)
            outcomes.append("new")
        copy.opens(root)
        if ended:
            break
        moment += 1
    assert outcomes == sorted(outcomes, reverse=True)  # old, old … new, new
    assert {"old", "new"} == set(outcomes)
    assert len(outcomes) > 30


def test_nothing_changes_until_it_is_decided(home: Home) -> None:
    before = {one: one.read_bytes() for one in home.folder.rglob("*") if one.is_file()}
    rotating.stage(RealDisc(), home.folder, home.root, [home.new])
    rotating.drop(home.folder)
    assert {one: one.read_bytes() for one in home.folder.rglob("*") if one.is_file()} == before


@pytest.mark.parametrize("which", ["key-file", "passphrase"])
def test_a_guard_that_opens_the_former_root_is_refused(home: Home, which: str) -> None:
    guard = home.old if which == "key-file" else passphrase("correct horse")
    with pytest.raises(vault.SameGuard):
        rotating.stage(RealDisc(), home.folder, home.root, [guard])


def test_a_study_key_that_does_not_open_is_not_left_behind(home: Home) -> None:
    flip(next(home.keyring.glob("??/*.key")), 40)
    with pytest.raises(vault.KeyringDamaged):
        rotating.stage(RealDisc(), home.folder, home.root, [home.new])


@pytest.mark.parametrize("content", [b"", b"{}", b'{"sealed": "AAAA"}', b"\xff"])
def test_carried_keys_that_are_damaged_open_nothing(home: Home, content: bytes) -> None:
    rotate(home)
    (home.keyring / "carried.json").write_bytes(content)
    with pytest.raises(vault.SealBroken):
        vault.unlock(home.keyring, home.new)


def test_carried_keys_of_another_home_open_nothing(home: Home, tmp_path: Path) -> None:
    rotate(home)
    (tmp_path / "other").mkdir()
    other = Home(tmp_path / "other")
    rotate(other)
    shutil.copy(other.keyring / "carried.json", home.keyring)
    with pytest.raises(vault.SealBroken):
        vault.unlock(home.keyring, home.new)


def test_no_key_is_in_clear_on_disc(home: Home) -> None:
    rotate(home)
    root = vault.unlock(home.keyring, home.new)
    for path in home.keyring.glob("*.*"):
        content = path.read_bytes()
        assert root.reveal() not in content
        assert root.derive(Label.NAMES) not in content
        assert path.stat().st_mode & 0o077 == 0
    told = json.loads((home.keyring / "carried.json").read_bytes())
    assert set(told) == {"format", "sealed"}


def test_an_export_of_the_keyring_takes_what_is_carried(home: Home, tmp_path: Path) -> None:
    rotate(home)
    root = vault.unlock(home.keyring, home.new)
    made = home.vault(root).export_keyring(tmp_path / "export")
    assert vault.unlock(made.folder, home.new).derive(Label.NAMES) == root.derive(Label.NAMES)
