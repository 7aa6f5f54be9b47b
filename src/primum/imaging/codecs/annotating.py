"""What is written on a picture on request (PS3.18 8.3.5.1.1): whose it is, and how it was made.

Read in the header as it is served; it becomes lines here, so that a codec process is told no word.
"""

from __future__ import annotations

import math
import struct
from typing import Any, Final

from primum.imaging.charsets import charset_of
from primum.imaging.codecs.letters import strokes
from primum.imaging.codecs.transcoding import Instance
from primum.imaging.dicomjson import CHARSET_TAG, values_of
from primum.imaging.dictionary import vr_of
from primum.imaging.walker import skim, wanted

PATIENT, TECHNIQUE = "patient", "technique"
KINDS: Final = frozenset({PATIENT, TECHNIQUE})
_NAME, _NUMBER, _BIRTH, _SEX = 0x00100010, 0x00100020, 0x00100030, 0x00100040
_MODALITY, _DATE, _SERIES = 0x00080060, 0x00080020, 0x0008103E
_VALUES: Final = (
    (0x00180060, "kV"), (0x00181151, "mA"), (0x00180080, "TR ms"), (0x00180081, "TE ms"), (0x00180050, "mm"),
)  # fmt: skip
"""KVP, tube current, repetition and echo time, slice thickness: each with its unit."""
_LINES: Final = {
    PATIENT: ((_NAME,), (_NUMBER,), (_BIRTH, _SEX)),
    TECHNIQUE: ((_MODALITY, _DATE), (_SERIES,), tuple(tag for tag, _ in _VALUES)),
}
_UNITS: Final = dict(_VALUES)
_WANTED = wanted(CHARSET_TAG, *(tag for lines in _LINES.values() for line in lines for tag in line))
_MOST: Final = 64
"""Characters of one value: a name has as many in each of its groups."""


def annotated(instance: Instance, kinds: tuple[str, ...], at: int) -> tuple[list[dict[str, Any]], bytes]:
    """Say what to write where, with its points, which are to begin at `at`. Raises NotAPicture."""
    found: list[dict[str, Any]] = []
    points = bytearray()
    for kind in sorted(set(kinds)):
        lines, width, height = strokes("\n".join(texts_of(instance, kind)))
        numbers = [number for line in lines for point in (*line, (math.nan, math.nan)) for number in point]
        found.append(
            {"at": at + len(points), "count": len(numbers) // 2, "size": [width, height], "below": kind == TECHNIQUE}
        )
        points += struct.pack(f"<{len(numbers)}d", *numbers)
    return found, bytes(points)


def texts_of(instance: Instance, kind: str) -> list[str]:
    """Give the lines that say whose an instance is, or how it was made."""
    said = [" ".join(filter(None, (_text(instance, tag) for tag in line))) for line in _LINES[kind]]
    return [one for one in said if one]


def _text(instance: Instance, tag: int) -> str:
    view = instance.header
    found = skim(view, instance.inner, _WANTED, instance.limits).found
    element, declared = found.get(tag), found.get(CHARSET_TAG)
    if element is None:
        return ""
    charset = charset_of(bytes(view[declared.at : declared.end]) if declared is not None else b"")
    values, _ = values_of(
        vr_of(tag), bytes(view[element.at : min(element.end, element.at + 16 * _MOST)]), charset,
        little=instance.inner.little,
    )  # fmt: skip
    value = values[0] if values else None
    if isinstance(value, dict):
        value = (value.get("Alphabetic") or "").replace("^", " ")
    value = f"{value:g}" if isinstance(value, float) else value
    text = "" if value is None else " ".join(str(value).split())[:_MOST]
    return f"{text} {_UNITS[tag]}" if text and tag in _UNITS else text
