"""Series metadata: the DICOM JSON of every served instance of a series, as one block kept in the study's folder.

A block begins with the fingerprint of what it was made from; one with another fingerprint is made again.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from typing import Any

from primum.imaging.dicomjson import Encoder
from primum.imaging.errors import DataSetTooLarge, ImagingRefusal
from primum.imaging.limits import LIMITS, Limits
from primum.imaging.model import InstanceEntry
from primum.imaging.overlays import read_overlay
from primum.imaging.pixels import read_header, served_syntax
from primum.imaging.rewriting import corrected_header
from primum.imaging.syntaxes import EXPLICIT_LE, syntax_of
from primum.vault import Record, Vault

VERSION = 1
"""Of the JSON made here; changing what `instance_json` makes changes it, and all blocks are made again."""

WEB_ROOT = "/dicom-web"
_AVAILABLE_SYNTAX, _BITS, _PIXELS = "00083002", "00280100", "7FE00010"
_WORD = 16


def series_metadata(vault: Vault, instances: Sequence[InstanceEntry], limits: Limits = LIMITS) -> bytes:
    """Give the metadata of one series, all `instances` of which are given in the order wanted: a JSON array."""
    first = instances[0]
    if any(one.rejected for one in instances):
        return _make(vault, instances, limits)  # not kept: ordinary readers' block stays what it is
    name = f"series-metadata {first.series_uid}"
    fingerprint = _fingerprint(instances)
    block = vault.get_block(first.position.study, name)
    if block is not None and block[: len(fingerprint)] == fingerprint:
        return block[len(fingerprint) :]
    made = _make(vault, instances, limits)
    vault.put_block(first.position.study, name, fingerprint + made)
    return made


def _fingerprint(instances: Sequence[InstanceEntry]) -> bytes:
    digest = hashlib.sha256(f"{VERSION}".encode())
    if instances[0].overlay is not None:
        # a correction is never served stale
        digest.update(f"\noverlay {instances[0].overlay}".encode())
    for one in instances:
        digest.update(f"\n{one.sop_uid} {one.position.pack} {one.position.offset}".encode())
    return digest.digest()


def _make(vault: Vault, instances: Sequence[InstanceEntry], limits: Limits) -> bytes:
    parts: list[bytes] = []
    size = 0
    for one in instances:
        encoded = json.dumps(
            instance_json(vault.open(one.position), one, limits),
            ensure_ascii=False,
            separators=(",", ":"),
            allow_nan=False,
        ).encode("utf-8", "replace")
        size += len(encoded)
        if size > limits.metadata_bytes:
            raise DataSetTooLarge(limit=limits.metadata_bytes, of="bytes of metadata")
        parts.append(encoded)
    return b"[" + b",".join(parts) + b"]"


def instance_json(record: Record, entry: InstanceEntry, limits: Limits = LIMITS) -> dict[str, Any]:
    """Encode one instance. One that cannot be read says who it is, and no more."""
    root = f"{WEB_ROOT}/studies/{entry.study_uid}/series/{entry.series_uid}/instances/{entry.sop_uid}/bulkdata/"
    try:
        encoder = Encoder(_header(record, entry, limits), syntax_of(entry.transfer_syntax), root, limits)
        encoded = encoder.data_set()
    except ImagingRefusal:
        encoded = {"00080005": {"vr": "CS", "Value": ["ISO_IR 192"]}}
    for tag, uid in (
        ("00080016", entry.sop_class_uid),
        ("00080018", entry.sop_uid),
        ("0020000D", entry.study_uid),
        ("0020000E", entry.series_uid),
        (_AVAILABLE_SYNTAX, served_syntax(entry.transfer_syntax)),
    ):
        encoded[tag] = {"vr": "UI", "Value": [uid]}
    if record.pixels_at is not None or entry.rows:
        tag, vr = _pixel_element(record, encoded)
        encoded[tag] = {"vr": vr, "BulkDataURI": f"{root}{tag}"}
    return dict(sorted(encoded.items()))


def _header(record: Record, entry: InstanceEntry, limits: Limits) -> memoryview:
    header = read_header(record, limits)
    if entry.overlay is None:
        return header
    return memoryview(corrected_header(header, entry.transfer_syntax, read_overlay(entry.overlay), limits))


def _pixel_element(record: Record, encoded: dict[str, Any]) -> tuple[str, str]:
    """Tell the tag of the pixel data and their value representation, from the header where it decides.

    Looking costs the first MiB of the pixels: of a long CT that is all of it, read from disc for six bytes each.
    """
    if record.pixels_at is None:
        return _PIXELS, "OW"
    syntax = syntax_of(record.facts.transfer_syntax_uid)
    if syntax.encapsulated:
        return _PIXELS, "OB"  # PS3.5 A.4; float pixels are never encapsulated (PS3.5 8.2)
    if encoded.get(_BITS, {}).get("Value") == [_WORD]:
        return _PIXELS, "OW"  # PS3.5 A.2: more than 8 bits; float ones have 32 and 64 (PS3.3 C.7.6.24, 25)
    head = record.read(record.pixels_at, record.pixels_at + 6)
    group, number = struct.unpack(f"{'<' if syntax.little else '>'}HH", head[:4])
    tag = f"{group:04X}{number:04X}"
    vr = (
        head[4:6].decode("ascii", "replace") if syntax.explicit else {"7FE00008": "OF", "7FE00009": "OD"}.get(tag, "OW")
    )
    return tag, vr if served_syntax(syntax.uid) == EXPLICIT_LE else "OB"
