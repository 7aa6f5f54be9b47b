"""WADO-RS (PS3.18 10.4): metadata, frames, bulk data and whole instances, as stored or in what is accepted."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import ClassVar

from starlette.responses import Response, StreamingResponse

from primum.doors.dicomweb import multipart
from primum.doors.dicomweb.accept import (
    DICOM,
    OCTETS,
    NotAcceptable,
    check_bulk,
    frame_types,
    instance_syntaxes,
    wishes,
)
from primum.doors.dicomweb.bodies import counted, json_answer
from primum.doors.dicomweb.multipart import Part
from primum.doors.dicomweb.names import Names
from primum.doors.dicomweb.search_types import XML, search_type
from primum.doors.http.limits import Limits
from primum.doors.http.nowhere import NotFound
from primum.doors.http.reading import OpenStudy, Reading
from primum.doors.http.services import Archive, Kept
from primum.doors.http.streams import in_blocks
from primum.doors.http.visit import Visit
from primum.ground.errors import PrimumError
from primum.imaging import EXPLICIT_LE, FramesUnknown, NotTranscoded, Undecodable, to_xml
from primum.imaging.part10 import write_meta

_SOP_INSTANCE_UID = "00080018"
PIXELS = "7FE00010"


class TooManyFrames(PrimumError):
    """More frames are asked for at once than are given at once."""

    code: ClassVar[str] = "web.too-many-frames"
    hint: ClassVar[str] = "ask for them in several requests"


class Retrievals:
    """The retrievals of one DICOMweb root."""

    def __init__(self, archive: Archive, reading: Reading, names: Names, limits: Limits) -> None:
        """Retrieve from `archive` through `reading`, which decides and records."""
        self._archive = archive
        self._reading = reading
        self._names = names
        self._limits = limits

    def metadata(self, visit: Visit) -> Response:
        """Answer with the data sets, pixels left out, of a study, a series or an instance."""
        media_type = search_type(visit.request.headers.get("accept", ""))
        study, path = self._open(visit), visit.request.path_params
        wanted = [path["series"]] if "series" in path else self._archive.series_uids(study.entry)
        if study.entry.quality:
            for uid in wanted:  # that something rejected is among it is written down, whatever is asked of it
                self._reading.instances(visit, study, uid)
        arrays = [self._archive.metadata(study.entry, uid) for uid in wanted]
        text = _only(arrays[0], path["instance"]) if "instance" in path else _joined(arrays)
        told = self._names.tell(visit, text, study.entry)
        if media_type == XML:
            return stream(study, XML, (Part(XML, [to_xml(one)]) for one in json.loads(told)))
        study.viewing.count(sent_bytes=len(told))
        return json_answer(visit, told, media_type)

    def frames(self, visit: Visit) -> Response:
        """Answer with frames of an instance, one part each, in the order asked for."""
        study = self._open(visit)
        numbers = frame_numbers(visit.request.path_params["frames"], self._limits)
        return self._frames(visit, study, self._instances(visit, study)[0], numbers)

    def files(self, visit: Visit) -> Response:
        """Answer with whole instances, as DICOM files, of a study, a series or one alone."""
        study = self._open(visit)
        kept = self._instances(visit, study)
        header = visit.request.headers.get("accept", "")
        wanted = {uid: instance_syntaxes(header, uid) for uid in {one.transfer_syntax_uid for one in kept}}
        # the first is begun before the answer is: where it is refused, the refusal is the answer
        first = _part(kept[0], wanted[kept[0].transfer_syntax_uid])

        def parts() -> Iterator[Part]:
            for number, one in enumerate(kept):
                study.viewing.count(instances=1)
                yield first if number == 0 else _part(one, wanted[one.transfer_syntax_uid])

        return stream(study, DICOM, parts())

    def bulk(self, visit: Visit) -> Response:
        """Answer with one value that metadata only pointed at; compressed pixel data frame by frame."""
        header = visit.request.headers.get("accept", "")
        study = self._open(visit)
        kept, path = self._instances(visit, study)[0], visit.request.path_params["path"]
        if path == PIXELS and kept.frame_syntax_uid != EXPLICIT_LE:
            return self._pixels(visit, study, kept)
        in_parts = check_bulk(header)
        value = kept.bulk(path)
        if in_parts:
            return stream(study, OCTETS, iter([Part(OCTETS, [value])]))
        study.viewing.count(sent_bytes=len(value))
        return Response(value, media_type=OCTETS)

    def _pixels(self, visit: Visit, study: OpenStudy, kept: Kept) -> Response:
        """Answer with compressed pixel data: a part for each frame, or all of them uncompressed, one after another."""
        header, every = visit.request.headers.get("accept", ""), range(1, kept.frame_count + 1)
        if any(wish.media_type.startswith("multipart/") for wish in wishes(header)):
            return self._frames(visit, study, kept, every)
        check_bulk(header)
        first = kept.frame_in(1, EXPLICIT_LE)

        def pieces() -> Iterator[bytes]:
            for number in every:
                study.viewing.count(frames=1)
                yield first if number == 1 else kept.frame_in(number, EXPLICIT_LE)

        return StreamingResponse(in_blocks(counted(study, pieces())), media_type=OCTETS)

    def _frames(self, visit: Visit, study: OpenStudy, kept: Kept, numbers: Sequence[int]) -> Response:
        wanted = frame_types(visit.request.headers.get("accept", ""), kept.transfer_syntax_uid, kept.frame_syntax_uid)
        # frames are numbered without a hole: where the last one is, all are, and the answer may begin
        last = max(numbers)
        media_type, syntax, read = _first_of(kept, last, wanted)
        described = f"{media_type}; transfer-syntax={syntax}"
        if len(numbers) == 1:
            study.viewing.count(frames=1)
            return whole(study, media_type, Part(described, [read]))

        def parts() -> Iterator[Part]:
            for number in numbers:
                study.viewing.count(frames=1)
                yield Part(described, [read if number == last else _frame(kept, number, syntax)])

        return stream(study, media_type, parts())

    def _open(self, visit: Visit) -> OpenStudy:
        return self._names.open(visit, self._reading, visit.request.path_params["study"])

    def _instances(self, visit: Visit, study: OpenStudy) -> Sequence[Kept]:
        path = visit.request.path_params
        return self._reading.instances(visit, study, path.get("series", ""), path.get("instance", ""))


def frame_numbers(text: str, limits: Limits) -> list[int]:
    """Read a frame list, counted from 1. Raises NotFound on anything else, TooManyFrames beyond the bound."""
    wanted = text.split(",")
    if len(wanted) > limits.frames_at_once:
        raise TooManyFrames
    if not all(one.isascii() and one.isdigit() and len(one) <= 9 for one in wanted):  # noqa: PLR2004 (IS: 2^31)
        raise NotFound
    return [int(one) for one in wanted]


def _frame(kept: Kept, number: int, syntax: str) -> bytes:
    return kept.frame(number) if syntax == kept.frame_syntax_uid else kept.frame_in(number, syntax)


def _first_of(kept: Kept, number: int, wanted: Sequence[tuple[str, str]]) -> tuple[str, str, bytes]:
    """Give a frame in the dearest form in which it can be given. Raises the refusal of the last one tried."""
    for tried, (media_type, syntax) in enumerate(wanted, 1):
        try:
            return media_type, syntax, _frame(kept, number, syntax)
        except (NotTranscoded, Undecodable):
            if tried == len(wanted):
                raise
    raise NotAcceptable


def _part(kept: Kept, wanted: Sequence[str]) -> Part:
    """Begin an instance in the dearest transfer syntax in which it can be given. Raises NotTranscoded, Undecodable."""
    syntax, pieces = given(kept, wanted)
    return Part(f"{DICOM}; transfer-syntax={syntax}", file_of(kept, syntax, pieces))


def given(kept: Kept, wanted: Sequence[str]) -> tuple[str, Iterator[bytes]]:
    """Choose the dearest transfer syntax in which an instance can be given, and begin it.

    What has no pixels cannot be compressed: it is given in explicit little endian (PS3.18 8.7.3.5.2).
    """
    wanted = wanted if kept.has_rows else [*wanted, EXPLICIT_LE]
    for tried, syntax in enumerate(wanted, 1):
        try:
            return syntax, kept.chunks() if syntax == kept.transfer_syntax_uid else kept.chunks_in(syntax)
        except (NotTranscoded, Undecodable, FramesUnknown):
            if tried == len(wanted):
                raise
    raise NotAcceptable


def file_of(kept: Kept, syntax: str, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Wrap a data set as a DICOM file (PS3.10 7.1)."""
    yield write_meta(
        sop_class_uid=kept.sop_class_uid,
        sop_instance_uid=kept.sop_instance_uid,
        transfer_syntax_uid=syntax,
    )
    yield from pieces


def stream(study: OpenStudy, media_type: str, parts: Iterator[Part]) -> Response:
    """Answer in parts, counting what leaves."""
    boundary = multipart.new_boundary()
    body = counted(study, multipart.body(boundary, parts))
    return StreamingResponse(in_blocks(body), headers={"content-type": multipart.related(media_type, boundary)})


def whole(study: OpenStudy, media_type: str, part: Part) -> Response:
    """Answer in one part that is there already: in one piece, with its length."""
    boundary = multipart.new_boundary()
    body = b"".join(multipart.body(boundary, [part]))
    study.viewing.count(sent_bytes=len(body))
    return Response(body, headers={"content-type": multipart.related(media_type, boundary)})


def _joined(arrays: Sequence[bytes]) -> bytes:
    inner = [array.strip()[1:-1] for array in arrays]
    return b"[" + b",".join(one for one in inner if one) + b"]"


def _only(array: bytes, sop_uid: str) -> bytes:
    for one in json.loads(array):
        if one.get(_SOP_INSTANCE_UID, {}).get("Value") == [sop_uid]:
            return json.dumps([one], separators=(",", ":")).encode()
    raise NotFound
