"""In which transfer syntax an instance can leave: as it is stored, or as `imaging` can bring it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from primum.imaging import can_serve, syntax_of

if TYPE_CHECKING:
    from primum.imaging import Archive, InstanceEntry


class Serving(Protocol):
    """Where data sets come from."""

    def can_serve(self, entry: InstanceEntry, transfer_syntax: str) -> bool:
        """Tell whether an instance can be had in a transfer syntax."""
        ...

    def pieces(self, entry: InstanceEntry, transfer_syntax: str) -> Iterator[bytes]:
        """Give its data set in that syntax. Raises an illness of the vault, or why it cannot be converted."""
        ...


class AsWanted:
    """Gives what is stored, as it is or in what the other side takes (docs/design/codecs.md)."""

    def __init__(self, archive: Archive) -> None:
        """Read from `archive`."""
        self._archive = archive

    def can_serve(self, entry: InstanceEntry, transfer_syntax: str) -> bool:
        """Tell whether it can be had so. What has no pixels is not compressed."""
        if transfer_syntax == entry.transfer_syntax:
            return True
        fits = bool(entry.rows) or not syntax_of(transfer_syntax).encapsulated
        return fits and can_serve(entry.transfer_syntax, transfer_syntax)

    def pieces(self, entry: InstanceEntry, transfer_syntax: str) -> Iterator[bytes]:
        """Give the data set. Raises NotTranscoded, Undecodable, CodecsBusy, or an illness of the vault."""
        return self._archive.transcoded(entry, transfer_syntax)
