import pytest
from hypothesis import given, strategies as st
from tests.unit.imaging.conftest import EXPLICIT, data_set, slice_of
from tests.unit.imaging.oracle import Sample, samples

from primum.imaging.charsets import charset_of
from primum.imaging.extract import NAME, Attributes
from primum.imaging.names import PersonName

CHARSETS = [one for one in samples() if one.name.startswith("charset_files/")]


@pytest.mark.filterwarnings("ignore")  # of pydicom, about its own files
@pytest.mark.parametrize("one", CHARSETS, ids=lambda one: one.path.name)
def test_names_are_decoded_as_pydicom_does(one: Sample) -> None:
    attributes = Attributes(one.data, one.syntax)
    theirs = one.dataset().get("PatientName", "")
    groups = [getattr(theirs, group, "") for group in ("alphabetic", "ideographic", "phonetic")]
    assert attributes.name(NAME) == PersonName(*(group.rstrip("^ ") for group in groups))
    assert not attributes.damaged


# the examples of PS3.5 annexes H, I, J and K
EXAMPLES = [
    (b"\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
     "Yamada^Tarou=山田^太郎=やまだ^たろう"),
    (b"ISO 2022 IR 13\\ISO 2022 IR 87", b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J",
     "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎"),
    (b"\\ISO 2022 IR 149", (b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7="
     b"\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf"),
     "Hong^Gildong=洪^吉洞=홍^길동"),
    (b"ISO_IR 192", "Wang^XiaoDong=王^小東=".encode(), "Wang^XiaoDong=王^小東="),
    (b"GB18030", "Wang^XiaoDong=王^小东=".encode("gb18030"), "Wang^XiaoDong=王^小东="),
    (b"ISO_IR 100", b"LEF\xc8VRE^Fran\xe7ois", "LEFÈVRE^François"),
    (b"ISO_IR 203", b"C\xbdUR^Zo\xeb", "CœUR^Zoë"),
    (b"ISO_IR 144", b"\xbb\xee\xdace\xdc\xd1yp\xd3", "Люкceмбypг"),  # noqa: RUF001 (the standard's example)
]  # fmt: skip


@pytest.mark.parametrize(("declared", "raw", "expected"), EXAMPLES)
def test_the_examples_of_the_standard_are_read(declared: bytes, raw: bytes, expected: str) -> None:
    assert charset_of(declared).decode(raw) == (expected, False)


@pytest.mark.parametrize(
    "spelt", [b"ISO-IR 100", b"ISO IR 100", b"iso_ir 100 ", b"ISO_IR_100", b"LATIN1", b"ISO 2022 IR 100"]
)
def test_misspellings_of_a_charset_are_understood(spelt: bytes) -> None:
    assert charset_of(spelt).decode(b"Zo\xeb") == ("Zoë", False)


@pytest.mark.parametrize(
    ("declared", "raw", "expected"),
    [
        (b"ISO_IR 192", b"LEF\xc8VRE", "LEF\ufffdVRE"),
        (b"", b"LEF\xc8VRE", "LEFÈVRE"),
        (b"", "LEFÈVRE".encode(), "LEFÈVRE"),
        (b"KLINGON", b"LEF\xc8VRE", "LEFÈVRE"),
        (b"ISO_IR 100", b"A\x1b$Z\xff", "A\x1b$Zÿ"),
    ],
)
def test_what_does_not_fit_is_read_somehow_and_flagged(declared: bytes, raw: bytes, expected: str) -> None:
    assert charset_of(declared).decode(raw) == (expected, True)


@given(st.binary(max_size=40), st.sampled_from([one[0] for one in EXAMPLES] + [b"", b"\xff\\\\", b"ISO 2022 IR 58"]))
def test_decoding_never_raises_and_gives_text_that_can_be_written(raw: bytes, declared: bytes) -> None:
    text, _ = charset_of(declared).decode(raw)
    text.encode("utf-8")


def test_a_name_in_a_broken_charset_is_flagged_and_the_rest_is_read() -> None:
    data = data_set(slice_of() | {0x00100010: ("PN", b"LEF\xc8VRE^ANNE")})
    attributes = Attributes(data, EXPLICIT)
    assert attributes.name(NAME).alphabetic == "LEF\ufffdVRE^ANNE"
    assert attributes.damaged
    assert attributes.text(0x00100020) == "P1"
