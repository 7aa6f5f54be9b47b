"""What a process keeps of the memory that it gave back."""

import subprocess
import sys

import pytest

MANY_THREADS = """
import threading
from primum.ground import process

process.keep_memory()
together = threading.Barrier(24)

def work():
    together.wait()
    held = [bytes(3000) for _ in range(300)]
    together.wait()

threads = [threading.Thread(target=work) for _ in range(24)]
for one in threads: one.start()
for one in threads: one.join()
# an arena of a thread begins at a multiple of 64 MiB (glibc, HEAP_MAX_SIZE)
with open("/proc/self/maps") as maps:
    begins = {int(line.split("-")[0], 16) for line in maps if len(line.split()) == 5}
print(sum(at % (64 << 20) == 0 for at in begins))
"""


def arenas(source):
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True, timeout=30)
    return int(done.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc")
def test_threads_share_two_arenas_however_many_there_are():
    assert arenas(MANY_THREADS) <= 1  # the first one is the heap, which is no mapping of its own
    assert arenas(MANY_THREADS.replace("process.keep_memory()", "")) > 1
