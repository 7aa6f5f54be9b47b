"""What may be wrong with a pack (docs/design/vault.md §7): each illness a class, raised or listed.

Facts: `study`, `pack`, `offset`, `end` (bytes in the pack), and `part` or `missing` where they apply.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from primum.ground.errors import PrimumError

Severity = Literal["information", "damage"]


class Illness(PrimumError):
    """Something is wrong with the pack {pack} of the study {study}."""

    code: ClassVar[str] = "vault.illness"
    hint: ClassVar[str] = "restore this pack from a backup into another folder and compare"
    severity: ClassVar[Severity] = "damage"

    def __init__(self, *, study: str, pack: str, offset: int = 0, end: int = 0, **facts: object) -> None:
        """Say where: bytes `offset` to `end` of the pack."""
        super().__init__(study=study, pack=pack, offset=offset, end=end, **facts)
        self.study, self.pack, self.offset, self.end = study, pack, offset, end


class Leftover(Illness):
    """Bytes {offset} to {end} of the pack {pack} (study {study}) were left by an interrupted write; nothing is lost."""

    code: ClassVar[str] = "vault.leftover"
    hint: ClassVar[str] = "nothing to do: the interrupted write was never acknowledged"
    severity: ClassVar[Severity] = "information"


class TornTail(Illness):
    """The pack {pack} (study {study}) ends with unfinished bytes, from {offset} to {end}."""

    code: ClassVar[str] = "vault.torn-tail"
    hint: ClassVar[str] = "nothing to do: the interrupted write was never acknowledged"
    severity: ClassVar[Severity] = "information"


class Hole(Illness):
    """Bytes {offset} to {end} of the pack {pack} (study {study}) are unreadable: {missing} records are lost there."""

    code: ClassVar[str] = "vault.hole"


class FlippedBit(Illness):
    """Bytes {offset} to {end} of the pack {pack} (study {study}) are not what was sealed ({part})."""

    code: ClassVar[str] = "vault.flipped-bit"


class ReorderedSegment(Illness):
    """A segment of the record at {offset} of the pack {pack} (study {study}) stands in another one's place."""

    code: ClassVar[str] = "vault.reordered-segment"


class ReorderedRecord(Illness):
    """A record at {offset} of the pack {pack} (study {study}) stands in another one's place."""

    code: ClassVar[str] = "vault.reordered-record"


class MissingKey(Illness):
    """The key under which the pack {pack} (study {study}) was sealed is not in the keyring."""

    code: ClassVar[str] = "vault.missing-key"
    hint: ClassVar[str] = "if the study was not erased on purpose, restore its key file from a backup of the keyring"


class KeyBroken(Illness):
    """The key file of the study {study} does not open with this home's keyring key."""

    code: ClassVar[str] = "vault.key-broken"
    hint: ClassVar[str] = "restore the key file from a backup of the keyring"


class WrongStudy(Illness):
    """The pack {pack} in the folder of the study {study} belongs elsewhere: it names another study or another pack."""

    code: ClassVar[str] = "vault.wrong-study"
    hint: ClassVar[str] = "move it back to the folder and name that its header gives"


class RecordsMissing(Illness):
    """The pack {pack} (study {study}) ends {missing} records before the end that was expected of it."""

    code: ClassVar[str] = "vault.records-missing"


class RolledBack(Illness):
    """The pack {pack} (study {study}) has another history than the one expected: an older copy was put back."""

    code: ClassVar[str] = "vault.rolled-back"
