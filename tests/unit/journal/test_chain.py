import subprocess

from tests.unit.journal.scene import VIEWED

from primum.journal import chain
from primum.journal.chain import EMPTY, Head
from primum.journal.fact import encode

AT = "2026-10-02T08:15:00.000Z"


def three() -> tuple[bytes, list[Head]]:
    data, heads = b"", [EMPTY]
    for _ in range(3):
        line, head = chain.line(heads[-1], AT, encode(VIEWED))
        data, heads = data + line, [*heads, head]
    return data, heads


def test_a_line_is_checked_with_sha256sum():
    data, _ = three()
    first, second, _ = data.decode().splitlines()
    said = f"{first[:64]} {second[65:]}".encode()
    done = subprocess.run(["sha256sum"], input=said, capture_output=True, check=True)
    assert done.stdout[:64].decode() == second[:64]


def test_a_chain_is_sound_to_its_end():
    data, heads = three()
    seen = chain.scan(data)
    assert (seen.head, seen.sound, seen.closed) == (heads[3], True, False)
    assert heads[3].size == len(data)


def test_reading_goes_on_from_any_head():
    data, heads = three()
    assert chain.scan(data[heads[1].size :], heads[1]).head == heads[3]


def test_reading_stops_before_what_does_not_follow():
    data, heads = three()
    for broken in (
        data.replace(b"person", b"persom", 1),
        data[heads[1].size :],
        data[: heads[1].size] + data[heads[2].size :],
        data[: heads[2].size] + data[heads[1].size :],
        b"\n" + data,
        b"\x00" * 100 + data,
    ):
        seen = chain.scan(broken)
        assert not seen.sound
        assert seen.head in heads[:3]


def test_a_line_without_its_end_is_not_a_line():
    data, heads = three()
    for cut in range(1, heads[3].size - heads[2].size):
        seen = chain.scan(data[:-cut])
        assert seen.head == heads[2]
        assert not seen.sound
