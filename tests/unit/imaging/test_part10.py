from __future__ import annotations

import struct

import pytest
from hypothesis import given, strategies as st

from primum.imaging.part10 import (
    EXPLICIT_LITTLE,
    IMPLEMENTATION_CLASS_UID,
    IMPLICIT_LITTLE,
    META_LIMIT,
    FileMeta,
    NotPart10,
    read_meta,
    write_meta,
)

CLASS, INSTANCE = "1.2.840.10008.5.1.4.1.1.2", "2.25.7"
EXPLICIT = b"\x08\x00\x05\x00CS\x0a\x00ISO_IR 192"
IMPLICIT = b"\x08\x00\x05\x00\x0a\x00\x00\x00ISO_IR 192"
META = write_meta(transfer_syntax_uid=EXPLICIT_LITTLE, sop_class_uid=CLASS, sop_instance_uid=INSTANCE)


def test_what_was_written_is_read_back() -> None:
    assert read_meta(META + EXPLICIT) == FileMeta(
        EXPLICIT_LITTLE, CLASS, INSTANCE, IMPLEMENTATION_CLASS_UID, "", len(META)
    )


def test_a_file_without_its_preamble_is_understood() -> None:
    assert read_meta(META[128:] + EXPLICIT).begins == len(META) - 128
    assert read_meta(META[132:] + EXPLICIT).begins == len(META) - 132


def test_a_bare_data_set_is_understood_by_the_look_of_its_first_element() -> None:
    assert read_meta(EXPLICIT).transfer_syntax_uid == EXPLICIT_LITTLE
    assert read_meta(IMPLICIT).transfer_syntax_uid == IMPLICIT_LITTLE


def test_a_wrong_group_length_does_not_mislead() -> None:
    wrong = bytearray(META)
    struct.pack_into("<I", wrong, 132 + 8, 99_999)
    assert read_meta(bytes(wrong) + EXPLICIT).begins == len(META)


def test_a_length_of_four_gigabytes_is_refused() -> None:
    evil = bytes(128) + b"DICM" + struct.pack("<HH2sHI", 2, 1, b"OB", 0, 0xFFFFFFFF)
    with pytest.raises(NotPart10):
        read_meta(evil + bytes(64))


@pytest.mark.parametrize("junk", [b"", b"DICM", b"\x89PNG\r\n\x1a\n" + bytes(300), b"\x08\x00", bytes(4096)])
def test_what_is_no_dicom_is_refused(junk: bytes) -> None:
    with pytest.raises(NotPart10):
        read_meta(junk)


def test_meta_information_without_a_transfer_syntax_is_refused() -> None:
    with pytest.raises(NotPart10):
        read_meta(bytes(128) + b"DICM" + struct.pack("<HH2sH", 2, 2, b"UI", 4) + b"1.2\0" + EXPLICIT)


@given(st.binary(max_size=400), st.integers(0, len(META)))
def test_whatever_the_bytes_reading_ends_with_an_answer_or_a_refusal(junk: bytes, kept: int) -> None:
    try:
        meta = read_meta(META[:kept] + junk)
    except NotPart10:
        return
    assert 0 <= meta.begins <= kept + len(junk)
    assert meta.begins <= META_LIMIT + 132
