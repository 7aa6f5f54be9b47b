"""A header is corrected, and nothing else of the data set changes: PS3.3 C.12.1, PS3.5 7.1 and 6.1.2.3."""

from __future__ import annotations

import re
import subprocess
import zlib
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.imaging.conftest import EXPLICIT, data_set, element, slice_of

from primum.imaging import peek_first
from primum.imaging.overlays import OF_ANOTHER_PERSON, OF_PATIENT, Overlay
from primum.imaging.part10 import read_meta
from primum.imaging.peeking import NeedMore
from primum.imaging.rewriting import CannotCorrect, corrected_header

AT = "2026-01-02T10:00:00.000Z"
ASCII = Overlay(AT, {"00100010": "DURAND^EVE", "00100020": "NEW1", "00080050": "A-9"})
GREEK = Overlay(AT, {"00100010": "Διονυσιος", "00081030": "Étude"})
MOVED = Overlay(
    AT, {"00100010": "MARTIN^EVE", "00100020": "", "00100021": "", "00100030": "", "00100040": "F"},
    OF_ANOTHER_PERSON, (*OF_PATIENT.values(), *OF_ANOTHER_PERSON),
)  # fmt: skip


HELD = Path(pydicom.__file__).parent / "data"


def parts(file):
    """Split a Part 10 file: what is before the data set, the header, and what follows it."""
    raw = Path(file).read_bytes()
    meta = read_meta(raw)
    body = raw[meta.begins :]
    if meta.transfer_syntax_uid == pydicom.uid.DeflatedExplicitVRLittleEndian:
        engine = zlib.decompressobj(-zlib.MAX_WBITS)
        body = engine.decompress(body)
    found = peek_first(body, EXPLICIT if meta.transfer_syntax_uid.endswith(".1.99") else meta.transfer_syntax_uid)
    pixels = None if isinstance(found, NeedMore) else found.pixels_at
    split = len(body) if pixels is None else pixels
    return meta, body[:split], body[split:]


def candidates():
    found = []
    for file in sorted(map(str, HELD.rglob("*.dcm"))):
        try:
            with pydicom.dcmread(file, defer_size=1024) as one:
                if "SOPInstanceUID" in one and "StudyInstanceUID" in one and not re.search(r"(bad|short|trunc)", file):
                    found.append(file)
        except Exception:  # noqa: BLE001
            continue
    return found


FILES = candidates()


def read(meta, header, rest):
    buffer = BytesIO(header + rest)
    implicit, little = (
        meta.transfer_syntax_uid == "1.2.840.10008.1.2",
        meta.transfer_syntax_uid != "1.2.840.10008.1.2.2",
    )
    found = pydicom.filereader.read_dataset(buffer, implicit, little)
    found.set_original_encoding(implicit, little)
    return found


@pytest.mark.parametrize("overlay", [ASCII, GREEK, MOVED], ids=["ascii", "other-letters", "moved"])
@pytest.mark.filterwarnings("ignore")
def test_every_file_of_pydicom_is_corrected_and_otherwise_the_same(overlay):
    assert len(FILES) > 60
    done = 0
    for file in FILES:
        meta, header, rest = parts(file)
        try:
            new = corrected_header(header, meta.transfer_syntax_uid, overlay)
        except CannotCorrect:
            continue
        done += 1
        before, after = read(meta, header, rest), read(meta, new, rest)
        for tag, text in overlay.set.items():
            assert str(after[int(tag, 16)].value or "") == text, file
        touched = {int(tag, 16) for tag in (*overlay.set, *overlay.drop)} | {0x04000561, 0x00080005, 0x00080001}
        for one in before:
            if one.tag in touched or one.tag.element == 0 or one.tag.group == 0x7FE0:
                continue
            assert _same(after[one.tag], one), (file, one.tag)
        assert {one.tag for one in after} - {one.tag for one in before} <= touched, file
        _group_lengths(new, meta.transfer_syntax_uid)
        if overlay is not MOVED:
            changed = after.OriginalAttributesSequence[-1].ModifiedAttributesSequence[0]
            for tag in overlay.set:
                old = before.get(int(tag, 16))
                if old is not None and str(old.value or "") == overlay.set[tag]:
                    continue
                assert str(changed[int(tag, 16)].value or "") == str(old.value or "" if old is not None else ""), file
    assert done > len(FILES) * 0.95


def _same(a, b):
    if a.VR == "SQ":
        return len(a.value) == len(b.value)
    return str(a.value) == str(b.value) if a.VR in {"PN", "LO", "SH", "LT", "ST", "UT", "UC"} else a.value == b.value


def _group_lengths(header, syntax):
    from primum.imaging.syntaxes import syntax_of
    from primum.imaging.walker import elements

    view, ends, said = memoryview(header), {}, {}
    for one in elements(view, syntax_of(syntax)):
        group = one.tag >> 16
        if one.tag & 0xFFFF == 0:
            order = "little" if syntax_of(syntax).little else "big"
            said[group] = one.end + int.from_bytes(view[one.at : one.end], order)
        ends[group] = one.end
    assert said == {group: ends[group] for group in said if group != 0x7FE0} | {
        group: said[group] for group in said if group == 0x7FE0
    }


def test_what_is_not_concerned_keeps_its_bytes():
    header = data_set({tag: value for tag, value in slice_of().items() if tag != 0x7FE00010})
    new = corrected_header(header, EXPLICIT, Overlay(AT, {"00080050": "A2"}))
    at = header.index(b"\x08\x00\x50\x00")
    assert new[:at] == header[:at]
    assert new[at : at + 10] == element(0x00080050, "SH", b"A2")
    before, after = header.index(b"\x08\x00\x60\x00"), new.index(b"\x08\x00\x60\x00")
    assert new[after:].startswith(header[before:])


def test_a_second_correction_of_the_same_data_set_adds_an_item():
    header = data_set({tag: value for tag, value in slice_of().items() if tag != 0x7FE00010})
    once = corrected_header(header, EXPLICIT, Overlay(AT, {"00080050": "A2"}))
    twice = pydicom.dcmread(BytesIO(corrected_header(once, EXPLICIT, Overlay(AT, {"00080050": "A3"}))), force=True)
    seen = [one.ModifiedAttributesSequence[0].AccessionNumber for one in twice.OriginalAttributesSequence]
    assert seen == ["A1", "A2"]


def test_a_correction_to_the_same_value_changes_nothing():
    header = data_set({tag: value for tag, value in slice_of().items() if tag != 0x7FE00010})
    assert corrected_header(header, EXPLICIT, Overlay(AT, {"00080050": "A1"})) == header


@pytest.mark.parametrize(
    ("declared", "raw", "name"),
    [
        (b"ISO_IR 100", "DUPR\xc9^R\xc9MI".encode("latin-1"), "DUPRÉ^RÉMI"),
        (b"ISO_IR 144", "Иванов^Иван".encode("iso8859-5"), "Иванов^Иван"),
        (b"\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B", "Yamada^Tarou=山田^太郎"),
        (b"GB18030", "Wang^XiaoDong=王^小东".encode("gb18030"), "Wang^XiaoDong=王^小东"),
    ],
)
def test_a_name_that_the_character_set_lacks_turns_every_text_into_utf8(declared, raw, name):
    values = slice_of() | {0x00080005: ("CS", declared), 0x00100010: ("PN", raw)}
    item = element(0x00400007, "LO", raw[:16].split(b"=")[0])
    values[0x00400275] = ("SQ", b"\xfe\xff\x00\xe0" + len(item).to_bytes(4, "little") + item)
    del values[0x7FE00010]
    new = pydicom.dcmread(
        BytesIO(corrected_header(data_set(values), EXPLICIT, Overlay(AT, {"00081030": "Ωμέγα"}))), force=True
    )
    assert new.StudyDescription == "Ωμέγα"
    assert str(new.PatientName) == name
    assert new.SpecificCharacterSet == ("GB18030" if declared == b"GB18030" else "ISO_IR 192")


def test_letters_that_the_character_set_has_leave_it_alone():
    values = slice_of(charset="ISO_IR 100")
    del values[0x7FE00010]
    new = corrected_header(data_set(values), EXPLICIT, Overlay(AT, {"00100010": "DUPRÉ^ÈVE"}))
    assert "DUPRÉ^ÈVE".encode("latin-1") in new
    assert b"ISO_IR 100" in new


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_bytes_whatever_break_the_rewriting(data):
    """Whatever a device sent: corrected, or refused with a class; never another exception, never the wrong name."""
    header = bytearray(data_set({tag: value for tag, value in slice_of().items() if tag != 0x7FE00010}))
    for _ in range(data.draw(st.integers(0, 6))):
        header[data.draw(st.integers(0, len(header) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(header)))
    overlay = data.draw(st.sampled_from([ASCII, GREEK, MOVED]))
    try:
        new = corrected_header(bytes(header[:cut]), EXPLICIT, overlay)
    except CannotCorrect:
        return
    assert overlay.set["00100010"].encode() in new


def errors_of(file):
    told = subprocess.run(["dciodvfy", "-new", file], capture_output=True, text=True, errors="replace", check=False)
    return {line for line in told.stderr.splitlines() if line.startswith("Error")}


@pytest.mark.programs("dciodvfy")
@pytest.mark.filterwarnings("ignore")
def test_dciodvfy_finds_nothing_in_a_corrected_data_set_that_was_not_in_the_original(tmp_path):
    for name in ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "ExplVR_BigEnd.dcm", "rtplan.dcm", "reportsi.dcm"):
        file = str(HELD / "test_files" / name)
        meta, header, rest = parts(file)
        raw = Path(file).read_bytes()
        before = errors_of(file)
        for number, overlay in enumerate((ASCII, GREEK, MOVED)):
            out = tmp_path / f"{number}-{name}"
            out.write_bytes(raw[: meta.begins] + corrected_header(header, meta.transfer_syntax_uid, overlay) + rest)
            assert errors_of(str(out)) - before == set(), (name, number)
