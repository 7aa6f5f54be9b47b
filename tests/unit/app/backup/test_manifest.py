"""A manifest is believed by its MAC alone, and whatever is in one that comes from outside is a refusal at worst."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from primum.app.backup.aside import read_manifest
from primum.app.backup.bundle import bundle_line, read_bundle, study_of, write_bundle
from primum.app.backup.limits import LIMITS, Limits
from primum.app.backup.manifest import (
    Entry,
    ExpectedTail,
    Manifest,
    Piece,
    safe_path,
    write_manifest,
)
from primum.app.backup.refusals import ManifestAltered, UnknownFormat

KEY = b"k" * 32
GENERATION = "20260302t080000123z"
STUDY, PACK = "a" * 26, "b" * 25 + "q"
HASH = "0123456789abcdef" * 4


def manifest() -> Manifest:
    path = f"vault/00/{STUDY}/{PACK}.pack"
    entries = {
        path: Entry(path, 8192, HASH, (Piece(HASH, 4096), Piece(HASH, 4096)), (8192, 17), ExpectedTail(1, HASH, 8192)),
        "home.json": Entry("home.json", 10, HASH, (Piece(HASH, 10),)),
    }
    return Manifest(
        generation=GENERATION, home="hom_" + "a" * 26, kind="real", made_at="2026-03-02T08:00:01.000Z", previous="",
        version="1", illnesses=0, entries=entries, keyring=(Piece(HASH, 99),), keys=1,
        erased=((STUDY, "2026-01-01T00:00:00.000Z"),),
    )  # fmt: skip


def written(one: Manifest) -> bytes:
    packed = io.BytesIO()
    write_manifest(one, KEY, packed)
    return packed.getvalue()


def read(packed: bytes, generation: str, limits: Limits = LIMITS) -> Manifest:
    return read_manifest(io.BytesIO(packed), generation, limits=limits)


def test_what_is_written_is_read() -> None:
    found = read(written(manifest()), GENERATION)
    found.verify(KEY)
    assert replace(found, digest=b"", mac=b"") == manifest()


def test_the_same_generation_has_the_same_bytes() -> None:
    assert written(manifest()) == written(manifest())


def test_another_key_did_not_make_it() -> None:
    with pytest.raises(ManifestAltered):
        read(written(manifest()), GENERATION).verify(b"x" * 32)


def test_a_manifest_under_another_name_is_refused() -> None:
    with pytest.raises(ManifestAltered):
        read(written(manifest()), "20260303t080000123z")


@given(at=st.integers(min_value=0), bit=st.integers(0, 7))
def test_no_altered_bit_is_believed(at: int, bit: int) -> None:
    data = bytearray(written(manifest()))
    data[at % len(data)] ^= 1 << bit
    try:
        found = read(bytes(data), GENERATION)
        found.verify(KEY)
    except (ManifestAltered, UnknownFormat):
        return
    assert replace(found, digest=b"", mac=b"") == manifest()  # a bit of gzip's own head that says nothing


@given(st.binary(max_size=300))
def test_any_bytes_are_a_refusal(data: bytes) -> None:
    for given_bytes in (data, gzip.compress(data), gzip.compress(b'{"primum_backup": 1, "entries": 1}\n' + data)):
        with pytest.raises((ManifestAltered, UnknownFormat)):
            read(given_bytes, GENERATION)


def altered(**change: object) -> bytes:
    """Write a manifest whose first entry is altered, its MAC made anew: what a broken or hostile home could write."""
    lines = gzip.decompress(written(manifest())).splitlines()
    lines[1] = json.dumps({**json.loads(lines[1]), **change}).encode()
    return gzip.compress(b"\n".join(lines) + b"\n")


@pytest.mark.parametrize(
    "change",
    [
        {"path": "../../etc/cron.d/x"}, {"path": "/etc/passwd"}, {"path": "run/control.sock"}, {"path": 7},
        {"path": "keyring/recovery.age"}, {"path": f"vault/00/{STUDY}/x.pack"}, {"end": -1}, {"end": "8192"},
        {"mark": "zz"}, {"pieces": [[HASH, -1], [HASH, 8193]]}, {"pieces": [["../x", 8192]]}, {"pieces": [[HASH, 1]]},
        {"pieces": [[HASH, 1 << 40]], "end": 1 << 40}, {"tail": [1, 2, 3]}, {"seen": "xx"},
    ],
)  # fmt: skip
def test_an_entry_that_cannot_be_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(ManifestAltered):
        read(altered(**change), GENERATION)


def test_a_bomb_is_refused_by_its_line() -> None:
    with pytest.raises(ManifestAltered):
        read(gzip.compress(b"{" + b" " * 5_000_000), GENERATION, Limits(line=1 << 20))


def test_more_entries_than_can_be_are_refused() -> None:
    with pytest.raises(ManifestAltered):
        read(written(manifest()), GENERATION, Limits(entries=1))


def test_a_later_format_is_refused_by_its_number() -> None:
    lines = gzip.decompress(written(manifest())).splitlines()
    lines[0] = json.dumps({**json.loads(lines[0]), "primum_backup": 2}).encode()
    with pytest.raises(UnknownFormat) as refused:
        read(gzip.compress(b"\n".join(lines)), GENERATION)
    assert refused.value.facts["version"] == "2"


@pytest.mark.parametrize(
    ("path", "safe"),
    [
        ("home.json", True), ("certificates/web.sealed", True), ("journal/access/2026-03/dimse-1.chain", True),
        (f"vault/0f/{STUDY}/{PACK}.pack", True), ("records.db", True), ("vault/x", False), ("index.db", False),
        ("index.db-wal", False), ("a/../b", False), ("a//b", False), (".hidden", False), ("a/.hidden", False),
        ("run/x", False), ("keyring/x", False), ("a b", False), ("", False), ("é", False), ("backup.json", False),
    ],
)  # fmt: skip
def test_paths(path: str, *, safe: bool) -> None:
    assert safe_path(path) is safe


# -- the keyring bundle --


def bundle(files: list[tuple[str, bytes]]) -> list[bytes]:
    return list(write_bundle(bundle_line(name, content) for name, content in files))


@given(st.lists(st.integers(1, 400)))
def test_a_bundle_is_read_wherever_its_pieces_are_cut(cuts: list[int]) -> None:
    given_files = [("guard-key-file.json", b"{}"), (f"00/{STUDY}.key", b"k" * 4096), (f"00/{PACK}.key", b"k" * 4096)]
    data, pieces = b"".join(bundle(given_files)), []
    for cut in cuts:
        pieces.append(data[:cut])
        data = data[cut:]
    assert list(read_bundle([*pieces, data], GENERATION)) == given_files


def test_a_bundle_whose_line_has_no_end_is_refused() -> None:
    with pytest.raises(ManifestAltered):
        list(read_bundle([b"primum keyring 1\n", *[b"x" * 10_000] * 3], GENERATION))


def test_a_bundle_gives_back_guards_and_keys_as_they_lay_there() -> None:
    box = b"PRIMUMKY" + bytes(range(1, 90))
    given_files = [("guard-key-file.json", b'{"format": 1}\n'), (f"00/{STUDY}.key", box.ljust(4096, b"\0"))]
    assert list(read_bundle(bundle(given_files), GENERATION)) == given_files
    assert [study_of(name) for name, _ in given_files] == ["", STUDY]


@pytest.mark.parametrize(
    "line", [b"../home.json YQ==", b"/etc/x YQ==", b"00/short.key YQ==", b"guard YQ", b"guard " + b"A" * 12000, b"\xff"]
)
def test_a_line_that_cannot_be_is_refused(line: bytes) -> None:
    with pytest.raises(ManifestAltered):
        list(read_bundle([b"primum keyring 1\n" + line + b"\n"], GENERATION))


@given(st.binary(max_size=200))
def test_any_bytes_for_a_bundle_are_a_refusal_or_sound_names(data: bytes) -> None:
    try:
        found = list(read_bundle([data], GENERATION))
    except (ManifestAltered, UnknownFormat):
        return
    assert all(".." not in name for name, _ in found)
