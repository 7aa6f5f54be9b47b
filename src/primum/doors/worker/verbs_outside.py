"""Probes from outside, at the terminal: a nonce made and announced, a report read back, the view that counts."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from primum.doors.worker.protocol import BadRequest
from primum.exposure.findings.model import Source
from primum.exposure.outside.limits import LIMITS
from primum.exposure.outside.model import COUNTS, Judged, Standing
from primum.exposure.outside.returned import as_found, returned_of
from primum.exposure.probe.plan import PLAN_BYTES, Plan, read_plan
from primum.exposure.probe.reading import read_report
from primum.exposure.probe.writing import as_text_of_json
from primum.ground.clock import to_text
from primum.identity import Permission, Thing

if TYPE_CHECKING:
    from primum.doors.worker.control import Progress
    from primum.doors.worker.desk import Args, Asking, Desk, Verb
    from primum.exposure.probe.report import Report

_HOUSE = Thing("house")


def outside_announce(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Make a nonce for a plan, and have our doors look out for it."""
    desk.require(asking, Permission.PROBE_RUN, _HOUSE)
    plan = read_plan(_packed(args.text("plan", most=PLAN_BYTES), PLAN_BYTES))
    own = _addresses(args.texts("own_addresses"))

    def digest(probe_id: str, nonce: str, until: datetime) -> str:
        return announced(plan, probe_id, nonce, to_text(until)).digest()

    kept = {"own_addresses": own, "targets": list(plan.targets)}
    made, nonce = desk.worker.outside.announce(asking.actor.person_id, kept, _key(args.text("control_key")), digest)
    return {"id": made.id, "nonce": nonce, "expires_at": to_text(made.expires_at)}


def outside_read(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Judge a report that came back, and keep it; its nonce is spent."""
    desk.require(asking, Permission.PROBE_RUN, _HOUSE)
    data = _packed(args.text("report", most=PLAN_BYTES), LIMITS.report_bytes)
    own = _addresses(args.texts("own_addresses"))
    desk.worker.rooms.journal.flush()
    report = read_report(data)
    returned = returned_of(report, vouched=args.flag("vouched"))
    kept, judged = desk.worker.outside.read_back(asking.actor.person_id, returned, data, own)
    if kept.probe_id and judged.standing is not Standing.SPENT:
        _hand_on(desk, report, judged)
    return {
        "id": kept.id,
        "judged": judged.as_json(),
        "says": {language: judged.says(language) for language in ("fr", "en")},
        "seen": [
            {"at": to_text(one.at), "door": one.door, "port": one.port, "address": one.address, "channel": one.channel}
            for one in judged.sightings
        ],
    }


def outside_view(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Give the newest view from outside that counts now, as its report; nothing where there is none."""
    desk.require(asking, Permission.PROBE_RUN, _HOUSE)
    found = desk.worker.outside.view()
    if found is None:
        return {}
    report = desk.worker.outside.report_of(found.report_id)
    text = base64.b64encode(zlib.compress(report)).decode("ascii")
    return {"id": found.report_id, "run_at": to_text(found.run_at), "judged": found.judged, "report": text}


def outside_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List the reports that were read back."""
    desk.require(asking, Permission.PROBE_RUN, _HOUSE)
    kept = desk.worker.outside.latest()
    return {
        "reports": [
            {"id": one.id, "run_at": to_text(one.run_at), "read_at": to_text(one.read_at), "standing": one.standing}
            for one in kept
        ]
    }


def _hand_on(desk: Desk, report: Report, judged: Judged) -> None:
    """Give what was found to the list of findings; what does not count opens findings, and closes none."""
    told = as_found(report, judged.blocked, counts=judged.standing in COUNTS)
    if told.sound:
        desk.worker.exposed.findings.take(json.loads(as_text_of_json(told)), Source.READ_BACK)


def announced(plan: Plan, probe_id: str, nonce: str, expires_at: str) -> Plan:
    """Return a plan with what its announcement gave it."""
    return replace(plan, id=probe_id, nonce=nonce, expires_at=expires_at)


def _packed(text: str, most: int) -> bytes:
    try:
        unpacking = zlib.decompressobj()
        data = unpacking.decompress(base64.b64decode(text, validate=True), most + 1)
    except (ValueError, zlib.error):
        raise BadRequest from None
    if len(data) > most or not unpacking.eof:
        raise BadRequest
    return data


def _addresses(texts: list[str]) -> list[str]:
    try:
        return [str(ip_address(one)) for one in texts]
    except ValueError:
        raise BadRequest from None


def _key(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise BadRequest from None


VERBS: dict[str, Verb] = {
    "outside_announce": outside_announce,
    "outside_read": outside_read,
    "outside_view": outside_view,
    "outside_list": outside_list,
}
