"""The few files of our own that pages need; their address changes with their content."""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from starlette.responses import Response

from primum.doors.http.headers import IMMUTABLE, WORKER_POLICY
from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.viewer_files import Viewer

FILES: Final = {
    "bring.js": "text/javascript; charset=utf-8",
    "check.js": "text/javascript; charset=utf-8",
    "contain.js": "text/javascript; charset=utf-8",
    "enrol.js": "text/javascript; charset=utf-8",
    "leave.js": "text/javascript; charset=utf-8",
    "mark.svg": "image/svg+xml",
    "primum.css": "text/css; charset=utf-8",
    "print.js": "text/javascript; charset=utf-8",
    "studies.js": "text/javascript; charset=utf-8",
    "watch.js": "text/javascript; charset=utf-8",
}
"""Every file of our own, and its type. `htmx.js` comes beside, with the viewer."""


@dataclass(frozen=True, slots=True)
class _File:
    plain: bytes
    packed: bytes
    media_type: str


class Static:
    """The files, read and compressed once."""

    def __init__(self, viewer: Viewer | None) -> None:
        """Read them all; htmx is there when the viewer was prepared, and pages do without it otherwise."""
        folder = files("primum.doors.web") / "static"
        contents = {name: (folder / name).read_bytes() for name in FILES}
        contents["htmx.js"] = viewer.htmx() if viewer else b""
        self._files = {
            name: _File(data, gzip.compress(data, 9, mtime=0), FILES.get(name, "text/javascript; charset=utf-8"))
            for name, data in contents.items()
        }
        digest = hashlib.sha256(b"\0".join(name.encode() + data for name, data in sorted(contents.items())))
        self._stamp = digest.hexdigest()[:12]

    def address(self, name: str) -> str:
        """Return where a page finds this file."""
        return f"/static/{self._stamp}/{name}"

    def answer(self, visit: Visit) -> Response:
        """Send one of the files. Raises NotFound."""
        file = self._files.get(visit.request.path_params["name"])
        if file is None or visit.request.path_params["stamp"] != self._stamp:
            raise NotFound
        headers = {"cache-control": IMMUTABLE, "content-security-policy": WORKER_POLICY, "vary": "accept-encoding"}
        if "gzip" in visit.request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
            return Response(file.packed, headers=headers, media_type=file.media_type)
        return Response(file.plain, headers=headers, media_type=file.media_type)
