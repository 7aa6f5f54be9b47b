"""The vectors: made once, decoded by a program that knows only the design page, each illness named for what it is."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from tests.unit.vault.support import CLOCK, lay_out_for

from primum import vault
from primum.ground.disc import BLOCK, RealDisc
from primum.ground.ids import token128_bytes
from primum.vault.packformat import READABLE, VERSION

VECTORS = Path(__file__).parents[2] / "vectors" / "vault"
WRITTEN = VECTORS / str(VERSION)
"""Of the version that is written; those above it are of version 1."""
GOOD = [*sorted(VECTORS.glob("*.pack")), *sorted(WRITTEN.glob("*.pack"))]
BROKEN = [*sorted((VECTORS / "broken").glob("*.pack")), *sorted((WRITTEN / "broken").glob("*.pack"))]


def named(pack: Path) -> str:
    """Name a vector: its version's folder, its name."""
    return f"{2 if WRITTEN in pack.parents else 1}-{pack.stem}"


def load(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"vault_vectors_{name}", VECTORS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def put_in_place(
    home: Path, pack: Path, limits: vault.Limits | None = None
) -> tuple[vault.Vault, vault.Tail, dict[str, Any]]:
    told = json.loads(pack.with_suffix(".json").read_text())
    tail = vault.Tail(**told["expected"])
    lay_out_for(home, tail.study)
    fan = f"{token128_bytes(tail.study)[0]:02x}"
    (home / "vault" / fan / tail.study).mkdir()
    (home / "vault" / fan / tail.study / f"{tail.pack}.pack").write_bytes(pack.read_bytes())
    if told["key_file"]:
        content = base64.b64decode(told["key_file"]).ljust(BLOCK, b"\0")
        (home / "keyring" / fan / f"{tail.study}.key").write_bytes(content)
    keys = vault.VaultKeys(bytes.fromhex(told["keyring_key"]), bytes(32))
    return vault.open_vault(home / "vault", home / "keyring", keys, RealDisc(), CLOCK, limits), tail, told


def test_there_is_a_broken_vector_for_every_illness_of_the_design_page() -> None:
    for broken in (VECTORS / "broken", WRITTEN / "broken"):
        packs = sorted(broken.glob("*.pack"))
        assert {pack.stem for pack in packs} >= {
            "torn-tail", "hole-before-good-record", "flipped-bit", "missing-key", "wrong-study", "reordered-segment",
            "records-missing-at-end", "rolled-back-pack",
        }  # fmt: skip
        assert len({json.loads(pack.with_suffix(".json").read_text())["code"] for pack in packs}) == len(packs)


def test_the_vectors_are_of_every_version_that_can_be_read() -> None:
    assert {int.from_bytes(pack.read_bytes()[8:10], "big") for pack in GOOD} == READABLE
    assert {int.from_bytes(pack.read_bytes()[8:10], "big") for pack in BROKEN} == READABLE


@pytest.mark.parametrize("pack", [*GOOD, *BROKEN], ids=named)
@pytest.mark.parametrize("deep", [True, False])
def test_check_names_each_vector_by_its_illness_and_nothing_else(tmp_path: Path, pack: Path, *, deep: bool) -> None:
    one, tail, told = put_in_place(tmp_path, pack)
    found = {illness.code for illness in one.check({tail.pack: tail}, deep=deep)}
    segments_only = {"vault.flipped-bit", "vault.reordered-segment"}
    if deep or told["code"] not in segments_only:
        assert found == ({told["code"]} if told["code"] else set())
    else:
        assert found == set()


@pytest.mark.parametrize("pack", [pack for pack in (*GOOD, *BROKEN) if pack.stem != "missing-key"], ids=named)
def test_the_independent_decoder_reads_each_vector_as_its_text_says(pack: Path) -> None:
    told = json.loads(pack.with_suffix(".json").read_text())
    decoder, tail = load("decode"), told["expected"]
    study_key = decoder.open_key_file(
        bytes.fromhex(told["keyring_key"]), tail["study"], base64.b64decode(told["key_file"])
    )
    assert study_key.hex() == told["study_key"]
    text = decoder.decode(pack.read_bytes(), study_key, token128_bytes(tail["study"]), token128_bytes(tail["pack"]))
    assert text == pack.with_suffix(".txt").read_text()
    if told["code"] is None:
        assert f"tail: {tail['count']} records, chain {tail['chain']}, end {tail['end']}" in text
        assert not [cry for cry in ("NOT AUTHENTIC", "DOES NOT", "NOT AS", "NOT ZERO") if cry in text]


@pytest.mark.parametrize("pack", GOOD, ids=named)
def test_the_decoder_and_the_vault_agree_on_every_record(tmp_path: Path, pack: Path) -> None:
    one, tail, _ = put_in_place(tmp_path, pack)
    text = pack.with_suffix(".txt").read_text()
    for at in one.replay(tail.study, tail.pack):
        if isinstance(at, vault.Position):
            record = one.open(at)
            assert f"record at {at.offset}, to {at.end}" in text
            assert f"data set {record.data_set().hex()}" in text
            assert f"{record.digest.algorithm.upper()} {record.digest.value.hex()}" in text.replace("SHA-256", "SHA256")


def test_the_generator_still_makes_the_committed_bytes(tmp_path: Path) -> None:
    load("generate").generate(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    assert len(made) == 2 * len(list(WRITTEN.rglob("*.pack")))
    for name, content in made.items():
        assert content == (VECTORS / name).read_bytes(), name


@pytest.mark.parametrize("pack", BROKEN, ids=named)
def test_replay_of_a_broken_pack_yields_only_good_records_and_never_stops(tmp_path: Path, pack: Path) -> None:
    one, tail, _ = put_in_place(tmp_path, pack)
    found = list(one.replay(tail.study, tail.pack))
    good = [at for at in found if isinstance(at, vault.Position)]
    for at in good:
        with contextlib.suppress(vault.FlippedBit, vault.ReorderedSegment):
            assert one.open(at).data_set().startswith(b"header")
    survivors = {
        "torn-tail": 1, "hole-before-good-record": 2, "flipped-bit": 3, "missing-key": 0, "wrong-study": 0,
        "reordered-segment": 3, "records-missing-at-end": 2, "rolled-back-pack": 3,
    }  # fmt: skip
    assert len(good) == survivors[pack.stem]
