"""What a search can be answered in (PS3.18 table 8.7.3-5): JSON, or XML with a part for each match."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from primum.doors.dicomweb.accept import JSON, NotAcceptable, wishes
from primum.doors.dicomweb.bodies import json_answer
from primum.doors.dicomweb.multipart import Part, body, new_boundary, related
from primum.doors.http.visit import Visit
from primum.imaging import to_xml

XML: Final = "application/dicom+xml"
_ANY_JSON = frozenset({JSON, "*/*", "application/*"})
MORE: Final = '299 primum "There are additional results that can be requested"'


def search_type(header: str) -> str:
    """Return the media type to answer with. Raises NotAcceptable."""
    for wish in wishes(header):
        if wish.media_type in _ANY_JSON:
            return JSON
        if wish.media_type == "application/json":
            return "application/json"
        if wish.media_type in {"multipart/related", "multipart/*"} and wish.parameters.get("type", XML) in {XML, "*/*"}:
            return XML
    raise NotAcceptable


def search_answer(visit: Visit, rows: Sequence[bytes], media_type: str, *, more: bool) -> Response:
    """Answer with `rows`, each the DICOM JSON of one match; say when there are more (PS3.18 10.6.3.2)."""
    answer = _xml(rows) if media_type == XML else json_answer(visit, b"[" + b",".join(rows) + b"]", media_type)
    if more:
        answer.headers["warning"] = MORE
    return answer


def _xml(rows: Sequence[bytes]) -> Response:
    headers = {"vary": "Accept, Accept-Encoding, Cookie"}
    if not rows:
        return Response(status_code=204, headers=headers)
    boundary = new_boundary()
    parts = (Part(XML, [to_xml(json.loads(row))]) for row in rows)
    return Response(b"".join(body(boundary, parts)), headers=headers, media_type=related(XML, boundary))
