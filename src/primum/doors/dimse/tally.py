"""How many connections and associations each process of the door has, where all of them see it.

A bound on what one device or one address may open holds for the door, not for one of its processes. Each process
writes its own page of a shared mapping and reads the others'; no process waits for another, and one that was killed
leaves no lock behind. Two that count at the same instant may let in one too many.
"""

from __future__ import annotations

import hashlib
import mmap
from typing import Protocol

_WORDS = 256
"""Entries of a page: as many keys as a process can have connections, half open ones included."""
_COUNT_BITS = 16
_COUNT_MASK = (1 << _COUNT_BITS) - 1
_KEY_BYTES = 6


class Tally(Protocol):
    """What the crowd tells of itself, and asks of the others."""

    def note(self, kind: str, key: str, count: int) -> None:
        """Say that this process has `count` of `key` now."""
        ...

    def others(self, kind: str, key: str) -> tuple[int, int]:
        """Return how many of `key`, and how many of this kind in all, the other processes have."""
        ...

    def busier_than(self) -> int:
        """Return how many other processes come before this one: they have fewer, or as few and a lower number."""
        ...


class Alone:
    """The tally of a process that has no others."""

    def note(self, kind: str, key: str, count: int) -> None:
        """Nobody asks."""

    def others(self, kind: str, key: str) -> tuple[int, int]:  # noqa: ARG002
        """There are none."""
        return 0, 0

    def busier_than(self) -> int:
        """There are none."""
        return 0


class SharedTally:
    """One page for each process, in a mapping made before they are forked."""

    def __init__(self, processes: int) -> None:
        """Make room for `processes`."""
        self._words = memoryview(mmap.mmap(-1, processes * _WORDS * 8)).cast("Q")
        self._processes = processes

    def clear(self, process: int) -> None:
        """Forget what a process that has ended had."""
        self._words[process * _WORDS : (process + 1) * _WORDS] = memoryview(bytes(8 * _WORDS)).cast("Q")

    def page(self, process: int) -> PageTally:
        """Return the tally of one process."""
        return PageTally([self._words[n * _WORDS : (n + 1) * _WORDS] for n in range(self._processes)], process)


class PageTally:
    """The tally of one process: writes its own page alone. Called under the crowd's lock.

    The first word of a page is how many connections there are in all.
    """

    def __init__(self, pages: list[memoryview], process: int) -> None:
        """Write one of `pages`, read the others: words of 64 bits, key and count, so that each is read whole."""
        self._pages, self._process = pages, process
        self._own, self._others = pages[process], [one for n, one in enumerate(pages) if n != process]
        self._places: dict[tuple[str, str], int] = {}
        self._free = list(range(1, _WORDS))

    def note(self, kind: str, key: str, count: int) -> None:
        """Write the count; a page that is full forgets, which lets more in and never fewer."""
        place = self._places.get((kind, key))
        if place is None:
            if not (count and self._free):
                return
            place = self._places[kind, key] = self._free.pop()
        self._own[0] += count - (self._own[place] & _COUNT_MASK)
        self._own[place] = _word(kind, key) | min(count, _COUNT_MASK) if count else 0
        if not count:
            del self._places[kind, key]
            self._free.append(place)

    def others(self, kind: str, key: str) -> tuple[int, int]:
        """Add up the other pages."""
        wanted = _word(kind, key) >> _COUNT_BITS
        of_kind = wanted & 1
        same = every = 0
        for page in self._others:
            for word in page[1:].tolist():
                if word and word >> _COUNT_BITS & 1 == of_kind:
                    every += word & _COUNT_MASK
                    same += (word & _COUNT_MASK) * (word >> _COUNT_BITS == wanted)
        return same, every

    def busier_than(self) -> int:
        """Compare the first words of all pages."""
        own = (self._own[0], self._process)
        return sum((page[0], n) < own for n, page in enumerate(self._pages))


def _word(kind: str, key: str) -> int:
    digest = hashlib.blake2b(f"{kind} {key}".encode(), digest_size=_KEY_BYTES).digest()
    # the lowest bit of the key tells the kind, so that the sum of a kind needs no second table
    return ((int.from_bytes(digest, "big") & ~1) | (kind == "association")) << _COUNT_BITS
