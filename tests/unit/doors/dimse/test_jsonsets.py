"""Requests as DICOM JSON: characters right, or refused where they decide what is answered."""

import pytest

from primum.doors.dimse.jsonsets import decoded, written
from primum.imaging import DamagedDataSet

EXPLICIT = "1.2.840.10008.1.2.1"
ASKED = {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "Lefèvre^Hélène"}]}}


@pytest.mark.parametrize("syntax", [EXPLICIT, "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"])
@pytest.mark.parametrize("charset", ["ISO_IR 100", "ISO_IR 192"])
def test_what_is_written_is_read_back_with_its_character_set(syntax, charset):
    found, said = decoded(written(ASKED, syntax, charset), syntax, strict=True)
    assert (found["00100010"], said) == (ASKED["00100010"], charset)


def test_a_question_in_another_character_set_than_it_says_is_refused():
    raw = written(ASKED, EXPLICIT, "ISO_IR 100").replace(b"ISO_IR 100", b"ISO_IR 192")
    with pytest.raises(DamagedDataSet):
        decoded(raw, EXPLICIT, strict=True)


def test_what_a_modality_says_it_did_is_taken_all_the_same():
    raw = written(ASKED, EXPLICIT, "ISO_IR 100").replace(b"ISO_IR 100", b"ISO_IR 192")
    found, _ = decoded(raw, EXPLICIT)
    assert found["00100010"]["Value"][0]["Alphabetic"].startswith("Lef")


def test_a_question_that_declares_nothing_is_answered_in_latin_1():
    assert decoded(b"", EXPLICIT) == ({}, "ISO_IR 100")
