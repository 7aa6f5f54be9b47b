"""Instances that come as metadata and bulk data (PS3.18 10.5.2): each is offered once all that it points at is there.

Metadata come first. Bulk data are held, to a bound, until their instance is whole; uncompressed pixel data that are
the last thing missing are not held but pass through.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

from primum.doors.dicomweb.incoming import METADATA, BadMultipart, Incoming, Parts
from primum.doors.dicomweb.offered import Offered
from primum.ground.errors import PrimumError
from primum.imaging.composing.assembling import Awaited, Bulk, awaited, compose, is_native, said_syntax
from primum.imaging.composing.errors import BadMetadata, BulkMissing, BulkTooLarge
from primum.imaging.composing.jsonreading import read_json
from primum.imaging.composing.limits import COMPOSING_LIMITS, ComposingLimits
from primum.imaging.composing.values import Checker, references
from primum.imaging.composing.xmlreading import read_xml
from primum.imaging.errors import DataSetTooLarge
from primum.imaging.taking import Told

Json = dict[str, Any]
_XML: Final = "application/dicom+xml"


@dataclass(slots=True)
class _Instance:
    """One data set, and what it still waits for: how many parts under each URI, None before the first came."""

    number: int
    data_set: Json = field(repr=False)
    missing: dict[str, int | None] = field(repr=False)
    values: dict[str, list[Bulk]] = field(default_factory=dict, repr=False)
    held: int = 0

    def told(self) -> Told:
        return Told(*(str(_first(self.data_set, tag)) for tag in ("00080016", "00080018", "0020000D")))


class Described:
    """Reads the parts of one request."""

    def __init__(self, parts: Parts, address: str, limits: ComposingLimits = COMPOSING_LIMITS) -> None:
        """Read `parts`; what they call each other by is relative to `address`."""
        self._parts, self._address, self._limits = parts, address, limits
        self._checker = Checker(limits)
        self._metadata_left = limits.metadata_bytes
        self._held = self._count = 0
        self._waiting: dict[str, list[_Instance]] = {}
        self._begun: dict[int, _Instance] = {}

    def all(self) -> Iterator[Offered]:
        """Offer the instances, each as soon as it is whole. Raises BadMultipart, BadMetadata, DataSetTooLarge."""
        for part in self._parts:
            yield from self._metadata(part) if part.media_type in METADATA else self._bulk(part)
        for one in self._begun.values():
            yield Offered(refusal=BulkMissing(), told=one.told())

    # metadata

    def _metadata(self, part: Incoming) -> Iterator[Offered]:
        text = self._pieces_of_metadata(part.pieces)
        if part.media_type == _XML:
            try:
                found = [read_xml(text, self._limits)]
            except BadMetadata as refusal:
                yield Offered(refusal=refusal)
                return
        else:
            found = list(read_json(b"".join(text), self._limits))
        for raw in found:
            yield from self._begin(raw)

    def _pieces_of_metadata(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        for piece in pieces:
            self._metadata_left -= len(piece)
            if self._metadata_left < 0:
                raise DataSetTooLarge(limit=self._limits.metadata_bytes, of="bytes of metadata")
            yield piece

    def _begin(self, raw: object) -> Iterator[Offered]:
        self._count += 1
        if self._count > self._limits.instances:
            raise DataSetTooLarge(limit=self._limits.instances, of="data sets in one request")
        try:
            data_set = self._checker.data_set(raw)
        except BadMetadata as refusal:
            yield Offered(refusal=refusal)
            return
        one = _Instance(self._count, data_set, dict.fromkeys(map(self._key, references(data_set))))
        if not one.missing:
            yield self._whole(one)
            return
        self._begun[one.number] = one
        for key in one.missing:
            self._waiting.setdefault(key, []).append(one)

    def _key(self, uri: str) -> str:
        try:
            return urljoin(self._address, uri.strip())
        except ValueError:
            return uri.strip()

    # bulk data

    def _bulk(self, part: Incoming) -> Iterator[Offered]:
        if not self._count:
            raise BadMultipart  # the metadata come first
        key = self._key(part.location) if 0 < len(part.location) <= self._limits.uri_characters else ""
        waiting = self._waiting.get(key, [])
        if not waiting:
            yield Offered(refusal=BulkMissing(), instance=False)  # nobody points at it, or all of it came before
            return
        expected: list[tuple[_Instance, Awaited]] = []
        for one in list(waiting):
            try:
                expected.append((one, self._awaited(one, key, part)))
            except PrimumError as refusal:
                yield self._given_up(one, refusal)
        if len(expected) == 1 and self._passes(*expected[0], part):
            one = expected[0][0]
            self._forget(one)
            yield self._whole(one, part.pieces)
            return
        yield from self._kept(part, key, [one for one, _ in expected])

    def _awaited(self, one: _Instance, key: str, part: Incoming) -> Awaited:
        uri = next(uri for uri in references(one.data_set) if self._key(uri) == key)
        found = awaited(one.data_set, uri, part.media_type, part.transfer_syntax)
        if one.missing[key] is None:
            one.missing[key] = found.parts
        return found

    def _passes(self, one: _Instance, found: Awaited, part: Incoming) -> bool:
        """Tell whether pixel data need not be held: uncompressed, and the last thing missing."""
        syntax = part.transfer_syntax or said_syntax(one.data_set)
        return found.native >= 0 and len(one.missing) == 1 and is_native(part.media_type, syntax)

    def _kept(self, part: Incoming, key: str, waiting: list[_Instance]) -> Iterator[Offered]:
        gathered = bytearray()
        for piece in part.pieces:
            gathered += piece
            if self._held + len(gathered) * max(1, len(waiting)) > self._limits.bulk_bytes:
                for one in waiting:
                    yield self._given_up(one, BulkTooLarge())
                return
        bulk = Bulk(part.media_type, part.transfer_syntax, bytes(gathered))
        for one in waiting:
            one.values.setdefault(key, []).append(bulk)
            one.held += len(bulk.data)
            self._held += len(bulk.data)
            one.missing[key] = (one.missing[key] or 1) - 1
            if not one.missing[key]:
                del one.missing[key]
                self._unwait(key, one)
            if not one.missing:
                self._forget(one)
                yield self._whole(one)

    def _whole(self, one: _Instance, streamed: Iterable[bytes] | None = None) -> Offered:
        by_uri = {uri: one.values[self._key(uri)] for uri in references(one.data_set) if self._key(uri) in one.values}
        one.values = {}
        try:
            return Offered(compose(one.data_set, by_uri, streamed), told=one.told())
        except PrimumError as refusal:
            return Offered(refusal=refusal, told=one.told())

    def _given_up(self, one: _Instance, refusal: PrimumError) -> Offered:
        self._forget(one)
        return Offered(refusal=refusal, told=one.told())

    def _forget(self, one: _Instance) -> None:
        self._held -= one.held
        one.held = 0
        self._begun.pop(one.number, None)
        for key in list(one.missing):
            self._unwait(key, one)
        one.missing.clear()

    def _unwait(self, key: str, one: _Instance) -> None:
        left = [other for other in self._waiting.get(key, ()) if other is not one]
        if left:
            self._waiting[key] = left
        else:
            self._waiting.pop(key, None)


def _first(data_set: Json, tag: str) -> object:
    return (data_set.get(tag, {}).get("Value") or [""])[0] or ""
