"""A sender that keeps a diary: each data set with its SHA-256 before it leaves, each status when it is read.

It says every byte itself (tests/doors/dimse), so that it is fast and can be cut off at any of them.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import random
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import CT, RELEASE_RQ, associate, encoded, instance, message, store_command

_EXPLICIT = "1.2.840.10008.1.2.1"
_STUDY, _SOP = "2.25." + "7" * 20, "2.25." + "8" * 20
_FRAGMENT = 100_000
"""Bytes of a fragment: below the 128 KiB that the door announces."""


class CutOff(Exception):
    """The connection ended before a status was read."""


@dataclass(frozen=True, slots=True)
class DataSet:
    study: str
    sop: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


class Mint:
    """Makes data sets of no one, no two alike, as fast as bytes can be replaced. Safe for threads."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._numbers = itertools.count(1)
        self._templates: dict[int, bytes] = {}
        self._guard = threading.Lock()

    def study(self) -> str:
        return f"2.25.{10**19 + next(self._numbers)}"

    def instance(self, study: str, size: int = 30_000) -> DataSet:
        """An instance of `study` with about `size` bytes of pixels."""
        sop = f"2.25.{2 * 10**19 + next(self._numbers)}"
        with self._guard:
            pixels = self._chance.randbytes(size // 16 * 16)
            head = self._templates.get(size) or self._template(size)
        named = head.replace(_STUDY.encode(), study.encode()).replace(_SOP.encode(), sop.encode())
        return DataSet(study, sop, named + pixels)

    def _template(self, size: int) -> bytes:
        one = instance(1, pixels=bytes(size // 16 * 16), study=_STUDY)
        one.SOPInstanceUID = _SOP
        self._templates[size] = head = encoded(one)[: -(size // 16 * 16)]
        return head


@dataclass(frozen=True, slots=True)
class Line:
    """What the diary says of one sending of one data set. `status` None: none was read."""

    study: str
    sop: str
    sha256: str
    status: int | None


class Diary:
    """Lines in a file; each is handed to the system before the sender moves on. Safe for threads."""

    def __init__(self, path: Path) -> None:
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._path = path
        self._numbers = itertools.count()
        self._open: dict[int, str] = {}
        self._changed = threading.Condition()
        self.read = 0
        """Statuses read so far."""

    def sending(self, one: DataSet) -> int:
        with self._changed:
            number = next(self._numbers)
            self._write({"sending": number, "study": one.study, "sop": one.sop, "sha256": one.sha256})
            self._open[number] = one.sop
            self._changed.notify_all()
        return number

    def answered(self, number: int, status: int) -> None:
        with self._changed:
            self._write({"answered": number, "status": status})
            del self._open[number]
            self.read += 1
            self._changed.notify_all()

    def given_up(self, number: int) -> None:
        with self._changed:
            self._open.pop(number, None)
            self._changed.notify_all()

    def wait_for_status(self, count: int, seconds: float = 60) -> None:
        """Wait until `count` statuses were read in all."""
        with self._changed:
            assert self._changed.wait_for(lambda: self.read >= count, seconds), "no more statuses come"

    @contextmanager
    def on_the_way(self, seconds: float = 60) -> Iterator[list[str]]:
        """Hold the diary at a moment when data sets are on their way; give their SOP Instance UIDs."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._open, seconds), "nothing is on its way"
            yield list(self._open.values())

    def lines(self) -> list[Line]:
        """Read it all back from the file."""
        found: dict[int, Line] = {}
        for text in self._path.read_text("ascii").splitlines():
            one = json.loads(text)
            if "sending" in one:
                found[one["sending"]] = Line(one["study"], one["sop"], one["sha256"], None)
            else:
                before = found[one["answered"]]
                found[one["answered"]] = Line(before.study, before.sop, before.sha256, one["status"])
        return list(found.values())

    def acknowledged(self) -> dict[str, Line]:
        """By SOP Instance UID, what got status Success."""
        return {line.sop: line for line in self.lines() if line.status == 0}

    def _write(self, facts: dict[str, object]) -> None:
        os.write(self._fd, json.dumps(facts).encode() + b"\n")

    def close(self) -> None:
        os.close(self._fd)


def trust(pack: Path) -> ssl.SSLContext:
    """Set up TLS from a device pack's folder."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(pack / "archive-ca.pem")
    context.load_cert_chain(pack / "certificate.pem", pack / "key.pem")
    return context


class Sender(Caller):
    """One association. Every method raises CutOff when the other end has gone."""

    def __init__(self, port: int, diary: Diary, *, aet: str, tls: ssl.SSLContext | None = None) -> None:
        try:
            super().__init__(port)
        except OSError:
            raise CutOff from None
        self._diary, self._messages = diary, itertools.count(1)
        try:
            if tls is not None:
                self.socket = tls.wrap_socket(self.socket)
            self.say(associate((1, CT, (_EXPLICIT,)), calling=aet))
            kind, _ = self._hear()
            assert kind == 2, f"the association was answered with PDU type {kind}"
        except OSError:
            self.socket.close()
            raise CutOff from None
        except BaseException:
            self.socket.close()
            raise

    def store(self, one: DataSet) -> int:
        """Send one data set; return the status, which is in the diary by then."""
        number = self._diary.sending(one)
        command = store_command(one.sop, message=next(self._messages) % 65536)
        try:
            try:
                self.say(message(1, command, one.data, _FRAGMENT))
            except OSError:
                raise CutOff from None
            kind, _ = heard = self._hear()
            assert kind == 4, f"a C-STORE was answered with PDU type {kind}"
            status = int.from_bytes(response_elements(heard[1])[0x0900], "little")
            self._diary.answered(number, status)
        finally:
            self._diary.given_up(number)
        return status

    def release(self) -> None:
        try:
            self.say(RELEASE_RQ)
        except OSError:
            raise CutOff from None
        assert self._hear()[0] == 6

    def _hear(self) -> tuple[int, bytes]:
        try:
            heard = self.hear()
        except OSError:
            heard = None
        if heard is None:
            raise CutOff
        return heard


def response_elements(body: bytes) -> dict[int, bytes]:
    """The command elements of a response that came in one fragment, by element number."""
    from primum.doors.dimse.command import _elements

    return dict(_elements(body[6:]))
