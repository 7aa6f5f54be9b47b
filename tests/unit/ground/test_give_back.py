"""What was freed between things that stay goes back to the system."""

import subprocess
import sys

import pytest

from primum.ground import process

_PROGRAM = """
import os
from primum.ground import process

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

process.keep_memory()
gone, stays = [], []
for _ in range(400):
    gone.append(os.urandom(100_000))
    stays.append(os.urandom(2_000))
full = held()
del gone
freed = held()
process.give_back()
print(full, freed, held())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc alone keeps it")
def test_what_was_freed_in_the_middle_of_the_heap_is_given_back() -> None:
    done = subprocess.run([sys.executable, "-c", _PROGRAM], capture_output=True, text=True, check=True, timeout=60)
    full, freed, given = (int(one) for one in done.stdout.split())
    assert freed > full - 10, "the library gave it back by itself: nothing is shown"
    assert given < freed - 25


def test_it_is_given_back_once_a_minute_however_often_somebody_comes_by():
    now, given = [100.0], []
    memory = process.GivesBack(lambda: now[0], lambda: given.append(now[0]))
    for _ in range(125):
        now[0] += 1
        memory.when_due()
    assert given == [160.0, 220.0]
