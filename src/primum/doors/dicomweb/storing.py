"""STOW-RS (PS3.18 10.5): the instances of a request are stored one by one, and each is answered for.

Sealed while they arrive: nothing of a body is ever on disc in clear, nor whole in memory. The answer waits until a
search would find what was stored.
"""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from typing import Any, ClassVar, Final

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from primum.doors.dicomweb.accept import JSON, check_json
from primum.doors.dicomweb.described import Described
from primum.doors.dicomweb.incoming import METADATA, Parts, boundary_of
from primum.doors.dicomweb.names import root_of
from primum.doors.dicomweb.offered import Offered, files_of
from primum.doors.dicomweb.problems import problem
from primum.doors.http.services import WebServices
from primum.doors.http.visit import ASKING, Busy, Visit, check_forgery, closed_door, who
from primum.ground.errors import PrimumError
from primum.ground.log import Log
from primum.identity import Permission, Thing, require
from primum.imaging.taking import Bringer, Taker, Told
from primum.journal import Fact, Kind

_LOG = Log("web")

REASONS: Final = {
    "import.not-dicom": 0xC000,
    "imaging.bad-metadata": 0xC000,
    "imaging.bad-uid": 0xC000,
    "imaging.bulk-contradicts": 0xC000,
    "imaging.bulk-missing": 0xC000,
    "imaging.bulk-too-large": 0xA700,
    "imaging.bulk-unsupported": 0xC122,
    "imaging.damaged-data-set": 0xC000,
    "imaging.no-sop-uid": 0xC000,
    "imaging.no-study-uid": 0xC000,
    "imaging.not-stored": 0x0122,
    "imaging.other-study": 0xA900,
    "imaging.too-large": 0xC000,
    "imaging.unknown-syntax": 0xC122,
    "vault.bad-frames": 0xC000,
    "vault.disc-full": 0xA700,
    "vault.facts-too-long": 0xC000,
    "vault.too-large": 0xA700,
    "vault.write-refused": 0xA700,
    "web.space-low": 0xA700,
}
"""Failure Reason (0008,1197) by the code of the refusal (PS3.18 table I.2-2); 0110H for one that is not here."""
_PROCESSING_FAILURE: Final = 0x0110


class SpaceLow(PrimumError):
    """There is too little room left to store."""

    code: ClassVar[str] = "web.space-low"
    hint: ClassVar[str] = "free space on the disc of the home, or lower low_space_mib"


class TooSlow(PrimumError):
    """The body came too slowly."""

    code: ClassVar[str] = "web.too-slow"
    hint: ClassVar[str] = "send it over a better line, in smaller requests"


class NothingSent(PrimumError):
    """The body holds no instance."""

    code: ClassVar[str] = "web.nothing-sent"


class Storing:
    """The endpoint: an ASGI application, because its bodies are not forms."""

    admits = ASKING

    def __init__(self, services: WebServices) -> None:
        """Store for `services`."""
        self._services = services
        self._places = anyio.CapacityLimiter(services.limits.storing_at_once)
        self._described = anyio.CapacityLimiter(services.limits.described_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            described = any(kind in request.headers.get("content-type", "") for kind in METADATA)
            places = self._described if described else self._places
            if places.statistics().tasks_waiting >= self._services.limits.storing_waiting:
                raise Busy
            pieces = Pieces(request.stream(), self._services)
            response = await anyio.to_thread.run_sync(self._answer, request, pieces, limiter=places)
        except PrimumError as refusal:
            response = problem(await anyio.to_thread.run_sync(who, request, self._services, {}), refusal)
        except ClientDisconnect:
            return
        await response(scope, receive, send)

    def _answer(self, request: Request, pieces: Pieces) -> Response:
        visit = who(request, self._services, {})
        if visit.standing not in self.admits:
            return closed_door(visit)
        try:
            check_forgery(visit)
            media_type = check_json(request.headers.get("accept", ""))
            kind, boundary = boundary_of(request.headers.get("content-type", ""))
            bringer = self._permitted(visit)
            deed = _Deed(visit, bringer, request.path_params.get("study", ""))
            parts = Parts(pieces.all(), boundary, self._services.limits)
            offered = Described(parts, str(request.url)).all() if kind in METADATA else files_of(parts)
            return deed.answer(offered, media_type)
        except (PrimumError, OSError) as refusal:
            return problem(visit, refusal if isinstance(refusal, PrimumError) else PrimumError())

    def _permitted(self, visit: Visit) -> Bringer:
        """Return on whose behalf is stored. Raises NotPermitted, StepUpNeeded."""
        people, session = self._services.people, visit.person
        controller_id = people.person(session.person_id).controller_id
        require(people.actor(session), Permission.STUDY_IMPORT, Thing("study", controller_id))
        return Bringer(
            controller_id, session.id if visit.session and visit.session.may is not None else session.person_id
        )


class Pieces:
    """The body, from the loop that receives it to the thread that stores it; cut when it drips."""

    def __init__(self, stream: AsyncIterator[bytes], services: WebServices) -> None:
        """Take over a request's stream."""
        self._stream, self._limits = stream, services.limits

    def all(self) -> Iterator[bytes]:
        """Give the pieces as they come. Raises TooSlow, ClientDisconnect."""
        deadline = time.monotonic() + self._limits.body_grace_seconds
        while True:
            piece = anyio.from_thread.run(self._next, deadline)
            if piece is None:
                return
            deadline += len(piece) / self._limits.body_floor_rate
            yield piece

    async def _next(self, deadline: float) -> bytes | None:
        with anyio.move_on_after(max(0.0, deadline - time.monotonic())):
            return await anext(self._stream, None)
        raise TooSlow


class _Deed:
    """One request: what was stored, what was refused."""

    def __init__(self, visit: Visit, bringer: Bringer, study_uid: str) -> None:
        self._visit, self._bringer, self._study_uid = visit, bringer, study_uid
        self._services = visit.services
        self._stored: list[dict[str, Any]] = []
        self._failed: list[dict[str, Any]] = []
        self._others: list[dict[str, Any]] = []
        self._uids: set[str] = set()
        self._studies: Counter[str] = Counter()
        self._bytes: Counter[str] = Counter()

    def answer(self, offered: Iterator[Offered], media_type: str) -> Response:
        try:
            with self._services.vault.writer() as writer:
                taker = Taker(
                    self._services.vault, writer, self._bringer, self._services.clock, self._refuse_without_room
                )
                for one in offered:
                    self._take(taker, one)
        finally:
            self._tell()
        if not self._stored and not self._failed:
            raise NothingSent
        self._services.intake.barrier(self._services.limits.barrier_seconds)
        status = 409 if not self._stored else 202 if self._failed or self._others else 200
        return Response(json.dumps(self._body()).encode(), status, media_type=media_type or JSON)

    def _take(self, taker: Taker, offered: Offered) -> None:
        told = offered.told
        try:
            if offered.refusal is not None:
                raise offered.refusal
            stored, length = taker.take(offered.pieces, told, self._study_uid)
        except TooSlow:
            raise
        except PrimumError as refusal:
            # what is left of its part is read past when the next is asked for
            reason = REASONS.get(refusal.code, _PROCESSING_FAILURE)
            (self._failed if offered.instance else self._others).append(_item(told, reason))
            return
        self._services.intake.stored(stored)
        self._studies[stored.position.study] += 1
        self._bytes[stored.position.study] += length
        self._uids.add(told.study_instance_uid)
        self._stored.append(_item(told) | _url("00081190", self._address(stored.facts.series_instance_uid, told)))

    def _refuse_without_room(self) -> None:
        if self._services.space.low():
            raise SpaceLow

    def _address(self, series_uid: str, told: Told) -> str:
        return f"{self._root(told.study_instance_uid)}/series/{series_uid}/instances/{told.sop_instance_uid}"

    def _root(self, study_uid: str) -> str:
        return f"{root_of(self._visit)}/studies/{study_uid}"

    def _body(self) -> dict[str, Any]:
        body: dict[str, Any] = _url("00081190", self._root(next(iter(self._uids)))) if len(self._uids) == 1 else {}
        if self._stored:
            body["00081199"] = {"vr": "SQ", "Value": self._stored}
        if self._failed:
            body["00081198"] = {"vr": "SQ", "Value": self._failed}
        if self._others:
            body["0008119A"] = {"vr": "SQ", "Value": self._others}
        return body

    def _tell(self) -> None:
        for study, instances in self._studies.items():
            details: dict[str, str | int] = {
                "session": self._visit.person.id,
                "controller": self._bringer.controller_id,
                "instances": instances,
                "bytes": self._bytes[study],
            }
            self._services.journal.record(Fact(Kind.STUDY_BROUGHT, self._visit.person.person_id, study, details))
        if self._failed:
            _LOG.warning("instances.refused", count=len(self._failed))


def _item(told: Told, reason: int | None = None) -> dict[str, Any]:
    """Write an item of a Referenced or Failed SOP Sequence, with what is known of it."""
    given = {"00081150": told.sop_class_uid, "00081155": told.sop_instance_uid}
    item: dict[str, Any] = {tag: {"vr": "UI", "Value": [uid]} for tag, uid in given.items() if uid}
    if reason is not None:
        item["00081197"] = {"vr": "US", "Value": [reason]}
    return item


def _url(tag: str, address: str) -> dict[str, Any]:
    return {tag: {"vr": "UR", "Value": [address]}}
