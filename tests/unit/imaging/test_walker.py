import struct
import time
import tracemalloc

import pytest
from hypothesis import given, settings, strategies as st
from tests.unit.imaging.conftest import data_set, element, slice_of
from tests.unit.imaging.oracle import Sample, samples

from primum.imaging.errors import DamagedDataSet, DataSetTooLarge, ImagingRefusal
from primum.imaging.limits import Limits
from primum.imaging.syntaxes import EXPLICIT_BE, EXPLICIT_LE, IMPLICIT_LE, syntax_of
from primum.imaging.walker import UNDEFINED, Short, elements, inflate, items, skim, wanted

SYNTAXES = st.sampled_from([EXPLICIT_LE, IMPLICIT_LE, EXPLICIT_BE])
REFUSED = {"SC_rgb_jpeg.dcm", "rtplan_truncated.dcm"}


@pytest.mark.filterwarnings("ignore")  # of pydicom, about its own files
@pytest.mark.parametrize("one", samples(), ids=lambda one: one.name)
def test_every_element_is_where_pydicom_finds_it(one: Sample) -> None:
    syntax = syntax_of(one.syntax)
    view = memoryview(inflate(one.data, 1 << 28)[0] if syntax.deflated else one.data)
    try:
        found = [found.tag for found in elements(view, syntax)]
    except (ImagingRefusal, Short):
        assert one.path.name in REFUSED
        return
    theirs = {int(tag) for tag in one.dataset().keys()}  # noqa: SIM118 (iterating decodes the elements)
    # group lengths come and go; padding after the pixel data is not walked to
    assert {tag for tag in found if tag & 0xFFFF} == {tag for tag in theirs if tag & 0xFFFF and tag <= 0x7FE00010}


def sequence(*nested: bytes, defined: bool) -> bytes:
    """A sequence of items with given contents, of defined or undefined length throughout."""
    parts = []
    for content in nested:
        length = len(content) if defined else UNDEFINED
        parts.append(struct.pack("<HHI", 0xFFFE, 0xE000, length) + content)
        if not defined:
            parts.append(struct.pack("<HHI", 0xFFFE, 0xE00D, 0))
    inner = b"".join(parts)
    head = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, len(inner) if defined else UNDEFINED)
    return head + inner + (b"" if defined else struct.pack("<HHI", 0xFFFE, 0xE0DD, 0))


NESTED = st.recursive(
    st.binary(max_size=6).map(lambda value: element(0x00400007, "LO", value)),
    lambda inner: st.builds(
        lambda some, defined: sequence(*some, defined=defined), st.lists(inner, max_size=3), st.booleans()
    ),
    max_leaves=12,
)


@settings(max_examples=100, deadline=None)
@given(NESTED)
def test_nested_sequences_are_stepped_over_whole(nested: bytes) -> None:
    data = element(0x00080060, "CS", b"CT") + nested + element(0x7FDF0010, "LO", b"end")
    found = list(elements(memoryview(data), syntax_of(EXPLICIT_LE)))
    assert found[-1].tag == 0x7FDF0010
    assert found[-1].end == len(data)
    skimmed = skim(memoryview(data), syntax_of(EXPLICIT_LE), wanted(0x7FDF0010))
    assert skimmed.found[0x7FDF0010] == found[-1]
    for one in found:
        if one.vr == "SQ":
            for start, stop in items(memoryview(data), one, syntax_of(EXPLICIT_LE)):
                assert one.at <= start <= stop <= one.end


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=400), SYNTAXES)
def test_noise_is_refused_or_read_and_never_looked_beyond(noise: bytes, syntax: str) -> None:
    view = memoryview(noise)
    skimmed = None
    try:
        skimmed = skim(view, syntax_of(syntax), wanted(0x00080018, 0x0020000D))
    except ImagingRefusal:
        return
    for one in skimmed.found.values():
        assert 0 <= one.at <= one.end <= len(noise)
    assert skimmed.short == 0 or skimmed.short > len(noise)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(data_set(slice_of())) - 1), st.integers(0, 255), SYNTAXES)
def test_one_wrong_byte_is_refused_or_read(at: int, byte: int, syntax: str) -> None:
    data = bytearray(data_set(slice_of()))
    data[at] = byte
    try:
        for one in elements(memoryview(data), syntax_of(syntax)):
            assert one.at <= len(data)
    except (ImagingRefusal, Short):
        pass


def test_a_length_of_four_gigabytes_costs_nothing() -> None:
    data = element(0x00080060, "CS", b"CT") + struct.pack("<HH2sHI", 0x0009, 0x1001, b"OB", 0, 0xFFFFFFF0)
    tracemalloc.start()
    skimmed = skim(memoryview(data), syntax_of(EXPLICIT_LE), wanted(0x00080060))
    assert skimmed.short > 0xFFFFFFF0
    assert tracemalloc.get_traced_memory()[1] < 100_000
    tracemalloc.stop()


def test_sequences_deeper_than_the_limit_are_refused() -> None:
    opened = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, UNDEFINED) + struct.pack(
        "<HHI", 0xFFFE, 0xE000, UNDEFINED
    )
    with pytest.raises(DataSetTooLarge):
        skim(memoryview(opened * 100_000), syntax_of(EXPLICIT_LE), wanted(0x0020000D))


def test_elements_beyond_the_limit_are_refused_in_time() -> None:
    data = element(0x00090000, "UL", b"") * 30_000
    started = time.perf_counter()
    with pytest.raises(DataSetTooLarge):
        skim(memoryview(data), syntax_of(EXPLICIT_LE), wanted(0x0020000D), Limits(elements=20_000))
    assert time.perf_counter() - started < 5


def test_something_else_than_an_item_in_a_sequence_is_refused() -> None:
    data = struct.pack("<HH2sHI", 0x0040, 0x0275, b"SQ", 0, UNDEFINED) + element(0x00400007, "LO", b"x" * 20)
    with pytest.raises(DamagedDataSet):
        list(elements(memoryview(data), syntax_of(EXPLICIT_LE)))


def test_an_unknown_of_undefined_length_is_implicit_inside() -> None:
    """PS3.5 6.2.2 note 2."""
    inner = struct.pack("<HHI", 0x0008, 0x0100, 4) + b"CODE"
    item = struct.pack("<HHI", 0xFFFE, 0xE000, UNDEFINED) + inner + struct.pack("<HHI", 0xFFFE, 0xE00D, 0)
    data = struct.pack("<HH2sHI", 0x0009, 0x1001, b"UN", 0, UNDEFINED) + item + struct.pack("<HHI", 0xFFFE, 0xE0DD, 0)
    data += element(0x00100020, "LO", b"P1")
    assert [one.tag for one in elements(memoryview(data), syntax_of(EXPLICIT_LE))] == [0x00091001, 0x00100020]
