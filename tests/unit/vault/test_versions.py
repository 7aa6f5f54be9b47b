"""Records of format version 1 are read, compared and copied; nothing is added to their packs."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from blake3 import blake3
from tests.unit.vault.test_vectors import VECTORS, WRITTEN, put_in_place

from primum import vault
from primum.imaging.contents import Contents
from primum.vault.packformat import VERSION

FIRST = VECTORS / "three-records.pack"
LONG = VECTORS / "streamed.pack"


def positions(one: vault.Vault, study: str, pack: str) -> list[vault.Position]:
    return [at for at in one.replay(study, pack) if isinstance(at, vault.Position)]


def packs_of(one: vault.Vault, study: str) -> dict[str, int]:
    return {info.pack: len(positions(one, study, info.pack)) for info in one.packs(study)}


def test_what_comes_to_a_study_of_version_1_goes_into_another_pack(tmp_path: Path) -> None:
    one, tail, _ = put_in_place(tmp_path, FIRST)
    known = one.open(positions(one, tail.study, tail.pack)[0])
    for _ in range(2):
        with one.writer() as writer:
            added = writer.store(tail.study, known.facts, known.data_set(), known.pixels_at, known.frames)
    assert packs_of(one, tail.study) == {tail.pack: 3, added.pack: 2}
    assert next((tmp_path / "vault").rglob(f"{tail.pack}.pack")).read_bytes() == FIRST.read_bytes()
    written = next((tmp_path / "vault").rglob(f"{added.pack}.pack")).read_bytes()
    assert int.from_bytes(written[8:10], "big") == VERSION
    assert not list(one.check({tail.pack: tail}, deep=True))


@pytest.mark.parametrize("pack", [FIRST, LONG, WRITTEN / FIRST.name], ids=["1", "1-streamed", "2"])
def test_a_digest_is_the_same_whether_it_was_sealed_or_is_made(tmp_path: Path, pack: Path) -> None:
    one, tail, _ = put_in_place(tmp_path, pack)
    for at in positions(one, tail.study, tail.pack):
        record = one.open(at)
        assert record.digest_by("sha256") == hashlib.sha256(record.data_set()).digest()
        assert record.digest_by("blake3") == blake3(record.data_set()).digest()
        record.verify()


@pytest.mark.parametrize("folder", [VECTORS, WRITTEN], ids=["1", "2"])
def test_verifying_refuses_a_record_of_which_one_bit_is_another(tmp_path: Path, folder: Path) -> None:
    one, tail, _ = put_in_place(tmp_path, folder / "broken" / "flipped-bit.pack")
    first, second, third = (one.open(at) for at in positions(one, tail.study, tail.pack))
    first.verify()
    third.verify()
    with pytest.raises(vault.FlippedBit):
        second.verify()


def test_the_same_bytes_in_both_versions_are_known_by_their_sha256(tmp_path: Path) -> None:
    one, tail, _ = put_in_place(tmp_path, FIRST)
    old, other, _ = positions(one, tail.study, tail.pack)
    record = one.open(old)
    with one.writer() as writer:
        new, again = (writer.store(tail.study, record.facts, record.data_set(), record.pixels_at) for _ in range(2))
    contents = Contents(one)
    assert contents.same(new, again)
    assert contents.same(old, old)
    assert not contents.same(old, other)
    assert not contents.same(old, new)
    assert contents.sha256(old) == contents.sha256(new) != contents.sha256(other)


def test_what_cannot_be_opened_is_the_same_as_nothing_and_has_a_digest_of_its_own(tmp_path: Path) -> None:
    one, tail, _ = put_in_place(tmp_path, WRITTEN / "broken" / "flipped-bit.pack")
    first, second, _ = positions(one, tail.study, tail.pack)
    absent = vault.Position(tail.study, tail.pack, 1 << 20, (1 << 20) + 8192)
    contents = Contents(one)
    assert not contents.same(first, absent)
    assert not contents.same(absent, absent)
    # its trailer is whole, so it is known to be what it was; its bytes are not
    assert contents.same(second, second)
    digests = [contents.sha256(at) for at in (first, second, absent)]
    assert len(set(digests)) == 3
    assert digests == [contents.sha256(at) for at in (first, second, absent)]


@pytest.mark.parametrize("limits", [vault.Limits(), vault.Limits(single_write=100)], ids=["at once", "in pieces"])
@pytest.mark.parametrize("pack", [FIRST, LONG], ids=["short", "streamed"])
def test_erasing_a_part_copies_the_rest_to_the_version_that_is_written(
    tmp_path: Path, pack: Path, limits: vault.Limits
) -> None:
    one, tail, _ = put_in_place(tmp_path, pack, limits)
    before = {one.open(at).facts: one.open(at).data_set() for at in positions(one, tail.study, tail.pack)}
    gone = next(iter(before))
    one.erase_part(tail.study, lambda facts: facts != gone)
    (name,) = packs_of(one, tail.study)
    left = [one.open(at) for at in positions(one, tail.study, name)]
    assert {record.facts: record.data_set() for record in left} == {k: v for k, v in before.items() if k != gone}
    assert {record.digest.algorithm for record in left} == {"blake3"}
    assert not list(one.check({}, deep=True))
