"""The directory of a disc: DICOMDIR written (PS3.3 annex F, PS3.10 8), and read.

Records of patients, studies, series and what PS3.3 table F.4-1 puts below a series; each has the keys of PS3.3 F.5.
A key that must have a value and has none in the data set is invented here, and only here: the files stay as they are.
What is read is never believed to lie where it says: a file ID that leads out of its disc is told, and not followed.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

from primum.ground.errors import PrimumError
from primum.imaging.errors import DamagedDataSet
from primum.imaging.limits import Limits
from primum.imaging.media.picking import CHARSET, ROWS, Picked, element, item
from primum.imaging.part10 import EXPLICIT_LITTLE, read_meta, write_meta
from primum.imaging.syntaxes import syntax_of
from primum.imaging.walker import Short, elements, items

DIRECTORY_CLASS = "1.2.840.10008.1.3.10"
_STORAGE = "1.2.840.10008.5.1.4.1.1."
_ITEM_HEAD = 8
_IN_USE = struct.pack("<H", 0xFFFF)

_Key = tuple[int, str, bytes | None]
"""Tag, value representation, and what is invented where the data set has no value (None: it stays empty)."""
_NUMBER: _Key = (0x00200013, "IS", b"0")
_CONTENT: tuple[_Key, ...] = ((0x00080023, "DA", b"19000101"), (0x00080033, "TM", b"000000"))
_LABELS: tuple[_Key, ...] = (
    (0x00700080, "CS", b"UNNAMED"), (0x00700081, "LO", None), (0x00700084, "PN", None),
)  # fmt: skip
_VERIFIED_AT = 0x0040A030
_CONCEPT: _Key = (0x0040A043, "SQ", None)

PATIENT: tuple[_Key, ...] = (
    (0x00100010, "PN", None), (0x00100020, "LO", b"UNKNOWN"), (0x00100030, "DA", None), (0x00100040, "CS", None),
)  # fmt: skip
STUDY: tuple[_Key, ...] = (
    (0x00080020, "DA", b"19000101"), (0x00080030, "TM", b"000000"), (0x00080050, "SH", None),
    (0x00081030, "LO", None), (0x0020000D, "UI", None), (0x00200010, "SH", b"0"),
)  # fmt: skip
SERIES: tuple[_Key, ...] = (
    (0x00080060, "CS", b"OT"), (0x0008103E, "LO", None), (0x0020000E, "UI", None), (0x00200011, "IS", b"0"),
)  # fmt: skip
LEAVES: dict[str, tuple[_Key, ...]] = {
    "IMAGE": (_NUMBER,),
    "SR DOCUMENT": (
        *_CONTENT, _NUMBER, (_VERIFIED_AT, "DT", None), _CONCEPT, (0x0040A491, "CS", b"PARTIAL"),
        (0x0040A493, "CS", b"UNVERIFIED"),
    ),
    "KEY OBJECT DOC": (*_CONTENT, _NUMBER, _CONCEPT),
    "ENCAP DOC": (
        (0x00080023, "DA", None), (0x00080033, "TM", None), _NUMBER, _CONCEPT, (0x00420010, "ST", None),
        (0x00420012, "LO", b"application/octet-stream"),
    ),
    "PRESENTATION": ((0x00700082, "DA", b"19000101"), (0x00700083, "TM", b"000000"), _NUMBER, *_LABELS),
    "WAVEFORM": (*_CONTENT, _NUMBER),
    "RAW DATA": (*_CONTENT, _NUMBER),
    "REGISTRATION": (*_CONTENT, _NUMBER, *_LABELS),
    "FIDUCIAL": (*_CONTENT, _NUMBER, *_LABELS),
    "RT DOSE": (_NUMBER, (0x3004000A, "CS", b"PLAN")),
    "RT STRUCTURE SET": (
        _NUMBER, (0x30060002, "SH", b"UNNAMED"), (0x30060008, "DA", None), (0x30060009, "TM", None),
    ),
    "RT PLAN": (_NUMBER, (0x300A0002, "SH", b"UNNAMED"), (0x300A0006, "DA", None), (0x300A0007, "TM", None)),
}  # fmt: skip
"""The kinds of record below a series, each with its keys."""
_KINDS = {
    "88.59": "KEY OBJECT DOC", "66": "RAW DATA", "66.1": "REGISTRATION", "66.3": "REGISTRATION", "66.2": "FIDUCIAL",
    "481.2": "RT DOSE", "481.3": "RT STRUCTURE SET", "481.5": "RT PLAN", "481.8": "RT PLAN",
}  # fmt: skip
_FAMILIES = {"88": "SR DOCUMENT", "104": "ENCAP DOC", "11": "PRESENTATION", "9": "WAVEFORM"}
_TAGS = tuple({tag for keys in (PATIENT, STUDY, SERIES, *LEAVES.values()) for tag, _, _ in keys})


class NotListed(PrimumError):
    """The instance is of a kind that a directory of this version has no record for."""

    code: ClassVar[str] = "media.not-listed"
    hint: ClassVar[str] = "the file is on the medium; only its directory does not show it"


def record_kind(sop_class_uid: str, *, image: bool) -> str:
    """Say as what an instance is listed (PS3.3 table F.4-1). Raises NotListed."""
    rest = sop_class_uid.removeprefix(_STORAGE) if sop_class_uid.startswith(_STORAGE) else ""
    kind = _KINDS.get(rest) or _FAMILIES.get(rest.split(".")[0], "")
    if kind:
        return kind
    if image:
        return "IMAGE"
    raise NotListed


@dataclass(slots=True)
class _Node:
    """A record, and those one level below."""

    kind: str
    content: bytes
    below: dict[bytes, _Node] = field(default_factory=dict)

    def size(self) -> int:
        return _ITEM_HEAD + _OFFSETS_SIZE + len(self.content)


_OFFSETS_SIZE = len(
    element(0x00041400, "UL", bytes(4)) + element(0x00041410, "US", _IN_USE) + element(0x00041420, "UL", bytes(4))
)


class DirectoryWriter:
    """Gathers what is on a medium, instance by instance."""

    def __init__(self) -> None:
        """Begin with an empty medium."""
        self._patients: dict[bytes, _Node] = {}
        self.listed = 0

    def add(
        self, place: tuple[str, ...], header: bytes, *, sop_class_uid: str, sop_instance_uid: str, transfer_syntax: str
    ) -> None:
        """List the file at `place` (components of a file ID). Raises NotListed, and what a damaged header raises."""
        found = Picked(header, transfer_syntax, _TAGS)
        kind = record_kind(sop_class_uid, image=found.has(ROWS))
        patient = _below(self._patients, "PATIENT", found, PATIENT, found.raw(0x00100020) or found.raw(0x00100010))
        study = _below(patient.below, "STUDY", found, STUDY, found.raw(0x0020000D))
        series = _below(study.below, "SERIES", found, SERIES, found.raw(0x0020000E))
        file = (
            element(0x00041500, "CS", "\\".join(place).encode("ascii"))
            + element(0x00041510, "UI", sop_class_uid.encode("ascii"))
            + element(0x00041511, "UI", sop_instance_uid.encode("ascii"))
            + element(0x00041512, "UI", transfer_syntax.encode("ascii"))
        )
        series.below[b"\\".join(part.encode() for part in place)] = _node(kind, found, LEAVES[kind], file)
        self.listed += 1

    def written(self, *, file_set_id: str, instance_uid: str) -> bytes:
        """Write the DICOMDIR."""
        meta = write_meta(
            transfer_syntax_uid=EXPLICIT_LITTLE,
            sop_class_uid=DIRECTORY_CLASS,
            sop_instance_uid=instance_uid,
        )
        set_id = element(0x00041130, "CS", file_set_id.encode("ascii"))
        begin = len(meta) + len(set_id) + len(_roots(0, 0)) + len(element(0x00041220, "SQ", b""))
        first, last, records = _laid_out(list(self._patients.values()), begin)
        return meta + set_id + _roots(first, last) + element(0x00041220, "SQ", b"".join(records))


def _roots(first: int, last: int) -> bytes:
    return (
        element(0x00041200, "UL", struct.pack("<I", first))
        + element(0x00041202, "UL", struct.pack("<I", last))
        + element(0x00041212, "US", struct.pack("<H", 0))
    )


def _laid_out(nodes: list[_Node], begin: int) -> tuple[int, int, list[bytes]]:
    """Write records one after another, each before those below it; give where the first and the last one begin."""
    written: list[bytes] = []
    first = last = 0
    at = begin
    for index, node in enumerate(nodes):
        first, last = first or at, at
        lower, _, inner = _laid_out(list(node.below.values()), at + node.size())
        end = at + node.size() + sum(map(len, inner))
        following = end if index + 1 < len(nodes) else 0
        head = (
            element(0x00041400, "UL", struct.pack("<I", following))
            + element(0x00041410, "US", _IN_USE)
            + element(0x00041420, "UL", struct.pack("<I", lower))
        )
        written += [item(head + node.content), *inner]
        at = end
    return first, last, written


def _below(nodes: dict[bytes, _Node], kind: str, found: Picked, keys: tuple[_Key, ...], name: bytes) -> _Node:
    if name not in nodes:
        nodes[name] = _node(kind, found, keys)
    return nodes[name]


def _node(kind: str, found: Picked, keys: tuple[_Key, ...], file: bytes = b"") -> _Node:
    content = [element(0x00041430, "CS", kind.encode("ascii")), file]
    charset = found.raw(CHARSET)
    parts = {tag: _value(found, tag, vr, invented) for tag, vr, invented in keys}
    if (charset and not b"".join(parts.values()).isascii()) or b"\x1b" in b"".join(parts.values()):
        parts[CHARSET] = element(CHARSET, "CS", charset)
    return _Node(kind, b"".join([*content, *(parts[tag] for tag in sorted(parts))]))


def _value(found: Picked, tag: int, vr: str, invented: bytes | None) -> bytes:
    if vr == "SQ":
        return element(tag, vr, found.sequence(tag) or b"")
    if tag == _VERIFIED_AT and not found.raw(tag):  # only where somebody verified
        return b""
    return element(tag, vr, found.raw(tag) or invented or b"")


# reading


@dataclass(frozen=True, slots=True)
class Listed:
    """What a DICOMDIR lists: components of each file ID; `outside` of them lead out of their disc."""

    files: tuple[tuple[str, ...], ...] = field(repr=False)
    outside: int


_FILE_ID, _SEQUENCE = 0x00041500, 0x00041220
_READING = Limits(elements=20_000_000)
"""A directory is one long sequence: a million records of some 15 elements."""


def read_directory(data: bytes) -> Listed:
    """Read which files a DICOMDIR lists. Raises DamagedDataSet, DataSetTooLarge, NotPart10."""
    meta = read_meta(data)
    view = memoryview(data)[meta.begins :]
    syntax = syntax_of(meta.transfer_syntax_uid)
    files: list[tuple[str, ...]] = []
    outside = 0
    try:
        for one in elements(view, syntax, _READING):
            if one.tag != _SEQUENCE:
                continue
            for start, stop in items(view, one, syntax, _READING):
                for inner in elements(view, syntax, _READING, start, stop):
                    if inner.tag == _FILE_ID and inner.end > inner.at:
                        place = _components(bytes(view[inner.at : inner.end]))
                        files += [place] if place else []
                        outside += not place
    except Short:
        raise DamagedDataSet(what="its directory is cut short") from None
    return Listed(tuple(files), outside)


def _components(raw: bytes) -> tuple[str, ...]:
    """Read a file ID; empty where it leads elsewhere than below its own folder."""
    parts = tuple(part.strip() for part in raw.decode("latin-1").strip("\0 ").split("\\"))
    if any(part in {"", ".", ".."} or "/" in part or ":" in part or "\0" in part for part in parts):
        return ()
    return parts


def missing(listed: Listed, there: Callable[[tuple[str, ...]], bool]) -> int:
    """Count the files that are listed and not there."""
    return sum(not there(one) for one in listed.files)
