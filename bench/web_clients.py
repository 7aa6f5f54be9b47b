"""Clients that ask a DICOMweb root over kept-alive connections: one that only reads, and three that others wrote.

`Asker` is Python's own http.client, which does little. httpx, requests and dicomweb-client are what people use: the
same bytes cost them more than a raw socket, and how an archive cuts its answers decides how much more.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import ssl
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.load import Slice
from bench.sink import NotGiven

if TYPE_CHECKING:
    from dicomweb_client import DICOMwebClient
    from requests import Session

FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
FRAME = "multipart/related; type=application/octet-stream; transfer-syntax=*"
"""As OHIF asks."""
JSON = "application/dicom+json"
BROWSER_LINES = 6
"""Connections that a browser opens to one host over HTTP/1.1."""

Came = tuple[float, dict[str, str]]
"""The seconds, and what came of each instance."""


@dataclass(frozen=True, slots=True)
class Root:
    """A DICOMweb root on loopback."""

    port: int
    tls: ssl.SSLContext | None
    cookie: str = ""

    @property
    def url(self) -> str:
        """Its address."""
        return f"{'https' if self.tls else 'http'}://localhost:{self.port}/dicom-web"

    def headers(self, accept: str) -> dict[str, str]:
        """Return the headers of a request."""
        return {"Accept": accept, **({"Cookie": self.cookie} if self.cookie else {})}


class Asker:
    """One kept-alive connection."""

    def __init__(self, root: Root) -> None:
        """Connect."""
        self._root = root
        self._line = http.client.HTTPConnection("127.0.0.1", root.port, timeout=60)
        if root.tls:
            self._line = http.client.HTTPSConnection("127.0.0.1", root.port, timeout=60, context=root.tls)

    def ask(self, path: str, accept: str, **more: str) -> tuple[str, bytes]:
        """GET a path below the root: the type and the body of the answer. Raises NotGiven."""
        headers = {"Host": f"localhost:{self._root.port}", **self._root.headers(accept), **more}
        self._line.request("GET", "/dicom-web" + path, headers=headers)
        answer = self._line.getresponse()
        body = answer.read()
        if answer.status != http.client.OK:
            raise NotGiven(f"HTTP {answer.status}")
        if answer.getheader("content-encoding") == "gzip":
            import gzip  # noqa: PLC0415

            body = gzip.decompress(body)
        return answer.getheader("content-type", ""), body

    def close(self) -> None:
        """Hang up."""
        self._line.close()


def frames(root: Root, slices: Sequence[Slice], lines: int) -> Came:
    """Fetch the one frame of each instance, over so many connections at once."""
    came: dict[str, tuple[str, bytes]] = {}
    askers = [Asker(root) for _ in range(lines)]

    def some(number: int) -> None:
        for one in slices[number::lines]:
            path = f"/studies/{one.study_uid}/series/{one.series_uid}/instances/{one.sop_uid}/frames/1"
            came[one.sop_uid] = askers[number].ask(path, FRAME)

    with ThreadPoolExecutor(lines) as threads:
        begun = time.perf_counter()
        for done in [threads.submit(some, number) for number in range(lines)]:
            done.result()
        took = time.perf_counter() - begun
    for asker in askers:
        asker.close()
    return took, {uid: hashlib.sha256(only_part(*answer)).hexdigest() for uid, answer in came.items()}


def metadata(root: Root, study: str, series: str) -> Came:
    """Fetch the metadata of the series as a browser does, zipped where that is offered."""
    asker = Asker(root)
    more = {"Accept-Encoding": "gzip, deflate, br"}
    begun = time.perf_counter()
    _, body = asker.ask(f"/studies/{study}/series/{series}/metadata", JSON, **more)
    took = time.perf_counter() - begun
    asker.close()
    return took, {one["00080018"]["Value"][0]: described(one) for one in json.loads(body)}


def described(one: dict[str, Any]) -> str:
    """Say of an instance what its metadata must say."""
    position = ",".join(f"{float(value):g}" for value in one["00200032"]["Value"])
    return f"{one['00280010']['Value'][0]} {one['00280011']['Value'][0]} {one['00200013']['Value'][0]} {position}"


def expected_metadata(slices: Sequence[Slice]) -> dict[str, str]:
    """Return what `metadata` must bring."""
    from pydicom import dcmread  # noqa: PLC0415

    return {one.sop_uid: described(dcmread(one.file, stop_before_pixels=True).to_json_dict()) for one in slices}


def by_httpx(root: Root, study: str) -> tuple[float, tuple[str, bytes]]:
    """Fetch a study with httpx."""
    import httpx  # noqa: PLC0415

    with httpx.Client(verify=root.tls or False, timeout=60, trust_env=False) as client:
        begun = time.perf_counter()
        answer = client.get(f"{root.url}/studies/{study}", headers=root.headers(FILES))
        took = time.perf_counter() - begun
    if answer.status_code != http.client.OK:
        raise NotGiven(f"HTTP {answer.status_code}")
    return took, (answer.headers["content-type"], answer.content)


def by_requests(root: Root, study: str) -> tuple[float, tuple[str, bytes]]:
    """Fetch a study with requests."""
    with session(root) as client:
        begun = time.perf_counter()
        answer = client.get(f"{root.url}/studies/{study}", headers=root.headers(FILES), timeout=60)
        took = time.perf_counter() - begun
    if answer.status_code != http.client.OK:
        raise NotGiven(f"HTTP {answer.status_code}")
    return took, (answer.headers["content-type"], answer.content)


def by_dicomweb_client(root: Root, study: str) -> Came:
    """Fetch a study with dicomweb-client, which parses each instance as well."""
    client = dicomweb(root)
    begun = time.perf_counter()
    found = client.retrieve_study(study, media_types=(("application/dicom", "*"),))
    took = time.perf_counter() - begun
    return took, {str(one.SOPInstanceUID): hashlib.sha256(one.PixelData).hexdigest() for one in found}


def dicomweb(root: Root) -> DICOMwebClient:
    """Make a dicomweb-client that signs in as we do."""
    from dicomweb_client import DICOMwebClient  # noqa: PLC0415

    return DICOMwebClient(root.url, session=session(root), headers={"Cookie": root.cookie} if root.cookie else None)


def session(root: Root) -> Session:
    """Make a session of requests that looks at no certificate and at no proxy of the machine's."""
    import requests  # noqa: PLC0415
    import urllib3  # noqa: PLC0415

    urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
    made = requests.Session()
    made.trust_env, made.verify = False, False
    if root.cookie:
        made.headers["Cookie"] = root.cookie
    return made


def only_part(kind: str, body: bytes) -> bytes:
    """Take the one part out of a multipart answer."""
    boundary = b"--" + kind.split("boundary=")[1].split(";", maxsplit=1)[0].strip('"').encode()
    begins = body.index(b"\r\n\r\n") + 4
    return bytes(memoryview(body)[begins : body.rindex(b"\r\n" + boundary)])
