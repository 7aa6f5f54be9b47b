"""The bytes of a bundle: read by ours and by the fifty lines, which know nothing of one another."""

import hashlib
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.incidents.evidence_kit import reader

from primum.incidents.evidence.model import BundleRefused
from primum.incidents.evidence.reading import read_bundle

VECTORS = Path(__file__).parents[2] / "vectors" / "evidence"
SCRIPT = Path(__file__).parents[2] / "independent" / "verify_bundle.py"
KEY = (VECTORS / "key.pub").read_text()
BROKEN = sorted((VECTORS / "broken").glob("*.tar"))


def independent(data: bytes, key: str = KEY) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([sys.executable, "-I", str(SCRIPT), key], input=data, capture_output=True, check=False)


def test_the_independent_script_has_at_most_fifty_lines_and_imports_nothing_of_ours():
    text = SCRIPT.read_text()
    assert len(text.splitlines()) <= 50
    assert "primum." not in "".join(line for line in text.splitlines() if line.lstrip().startswith(("import", "from")))


def test_the_script_in_a_bundle_is_the_one_that_is_tested():
    assert files("primum.incidents.evidence").joinpath("verify.txt").read_bytes() == SCRIPT.read_bytes()


@pytest.mark.parametrize("name", ["good", "second"])
def test_a_good_bundle_is_read_by_both(name):
    data = (VECTORS / f"{name}.tar").read_bytes()
    found = read_bundle(reader(data), KEY)
    assert found.digest == hashlib.sha256(data).hexdigest()
    assert found.size == len(data)
    told = independent(data)
    assert told.returncode == 0
    assert b"GOOD" in told.stdout


def test_the_second_names_the_first():
    first = read_bundle(reader((VECTORS / "good.tar").read_bytes()), KEY)
    assert read_bundle(reader((VECTORS / "second.tar").read_bytes()), KEY).manifest["previous"] == first.digest


@pytest.mark.parametrize("file", BROKEN, ids=lambda one: one.stem)
def test_a_broken_bundle_is_refused_by_both(file):
    data = file.read_bytes()
    with pytest.raises(BundleRefused):
        read_bundle(reader(data), KEY)
    told = independent(data)
    assert told.returncode == 1
    assert b"GOOD" not in told.stdout


def test_there_are_broken_bundles():
    assert len(BROKEN) >= 20


@settings(max_examples=300)
@given(st.data())
def test_one_bit_anywhere_is_refused(data):
    good = (VECTORS / "good.tar").read_bytes()
    at, bit = data.draw(st.integers(0, len(good) - 1)), data.draw(st.integers(0, 7))
    with pytest.raises(BundleRefused):
        read_bundle(reader(good[:at] + bytes([good[at] ^ 1 << bit]) + good[at + 1 :]), KEY)


def test_every_byte_is_one_that_the_independent_script_looks_at():
    import importlib.util

    spec = importlib.util.spec_from_file_location("verify_bundle", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    good = (VECTORS / "good.tar").read_bytes()
    script.verify(reader(good), KEY)
    passed = []
    for at in range(len(good)):
        try:
            script.verify(reader(good[:at] + bytes([good[at] ^ 1 << at % 8]) + good[at + 1 :]), KEY)
            passed.append(at)
        except (SystemExit, Exception):  # noqa: BLE001 (whatever ends it)
            pass
    assert passed == []


@settings(max_examples=100)
@given(st.integers(0, 100_000))
def test_a_bundle_that_is_cut_off_is_refused(length):
    good = (VECTORS / "good.tar").read_bytes()
    with pytest.raises(BundleRefused):
        read_bundle(reader(good[: length % len(good)]), KEY)


@settings(max_examples=200)
@given(st.binary(max_size=4096))
def test_rubbish_is_refused_as_such(data):
    with pytest.raises(BundleRefused):
        read_bundle(reader(data), KEY)


@pytest.mark.parametrize("key", ["", "nothing", "a+b+c", KEY.replace("journal.", "check.")])
def test_a_key_that_is_none_opens_nothing(key):
    with pytest.raises(BundleRefused):
        read_bundle(reader((VECTORS / "good.tar").read_bytes()), key)
