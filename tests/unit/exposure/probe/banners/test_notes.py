"""Every note of web and banners has its sentence in both languages; what a service says becomes none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from primum.exposure import probe
from primum.exposure.probe.web.notes import NOTES
from primum.exposure.probe.words import LANGUAGES, has, say

FOLDER = Path(probe.__file__).parent
WRITTEN = re.compile(r"""["']((?:web|smb|ftp|rsync|nfs|rdp|mongodb)\.[a-z0-9-]+)(?:=\{|["'])""")


def written() -> set[str]:
    files = [*(FOLDER / "banners").glob("*.py"), *(FOLDER / "web").glob("*.py")]
    return {note for file in files for note in WRITTEN.findall(file.read_text("utf-8"))}


def test_the_notes_that_are_written_are_found() -> None:
    assert {"smb.shares", "rdp.nla", "web.cors-any"} <= written()
    assert set(NOTES) <= written() | {f"web.cookie-without-{one}" for one in ("secure", "httponly", "samesite")}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("note", sorted(written() | set(NOTES)))
def test_each_has_a_sentence(note: str, language: str) -> None:
    assert has(language, f"note.{note}")
    assert say(language, f"note.{note}", count=3)
