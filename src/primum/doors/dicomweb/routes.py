"""Every address of DICOMweb, under the root that speaks real UIDs and the one that speaks aliases."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

from primum.doors.dicomweb.capabilities import Capabilities
from primum.doors.dicomweb.deletions import Deletions
from primum.doors.dicomweb.names import REAL_ROOT, VIEWER_ROOT, AliasNames, Names, RealNames
from primum.doors.dicomweb.pictures import Pictures
from primum.doors.dicomweb.problems import problem
from primum.doors.dicomweb.retrievals import Retrievals
from primum.doors.dicomweb.searches import Searches
from primum.doors.dicomweb.storing import Storing
from primum.doors.dicomweb.wado_uri import WadoUri
from primum.doors.dicomweb.workitems import workitem_routes
from primum.doors.http.reading import Reading
from primum.doors.http.services import WebServices
from primum.doors.http.visit import ASKING, PERSON, Endpoint, Handler, Standing

_STUDY = "/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"


def dicomweb_routes(services: WebServices, reading: Reading) -> list[BaseRoute]:
    """List them."""
    storing = Storing(services)
    gone = Deletions(services.archive, reading)
    old = WadoUri(services.archive, reading, RealNames(), services.limits)
    routes = [
        Route("/wado", Endpoint(services, old.wado, problem, admits=ASKING), methods=["GET"]),
        *(
            Route(REAL_ROOT + path, Endpoint(services, handler, problem, admits=PERSON), methods=["DELETE"])
            for path, handler in ((_STUDY, gone.study), (_SERIES, gone.series), (_INSTANCE, gone.instance))
        ),
        Route(REAL_ROOT + "/studies", storing, methods=["POST"]),
        Route(REAL_ROOT + _STUDY, storing, methods=["POST"]),
        *workitem_routes(services, reading),
        *_under(REAL_ROOT, RealNames(), services, reading, ASKING),
        *_under(VIEWER_ROOT, AliasNames(), services, reading, PERSON),
    ]
    able = Endpoint(services, Capabilities(routes).options, problem, admits=ASKING)
    return [*routes, *(Route(REAL_ROOT + end, able, methods=["OPTIONS"]) for end in ("", "/"))]


def _under(
    root: str, names: Names, services: WebServices, reading: Reading, admits: frozenset[Standing]
) -> list[BaseRoute]:
    searches = Searches(services.archive, reading, names, services.limits)
    gets = Retrievals(services.archive, reading, names, services.limits)
    pictures = Pictures(services.archive, reading, names, services.limits)
    handlers: list[tuple[str, Handler]] = [
        *(
            (path + suffix, handler)
            for path in (_STUDY, _SERIES, _INSTANCE, _INSTANCE + "/frames/{frames}")
            for suffix, handler in (("/rendered", pictures.rendered), ("/thumbnail", pictures.thumbnail))
        ),
        ("/studies", searches.studies),
        ("/series", searches.series),
        ("/instances", searches.instances),
        (_STUDY, gets.files),
        (_STUDY + "/metadata", gets.metadata),
        (_STUDY + "/series", searches.series),
        (_STUDY + "/instances", searches.instances),
        (_SERIES, gets.files),
        (_SERIES + "/metadata", gets.metadata),
        (_SERIES + "/instances", searches.instances),
        (_INSTANCE, gets.files),
        (_INSTANCE + "/metadata", gets.metadata),
        (_INSTANCE + "/frames/{frames}", gets.frames),
        (_INSTANCE + "/bulkdata/{path:path}", gets.bulk),
    ]
    return [
        Route(root + path, Endpoint(services, handler, problem, admits=admits), methods=["GET"])
        for path, handler in handlers
    ]
