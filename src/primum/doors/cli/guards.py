"""Asking for what unlocks the root key: a passphrase at the terminal, or a key file."""

from __future__ import annotations

import getpass
import os
import secrets
import sys
from pathlib import Path
from typing import ClassVar

from primum import vault
from primum.ground.errors import PrimumError


class PassphrasesDiffer(PrimumError):
    """The two passphrases are not the same."""

    code: ClassVar[str] = "cli.passphrases-differ"
    hint: ClassVar[str] = "run the command again"


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
        return vault.RecoveryGuard(_ask("recovery key: "))
    if key_file is not None:
        return vault.KeyFileGuard(key_file)
    return vault.PassphraseGuard(_ask("passphrase: "))


def _new_passphrase() -> str:
    first = _ask("new passphrase: ")
    if sys.stdin.isatty() and first != _ask("the same again: "):
        raise PassphrasesDiffer
    return first


def _ask(prompt: str) -> str:
    if sys.stdin.isatty():
        return getpass.getpass(prompt)
    return sys.stdin.readline().rstrip("\n")
