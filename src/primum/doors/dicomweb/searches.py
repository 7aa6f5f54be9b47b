"""QIDO-RS (PS3.18 10.6): searches, within reach."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.responses import Response

from primum.doors.dicomweb.names import REAL_ROOT, Names
from primum.doors.dicomweb.search_types import search_answer, search_type
from primum.doors.http.aliases import NotAnAlias
from primum.doors.http.limits import Limits
from primum.doors.http.reading import Reading
from primum.doors.http.services import Archive, Found, Level
from primum.doors.http.visit import Visit
from primum.ground.errors import PrimumError
from primum.ground.quick_json import write_sorted
from primum.imaging import NotHere


class BadParameter(PrimumError):
    """A parameter of the query cannot be understood."""

    code: ClassVar[str] = "web.bad-parameter"


class Searches:
    """The six searches of one DICOMweb root."""

    def __init__(self, archive: Archive, reading: Reading, names: Names, limits: Limits) -> None:
        """Search `archive` through `reading`, which decides and records."""
        self._archive = archive
        self._reading = reading
        self._names = names
        self._limits = limits

    def studies(self, visit: Visit) -> Response:
        """Search for studies: what OHIF calls the other studies of the patient included."""
        return self._everywhere(visit, "study")

    def series(self, visit: Visit) -> Response:
        """Search for series, in all studies or in one."""
        return (
            self._inside(visit, "series") if "study" in visit.request.path_params else self._everywhere(visit, "series")
        )

    def instances(self, visit: Visit) -> Response:
        """Search for instances, in all studies, in one, or in one series."""
        if "study" in visit.request.path_params:
            return self._inside(visit, "instance")
        return self._everywhere(visit, "instance")

    def _everywhere(self, visit: Visit, level: Level) -> Response:
        media_type = search_type(visit.request.headers.get("accept", ""))
        parameters, limit, offset = read_query(visit.request.url.query, self._limits)
        try:
            question = self._names.ask(visit, self._reading, parameters)
        except (NotAnAlias, NotHere):
            return search_answer(visit, [], media_type, more=False)
        # one more than is shown tells whether there is more
        found = self._reading.search(
            visit, question.parameters, level=level, limit=limit + 1, offset=offset, flagged=False
        )
        meant = [one for one in found[:limit] if question.means(one.study)]
        return search_answer(visit, self._rows(visit, meant, level), media_type, more=len(found) > limit)

    def _inside(self, visit: Visit, level: Level) -> Response:
        media_type = search_type(visit.request.headers.get("accept", ""))
        parameters, limit, offset = read_query(visit.request.url.query, self._limits)
        study = self._names.open(visit, self._reading, visit.request.path_params["study"])
        found = self._archive.search(
            level,
            self._names.ask(visit, self._reading, parameters).parameters,
            study.reach,
            within=study.entry,
            series_uid=visit.request.path_params.get("series", ""),
            limit=limit + 1,
            offset=offset,
        )
        rows = self._rows(visit, found[:limit], level)
        study.viewing.count(sent_bytes=sum(map(len, rows)))
        return search_answer(visit, rows, media_type, more=len(found) > limit)

    def _rows(self, visit: Visit, found: Sequence[Found], level: Level) -> list[bytes]:
        return [self._names.tell(visit, write_sorted(_located(one, level)), one.study) for one in found]


def _located(one: Found, level: Level) -> dict[str, Any]:
    """Add where the match is retrieved from (Retrieve URL, PS3.18 tables 10.6.3-3 to -5)."""
    path = f"{REAL_ROOT}/studies/{one.study.study_uid}"
    for tag, name in _PATH[level]:
        path += f"/{name}/{one.attributes[tag]['Value'][0]}"
    return {**one.attributes, "00081190": {"vr": "UR", "Value": [path]}}


_SERIES = ("0020000E", "series")
_PATH = {"study": (), "series": (_SERIES,), "instance": (_SERIES, ("00080018", "instances"))}


def read_query(query: str, limits: Limits) -> tuple[list[tuple[str, str]], int, int]:
    """Read a query string: its parameters, the limit, the offset. Raises BadParameter."""
    try:
        pairs = parse_qsl(query, keep_blank_values=True, max_num_fields=limits.search_keys, errors="strict")
    except ValueError:
        raise BadParameter from None
    kept = [(name, value) for name, value in pairs if name.lower() not in {"limit", "offset"}]
    limit = _number(pairs, "limit", limits.search_rows_default)
    offset = _number(pairs, "offset", 0)
    return kept, min(limit, limits.search_rows), min(offset, limits.search_offset)


def _number(pairs: Sequence[tuple[str, str]], name: str, otherwise: int) -> int:
    given = [value for key, value in pairs if key.lower() == name]
    if not given:
        return otherwise
    if not given[-1].isascii() or not given[-1].isdigit() or len(given[-1]) > 12:  # noqa: PLR2004 (beyond any bound)
        raise BadParameter
    return int(given[-1])
