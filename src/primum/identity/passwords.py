"""Passwords: how they are read, which are refused, how they are hashed.

CNIL délibération 2022-100, case with restriction of access, with a higher floor; figures in rules/. What
is guessable is in guessable.py. A password is never part of an exception, a log line or a fact.
"""

from __future__ import annotations

import secrets
import unicodedata
from threading import BoundedSemaphore, Lock

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError

from primum.identity.guessable import why_guessable
from primum.identity.refusals import PasswordGuessable, PasswordTooLong, PasswordTooShort
from primum.identity.rules import PasswordRule

AT_ONCE = 2
"""Hashes computed at the same time by one process: each takes 64 MiB."""


def readable(password: str, rule: PasswordRule) -> str | None:
    """Bring a password into the form that is hashed (NFKC); None for what cannot be one."""
    if len(password) > rule.most_characters:
        return None
    normal = unicodedata.normalize("NFKC", password)
    # NFKC may lengthen a text eighteenfold, and a lone surrogate cannot be written as UTF-8
    if len(normal) > rule.most_characters or any("\ud800" <= one <= "\udfff" for one in normal):
        return None
    return normal


def check_password(password: str, about: tuple[str, ...], rule: PasswordRule) -> str:
    """Return the form to be hashed, or raise PasswordTooShort, PasswordTooLong or PasswordGuessable.

    `about` are words that belong to the person: login, names.
    """
    normal = readable(password, rule)
    if normal is None:
        raise PasswordTooLong(allowed=rule.most_characters)
    if len(normal) < rule.fewest_characters:
        raise PasswordTooShort(characters=len(normal), needed=rule.fewest_characters)
    why = why_guessable(normal, about, rule.fewest_unguessable)
    if why:
        raise PasswordGuessable(why=why)
    return normal


class Hasher:
    """Argon2id, with a bound on how many run at once and a dummy of the same cost for unknown logins."""

    def __init__(self, *, time_cost: int = 3, memory_kib: int = 65_536, lanes: int = 4) -> None:
        """Use these parameters: by default the second recommendation of RFC 9106 4."""
        self._argon2 = PasswordHasher(time_cost=time_cost, memory_cost=memory_kib, parallelism=lanes, type=Type.ID)
        self._turn = BoundedSemaphore(AT_ONCE)
        self._dummy = ""
        self._dummy_lock = Lock()

    def hash(self, normal: str) -> str:
        """Hash a password, with a fresh salt."""
        with self._turn:
            return self._argon2.hash(normal)

    def fits(self, kept: str | None, normal: str | None) -> bool:
        """Tell whether a password is the one that was hashed. Does the same work when there is nothing to compare."""
        dummy = self._some_hash()
        with self._turn:
            try:
                self._argon2.verify(kept or dummy, normal or "")
            except (VerificationError, InvalidHashError):
                return False
        return kept is not None and normal is not None

    def outdated(self, kept: str) -> bool:
        """Tell whether a hash was made with other parameters than today's."""
        return self._argon2.check_needs_rehash(kept)

    def _some_hash(self) -> str:
        # made at the first use of all, known login or not, so that it tells nothing
        with self._dummy_lock:
            if not self._dummy:
                self._dummy = self.hash(secrets.token_hex(16))
            return self._dummy
