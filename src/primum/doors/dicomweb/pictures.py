"""Pictures of what is kept (PS3.18 8.3.5, 10.4.1.1.3 and 10.4.1.1.4): `rendered` and `thumbnail`.

A picture of a study or a series is that of one instance: of those that have rows, the one in the middle.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final
from urllib.parse import parse_qsl

from starlette.responses import Response, StreamingResponse

from primum.doors.dicomweb.accept import GIF, PICTURES, RENDERED, picture_type
from primum.doors.dicomweb.bodies import counted
from primum.doors.dicomweb.multipart import Part
from primum.doors.dicomweb.names import Names
from primum.doors.dicomweb.report_pages import HTML, TEXTS, lines, page
from primum.doors.dicomweb.retrievals import TooManyFrames, frame_numbers, stream
from primum.doors.dicomweb.searches import BadParameter
from primum.doors.http.limits import Limits
from primum.doors.http.nowhere import NotFound
from primum.doors.http.reading import OpenStudy, Reading
from primum.doors.http.services import Archive, Kept
from primum.doors.http.streams import in_blocks
from primum.doors.http.visit import Visit
from primum.imaging import FUNCTIONS, PictureWish
from primum.imaging.codecs.annotating import KINDS
from primum.imaging.presenting.errors import BadState
from primum.imaging.presenting.limits import STATE_LIMITS
from primum.imaging.presenting.state import GRAYSCALE_STATE, State
from primum.imaging.rendered import ENCAPSULATED_PDF, PDF, film_type
from primum.imaging.report_texts import is_report

_KNOWN: Final = frozenset({"accept", "annotation", "window", "viewport", "quality", "iccprofile"})
_SIZE, _REGION = 2, 6


class Pictures:
    """The pictures of one DICOMweb root."""

    def __init__(self, archive: Archive, reading: Reading, names: Names, limits: Limits) -> None:
        """Make them of what `archive` keeps, through `reading`, which decides and records."""
        self._archive = archive
        self._reading = reading
        self._names = names
        self._limits = limits

    def rendered(self, visit: Visit) -> Response:
        """Answer with a picture of a study, a series, an instance, or of frames of one."""
        return self._answer(visit, thumbnail=False)

    def thumbnail(self, visit: Visit) -> Response:
        """Answer with a small picture of the same."""
        return self._answer(visit, thumbnail=True)

    def _answer(self, visit: Visit, *, thumbnail: bool) -> Response:
        query = read_picture_query(visit.request.url.query, self._limits)
        path = visit.request.path_params
        numbers = frame_numbers(path["frames"], self._limits) if "frames" in path else [0]
        study = self._names.open(visit, self._reading, path["study"])
        kept = self._reading.instances(visit, study, path.get("series", ""), path.get("instance", ""))
        one = kept[0] if "instance" in path else representative(kept)
        if one.sop_class_uid == GRAYSCALE_STATE:
            return self._presented(visit, study, one, query, thumbnail=thumbnail)
        offered = tuple(PICTURES) if thumbnail else rendered_as(one)
        header = visit.request.headers.get("accept", "")
        media_type, in_parts = picture_type(header, query.get("accept", ""), offered)
        if media_type not in RENDERED:
            return _as_it_is(study, one, media_type, plain="frames" not in path and query.keys() <= {"accept"})
        wish = wish_of(query, "gif" if media_type == GIF else PICTURES[media_type], self._limits, thumbnail=thumbnail)
        if media_type == GIF and not in_parts:
            return _moving(study, one, numbers if "frames" in path else [], wish)
        # PS3.18 8.7.4: several frames are several parts
        return answer(study, one, numbers, wish, media_type, in_parts=in_parts or len(numbers) > 1)

    def _presented(
        self, visit: Visit, study: OpenStudy, kept: Kept, query: dict[str, str], *, thumbnail: bool
    ) -> Response:
        """Answer with what a presentation state shows: a picture, or a part for each where it names several."""
        if "frames" in visit.request.path_params:
            raise NotFound
        header = visit.request.headers.get("accept", "")
        media_type, in_parts = picture_type(header, query.get("accept", ""), tuple(PICTURES))
        wish = wish_of(query, PICTURES[media_type], self._limits, thumbnail=thumbnail)
        # the state decides over window and region (PS3.18 8.3.5.1), and over what is written
        if wish.annotations or wish.window or wish.profile or (wish.viewport and any(wish.viewport[_SIZE:])):
            raise BadParameter
        state = kept.state()
        named = self._named(study, state)
        study.viewing.count(frames=len(named))
        first = named[0][0].presented(state, named[0][1], wish, begun=False)
        if len(named) == 1 and not in_parts:
            study.viewing.count(sent_bytes=len(first))
            return Response(first, media_type=media_type, headers={"vary": "Accept, Cookie"})
        rest = (Part(media_type, [one.presented(state, frame, wish, begun=True)]) for one, frame in named[1:])
        return stream(study, media_type, chain([Part(media_type, [first])], rest))

    def _named(self, study: OpenStudy, state: State) -> Sequence[tuple[Kept, int]]:
        """Find the images that a state names, each with a frame. Raises NotHere, BadState, TooManyFrames."""
        found: list[tuple[Kept, int]] = []
        for one in state.named:
            (kept,) = self._archive.instances(study.entry, one.series_uid, one.sop_uid)[:1]
            if one.sop_class_uid not in {"", kept.sop_class_uid}:
                raise BadState(why="an image that it names is of another class")
            count = kept.frame_count
            frames = one.frames or range(1, count + 1)
            if not all(1 <= frame <= count for frame in frames):
                raise BadState(why="it names a frame that its image has not")
            if len(found) + len(frames) > STATE_LIMITS.pictures:
                raise TooManyFrames
            found += [(kept, frame) for frame in frames]
        return found


def rendered_as(kept: Kept) -> Sequence[str]:
    """List the media types in which an instance may be rendered, the default first."""
    if kept.sop_class_uid == ENCAPSULATED_PDF:
        return (PDF,)
    if is_report(kept.sop_class_uid):
        return TEXTS
    film = film_type(kept.transfer_syntax_uid)
    return (film,) if film else RENDERED


def _as_it_is(study: OpenStudy, kept: Kept, media_type: str, *, plain: bool) -> Response:
    """Answer with a film or a document, of which nothing can be asked for. Raises BadParameter."""
    if not plain:
        raise BadParameter
    headers = {"vary": "Accept, Cookie"}
    if media_type in {PDF, *TEXTS}:
        whole = kept.document() if media_type == PDF else _written(kept, media_type)
        study.viewing.count(sent_bytes=len(whole))
        return Response(whole, media_type=media_type, headers=headers)
    study.viewing.count(frames=1)
    pieces = kept.film()
    return StreamingResponse(in_blocks(counted(study, pieces)), media_type=media_type, headers=headers)


def _written(kept: Kept, media_type: str) -> bytes:
    report = kept.report()
    return (page(report) if media_type == HTML else lines(report)).encode("utf-8", "replace")


def _moving(study: OpenStudy, kept: Kept, numbers: Sequence[int], wish: PictureWish) -> Response:
    """Answer with an animation; its first frame is made before the answer begins."""
    pieces = kept.animation(numbers, wish)
    study.viewing.count(frames=len(numbers) or kept.frame_count)
    headers = {"vary": "Accept, Cookie"}
    return StreamingResponse(in_blocks(counted(study, pieces)), media_type=GIF, headers=headers)


def answer(
    study: OpenStudy, kept: Kept, numbers: Sequence[int], wish: PictureWish, media_type: str, *, in_parts: bool
) -> Response:
    """Answer with pictures; the first is made before the answer begins."""
    first = kept.picture(numbers[0], wish)
    if not in_parts:
        study.viewing.count(frames=1, sent_bytes=len(first))
        return Response(first, media_type=media_type, headers={"vary": "Accept, Cookie"})

    def parts() -> Iterator[Part]:
        for at, number in enumerate(numbers):
            study.viewing.count(frames=1)
            if wish.kind == "gif":
                yield Part(media_type, kept.animation([number], wish) if number else kept.animation([], wish))
            else:
                yield Part(media_type, [first if at == 0 else kept.picture(number, wish)])

    return stream(study, media_type, parts())


def representative(kept: Sequence[Kept]) -> Kept:
    """Choose the instance that stands for many. Raises NotFound where none has rows."""
    with_rows = [one for one in kept if one.has_rows]
    if not with_rows:
        raise NotFound
    return with_rows[len(with_rows) // 2]


def read_picture_query(query: str, limits: Limits) -> dict[str, str]:
    """Read a query string; each parameter once, and only those that do something. Raises BadParameter."""
    if len(query) > limits.query_bytes:
        raise BadParameter
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=bool(query), max_num_fields=limits.search_keys)
    except ValueError:
        raise BadParameter from None
    found = dict(pairs)
    if len(found) != len(pairs) or not found.keys() <= _KNOWN:
        raise BadParameter
    return found


def wish_of(query: dict[str, str], kind: str, limits: Limits, *, thumbnail: bool = False) -> PictureWish:
    """Read what a picture is to be like. Raises BadParameter."""
    if query.get("iccprofile", "no") not in {"yes", "no"}:
        raise BadParameter
    return PictureWish(
        kind=kind,
        window=_window(query.get("window", "")),
        viewport=_viewport(query.get("viewport", ""), limits, thumbnail=thumbnail),
        quality=_quality(query.get("quality", "")),
        annotations=_annotations(query.get("annotation", "")),
        profile=query.get("iccprofile") == "yes",
    )


def _window(text: str) -> tuple[float, float, str] | None:
    if not text:
        return None
    parts = text.split(",")
    if len(parts) not in {2, 3}:
        raise BadParameter
    center, width = number(parts[0]), number(parts[1])
    function = parts[2].strip().upper().replace("-", "_") if len(parts) > 2 else "LINEAR"  # noqa: PLR2004
    if width <= 0 or function not in FUNCTIONS:
        raise BadParameter
    return center, width, function


def _viewport(text: str, limits: Limits, *, thumbnail: bool) -> tuple[float, float, float, float, float, float] | None:
    if not text:
        return (limits.thumbnail_side, limits.thumbnail_side, 0, 0, 0, 0) if thumbnail else None
    parts = [number(one) if one.strip() else 0.0 for one in text.split(",")]
    if len(parts) not in {_SIZE, _REGION} or (thumbnail and len(parts) != _SIZE):
        raise BadParameter
    if not all(1 <= one <= limits.picture_side for one in parts[:2]):
        raise BadParameter
    width, height, left, top, wide, high = [*parts, 0.0, 0.0, 0.0, 0.0][:_REGION]
    return width, height, left, top, wide, high


def _annotations(text: str) -> tuple[str, ...]:
    kinds = tuple(one.strip() for one in text.split(",")) if text else ()
    if not KINDS.issuperset(kinds):
        raise BadParameter
    return kinds


def _quality(text: str) -> int:
    if not text:
        return PictureWish().quality
    quality = number(text)
    if not 1 <= quality <= 100:  # noqa: PLR2004 (PS3.18 8.3.5.1.2)
        raise BadParameter
    return int(quality)


def number(text: str) -> float:
    """Read a decimal number. Raises BadParameter."""
    try:
        found = float(text)
    except ValueError:
        raise BadParameter from None
    if not math.isfinite(found) or len(text) > 32:  # noqa: PLR2004 (a DS has 16)
        raise BadParameter
    return found
