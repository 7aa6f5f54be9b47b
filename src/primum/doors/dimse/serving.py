"""In which transfer syntax an instance can leave: as it is stored, or as `imaging` can bring it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

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


class AsStored:
    """Gives what is stored, as it is."""

    def __init__(self, archive: Archive) -> None:
        """Read from `archive`."""
        self._archive = archive

    def can_serve(self, entry: InstanceEntry, transfer_syntax: str) -> bool:
        """Tell whether it is the stored one."""
        return transfer_syntax == entry.transfer_syntax

    def pieces(self, entry: InstanceEntry, transfer_syntax: str) -> Iterator[bytes]:
        """Give the data set. ValueError: another syntax."""
        if transfer_syntax != entry.transfer_syntax:
            raise ValueError("not the stored transfer syntax")
        return self._archive.data_set(entry)
