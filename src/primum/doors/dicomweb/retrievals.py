"""WADO-RS (PS3.18 10.4): metadata, frames, bulk data and whole instances, as they are stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import ClassVar

from starlette.responses import Response, StreamingResponse

from primum.doors.dicomweb import multipart
from primum.doors.dicomweb.accept import DICOM, OCTETS, check_bulk, check_instance, check_json, frame_type
from primum.doors.dicomweb.bodies import counted, json_answer
from primum.doors.dicomweb.multipart import Part
from primum.doors.dicomweb.names import Names
from primum.doors.http.limits import Limits
from primum.doors.http.nowhere import NotFound
from primum.doors.http.reading import OpenStudy, Reading
from primum.doors.http.services import Archive, Kept
from primum.doors.http.streams import read_ahead
from primum.doors.http.visit import Visit
from primum.ground.errors import PrimumError
from primum.imaging.part10 import write_meta

_SOP_INSTANCE_UID = "00080018"
IMPLEMENTATION_CLASS = "2.25.146803177612543982021862240714560133941"
"""Who wrote the files that leave here (PS3.7 D.3.3.2): a random UUID, made once."""


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
        media_type = check_json(visit.request.headers.get("accept", ""))
        study, path = self._open(visit), visit.request.path_params
        wanted = [path["series"]] if "series" in path else self._archive.series_uids(study.entry)
        arrays = [self._archive.metadata(study.entry, uid) for uid in wanted]
        text = _only(arrays[0], path["instance"]) if "instance" in path else _joined(arrays)
        study.viewing.count(sent_bytes=len(text))
        return json_answer(visit, self._names.tell(visit, text, study.entry), media_type)

    def frames(self, visit: Visit) -> Response:
        """Answer with frames of an instance, one part each, in the order asked for."""
        study = self._open(visit)
        numbers = frame_numbers(visit.request.path_params["frames"], self._limits)
        kept = self._instances(visit, study)[0]
        media_type = frame_type(visit.request.headers.get("accept", ""), kept.frame_syntax_uid)
        described = f"{media_type}; transfer-syntax={kept.frame_syntax_uid}"
        # frames are numbered without a hole: where the last one is, all are, and the answer may begin
        last = max(numbers)
        read = kept.frame(last)

        def parts() -> Iterator[Part]:
            for number in numbers:
                study.viewing.count(frames=1)
                yield Part(described, [read if number == last else kept.frame(number)])

        return _stream(study, media_type, parts())

    def files(self, visit: Visit) -> Response:
        """Answer with whole instances, as DICOM files, of a study, a series or one alone."""
        study = self._open(visit)
        kept = self._instances(visit, study)
        check_instance(visit.request.headers.get("accept", ""), (one.transfer_syntax_uid for one in kept))

        def parts() -> Iterator[Part]:
            for one in kept:
                study.viewing.count(instances=1)
                yield Part(f"{DICOM}; transfer-syntax={one.transfer_syntax_uid}", _file(one))

        return _stream(study, DICOM, parts())

    def bulk(self, visit: Visit) -> Response:
        """Answer with one value that metadata only pointed at."""
        in_parts = check_bulk(visit.request.headers.get("accept", ""))
        study = self._open(visit)
        value = self._instances(visit, study)[0].bulk(visit.request.path_params["path"])
        if in_parts:
            return _stream(study, OCTETS, iter([Part(OCTETS, [value])]))
        study.viewing.count(sent_bytes=len(value))
        return Response(value, media_type=OCTETS)

    def _open(self, visit: Visit) -> OpenStudy:
        return self._names.open(visit, self._reading, visit.request.path_params["study"])

    def _instances(self, visit: Visit, study: OpenStudy) -> Sequence[Kept]:
        path = visit.request.path_params
        return self._archive.instances(study.entry, path.get("series", ""), path.get("instance", ""))


def frame_numbers(text: str, limits: Limits) -> list[int]:
    """Read a frame list, counted from 1. Raises NotFound on anything else, TooManyFrames beyond the bound."""
    wanted = text.split(",")
    if len(wanted) > limits.frames_at_once:
        raise TooManyFrames
    if not all(one.isascii() and one.isdigit() and len(one) <= 9 for one in wanted):  # noqa: PLR2004 (IS: 2^31)
        raise NotFound
    return [int(one) for one in wanted]


def _file(kept: Kept) -> Iterator[bytes]:
    yield write_meta(
        sop_class_uid=kept.sop_class_uid,
        sop_instance_uid=kept.sop_instance_uid,
        transfer_syntax_uid=kept.transfer_syntax_uid,
        implementation_class_uid=IMPLEMENTATION_CLASS,
    )
    yield from kept.chunks()


def _stream(study: OpenStudy, media_type: str, parts: Iterator[Part]) -> Response:
    boundary = multipart.new_boundary()
    body = counted(study, multipart.body(boundary, parts))
    return StreamingResponse(read_ahead(body), headers={"content-type": multipart.related(media_type, boundary)})


def _joined(arrays: Sequence[bytes]) -> bytes:
    inner = [array.strip()[1:-1] for array in arrays]
    return b"[" + b",".join(one for one in inner if one) + b"]"


def _only(array: bytes, sop_uid: str) -> bytes:
    for one in json.loads(array):
        if one.get(_SOP_INSTANCE_UID, {}).get("Value") == [sop_uid]:
            return json.dumps([one], separators=(",", ":")).encode()
    raise NotFound
