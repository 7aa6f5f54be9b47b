"""Bounds on everything whose size a device decides."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, each with its reason."""

    elements: int = 1_000_000
    """Elements walked in one data set: an enhanced image of 10 000 frames has half of that; 0.5 s of work."""

    depth: int = 64
    """Sequences inside sequences: structured reports nest up to 20 deep in practice; no recursion is involved."""

    header_bytes: int = 64 * MIB
    """Header read for the index or for metadata: RT structure sets, which are all header, reach tens of MiB."""

    inflated_header_bytes: int = 8 * MIB
    """Start of a deflated data set that is inflated to find its UIDs."""

    inflated_bytes: int = 512 * MIB
    """Whole deflated data set: its like in clear is a few MiB; a bomb ends here."""

    fragments: int = 1_000_000
    """Fragments of encapsulated pixel data: a whole slide level has some 100 000."""

    text: int = 1024
    """Characters of an attribute kept in the index: the longest short text (ST) is 1024 (PS3.5 table 6.2-1)."""

    values: int = 64
    """Values of one attribute kept in the index."""

    inline_bytes: int = KIB
    """Binary value that metadata carries inline; a longer one is fetched by its URI."""

    metadata_bytes: int = 256 * MIB
    """JSON of one series: 5000 instances at 20 KiB are 100 MiB."""

    query_parameters: int = 64
    """Parameters of one query: there are not that many attributes to ask for."""

    query_text: int = 4096
    """Characters of one parameter: a list of UIDs has 64 each."""

    query_list: int = 10_000
    """Values of one list: as many UIDs as a migration asks for at once; each is one look-up."""

    query_elements: int = 1_000
    """Elements of an identifier, those of its items included: there are not that many attributes to ask for."""

    query_seconds: float = 10.0
    """What one query may take: with the indexes it takes milliseconds, so beyond this it is refused as too broad."""

    located: int = 512
    """Studies whose row is remembered until the index changes: under 2 KiB each."""

    listed: int = 4
    """Series whose instances are remembered so: those that are being scrolled through."""

    series: int = 4096
    """Instances of such a series, 1 KiB each; in a longer one each instance is looked up by itself."""

    page: int = 1000
    """Rows of one answer."""


LIMITS = Limits()
