"""The Native DICOM Model (PS3.19 A.1), made from the DICOM JSON model. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from primum.imaging.attributes import BY_TAG, ITEM_KEYWORDS

_KEYWORDS = {tag: keyword for keyword, tag in ITEM_KEYWORDS.items()} | {tag: one.keyword for tag, one in BY_TAG.items()}
_KEYWORDS |= {0x00080005: "SpecificCharacterSet", 0x00081190: "RetrieveURL"}
_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_FORBIDDEN = dict.fromkeys([*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0xFFFE, 0xFFFF], "\N{REPLACEMENT CHARACTER}")
_FORBIDDEN |= dict.fromkeys(range(0xD800, 0xE000), "\N{REPLACEMENT CHARACTER}")
"""What XML 1.0 cannot hold: control characters (a device may have sent them), halves of surrogates."""


def to_xml(data_set: Mapping[str, Any]) -> bytes:
    """Write a data set as one document."""
    text = "".join(_attributes(data_set))
    head = '<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xml:space="preserve">'
    return f"{head}{text}</NativeDicomModel>\n".encode()


def _attributes(data_set: Mapping[str, Any]) -> Iterator[str]:
    for tag, attribute in sorted(data_set.items()):
        keyword = _KEYWORDS.get(int(tag, 16))
        named = f" keyword={quoteattr(keyword)}" if keyword else ""
        yield f'<DicomAttribute tag="{tag}" vr={quoteattr(str(attribute.get("vr", "UN")))}{named}>'
        yield from _content(attribute)
        yield "</DicomAttribute>"


def _content(attribute: Mapping[str, Any]) -> Iterator[str]:
    if "BulkDataURI" in attribute:
        yield f"<BulkData uri={quoteattr(_clean(attribute['BulkDataURI']))}/>"
    elif "InlineBinary" in attribute:
        yield f"<InlineBinary>{attribute['InlineBinary']}</InlineBinary>"
    for number, value in enumerate(attribute.get("Value", ()), 1):
        if attribute.get("vr") == "SQ":
            yield f'<Item number="{number}">'
            yield from _attributes(value or {})
            yield "</Item>"
        elif isinstance(value, Mapping):
            yield f'<PersonName number="{number}">'
            yield from _name(value)
            yield "</PersonName>"
        elif value is not None:
            yield f'<Value number="{number}">{_escaped(value)}</Value>'


def _name(name: Mapping[str, str]) -> Iterator[str]:
    for group in ("Alphabetic", "Ideographic", "Phonetic"):
        if name.get(group):
            yield f"<{group}>"
            # components beyond the fifth have no element: they stay with the last
            parts = name[group].split("^", len(_COMPONENTS) - 1)
            for component, text in zip(_COMPONENTS, parts, strict=False):
                if text:
                    yield f"<{component}>{_escaped(text)}</{component}>"
            yield f"</{group}>"


def _clean(value: object) -> str:
    return str(value).translate(_FORBIDDEN)


def _escaped(value: object) -> str:
    # a bare carriage return is read as a line feed (XML 1.0 2.11)
    return escape(_clean(value), {"\r": "&#13;"})
