"""What media may make us hold, open or believe."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class MediaLimits:
    """Every length and count that comes from outside, with its reason."""

    nested: int = 3
    """Archives inside archives: a ZIP of discs as ISO images that hold a ZIP is the deepest that was ever met."""
    entries: int = 1_000_000
    """Files of one container: the largest disc image has some 30 000, an export of a whole archive several 100 000."""
    listing_bytes: int = 192 * MIB
    """A ZIP's own list of its entries, which is held in memory: entries, at 150 bytes each and some more."""
    ratio: int = 100
    """What a container may unpack to, as a multiple of its size: CT packs 2 to 3 times, blank frames 1000 times."""
    always: int = 256 * MIB
    """What a container may unpack to however small it is: a few blank frames are no bomb."""
    folders_deep: int = 32
    """Folders inside folders of a disc image (ISO 9660 allows 8, Joliet in practice some more)."""
    folder_bytes: int = 32 * MIB
    """One folder of a disc image."""
    directory_bytes: int = 256 * MIB
    """A DICOMDIR, which is held in memory: some 500 bytes an image."""
    exported: int = 200_000
    """Instances of one export: their directory is held in memory until it is written, as the last file."""
    passphrase: int = 1024
    """Characters of a passphrase that a person types."""


LIMITS = MediaLimits()
