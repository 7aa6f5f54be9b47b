"""A study as WADO-RS gives it: what came, by SOP Instance UID, hashed as it comes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import TYPE_CHECKING

from primum.imaging.part10 import read_meta

if TYPE_CHECKING:
    import httpx

WHOLE = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
_CHUNK = 1 << 20


def fetched(client: httpx.Client, study: str) -> dict[str, str]:
    """Fetch a study and hash the data set of each of its instances; what is not there is not in the answer."""
    with client.stream("GET", f"/dicom-web/studies/{study}", headers=WHOLE) as answer:
        if answer.status_code == 404:
            return {}
        answer.raise_for_status()
        return hashes(answer.headers["content-type"], answer.iter_bytes(_CHUNK))


def hashes(kind: str, body: bytes | Iterable[bytes]) -> dict[str, str]:
    """Hash the data set of each part of a multipart body, whole or as it comes, of this Content-Type: by its UID."""
    boundary = kind.split("boundary=")[1].split(";", maxsplit=1)[0].strip('"').encode()
    found = {}
    for part in _parts(b"\r\n--" + boundary, [body] if isinstance(body, bytes) else body):
        file = part[part.index(b"\r\n\r\n") + 4 :]
        meta = read_meta(file)
        found[meta.sop_instance_uid] = hashlib.sha256(memoryview(file)[meta.begins :]).hexdigest()
    return found


def _parts(delimiter: bytes, chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Split at the delimiter; what comes before the first one and after the last one is no part."""
    held, seen, first = bytearray(b"\r\n"), 0, True
    for chunk in chain(chunks, [b""]):
        held += chunk
        while (at := held.find(delimiter, seen)) >= 0:
            if not first:
                yield bytes(held[:at])
            del held[: at + len(delimiter)]
            seen, first = 0, False
        seen = max(0, len(held) - len(delimiter) + 1)
