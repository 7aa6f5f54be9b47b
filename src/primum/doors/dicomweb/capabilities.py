"""What this origin server can do (PS3.18 8.9), as WADL: made from the routes, so that it can say nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import quoteattr

from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from primum.doors.dicomweb.accept import DICOM, IMAGE_TYPES, JSON, OCTETS, PICTURES, RENDERED, NotAcceptable, wishes
from primum.doors.dicomweb.names import REAL_ROOT, root_of
from primum.doors.dicomweb.report_pages import TEXTS
from primum.doors.dicomweb.search_types import XML
from primum.doors.http.visit import Visit
from primum.imaging.codecs.rendering import FUNCTIONS
from primum.imaging.codecs.table import TARGETS
from primum.imaging.rendered import PDF

WADL: Final = "application/vnd.sun.wadl+xml"
PROBLEM: Final = "application/problem+json"
_NAMESPACE: Final = "http://wadl.dev.java.net/2009/02"
_RELATED: Final = 'multipart/related; type="{}"'
_PICTURE: Final = ("accept", "annotation", "window", "viewport", "quality", "iccprofile")
_OPTIONS: Final = {
    "annotation": ("patient", "technique"),
    "iccprofile": ("no", "yes"),
    "fuzzymatching": ("false", "true"),
    "deletionlock": ("false", "true"),
}
_SEARCH: Final = ("limit", "offset", "includefield", "fuzzymatching")
_DATA_SETS: Final = (JSON, "application/json", _RELATED.format(XML))
_FRAMES: Final = tuple(_RELATED.format(one) for one in dict.fromkeys((OCTETS, *IMAGE_TYPES.values())))
_FILES: Final = tuple(f"{_RELATED.format(DICOM)}; transfer-syntax={uid}" for uid in ("*", *TARGETS))


@dataclass(frozen=True, slots=True)
class _Does:
    """What a resource takes and gives."""

    gives: Sequence[str] = ()
    takes: Sequence[str] = ()
    asked: Sequence[str] = ()


_DOES: Final[tuple[tuple[str, str, _Does], ...]] = (
    ("GET", r".*/rendered", _Does((*RENDERED, "video/mp4", "video/mpeg", PDF, *TEXTS), (), _PICTURE)),
    ("GET", r".*/thumbnail", _Does(tuple(PICTURES), (), _PICTURE)),
    ("GET", r".*/metadata", _Does(_DATA_SETS)),
    ("GET", r".*/frames/\{frames\}", _Does(_FRAMES)),
    ("GET", r".*/bulkdata/.*", _Does((OCTETS, *_FRAMES))),
    ("GET", r".*(studies|series|instances)", _Does(_DATA_SETS, (), _SEARCH)),
    ("GET", r".*/\{(study|series|instance)\}", _Does(_FILES)),
    ("POST", r"studies.*", _Does((JSON,), tuple(map(_RELATED.format, (DICOM, JSON, XML))))),
    ("DELETE", r"workitems.*", _Does((PROBLEM,))),
    ("POST", r"workitems/.*/subscribers/\{aetitle\}", _Does((PROBLEM,), (), ("deletionlock", "filter"))),
    ("POST", r"workitems/.*/suspend", _Does((PROBLEM,))),
    ("DELETE", r".*", _Does(("application/json",), (), ("reason",))),
    ("GET", r"workitems.*", _Does((JSON,))),
    ("(POST|PUT)", r"workitems.*", _Does((), (JSON,))),
)
"""By method and path; the first that fits."""


class Capabilities:
    """The endpoint, for the routes that it is given."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        """Describe `routes` that lie under the root of real UIDs."""
        self._methods: dict[str, list[str]] = {}
        for route in routes:
            if isinstance(route, Route) and route.path.startswith(REAL_ROOT + "/"):
                found = self._methods.setdefault(route.path.removeprefix(REAL_ROOT + "/").replace(":path", ""), [])
                found += sorted((route.methods or set()) - {"HEAD"})

    def options(self, visit: Visit) -> Response:
        """Answer with the description. Raises NotAcceptable."""
        taken = {WADL, "application/xml", "application/*", "*/*"}
        if not any(wish.media_type in taken for wish in wishes(visit.request.headers.get("accept", ""))):
            raise NotAcceptable
        text = "".join(self._document(root_of(visit) + "/"))
        return Response(text, media_type=WADL, headers={"allow": "OPTIONS", "vary": "Accept, Cookie"})

    def _document(self, base: str) -> Iterator[str]:
        yield f'<?xml version="1.0" encoding="UTF-8"?>\n<application xmlns="{_NAMESPACE}">\n'
        yield f"<resources base={quoteattr(base)}>\n"
        for path, methods in sorted(self._methods.items()):
            yield f"<resource path={quoteattr(path)}>\n"
            for name in re.findall(r"\{(\w+)\}", path):
                yield f'<param name={quoteattr(name)} style="template"/>\n'
            for method in sorted(methods):
                yield from _method(method, path)
            yield "</resource>\n"
        yield "</resources>\n</application>\n"


def _method(method: str, path: str) -> Iterator[str]:
    does = next(
        (does for verb, pattern, does in _DOES if re.fullmatch(verb, method) and re.fullmatch(pattern, path)), _Does()
    )
    yield f"<method name={quoteattr(method)}>\n<request>\n"
    for name in does.asked:
        yield from _parameter(name)
    yield from (f"<representation mediaType={quoteattr(one)}/>\n" for one in does.takes)
    yield "</request>\n<response>\n"
    yield from (f"<representation mediaType={quoteattr(one)}/>\n" for one in does.gives)
    yield "</response>\n</method>\n"


def _parameter(name: str) -> Iterator[str]:
    options = _OPTIONS.get(name, ())
    if name == "window":
        functions = ", ".join(sorted(one.lower().replace("_", "-") for one in FUNCTIONS))
        yield f'<param name="window" style="query"><doc>center,width,function: {functions}</doc></param>\n'
    elif options:
        yield f'<param name="{name}" style="query">' + "".join(f'<option value="{one}"/>' for one in options)
        yield "</param>\n"
    else:
        yield f'<param name="{name}" style="query"/>\n'
