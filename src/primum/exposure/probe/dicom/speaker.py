"""DICOM as a protocol of the probe: recognised in clear or over TLS, then climbed in every mode."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Final

from primum.exposure.probe.dialling import TITLE, Unanswered
from primum.exposure.probe.dicom.association import Association
from primum.exposure.probe.dicom.classes import IMPLICIT, VERIFICATION
from primum.exposure.probe.dicom.ladder import (
    GRANTS,
    LONG_SETTLE_SECONDS,
    SETTLE_SECONDS,
    Findings,
    ModeLadder,
    product_of,
)
from primum.exposure.probe.dicom.pdu import Aborted, NotDicom, Proposal, Rejected
from primum.exposure.probe.dicom.titles import MADE_UP
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Service, Step
from primum.exposure.probe.speaking import Asking
from primum.exposure.probe.tls import sight

PORTS: Final = frozenset(
    {104, 1045, 2345, 2761, 2762, 4006, 4030, 4096, 4242, 4444, 4560, 5678, 6666, 8104, *range(11112, 11121)}
)
"""Where DICOM is usual."""
TLS_PORTS: Final = frozenset({2761, 2762})
"""Registered for DICOM over ISCL and TLS (IANA)."""


def _too_old(step: Step) -> Step:
    """Who takes nothing that we speak has not refused: somebody with an old program may be let in."""
    if step.rung is Rung.CONNECT and step.outcome is Outcome.REFUSED:
        return replace(step, outcome=Outcome.UNDETERMINED, code="tls-too-old")
    return step


class DicomSpeaker:
    """DICOM (PS3.7, PS3.8)."""

    family: Family = Family.DICOM
    ports: frozenset[int] = PORTS

    def recognise(self, asking: Asking, greeting: bytes) -> Service | None:
        """Tell whether an association is answered as the standard says, in clear or over TLS."""
        if greeting:
            return None
        for mode in (Mode.PLAIN, Mode.TLS):
            try:
                return self._answered(asking, mode)
            except NotDicom:
                if mode is Mode.PLAIN:
                    continue
            except Unanswered as error:
                if mode is Mode.TLS and error.how == "tls" and asking.port in TLS_PORTS:
                    return self._presumed(asking, error.code)
                if mode is Mode.PLAIN and error.how in {"refused", "unreachable", "budget"}:
                    return None
        return None

    def climb(self, asking: Asking, service: Service) -> None:
        """Climb in every mode that the dialler has and the port speaks."""
        ends = min(asking.dialler.deadline, time.monotonic() + asking.limits.service_seconds)
        seen = sight.look(asking)
        if seen is not None:
            now = asking.dialler.gate.now()
            service.tls = seen.as_json(now)
            service.notes += [f"tls.{code}" for code in seen.graded(now).weak]
        findings = Findings()
        for mode in asking.dialler.modes():
            if mode is not Mode.PLAIN and seen is None:
                service.steps.append(Step(mode, Identity.NOBODY, Rung.CONNECT, Outcome.NOT_TRIED, "no-tls"))
                continue
            begun = len(service.steps)
            ModeLadder(asking, service, mode, findings, ends).climb()
            if mode is not Mode.PLAIN and seen is not None and not seen.conversable():
                service.steps[begun:] = [_too_old(one) for one in service.steps[begun:]]
        self._both(service, tls=seen is not None)

    def _answered(self, asking: Asking, mode: Mode) -> Service | None:
        wire = asking.connect(mode, Rung.ASSOCIATE, Identity.NOBODY, "is DICOM spoken here")
        product = ""
        with Association(wire, asking.limits) as association:
            try:
                if mode is Mode.TLS:
                    wire.overhear(LONG_SETTLE_SECONDS if asking.port in TLS_PORTS else SETTLE_SECONDS)
                association.request(
                    TITLE, MADE_UP, [Proposal(VERIFICATION, (IMPLICIT,))], asking.dialler.version_name()
                )
                product = product_of(association, asking)
                association.release()
            except (Rejected, Aborted):
                pass
        return Service(asking.address, asking.port, Family.DICOM, product=product)

    def _presumed(self, asking: Asking, code: str) -> Service | None:
        """On its registered ports, TLS that lets nobody in without a certificate is taken for DICOM's."""
        if "certificate" not in code and "handshake-failure" not in code:
            return None
        return Service(asking.address, asking.port, Family.DICOM, notes=["dicom.presumed"])

    def _both(self, service: Service, *, tls: bool) -> None:
        """Note where a port that speaks TLS grants an association in clear too."""
        plain = any(one.mode is Mode.PLAIN and one.outcome in GRANTS for one in service.steps)
        if tls and plain:
            service.notes.append("dicom.plain-on-tls-port")
