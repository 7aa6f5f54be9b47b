"""A scene with findings: reports are taken as a probe's are, and files open by themselves."""

from datetime import datetime, timedelta

from tests.unit.exposure.runs_kit import HOST, report, service, text
from tests.unit.incidents.kit import MINE, TUESDAY, Scene

from primum.exposure.findings.model import Source
from primum.exposure.findings.service import Findings
from primum.incidents.facts.own import Accesses, Reach
from primum.incidents.opening.considering import Considering

ATTRIBUTES = ("PatientID", "PatientName", "StudyDate")
OPEN = (("plain", "nobody", "associate", "open"), ("plain", "nobody", "find", "open"),
        ("plain", "nobody", "store", "negotiated"), ("plain", "nobody", "get", "refused"))  # fmt: skip
ECHO = (("plain", "nobody", "associate", "open"), ("plain", "nobody", "echo", "open"))
SHUT = tuple((mode, who, rung, "refused") for mode, who, rung, _ in OPEN)
HELD = {
    "system", "reached", "first-refused", "readable", "vantage", "found-by", "protections-before", "began", "ended",
    "nature", "people-categories", "records", "studies", "data", "sensitive", "intelligible", "organisation", "role",
}  # fmt: skip
"""The facts of an open archive of another maker that a probe found: these, no others (docs/design/incidents.md)."""


class NotOurs:
    """A Primum that has nothing to do with what was found."""

    def is_here(self, address):
        return address in {"127.0.0.1", "192.168.1.2"}

    def grants(self, _hole, _since, _until):
        return ()

    def reach(self, _controller, _since, _until, _on):
        raise AssertionError

    def accesses(self, _devices, _since, _until, _runs):
        raise AssertionError


class Granted(NotOurs):
    """A Primum at whose plain door these grants let a stranger in, whatever is asked."""

    def __init__(self, *grants, reach: Reach = Reach(3, 1, 0, 4)) -> None:  # noqa: B008 (frozen)
        self.list, self.said, self.asked = list(grants), reach, []

    def grants(self, _hole, _since, _until):
        return self.list

    def reach(self, controller, since, until, on):
        self.asked.append((controller, since, until, on))
        return self.said

    def accesses(self, devices, since, until, runs):
        self.asked.append((tuple(devices), since, until, tuple(runs)))
        return Accesses(since, until, ())


class Practice(Scene):
    """Files, findings, and the sweep between them."""

    def __init__(self, folder, *controllers, own=None, at: datetime = TUESDAY) -> None:
        super().__init__(folder, *controllers, at=at)
        self.findings = Findings(self.engine, self.clock, self.told)
        self.own = own or NotOurs()
        self.restart()

    def restart(self) -> None:
        """Begin anew, as after a crash: nothing is in memory."""
        self.considering = Considering(self.files, self.findings, self.own, "fr")

    def probed(self, *steps, at: datetime | None = None, port: int = 104, readable=ATTRIBUTES, **more) -> None:
        """Take the report of a run that ended at an instant: a machine with one DICOM listener."""
        there = [service(*steps, port=port, readable=readable)] if steps else []
        told = report(*there, **more)
        at = at or self.clock.now()
        told |= {"began_at": text(at - timedelta(minutes=1)), "ended_at": text(at)}
        self.findings.take(told, Source.PROBE)

    def sweep(self) -> int:
        return self.considering.consider()

    def open(self):
        """Give the open files, the first opened first."""
        return sorted(self.files.all_open(), key=lambda one: one.entries[0].seq)

    def only(self):
        (one,) = self.open()
        return one


__all__ = ["ATTRIBUTES", "ECHO", "HELD", "HOST", "MINE", "OPEN", "SHUT", "Granted", "NotOurs", "Practice"]
