"""What unlocks a home is asked for in one form, bounded, and never too little."""

from __future__ import annotations

import io
import stat
import unicodedata

import pytest

from primum import vault
from primum.doors.cli.guards import PassphraseTooShort, PassphraseUnreadable, ask_guard, make_guard


def types(monkeypatch: pytest.MonkeyPatch, typed: bytes) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(typed), "utf-8"))


@pytest.mark.parametrize("typed", [b"", b"\n", b"thirteen char\n"])
def test_a_new_passphrase_of_fewer_than_14_characters_is_refused(monkeypatch, typed):
    types(monkeypatch, typed)
    with pytest.raises(PassphraseTooShort) as refusal:
        make_guard(None)
    assert typed.decode().strip() not in str(refusal.value) or not typed.strip()


@pytest.mark.parametrize("typed", [b"x" * 4097 + b"\n", b"x" * 100_000, b"passphrase \xe9t\xe9 latin\n"])
def test_what_is_no_line_of_text_is_refused(monkeypatch, typed):
    types(monkeypatch, typed)
    with pytest.raises(PassphraseUnreadable):
        ask_guard(None)


@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_passphrase_is_the_same_however_it_was_typed(monkeypatch, form, end):
    types(monkeypatch, (unicodedata.normalize(form, "un été à la mer") + end).encode())
    guard = make_guard(None)
    assert isinstance(guard, vault.PassphraseGuard)
    assert guard.passphrase == "un été à la mer"


def test_a_key_file_is_made_for_its_owner_alone_and_used_again(tmp_path):
    file = tmp_path / "home.key"
    assert isinstance(make_guard(file), vault.KeyFileGuard)
    made = file.read_bytes()
    assert (stat.S_IMODE(file.stat().st_mode), len(made)) == (0o600, vault.ROOT_BYTES)
    make_guard(file)
    assert file.read_bytes() == made
