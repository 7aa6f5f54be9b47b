"""Debian's Orthanc 1.10.1 with its defaults (SQLite, one fdatasync per file), its own folder and loopback ports.

The TLS rows add only what TLS needs. Everything else is as the package ships it, but for the ports, the
storage's place and the plug-ins of other trades (worklists, folders).
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

import httpx
from tests.programs import accepts, find_program, free_port, wait_until

from bench.contenders.base import Way, children_of, compare, end
from bench.contenders.multipart import fetched
from bench.load import Slice
from bench.trust import Trust

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


class Orthanc:
    """One run of Orthanc on fresh storage."""

    name = "orthanc"
    title = "ORTHANC"

    def __init__(self, trust: Trust, more: Mapping[str, object] | None = None) -> None:
        """Use these certificates in the TLS rows; `more` are settings besides."""
        self._trust = trust
        self._more = dict(more or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._way = Way(tuned=False, tls=False)

    def start(self, folder: Path, way: Way) -> None:
        """Write a configuration of its own and start."""
        folder.mkdir()
        self._dicom, self._http, self._way = free_port(), free_port(), way
        settings: dict[str, object] = {
            "Name": "bench",
            "StorageDirectory": str(folder / "storage"),
            "IndexDirectory": str(folder / "storage"),
            "TemporaryDirectory": str(folder),
            "DicomAet": self.title,
            "DicomPort": self._dicom,
            "HttpPort": self._http,
            "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False,
            "Plugins": [str(PLUGIN)],
            "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        }
        if way.tls:
            settings |= {
                "DicomTlsEnabled": True,
                "DicomTlsCertificate": str(self._trust.server.certificate),
                "DicomTlsPrivateKey": str(self._trust.server.key),
                "DicomTlsTrustedCertificates": str(self._trust.authority),
                "DicomTlsRemoteCertificateRequired": True,
            }
        settings |= self._more
        (folder / "orthanc.json").write_text(json.dumps(settings))
        self._folder = folder
        self.launch()
        wait_until(lambda: accepts(self._http) and accepts(self._dicom), seconds=30, running=self._process)

    def launch(self) -> subprocess.Popen[bytes]:
        """Start, without waiting, on what there is: after `start` and `stop`, on what was stored then."""
        folder, way = self._folder, self._way
        program = find_program("Orthanc")
        if program is None:
            raise FileNotFoundError("Orthanc is missing (Debian: apt-get install orthanc orthanc-dicomweb)")
        with (folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(program), str(folder / "orthanc.json")], cwd=folder, env=way.environment(), stdout=log, stderr=log
            )
        return self._process

    def target(self) -> Sequence[str]:
        """Return storescu's last arguments."""
        secured = self._trust.sender_options() if self._way.tls else []
        return [*secured, "127.0.0.1", str(self._dicom)]

    @property
    def ports(self) -> tuple[int, int]:
        """Where it listens: DICOM, and HTTP."""
        return self._dicom, self._http

    def wrong(self, sent: Sequence[Slice]) -> list[str]:
        """Find every instance by QIDO, fetch every study by WADO-RS, compare the data sets."""
        base = f"http://127.0.0.1:{self._http}"
        with httpx.Client(base_url=base, timeout=60, trust_env=False) as client:
            listed = self._listed(client, {one.study_uid for one in sent})
            missing = [one for one in sent if one.sop_uid not in listed]
            found = {
                uid: one for study in {one.study_uid for one in sent} for uid, one in fetched(client, study).items()
            }
        wrong = [f"{len(missing)} instances not found by QIDO"] if missing else []
        return wrong + compare({one.sop_uid: one.data_set for one in sent}, found)

    def _listed(self, client: httpx.Client, studies: set[str]) -> set[str]:
        found: set[str] = set()
        for study in studies:
            rows = client.get(
                f"/dicom-web/studies/{study}/instances", headers={"Accept": "application/dicom+json"}
            ).json()
            found |= {row["00080018"]["Value"][0] for row in rows}
        return found

    def processes(self) -> Sequence[int]:
        """Return Orthanc's process."""
        return children_of(self._process.pid) if self._process else []

    def stop(self) -> None:
        """End it."""
        end(self._process)
