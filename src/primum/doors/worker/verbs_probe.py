"""What the home adds to a probe of this machine: what is known of it, a canary, and a signature on the report.

The probe itself runs in the command line's process, which has no key: here is only what needs one.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final

from primum.doors.http.tokens import COOKIE
from primum.doors.http.told_routes import FILE as ROUTES, read as read_routes
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.exposure.findings.model import Source
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.reading import ReportRefused, read_report
from primum.exposure.probe.writing import as_json, digest
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.identity import Permission, Thing
from primum.imaging.importing import Origin, import_folder
from primum.journal import Kind

SIGNED: Final = "primum-probe-report/1"
"""First line of what is signed: no other text that this key signs begins so."""

_TOKEN_BYTES: Final = 32


class AlreadySigned(PrimumError):
    """This report has a signature already."""

    code: ClassVar[str] = "probe.already-signed"
    hint: ClassVar[str] = "a report is signed once, by the home that ran it"


def probe_ready(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Tell that this home takes part, and where its doors are."""
    desk.require(asking, Permission.PROBE_RUN, desk.worker.people.house())
    settings = desk.worker.rooms.settings
    doors = (settings.web_port, settings.dicom_port, settings.dicom_plain_port)
    return {"home": desk.worker.rooms.home.id, "ports": [one for one in doors if one]}


def probe_known(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Give what a probe of this home may know: its doors, device titles, routes, and access that must not do."""
    desk.require(asking, Permission.PROBE_RUN, desk.worker.people.house())
    worker = desk.worker
    settings = worker.rooms.settings
    titles = sorted({one.aet for one in worker.devices.list()} | {settings.dicom_aet})
    ended = worker.people.ended_session(asking.actor.person_id)
    stranger = secrets.token_urlsafe(_TOKEN_BYTES)
    canary, why = _planted(desk, asking)
    return {
        "titles": titles[: LIMITS.titles],
        "web_port": settings.web_port,
        "web_name": settings.web_name,
        "routes": read_routes(worker.rooms.home.folder / "run" / ROUTES),
        "expired": [("Cookie", f"{COOKIE}={ended}")],
        # what another house gave, in the shape of ours: this one never gave it
        "foreign": [("Cookie", f"{COOKIE}={stranger}"), ("Authorization", f"Bearer {stranger}")],
        "canary": canary,
        "no_canary": why,
    }


def probe_known_end(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Remove the canary of a run. Raises NoSuchCanary."""
    from primum.app.canaries import remove  # noqa: PLC0415

    desk.require(asking, Permission.PROBE_RUN, desk.worker.people.house())
    remove(desk.worker, args.text("canary", most=64))
    return {}


def _planted(desk: Desk, asking: Asking) -> tuple[str, str]:
    """Plant a canary where this person may take in studies and nothing forwards them; else say why not."""
    from primum.app.canaries import plant  # noqa: PLC0415 (who never probes loads none of this)
    from primum.doors.worker.verbs_archive import Taking  # noqa: PLC0415

    if desk.completions is not None and desk.completions.rules():
        return "", "studies are forwarded by rule, and a canary would be"

    def take_in(file: Path, controller_id: str) -> None:
        vault = desk.worker.rooms.vault
        taking = Taking(desk, Origin(controller_id, asking.actor.person_id), lambda _facts: None)
        taking.journaled("file", lambda under_way: import_folder(vault, file, under_way.origin, **under_way.hooks()))

    try:
        controller_id = desk.controller_id("", asking)
        desk.require(asking, Permission.STUDY_IMPORT, Thing("study", controller_id))
        return plant(desk.worker, asking.actor.person_id, controller_id, take_in), ""
    except PrimumError as refusal:
        return "", str(refusal)


def probe_sign(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Sign a report that says of itself what its services say; journal the run, hand on what it found.

    Raises ReportRefused, AlreadySigned.
    """
    desk.require(asking, Permission.PROBE_RUN, desk.worker.people.house())
    path = Path(args.text("report"))
    try:
        with path.open("rb") as file:
            report = read_report(file.read(LIMITS.report_bytes + 1))
    except OSError:
        raise ReportRefused(what="it cannot be read") from None
    if report.signature:
        raise AlreadySigned
    run, hashed = new_id("prb"), digest(report)
    told = report.verdict()
    desk.record(Kind.PROBE_RUN, asking.actor.person_id, run, {
        "session": asking.session.id, "what": report.place.value, "reason": told.value, "count": len(report.holes()),
        "exit_status": int(report.exit_status()), "fingerprint": hashed,
    })  # fmt: skip
    worker = desk.worker
    # views from elsewhere were taken when they were read back
    worker.exposed.findings.take(as_json(replace(report, views=(), outside=False)), Source.PROBE)
    signed_at = to_text(worker.rooms.clock.now())
    lines = (SIGNED, worker.rooms.home.id, run, signed_at, told.value, hashed)
    return {"note": worker.signer.sign_text("".join(f"{line}\n" for line in lines)), "run": run}


VERBS: dict[str, Verb] = {
    "probe_ready": probe_ready,
    "probe_known": probe_known,
    "probe_known_end": probe_known_end,
    "probe_sign": probe_sign,
}
