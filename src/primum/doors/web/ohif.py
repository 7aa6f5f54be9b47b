"""OHIF: its page, its configuration, its files."""

from __future__ import annotations

import gzip
import json

from starlette.responses import HTMLResponse, Response

from primum.doors.http.headers import DECODE_POLICY, IMMUTABLE, VIEWER_POLICY, WORKER_POLICY
from primum.doors.http.nowhere import NotFound
from primum.doors.http.visit import Visit
from primum.doors.web.language import say
from primum.doors.web.render import Pages, language_of
from primum.doors.web.viewer_files import Viewer

DICOMWEB = "/ohif/dicom-web"
"""The DICOMweb root of the viewer: it speaks aliases (doors/http/aliases.py)."""


class Ohif:
    """Serves the prepared viewer; says so where there is none."""

    def __init__(self, pages: Pages, viewer: Viewer | None) -> None:
        """Serve `viewer`."""
        self._pages = pages
        self._viewer = viewer

    def page(self, visit: Visit) -> Response:
        """Answer with the one page of OHIF. What to show is in the query, which only its own script reads."""
        if self._viewer is None:
            sentence = say(language_of(visit), "viewer.absent")
            return self._pages.page(visit, "refused.html", status=503, sentence=sentence, code="")
        common = self._pages.common(visit)
        text = self._pages.text(
            "viewer.html", **common, viewer=self._viewer.address, script=self._viewer.script, style=self._viewer.style
        )
        return HTMLResponse(text, headers={"content-security-policy": VIEWER_POLICY})

    def configuration(self, visit: Visit) -> Response:
        """Answer with OHIF's configuration, made for this person."""
        text = self._pages.text("app_config.js", config=json.dumps(configuration(language_of(visit)), indent=1))
        return Response(text, media_type="text/javascript", headers={"content-security-policy": WORKER_POLICY})

    def file(self, visit: Visit) -> Response:
        """Send one of the viewer's files. Raises NotFound."""
        if self._viewer is None:
            raise NotFound
        name = visit.request.path_params["name"]
        found = self._viewer.read(visit.request.path_params["stamp"], name)
        if found is None:
            raise NotFound
        policy = DECODE_POLICY if name == self._viewer.decoder else WORKER_POLICY
        headers = {"cache-control": IMMUTABLE, "content-security-policy": policy, "vary": "accept-encoding"}
        data = found.data
        if found.packed and "gzip" in visit.request.headers.get("accept-encoding", ""):
            headers["content-encoding"] = "gzip"
        elif found.packed:
            data = gzip.decompress(data)
        return Response(data, headers=headers, media_type=found.media_type)


def configuration(language: str) -> dict[str, object]:
    """Return OHIF's configuration: one source, ours; no list, no tour, no upload; nothing fetched elsewhere."""
    source = {
        "friendlyName": "Primum",
        "name": "primum",
        "qidoRoot": DICOMWEB,
        "wadoRoot": DICOMWEB,
        "wadoUriRoot": DICOMWEB,
        "qidoSupportsIncludeField": True,
        "imageRendering": "wadors",
        "thumbnailRendering": "wadors",
        "enableStudyLazyLoad": True,
        "supportsFuzzyMatching": False,
        "supportsWildcard": True,
        "supportsStow": False,
        "dicomUploadEnabled": False,
        "singlepart": "bulkdata,video,pdf",
        "bulkDataURI": {"enabled": True, "relativeResolution": "studies"},
        "omitQuotationForMultipartRequest": True,
    }
    return {
        "routerBasename": "/ohif/",
        "extensions": [],
        "modes": [],
        "customizationService": {"ohif.tours": {"$set": []}},
        "showStudyList": False,
        "showLoadingIndicator": True,
        "showWarningMessageForCrossOrigin": False,
        "showCPUFallbackMessage": True,
        "strictZSpacingForVolumeViewport": True,
        "investigationalUseDialog": {"option": "never"},
        "maxNumberOfWebWorkers": 3,
        "maxNumRequests": {"interaction": 20, "thumbnail": 5, "prefetch": 10},
        "defaultDataSourceName": "primum",
        "dataSources": [
            {
                "namespace": "@ohif/extension-default.dataSourcesModule.dicomweb",
                "sourceName": "primum",
                "configuration": source,
            }
        ],
        "language": language,
    }
