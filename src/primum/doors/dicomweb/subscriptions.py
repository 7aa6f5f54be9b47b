"""Subscribing to workitems (PS3.18 11.10 to 11.12): one, all, or those that a filter describes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl, quote

from starlette.responses import Response

from primum.doors.dicomweb.names import REAL_ROOT, root_of
from primum.doors.http.reading import Reading
from primum.doors.http.services import WebServices
from primum.doors.http.visit import Visit
from primum.identity import Permission
from primum.imaging.errors import BadQuery
from primum.imaging.orders.subscribers import Subscribers
from primum.imaging.orders.workitems import asked

CHANNELS: Final = "/ws/subscribers"
CHANNEL: Final = REAL_ROOT + CHANNELS + "/{aetitle}"
_NOT_LOCKED: Final = '299 primum "Deletion Lock not granted."'


class Subscriptions:
    """What may be asked of them; each needs `order:list`, as reading what they are about does."""

    def __init__(self, services: WebServices, reading: Reading) -> None:
        """Keep them beside `services.orders`; `reading` decides how far somebody sees."""
        self._subscribers, self._reading = Subscribers(services.orders), reading

    def subscribe(self, visit: Visit, _body: object) -> Response:
        """Subscribe (11.10). How long a workitem is kept is the law's: no lock is granted."""
        locked, wanted = _parameters(visit)
        title = _title(visit)
        controllers = controllers_of(self._reading, visit, Permission.ORDER_LIST)
        self._subscribers.subscribe(visit.person.person_id, controllers, title, _target(visit), asked(wanted))
        base = "wss" + root_of(visit).removeprefix("https")
        headers = {"content-location": f"{base}{CHANNELS}/{quote(title, safe='')}"}
        return Response(status_code=201, headers=headers | ({"warning": _NOT_LOCKED} if locked else {}))

    def unsubscribe(self, visit: Visit, _body: object) -> Response:
        """Unsubscribe (11.11)."""
        controllers_of(self._reading, visit, Permission.ORDER_LIST)
        self._subscribers.unsubscribe(visit.person.person_id, _title(visit), _target(visit))
        return Response(status_code=200)

    def suspend(self, visit: Visit, _body: object) -> Response:
        """Suspend a worklist's (11.12)."""
        controllers_of(self._reading, visit, Permission.ORDER_LIST)
        self._subscribers.suspend(visit.person.person_id, _title(visit), _target(visit))
        return Response(status_code=200)


def controllers_of(reading: Reading, visit: Visit, action: Permission) -> list[str] | None:
    """List the controllers in whose orders somebody may do this; None for every one. Raises NotPermitted."""
    reach = reading.reach(visit, action)
    if any(one.controllers is None for one in reach):
        return None
    return sorted({controller for one in reach for controller in one.controllers or ()})


def _parameters(visit: Visit) -> tuple[bool, Sequence[tuple[str, str]]]:
    """Read whether a lock is asked for, and the filter: `filter=key=value,key=value`, or each key by itself."""
    try:
        limits = visit.services.limits
        given = parse_qsl(visit.request.url.query, keep_blank_values=True, max_num_fields=limits.search_keys)
    except ValueError:
        raise BadQuery(why="it has too many keys") from None
    locked, wanted = False, []
    for name, value in given:
        if name == "deletionlock" and value in {"true", "false"}:
            locked = value == "true"
        elif name == "filter":
            wanted += _pairs(value)
        elif name not in {"accept", "charset"}:
            wanted.append((name, value))
    return locked, wanted


def _pairs(listed: str) -> list[tuple[str, str]]:
    """Cut a list of pairs; what has no key of its own is a further value of the key before it."""
    pairs: list[tuple[str, str]] = []
    for piece in listed.split(","):
        name, is_pair, value = piece.partition("=")
        if is_pair:
            pairs.append((name, value))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{piece}")
        elif piece:
            raise BadQuery(why="a filter is a list of keys with values")
    return pairs


def _target(visit: Visit) -> str:
    return str(visit.request.path_params["workitem"])


def _title(visit: Visit) -> str:
    return str(visit.request.path_params["aetitle"])
