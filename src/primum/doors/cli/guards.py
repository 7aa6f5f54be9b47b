"""Asking for what unlocks the root key: a passphrase at the terminal, or a key file."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
import unicodedata
from pathlib import Path
from typing import ClassVar

from primum import vault
from primum.ground.errors import PrimumError

FEWEST_CHARACTERS = 14
"""Of a new passphrase: the floor of people's passwords, for nobody counts the guesses of who took the disc."""
_MOST_BYTES = 4096
"""Of a typed line: no passphrase is longer, and a file piped in by mistake is not read to its end."""


class PassphrasesDiffer(PrimumError):
    """The two passphrases are not the same."""

    code: ClassVar[str] = "cli.passphrases-differ"
    hint: ClassVar[str] = "run the command again"


class PassphraseTooShort(PrimumError):
    """The passphrase has {characters} characters; it needs {needed}."""

    code: ClassVar[str] = "cli.passphrase-too-short"
    hint: ClassVar[str] = "six words drawn at random are easiest to remember; or use --key-file"


class PassphraseUnreadable(PrimumError):
    """What was typed is not a line of text (UTF-8, at most {limit} bytes)."""

    code: ClassVar[str] = "cli.passphrase-unreadable"
    hint: ClassVar[str] = "look at the character set of the terminal, or at what is piped in"


def make_guard(key_file: Path | None) -> vault.Guard:
    """Make the guard of a new home: a key file (created, mode 0600, when absent) or a new passphrase."""
    if key_file is None:
        return vault.PassphraseGuard(_new_passphrase())
    if not key_file.exists():
        fd = os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(secrets.token_bytes(vault.ROOT_BYTES))
            os.fsync(file.fileno())
    return vault.KeyFileGuard(key_file)


def ask_guard(key_file: Path | None, *, recovery: bool = False) -> vault.Guard:
    """Ask for what opens an existing home."""
    if recovery:
        return vault.RecoveryGuard(ask_line("recovery key: "))
    if key_file is not None:
        return vault.KeyFileGuard(key_file)
    return vault.PassphraseGuard(ask_line("passphrase: "))


def _new_passphrase() -> str:
    first = ask_line("new passphrase: ")
    if len(first) < FEWEST_CHARACTERS:
        raise PassphraseTooShort(characters=len(first), needed=FEWEST_CHARACTERS)
    if sys.stdin.isatty() and first != ask_line("the same again: "):
        raise PassphrasesDiffer
    return first


def ask_line(prompt: str) -> str:
    """Read a secret in one form (NFC), however the keyboard composes its letters. Raises PassphraseUnreadable."""
    try:
        typed = getpass.getpass(prompt) if sys.stdin.isatty() else _line()
        typed.encode("utf-8")
    except UnicodeError:
        raise PassphraseUnreadable(limit=_MOST_BYTES) from None
    return unicodedata.normalize("NFC", typed)


def _line() -> str:
    line = sys.stdin.buffer.readline(_MOST_BYTES + 1)
    if len(line) > _MOST_BYTES:
        raise PassphraseUnreadable(limit=_MOST_BYTES)
    return line.decode("utf-8").rstrip("\r\n")
