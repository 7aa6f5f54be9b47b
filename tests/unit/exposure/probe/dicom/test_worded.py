"""Whatever this part notes is said in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from primum.exposure.probe.dicom import ladder, speaker
from primum.exposure.probe.dicom.messages import IDENTIFYING
from primum.exposure.probe.tls.grading import table
from primum.exposure.probe.words import has, say

NOTES = {
    note
    for module in (ladder, speaker)
    for note in re.findall(r'"(dicom\.[a-z-]+)"', Path(str(module.__file__)).read_text())
}


@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_note_weakness_and_attribute_has_its_words(language):
    wanted = {f"note.{one}" for one in NOTES} | {f"note.tls.{code}" for code in table()["weak"]}
    wanted |= {f"attribute.{name}" for name in IDENTIFYING.values()} | {"gap.not-sent", "gap.tls-too-old"}
    assert len(NOTES) == 5
    assert {one for one in wanted if not has(language, one)} == set()
    assert all(say(language, one, count="") for one in wanted)
