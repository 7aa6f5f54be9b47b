"""What bytes a record has, where two have the same SOP Instance UID."""

from __future__ import annotations

import hashlib

from primum.ground.log import Log
from primum.vault import Illness, Position, RecordAbsent, Vault

_log = Log("imaging")


class Contents:
    """Compares records of one vault by their digests."""

    def __init__(self, vault: Vault) -> None:
        """Look into `vault`."""
        self._vault = vault

    def same(self, one: Position, other: Position) -> bool:
        """Tell whether two records are known to have the same bytes, from what was sealed beside them.

        False where that does not tell: one cannot be opened, or they are of different format versions.
        """
        try:
            return self._vault.open(one).digest == self._vault.open(other).digest
        except (Illness, RecordAbsent):
            return False

    def sha256(self, position: Position) -> bytes:
        """Return the SHA-256 of a record's data set, 32 bytes: what people choose a version by."""
        try:
            return self._vault.open(position).digest_by("sha256")
        except (Illness, RecordAbsent) as illness:
            # what cannot be opened cannot be the same as anything: a digest of its own, the same each time
            _log.warning("index.illness", code=illness.code, study=position.study, pack=position.pack)
            return hashlib.sha256(f"unreadable {position.pack} {position.offset}".encode()).digest()
