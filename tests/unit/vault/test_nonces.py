"""No nonce twice under one key: across crashes, restores of an old copy, and writers side by side."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.twins.recording_disc import RecordingDisc
from tests.unit.vault.support import bytes_of, facts, lay_out_for, open_at, positions, study_named

from primum import vault
from primum.vault import keys, sealing

MIB = 1024 * 1024


class WatchedAesGcm:
    """AES-GCM that writes down each (key, nonce) it seals with. Everything else is the real one."""

    used: ClassVar[list[tuple[bytes, bytes]]] = []

    def __init__(self, key: bytes) -> None:
        self._key, self._inner = bytes(key), AESGCM(key)

    def encrypt_into(self, nonce: bytes, data: bytes, associated: bytes, into: memoryview) -> int:
        self.used.append((self._key, nonce))
        return self._inner.encrypt_into(nonce, data, associated, into)

    def encrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        self.used.append((self._key, nonce))
        return self._inner.encrypt(nonce, data, associated)

    def decrypt(self, nonce: bytes, data: bytes, associated: bytes) -> bytes:
        return self._inner.decrypt(nonce, data, associated)


class Vaults(RuleBasedStateMachine):
    """Writers store, streams stop half-way, the power goes, old copies come back: one home's life."""

    def __init__(self) -> None:
        super().__init__()
        self.top = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        for module in (sealing, keys):
            self.patch.setattr(module, "AESGCM", WatchedAesGcm)
        WatchedAesGcm.used.clear()
        self.lives = 0
        self.copies: list[tuple[Path, dict[vault.Position, bytes]]] = []
        self.acknowledged: dict[vault.Position, bytes] = {}
        self.writers: list[vault.Writer] = []

    @initialize()
    def begin(self) -> None:
        self.home = self.top / "home0"
        lay_out_for(self.home, *(study_named(f"2.25.{number}") for number in range(3)))
        self._start()

    def _start(self) -> None:
        self.disc = RecordingDisc(self.home)
        self.vault = open_at(self.home, self.disc, vault.Limits(single_write=64 * 1024, open_packs=2))
        self.writers = [self.vault.writer() for _ in range(3)]

    def _stop(self) -> None:
        for writer in self.writers:
            writer.close()

    def _study(self, number: int) -> str:
        return self.vault.study_ref("ctl_a", f"2.25.{number}")

    @rule(who=st.integers(0, 2), study=st.integers(0, 2), size=st.sampled_from([0, 10, 9000, 100_000]))
    def store(self, who: int, study: int, size: int) -> None:
        data = bytes_of(size, len(self.acknowledged))
        at = self.writers[who].store(self._study(study), facts(size), data, size // 2)
        assert at not in self.acknowledged
        assert all(
            at.end <= other.offset or other.end <= at.offset
            for other in self.acknowledged
            if (other.study, other.pack) == (at.study, at.pack)
        )
        self.acknowledged[at] = data

    @rule(who=st.integers(0, 2), study=st.integers(0, 2), good=st.booleans())
    def stream(self, who: int, study: int, good: bool) -> None:  # noqa: FBT001
        stream = self.writers[who].stream(self._study(study), facts(), 100)
        data = bytes_of(MIB + 100, len(self.acknowledged))
        stream.append(data)
        if good:
            self.acknowledged[stream.finish()] = data
        else:
            stream.abandon()

    @rule(who=st.integers(0, 2))
    def writer_leaves(self, who: int) -> None:
        self.writers[who].close()
        self.writers[who] = self.vault.writer()

    @rule(half=st.booleans())
    def power_goes(self, half: bool) -> None:  # noqa: FBT001
        if half:
            stream = self.writers[0].stream(self._study(0), facts())
            stream.append(bytes(4 * MIB))
        moment = self.disc.moment
        self._stop()
        self._move_to(lambda into: self.disc.materialise(into, moment))

    @rule()
    def copy_is_kept(self) -> None:
        into = self.top / f"copy{len(self.copies)}"
        shutil.copytree(self.home, into)
        self.copies.append((into, dict(self.acknowledged)))

    @precondition(lambda self: self.copies)
    @rule(data=st.data())
    def old_copy_is_put_back(self, data: st.DataObject) -> None:
        copy, then = data.draw(st.sampled_from(self.copies))
        self._stop()
        self._move_to(lambda into: shutil.copytree(copy, into, dirs_exist_ok=True))
        self.acknowledged = dict(then)

    def _move_to(self, fill: object) -> None:
        self.lives += 1
        old, self.home = self.home, self.top / f"home{self.lives}"
        self.home.mkdir()
        fill(self.home)  # type: ignore[operator]
        shutil.rmtree(old)
        self._start()

    @invariant()
    def no_nonce_is_used_twice_under_a_key(self) -> None:
        assert len(WatchedAesGcm.used) == len(set(WatchedAesGcm.used))

    @invariant()
    def all_that_was_acknowledged_is_replayed(self) -> None:
        if hasattr(self, "vault"):
            found = {at for study in range(3) for at in positions(self.vault, self._study(study))}
            assert found >= set(self.acknowledged)

    def teardown(self) -> None:
        self._stop()
        for at, data in self.acknowledged.items():
            assert self.vault.open(at).data_set() == data
        self.patch.undo()
        shutil.rmtree(self.top)


TestVaults = Vaults.TestCase
TestVaults.settings = settings(
    max_examples=12, stateful_step_count=18, deadline=None, suppress_health_check=list(HealthCheck)
)
