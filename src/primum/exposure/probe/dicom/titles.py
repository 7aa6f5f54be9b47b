"""Which AE titles to try next: what a rejection says spares trying every calling title with every called one.

An acceptor tells an unknown calling title (reason 3) from an unknown called one (reason 7; PS3.8 table 9-21). So the
one that it dislikes is varied alone until it dislikes something else, and then the other.
"""

from __future__ import annotations

import functools
import tomllib
from collections import deque
from importlib import resources
from itertools import product
from typing import Final, NamedTuple

from primum.exposure.probe import lists
from primum.exposure.probe.dialling import TITLE
from primum.exposure.probe.dicom.pdu import CALLED_UNKNOWN, CALLING_UNKNOWN

MADE_UP: Final = "NO-SUCH-TITLE"
"""A called title that nobody has."""
ANYBODY: Final = "ANY-SCP"
"""A called title that means whoever listens, by custom of the tools."""
NOWHERE: Final = "NO-SUCH-PLACE"
"""A destination that nobody has."""
_LONGEST = 16


class Titles(NamedTuple):
    """A pair of titles."""

    calling: str
    called: str


class Known(NamedTuple):
    """Titles of the list, in the order in which they are tried."""

    calling: tuple[str, ...]
    called: tuple[str, ...]


@functools.cache
def listed() -> Known:
    """Read the list of titles that products come with."""
    found = tomllib.loads((resources.files(lists) / "titles.toml").read_text("utf-8"))["titles"]
    archives = tuple(str(one["name"]) for one in found if one["part"] == "archive")
    clients = tuple(str(one["name"]) for one in found if one["part"] == "client")
    return Known(clients + archives, archives)


def usable(titles: tuple[str, ...]) -> tuple[str, ...]:
    """Keep those that are AE titles (PS3.5 6.2), each once."""
    return tuple(
        dict.fromkeys(one for one in titles if 0 < len(one) <= _LONGEST and one.isascii() and one.isprintable())
    )


GRANTED: Final = -1
OTHERWISE: Final = 0
"""What became of a pair, where it was not rejected for one of the two reasons that name a title."""


class TitleSearch:
    """Goes through pairs of titles and learns from each. With new titles it goes on from where it stood."""

    def __init__(self) -> None:
        """Begin with nobody's titles."""
        self.best = Titles(TITLE, MADE_UP)
        """The pair that went furthest."""
        self.calling_matters = False
        """A calling title was granted what another one was not."""
        self._fate: int | None = None
        self._tried: set[Titles] = set()
        self._new = Known((), ())
        self._queue: deque[Titles] = deque((self.best, Titles(TITLE, ANYBODY)))

    def go_on_with(self, new: Known) -> None:
        """Try these titles from now on."""
        self._new = new
        self._queue_up()

    def next(self) -> Titles | None:
        """Return the next pair, None when there is none."""
        while self._queue:
            pair = self._queue.popleft()
            if pair not in self._tried:
                self._tried.add(pair)
                return pair
        return None

    def learn(self, pair: Titles, fate: int) -> None:
        """Take note of what became of a pair: granted, the reason of its rejection, or otherwise."""
        before = self._fate
        if before in {GRANTED, fate} or (fate == OTHERWISE and before is not None):
            return
        self.calling_matters = self.calling_matters or before == CALLING_UNKNOWN
        self.best, self._fate = pair, fate
        if any(self._new):
            self._queue_up()

    def _queue_up(self) -> None:
        calling, called = self.best
        vary_calling = [Titles(one, called) for one in self._new.calling]
        vary_called = [Titles(calling, one) for one in self._new.called]
        together = [Titles(one, one) for one in self._new.called]
        # some say the same of a wrong pair, whichever is wrong (dcmqrscp does): the pairs of few titles are tried too
        if len(self._new.calling) <= _DEVICES:
            together += [Titles(*pair) for pair in product(self._new.calling, self._new.called[:_FEW])]
        if self._fate == CALLED_UNKNOWN:
            pairs = vary_called + together
        elif self._fate == CALLING_UNKNOWN:
            pairs = vary_calling + together
        elif self._fate == GRANTED:
            pairs = vary_calling + vary_called
        else:
            pairs = vary_called + together + vary_calling
        self._queue = deque(pairs)


_FEW, _DEVICES = 6, 16
"""Titles of an archive that a house may have, and of devices that call it."""
