"""A C-FIND caller that costs little: bytes in, responses counted. The same for every door it asks."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import associate, element, message

from bench.synthetic import Made
from primum.doors.dimse.command import Operation
from primum.imaging.attributes import BY_KEYWORD
from primum.imaging.dictionary import vr_of
from primum.imaging.encoding import encode_data_set, json_of
from primum.imaging.identifier import UNIQUE_KEYS
from primum.imaging.syntaxes import EXPLICIT_LE

PATIENT_ROOT, STUDY_ROOT = "1.2.840.10008.5.1.4.1.2.1.1", "1.2.840.10008.5.1.4.1.2.2.1"
TITLE = "FINDER"
_RETURNED = {
    "PATIENT": ("PatientName", "PatientBirthDate", "PatientSex"),
    "STUDY": (
        "PatientName", "PatientID", "PatientBirthDate", "StudyDate", "StudyTime", "AccessionNumber", "StudyDescription",
        "ModalitiesInStudy", "NumberOfStudyRelatedInstances",
    ),
    "SERIES": ("Modality", "SeriesNumber", "SeriesDescription"),
    "IMAGE": ("InstanceNumber", "SOPClassUID"),
}  # fmt: skip
_DEPTH = {"PATIENT": 1, "STUDY": 2, "SERIES": 3, "IMAGE": 4}


@dataclass(frozen=True, slots=True)
class Question:
    """A level and keys."""

    level: str
    keys: dict[str, str]

    def identifier(self) -> bytes:
        """Write it, with what a workstation wants back."""
        unique = list(UNIQUE_KEYS.values())[1 if self.level != "PATIENT" else 0 : _DEPTH[self.level]]
        asked: dict[int, object] = dict.fromkeys(unique, "")
        asked |= dict.fromkeys((BY_KEYWORD[name].tag for name in _RETURNED[self.level]), "")
        asked |= {BY_KEYWORD[name].tag: value for name, value in self.keys.items()}
        vrs = {tag: vr_of(tag) for tag in asked}
        return encode_data_set(json_of({0x00080052: self.level, **asked}, vrs), EXPLICIT_LE)


class Finder:
    """One association."""

    def __init__(self, port: int, called: str) -> None:
        """Associate with `called`."""
        self._port, self._called = port, called
        self._caller = self._associated()
        self._message = 0

    def _associated(self) -> Caller:
        caller = Caller(self._port)
        caller.socket.settimeout(_PATIENCE)
        contexts = ((1, PATIENT_ROOT, (EXPLICIT_LE,)), (3, STUDY_ROOT, (EXPLICIT_LE,)))
        caller.associated(associate(*contexts, calling=TITLE, called=self._called))
        return caller

    def ask(self, question: Question, most: int) -> int:
        """Ask, and count the answers; after `most` the rest is cancelled, and counts no more."""
        try:
            return self._asked(question, most)
        except ConnectionError:  # Orthanc ends an association that was not used for half a minute
            self._caller.socket.close()
            self._caller = self._associated()
            return self._asked(question, most)

    def _asked(self, question: Question, most: int) -> int:
        self._message += 1
        context, model = (1, PATIENT_ROOT) if question.level == "PATIENT" else (3, STUDY_ROOT)
        self._caller.say(message(context, _request(model, self._message), question.identifier()))
        found = 0
        for status in self._statuses():
            if status not in _PENDING:
                break
            found += 1
            if found == most:
                self._caller.say(message(context, _cancel(self._message)))
        return min(found, most)

    def _statuses(self) -> Iterator[bytes]:
        """Give the status of each response; as much as has come is read at once."""
        received, at = bytearray(), 0
        while True:
            while len(received) - at >= _HEADS.size:
                length, control = _HEADS.unpack_from(received, at)
                if len(received) - at < 6 + length:
                    break
                # each command of theirs and of ours is one fragment in a PDU of its own
                if control & 1:
                    place = received.index(_STATUS, at) + len(_STATUS)
                    yield bytes(received[place : place + 2])
                at += 6 + length
            del received[:at]
            at = 0
            more = self._caller.socket.recv(1 << 18)
            if not more:
                raise ConnectionError("the door has hung up")
            received += more

    def close(self) -> None:
        """Hang up."""
        self._caller.socket.close()


_PATIENCE = 120
"""Seconds without an answer after which the benchmark ends: Orthanc has taken more than ten for all patients."""
_HEADS = struct.Struct(">xxL5xB")
"""A PDU's header and that of its first fragment: the PDU's length, and whether the fragment is of a command."""
_STATUS = bytes.fromhex("0000000902000000")
"""(0000,0900) and its length."""
_PENDING = frozenset({b"\x00\xff", b"\x01\xff"})


def _request(model: str, number: int) -> bytes:
    body = element(0x0002, model.encode()) + element(0x0100, struct.pack("<H", Operation.C_FIND_RQ))
    body += element(0x0110, struct.pack("<H", number)) + element(0x0700, b"\0\0") + element(0x0800, b"\1\0")
    return element(0, struct.pack("<L", len(body))) + body


def _cancel(number: int) -> bytes:
    body = element(0x0100, struct.pack("<H", Operation.C_CANCEL_RQ)) + element(0x0120, struct.pack("<H", number))
    body += element(0x0800, b"\1\1")
    return element(0, struct.pack("<L", len(body))) + body


def data_sets(numbers: Iterable[int]) -> Iterator[bytes]:
    """Write the synthetic studies as files of one small instance each, for those who want to receive them."""
    for number in numbers:
        made = Made(number)
        uid = f"{made.study_uid}.1.1"
        plain: dict[int, object] = {
            **made.values, 0x00080016: _CT, 0x00080018: uid, 0x00200013: 1, 0x00280002: 1, 0x00280004: "MONOCHROME2",
            0x00280010: 1, 0x00280011: 1, 0x00280100: 8, 0x00280101: 8, 0x00280102: 7, 0x00280103: 0,
        }  # fmt: skip
        body = encode_data_set({**json_of(plain), "7FE00010": {"vr": "OB", "InlineBinary": "AAA="}}, EXPLICIT_LE)
        meta = {0x00020002: _CT, 0x00020003: uid, 0x00020010: EXPLICIT_LE, 0x00020012: "2.25.7"}
        head = encode_data_set(json_of(meta, dict.fromkeys(meta, "UI")), EXPLICIT_LE, "")
        length = b"\x02\x00\x00\x00UL\x04\x00" + struct.pack("<L", len(head))
        yield bytes(128) + b"DICM" + length + head + body


_CT = "1.2.840.10008.5.1.4.1.1.2"
