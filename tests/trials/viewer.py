"""A workstation as doctors have it: any title may find and fetch. pynetdicom speaks for it.

Where it sends by C-MOVE is a listener that takes nothing, itself: nobody is sent an image by a trial.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_FIND = "1.2.840.10008.5.1.4.1.2.2.1"
_MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
_GET = "1.2.840.10008.5.1.4.1.2.2.3"
_WRITES = ("1.2.840.10008.1.20.1", "1.2.840.10008.3.1.2.3.3")
_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_NO_ROOM = 0xA700
_PENDING = 0xFF00


@dataclass(frozen=True, slots=True)
class Viewer:
    """With one study of somebody who does not exist."""

    port: int
    title: str
    study: str
    get: bool
    move: bool
    writes: bool

    def serve(self) -> None:
        """Listen for ever."""
        from pynetdicom import AE, StoragePresentationContexts, evt

        entity = AE(self.title)
        entity.maximum_associations = 64
        contexts = ["1.2.840.10008.1.1", _FIND, *((_GET,) if self.get else ()), *((_MOVE,) if self.move else ())]
        for uid in [*contexts, *(_WRITES if self.writes else ())]:
            entity.add_supported_context(uid)
        for one in StoragePresentationContexts:
            entity.add_supported_context(str(one.abstract_syntax), scu_role=True, scp_role=True)
        entity.add_requested_context(_CAPTURE)
        handlers: list[Any] = [
            (evt.EVT_C_FIND, self._found),
            (evt.EVT_C_MOVE, self._moved),
            (evt.EVT_C_GET, self._sent),
            (evt.EVT_C_STORE, lambda _event: _NO_ROOM),
        ]
        entity.start_server(("", self.port), block=True, evt_handlers=handlers)

    def _found(self, event: Any) -> Iterator[Any]:
        from pydicom.dataset import Dataset

        asked, answer = event.identifier, Dataset()
        level = asked.get("QueryRetrieveLevel", "STUDY")
        values = {"PatientName": "CANARI^ESPION", "PatientID": "ESPION1", "StudyDate": "20200102"}
        if level != "STUDY":
            values |= {"SeriesInstanceUID": f"{self.study}.1"}
        if level == "IMAGE":
            values |= {"SOPInstanceUID": f"{self.study}.2", "SOPClassUID": _CAPTURE}
        answer.QueryRetrieveLevel, answer.StudyInstanceUID = level, self.study
        for name, value in values.items():
            if name in asked:
                setattr(answer, name, value)
        if asked.get("StudyInstanceUID", "") in {"", self.study}:
            yield _PENDING, answer

    def _moved(self, event: Any) -> Iterator[Any]:
        yield ("127.0.0.1", self.port)
        yield from self._sent(event)

    def _sent(self, event: Any) -> Iterator[Any]:
        wanted = event.identifier.get("StudyInstanceUID", "") == self.study
        yield int(wanted)
        if wanted:
            yield _PENDING, self._image()

    def _image(self) -> Any:
        from pydicom.dataset import Dataset, FileMetaDataset
        from pydicom.uid import ImplicitVRLittleEndian

        one = Dataset()
        one.SOPClassUID, one.SOPInstanceUID = _CAPTURE, f"{self.study}.2"
        one.StudyInstanceUID, one.SeriesInstanceUID = self.study, f"{self.study}.1"
        one.PatientName = "CANARI^ESPION"
        one.file_meta = FileMetaDataset()
        one.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        return one
