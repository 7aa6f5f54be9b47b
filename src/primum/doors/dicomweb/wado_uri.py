"""WADO-URI (PS3.18 9), for viewers of old: one instance by the query's parameters, as a file or as a picture."""

from __future__ import annotations

from dataclasses import replace
from typing import Final
from urllib.parse import parse_qsl

from starlette.responses import Response, StreamingResponse

from primum.doors.dicomweb.accept import DICOM, JPEG, PICTURES, NotAcceptable, wishes
from primum.doors.dicomweb.bodies import counted
from primum.doors.dicomweb.names import Names
from primum.doors.dicomweb.pictures import answer, number, wish_of
from primum.doors.dicomweb.retrievals import file_of, given
from primum.doors.dicomweb.searches import BadParameter
from primum.doors.http.limits import Limits
from primum.doors.http.reading import OpenStudy, Reading
from primum.doors.http.services import Archive, Kept
from primum.doors.http.streams import in_blocks
from primum.doors.http.visit import Visit
from primum.imaging import EXPLICIT_LE, NotHere, PictureWish, can_serve
from primum.imaging.presenting.errors import BadState
from primum.imaging.presenting.state import GRAYSCALE_STATE

_WHO: Final = frozenset({"requesttype", "studyuid", "seriesuid", "objectuid", "contenttype"})
_FILE: Final = _WHO | {"transfersyntax", "anonymize"}
_PICTURE: Final = _WHO | {
    "framenumber", "rows", "columns", "region", "windowcenter", "windowwidth", "imagequality", "anonymize", "charset",
    "annotation",
}  # fmt: skip
_STATE: Final = frozenset({"presentationuid", "presentationseriesuid"})
_DECIDED: Final = frozenset({"windowcenter", "windowwidth", "region", "annotation"})
"""What a presentation state decides, and who names one may not."""
_CORNERS = 4


class WadoUri:
    """The address of old viewers."""

    def __init__(self, archive: Archive, reading: Reading, names: Names, limits: Limits) -> None:
        """Read from `archive` through `reading`, which decides and records."""
        self._archive = archive
        self._reading = reading
        self._names = names
        self._limits = limits

    def wado(self, visit: Visit) -> Response:
        """Answer with one instance."""
        query = self._query(visit.request.url.query)
        wanted = query.get("contenttype") or visit.request.headers.get("accept", "")
        as_file = any(one.media_type == DICOM for one in wishes(wanted)) and wanted != ""
        # what cannot be done is refused: anonymising here would be a promise
        if not query.keys() <= (_FILE if as_file else _PICTURE | _STATE) or query.get("anonymize", "no") != "no":
            raise BadParameter
        if query.keys() & _STATE and (not query.keys() >= _STATE or query.keys() & _DECIDED):
            raise BadParameter
        study = self._names.open(visit, self._reading, query["studyuid"])
        kept = self._reading.instances(visit, study, query["seriesuid"], query["objectuid"])[0]
        if as_file:
            return _file(study, kept, query.get("transfersyntax", ""))
        media_type = _picture_type(wanted)
        wish = self._wish(query, PICTURES[media_type])
        if query.keys() & _STATE:
            return self._presented(study, kept, query, wish, media_type)
        return answer(study, kept, [_frame_number(query)], wish, media_type, in_parts=False)

    def _presented(
        self, study: OpenStudy, kept: Kept, query: dict[str, str], wish: PictureWish, media_type: str
    ) -> Response:
        """Answer with one image as a presentation state shows it. Raises BadState where it does not name it."""
        said = self._archive.instances(study.entry, query["presentationseriesuid"], query["presentationuid"])[0]
        if said.sop_class_uid != GRAYSCALE_STATE:
            raise NotHere(what="presentation state")
        state, number = said.state(), _frame_number(query)
        named = [one for one in state.named if one.sop_uid == kept.sop_instance_uid]
        frames = [frame for one in named for frame in one.frames] or ([number or 1] if named else [])
        if not frames or (number and number not in frames):
            raise BadState(why="it does not name the image")
        made = kept.presented(state, number or frames[0], wish, begun=False)
        study.viewing.count(frames=1, sent_bytes=len(made))
        return Response(made, media_type=media_type, headers={"vary": "Accept, Cookie"})

    def _query(self, text: str) -> dict[str, str]:
        if len(text) > self._limits.query_bytes:
            raise BadParameter
        try:
            pairs = parse_qsl(text, keep_blank_values=False, max_num_fields=self._limits.search_keys)
        except ValueError:
            raise BadParameter from None
        found = {name.lower(): value for name, value in pairs}
        if len(found) != len(pairs) or found.get("requesttype") != "WADO" or not found.keys() >= _WHO - {"contenttype"}:
            raise BadParameter
        return found

    def _wish(self, query: dict[str, str], kind: str) -> PictureWish:
        asked = {"quality": query.get("imagequality", ""), "annotation": query.get("annotation", "")}
        if "windowcenter" in query or "windowwidth" in query:
            asked["window"] = f"{query.get('windowcenter', '')},{query.get('windowwidth', '')}"
        columns, rows = query.get("columns", ""), query.get("rows", "")
        if columns or rows:
            side = str(self._limits.picture_side)
            asked["viewport"] = f"{columns or side},{rows or side}"
        wish = wish_of(asked, kind, self._limits)
        if "region" not in query:
            return wish
        corners = [number(one) for one in query["region"].split(",")]
        if len(corners) != _CORNERS or not all(0 <= one <= 1 for one in corners):
            raise BadParameter
        left, top, right, bottom = corners
        if left >= right or top >= bottom:
            raise BadParameter
        return replace(wish, share=(left, top, right, bottom))


def _file(study: OpenStudy, kept: Kept, asked: str) -> Response:
    """PS3.18 9.4.1.2.3: explicit little endian where nothing else is asked for, and where it can be had."""
    stored = kept.transfer_syntax_uid
    if asked == "*":
        asked = stored
    wanted = asked or (EXPLICIT_LE if can_serve(stored, EXPLICIT_LE) else stored)
    if not can_serve(stored, wanted):
        raise NotAcceptable
    syntax, pieces = given(kept, [wanted])
    study.viewing.count(instances=1)
    return StreamingResponse(in_blocks(counted(study, file_of(kept, syntax, pieces))), media_type=DICOM)


def _picture_type(wanted: str) -> str:
    if not wanted:
        return JPEG
    for wish in wishes(wanted):
        if wish.media_type in PICTURES:
            return wish.media_type
        if wish.media_type in {"*/*", "image/*"}:
            return JPEG
    raise NotAcceptable


def _frame_number(query: dict[str, str]) -> int:
    text = query.get("framenumber", "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and 1 <= len(text) <= 9 and int(text)):  # noqa: PLR2004 (IS: 2^31)
        raise BadParameter
    return int(text)
