"""An enrolled device that says whatever the test wants, byte by byte, over mutual TLS."""

from __future__ import annotations

import io
import ssl
from pathlib import Path

from pydicom.dataset import Dataset

from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import RELEASE_RQ, associate, encoded, message, store_command

AET = "CT1"


class Modality(Caller):
    """A `Caller` with a device pack (`primum device add --pem`)."""

    def __init__(self, port: int, pack: Path) -> None:
        super().__init__(port)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False  # a modality is told an address, not a name
        context.load_verify_locations(pack / "archive-ca.pem")
        context.load_cert_chain(pack / "certificate.pem", pack / "key.pem")
        self.socket = context.wrap_socket(self.socket)

    def associate(self) -> None:
        """Open an association for CT images."""
        self.associated(associate(calling=AET))

    def store(self, data: bytes | Dataset, uid: str) -> dict[int, bytes]:
        """Send one data set as the instance `uid`; return the elements of the response."""
        body = data if isinstance(data, bytes) else encoded(data)
        self.say(message(1, store_command(uid), body))
        return self.response()

    def release(self) -> None:
        """End the association in order; at return a query sees what was stored."""
        self.say(RELEASE_RQ)
        assert self.hear() == (6, bytes(4))


def status(response: dict[int, bytes]) -> int:
    """Return (0000,0900)."""
    return int.from_bytes(response[0x0900], "little")


def comment(response: dict[int, bytes]) -> str:
    """Return (0000,0902): our code for the reason."""
    return response.get(0x0902, b"").decode("ascii").strip("\0 ")


def part10(one: Dataset) -> bytes:
    """Write a data set as a file."""
    file = io.BytesIO()
    one.save_as(file, enforce_file_format=True)
    return file.getvalue()
