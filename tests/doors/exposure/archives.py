"""Archives of others to be probed, as pynetdicom runs them: each records what it was asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    CTImageStorage,
    ModalityPerformedProcedureStep,
    ModalityWorklistInformationFind,
    StorageCommitmentPushModel,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
    Verification,
)
from tests.doors.dimse.instances import instance, with_meta

ECHO, FIND, GET, MOVE = (
    Verification,
    StudyRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelGet,
    StudyRootQueryRetrieveInformationModelMove,
)
WORKLIST, STORE = ModalityWorklistInformationFind, CTImageStorage
EVERYTHING = (ECHO, FIND, GET, MOVE, STORE, StorageCommitmentPushModel, ModalityPerformedProcedureStep)

PATIENT = {
    "PatientName": "CANARY^MARGUERITE", "PatientBirthDate": "19610203", "PatientID": "CANARY-ID-7731",
    "ReferringPhysicianName": "CANARYDOC^REFERRER", "PerformingPhysicianName": "CANARYDOC^PERFORMER",
    "InstitutionName": "CANARY CLINIC", "StudyDate": "20260101",
}  # fmt: skip
"""Of the one whose name must be nowhere."""


@dataclass
class Archive:
    """What it grants, and what it was asked."""

    port: int = 0
    studies: int = 3
    destinations: tuple[str, ...] = ()
    blank_refused: bool = False
    asked: list[tuple[str, Dataset]] = field(default_factory=list)
    answered: int = 0
    cancelled: int = 0

    def keys(self, level: str) -> list[set[str]]:
        found = [keys for what, keys in self.asked if what == "find" and keys.get("QueryRetrieveLevel") == level]
        return [{one.keyword for one in keys} for keys in found]

    def find(self, event: evt.Event) -> Iterator[tuple[int, Dataset | None]]:
        keys = event.identifier
        self.asked.append(("find", keys))
        level = keys.get("QueryRetrieveLevel", "")
        if self.blank_refused and not keys.get("StudyInstanceUID") and not keys.get("StudyDate"):
            yield 0xA700, None
            return
        studies = range(self.studies) if level == "STUDY" and not keys.StudyInstanceUID else range(min(1, self.studies))
        for number in studies:
            if event.is_cancelled:
                self.cancelled += 1
                yield 0xFE00, None
                return
            self.answered += 1
            yield 0xFF00, self._answer(keys, number)

    def _answer(self, keys: Dataset, number: int) -> Dataset:
        whole = instance(1, study=f"2.25.{number + 1}")
        for name, value in PATIENT.items():
            setattr(whole, name, value)
        answer = Dataset()
        for one in keys:
            if one.keyword != "QueryRetrieveLevel" and one.tag in whole:
                answer.add(whole[one.tag])
        answer.QueryRetrieveLevel = keys.get("QueryRetrieveLevel", "")
        return answer

    def get(self, event: evt.Event) -> Iterator[object]:
        self.asked.append(("get", event.identifier))
        yield 1
        whole = instance(1, study="2.25.1", pixels=b"\x01\x02" * 100_000)
        for name, value in PATIENT.items():
            setattr(whole, name, value)
        yield 0xFF00, with_meta(whole)

    def move(self, event: evt.Event) -> Iterator[object]:
        self.asked.append(("move", event.identifier))
        if event.move_destination not in self.destinations:
            yield None, None
            return
        yield "127.0.0.1", self.port
        yield 0

    def store(self, event: evt.Event) -> int:
        self.asked.append(("store", Dataset()))
        return 0


@contextmanager
def archive(
    *services: str, title: str = "TWIN", called_checked: bool = False, calling: tuple[str, ...] = (), **facts: object
) -> Iterator[Archive]:
    """Run one that grants these SOP classes, to any titles or only to some."""
    it = Archive(**facts)  # type: ignore[arg-type]
    ae = AE(title)
    ae.require_called_aet = called_checked
    ae.require_calling_aet = list(calling)
    for one in services:
        ae.add_supported_context(one)
    if GET in services:
        ae.add_supported_context(STORE, scu_role=True, scp_role=True)
    handlers = [
        (evt.EVT_C_FIND, it.find), (evt.EVT_C_GET, it.get), (evt.EVT_C_MOVE, it.move), (evt.EVT_C_STORE, it.store),
    ]  # fmt: skip
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    it.port = server.server_address[1]
    try:
        yield it
    finally:
        server.shutdown()
