"""Orthanc as a peer: started on loopback with the plug-in of DICOMweb, filled, asked, and ended by its process."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
from pydicom import dcmwrite
from pydicom.dataset import Dataset
from tests.doors.dimse.instances import with_meta
from tests.programs import accepts, find_program, free_port, wait_until

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@dataclass(frozen=True)
class Peer:
    """Where it listens."""

    dicom: int
    http: int

    @property
    def web(self) -> str:
        return f"http://127.0.0.1:{self.http}/dicom-web"

    def store(self, instances: Sequence[Dataset]) -> None:
        """Store by its own REST: the quickest way in."""
        files = []
        for one in instances:
            file = BytesIO()
            dcmwrite(file, with_meta(one), enforce_file_format=True)
            files.append(file.getvalue())
        self.store_raw(files)

    def store_raw(self, files: Iterable[bytes]) -> None:
        with httpx.Client(base_url=f"http://127.0.0.1:{self.http}", trust_env=False) as client:
            for file in files:
                assert client.post("/instances", content=file).status_code == 200

    def ask_modality(self, name: str, level: str, keys: dict[str, str]) -> list[dict[str, str]]:
        """Let it ask another archive by C-FIND; what each answer said, by tag."""
        with httpx.Client(base_url=f"http://127.0.0.1:{self.http}", trust_env=False, timeout=20) as client:
            made = client.post(f"/modalities/{name}/query", json={"Level": level, "Query": keys})
            made.raise_for_status()
            answers = client.get(f"/queries/{made.json()['ID']}/answers", params={"expand": ""}).json()
        return [{tag: one["Value"] for tag, one in answer.items()} for answer in answers]

    def get(self, resource: str) -> list[dict[str, Any]]:
        """Ask its QIDO-RS, the query as it is: no client that encodes what a URL should not hold."""
        connection = HTTPConnection("127.0.0.1", self.http, timeout=20)
        try:
            connection.request("GET", f"/dicom-web/{resource}", headers={"Accept": "application/dicom+json"})
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status == 200, f"{resource}: {answer.status} {body[:200]!r}"
            found: list[dict[str, Any]] = json.loads(body)
            return found
        finally:
            connection.close()


@contextmanager
def orthanc(folder: Path, *, nodelay: bool = True, **more: object) -> Iterator[Peer]:
    """Run Orthanc with its storage in `folder`; without `nodelay` as its package starts it."""
    folder.mkdir(parents=True, exist_ok=True)
    peer = Peer(free_port(), free_port())
    settings = {
        "Name": "peer", "StorageDirectory": str(folder / "s"), "IndexDirectory": str(folder / "s"),
        "TemporaryDirectory": str(folder), "DicomAet": "ORTHANC", "DicomPort": peer.dicom, "HttpPort": peer.http,
        "RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomAlwaysAllowFind": True,
        "Plugins": [str(PLUGIN)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"}, "SynchronousCMove": True,
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps({**settings, **more}))
    program = find_program("Orthanc")
    assert program is not None
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), str(folder / "orthanc.json")],
            cwd=folder,
            # as it comes, each of its answers waits 40 ms for an acknowledgement
            env={**os.environ, "TCP_NODELAY": "1"} if nodelay else os.environ,
            stdout=log,
            stderr=log,
        )
    try:
        wait_until(lambda: accepts(peer.http) and accepts(peer.dicom), seconds=30, running=process)
        yield peer
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:  # amid a query it is deaf
            process.kill()
            process.wait(20)
