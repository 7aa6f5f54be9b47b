"""Large instances are sealed as they arrive: memory stays at one buffer."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import CT, associate, encoded, instance, message, p_data, pdv, store_command

from primum.doors.dimse import Limits

MIB = 1 << 20
JPEG = "1.2.840.10008.1.2.4.50"

SERVER = """
import resource, sys, threading
from pathlib import Path
from tests.doors.dimse.running import House
house = House(Path(sys.argv[1]))
with house.open() as port:
    print(port, flush=True)
    for _ in sys.stdin:
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, flush=True)
house.close()
"""


class OtherProcess:
    """The door in a process of its own, which says the most memory that it has had (KiB)."""

    def __init__(self, folder):
        root = Path(__file__).parents[3]
        path = {"PYTHONPATH": f"{root / 'src'}:{root}", "PATH": "/usr/bin:/bin"}
        command = [sys.executable, "-c", SERVER, str(folder)]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root, env=path
        )
        self.port = int(self.process.stdout.readline())

    def most_memory(self):
        self.process.stdin.write("?\n")
        self.process.stdin.flush()
        return int(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


@pytest.fixture
def other(tmp_path):
    process = OtherProcess(tmp_path)
    yield process
    process.close()


def header_for(length):
    """The data set up to the pixel data's value, which is to have `length` bytes."""
    head = encoded(instance(pixels=b"\0\0" * 8))
    return head[:-20] + length.to_bytes(4, "little")


def send_large(caller, length):
    """Send one instance whose pixels have `length` bytes; return the SHA-256 of the data set."""
    chunk = bytes(range(256)) * 255
    digest, left = hashlib.sha256(head := header_for(length)), length
    caller.say(p_data(pdv(1, 3, store_command())), p_data(pdv(1, 0, head)))
    while left:
        part = chunk[: min(left, len(chunk))]
        left -= len(part)
        digest.update(part)
        caller.say(p_data(pdv(1, 0 if left else 2, part)))
    return digest.digest()


def test_three_hundred_mebibytes_grow_the_memory_by_less_than_forty(other):
    with Caller(other.port) as caller:
        caller.associated(associate())
        send_large(caller, 9 * MIB)  # buffers are there now
        assert caller.status() == 0
    with Caller(other.port) as caller:
        caller.associated(associate())
        send_large(caller, 400_000)
        assert caller.status() == 0
        before = other.most_memory()
        send_large(caller, 300 * MIB)
        assert caller.status() == 0
        grown = (other.most_memory() - before) * 1024
    assert grown < 40 * MIB, grown


@pytest.mark.parametrize("length", [8 * MIB - 500, 8 * MIB, 8 * MIB + 2, 20 * MIB])
def test_on_both_sides_of_the_threshold_it_is_the_same_data_set(house, length):
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate())
        digest = send_large(caller, length)
        assert caller.status() == 0
    [position] = house.positions()
    record = house.vault.open(position)
    assert record.digest_by("sha256") == digest
    assert hashlib.sha256(record.data_set()).digest() == digest
    record.verify()
    assert record.pixels_at == len(header_for(0)) - 12


def encapsulated(count, size):
    """A data set of `count` frames of `size` bytes each, encapsulated, with an empty offset table."""
    one = instance(pixels=b"\0\0" * 8)
    one.NumberOfFrames = count
    head = encoded(one)[:-28] + b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff"
    items = b"\xfe\xff\x00\xe0\0\0\0\0" + (b"\xfe\xff\x00\xe0" + size.to_bytes(4, "little") + bytes(size)) * count
    return head + items + b"\xfe\xff\xdd\xe0\0\0\0\0"


def test_the_frames_of_a_streamed_instance_are_found_on_the_way(house):
    data = encapsulated(12, MIB)
    with house.open() as port, Caller(port) as caller:
        caller.associated(associate((1, CT, (JPEG,))))
        caller.say(message(1, store_command(), data, size=120_000))
        assert caller.status() == 0
    record = house.vault.open(house.positions()[0])
    assert record.frames.count == 12
    start, stop = record.frames.span(11)
    assert stop - start == MIB + 8
    assert record.data_set() == data


@pytest.mark.parametrize(("uid", "status"), [("2.25.9", 0xA900), ("2.25.1000.1", 0xA700)])
def test_a_streamed_instance_that_is_refused_is_read_to_its_end_and_not_kept(house, uid, status):
    house.gauge.left = 2 if status == 0xA700 else 99
    limits = Limits(space_check_bytes=MIB)
    with house.open(limits=limits) as port, Caller(port) as caller:
        caller.associated(associate())
        caller.say(p_data(pdv(1, 3, store_command(uid))), p_data(pdv(1, 0, header_for(30 * MIB))))
        for left in range(300 - 1, -1, -1):
            caller.say(p_data(pdv(1, 0 if left else 2, bytes(30 * MIB // 300))))
        assert caller.status() == status
        house.gauge.left = 99
        caller.say(message(1, store_command(), encoded(instance())))
        assert caller.status() == 0
    assert house.stored() == [encoded(instance())]


def test_an_association_that_dies_amid_a_stream_leaves_nothing_of_it(house):
    with house.open() as port:
        with Caller(port) as caller:
            caller.associated(associate())
            caller.say(p_data(pdv(1, 3, store_command())), p_data(pdv(1, 0, header_for(30 * MIB))))
            for _ in range(150):
                caller.say(p_data(pdv(1, 0, bytes(100_000))))
        with Caller(port) as caller:
            caller.associated(associate())
            caller.say(message(1, store_command(), encoded(instance())))
            assert caller.status() == 0
    assert house.stored() == [encoded(instance())]
