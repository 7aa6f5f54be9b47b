"""What `strace` wrote about a program, as calls in the order in which they returned."""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Call:
    """A system call: the lines of the transcript on which it began and returned."""

    thread: int
    name: str
    arguments: str
    result: str
    began: int
    ended: int

    @property
    def path(self) -> str:
        """The path of the file that it works on, by `-y` or as it was given."""
        found = re.match(r"(?:AT_FDCWD<[^>]*>, )?(?:\d+<([^>]*)>|\"([^\"]*)\")", self.arguments)
        return (found.group(1) or found.group(2) or "") if found else ""

    @property
    def whole(self) -> bool:
        """Tell whether a write wrote all that it was given."""
        given = re.search(r"\"(?:\.\.\.)?, (\d+)", self.arguments)
        return given is not None and given.group(1) == self.result


def read_transcript(text: str) -> list[Call]:
    """Read what `strace -f -o` wrote, in the order in which calls returned."""
    calls, unfinished = [], {}
    for at, line in enumerate(text.splitlines()):
        whole = re.match(r"(\d+) +(\w+)\((.*)\) += (\S+)", line)
        begun = re.match(r"(\d+) +(\w+)\((.*) <unfinished \.\.\.>$", line)
        resumed = re.match(r"(\d+) +<\.\.\. (\w+) resumed>(.*)\) += (\S+)", line)
        if whole:
            calls.append(Call(int(whole[1]), whole[2], whole[3], whole[4], at, at))
        elif begun:
            unfinished[begun[1], begun[2]] = (begun[3], at)
        elif resumed and (resumed[1], resumed[2]) in unfinished:
            start, began = unfinished.pop((resumed[1], resumed[2]))
            calls.append(Call(int(resumed[1]), resumed[2], start + resumed[3], resumed[4], began, at))
    return calls
