"""Real web servers on loopback: what is open is written first, and compared exactly with what the probe says."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from tests.doors.small import Study
from tests.programs import accepts, find_program, free_port, started, wait_until
from tests.unit.exposure.probe.asking_kit import Looked, asking_to, look
from tests.unit.exposure.probe.certificate_kit import self_signed

from primum.exposure.probe.web import WebSpeaker

PLUGIN = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
OPEN = {("plain", "nobody", one) for one in ("page", "search", "retrieve", "store")}
STUDY = Study(1, name="CANARI^SONDE", patient_id="CANARI-99")


@dataclass(frozen=True)
class Running:
    port: int
    log: Path

    def probed(self, *, own: bool = True) -> Looked:
        return look(WebSpeaker(), asking_to(self.port, own=own))


@contextmanager
def orthanc(folder: Path, *, password: str = "", dicomweb: bool = True, **more: object) -> Iterator[Running]:
    """Debian's Orthanc with one study."""
    program, port = find_program("Orthanc"), free_port()
    settings: dict[str, object] = {
        "StorageDirectory": str(folder / "s"), "IndexDirectory": str(folder / "s"), "DicomPort": free_port(),
        "HttpPort": port, "RemoteAccessAllowed": False, "AuthenticationEnabled": bool(password),
        "Plugins": [PLUGIN] if dicomweb else [], "DicomWeb": {"Enable": True, "Root": "/dicom-web/"},
        "RegisteredUsers": {"orthanc": password} if password else {}, **more,
    }  # fmt: skip
    (folder / "o.json").write_text(json.dumps(settings), "utf-8")
    with started([str(program), str(folder / "o.json")], folder / "log", cwd=folder) as process:
        wait_until(lambda: accepts(port), seconds=30, running=process)
        with httpx.Client(auth=("orthanc", password) if password else None, trust_env=False) as client:
            for data in STUDY.files():
                assert client.post(f"http://127.0.0.1:{port}/instances", content=data).status_code == 200
        yield Running(port, folder / "log")


@pytest.mark.programs("Orthanc")
def test_an_open_orthanc_gives_everything_but_its_scripts(tmp_path: Path) -> None:
    with orthanc(tmp_path) as running:
        found, unproven = running.probed(), running.probed(own=False)
    assert found.holes() == OPEN
    assert found.said("plain", "nobody", "run") == [("refused", "403")]
    assert unproven.holes() == OPEN - {("plain", "nobody", "retrieve")}
    service = found.service
    assert service is not None
    assert (service.product, service.studies, service.studies_at_least) == ("Orthanc", 1, False)
    assert {"PatientName", "PatientBirthDate", "StudyDate", "ReferringPhysicianName"} <= set(service.readable)
    told = repr(service) + repr([one.as_json() for one in found.log])
    assert "CANARI" not in told
    assert STUDY.uid not in told


@pytest.mark.programs("Orthanc")
def test_one_without_dicomweb_that_runs_scripts_gives_all(tmp_path: Path) -> None:
    with orthanc(tmp_path, dicomweb=False, ExecuteLuaEnabled=True) as running:
        found = running.probed()
    assert found.holes() == OPEN | {("plain", "nobody", "run")}
    assert found.service is not None
    assert {"PatientName", "PatientBirthDate", "StudyDate", "ReferringPhysicianName"} <= set(found.service.readable)
    assert "CANARI" not in repr(found)


@pytest.mark.programs("Orthanc")
def test_one_with_a_password_of_its_own_gives_nothing(tmp_path: Path) -> None:
    with orthanc(tmp_path, password="nobody has written this") as running:
        found = running.probed()
    assert found.holes() == set()
    assert found.service is not None
    assert found.service.product == "Orthanc"
    assert {one.code for one in found.steps() if one.mode == "plain"} == {"401"}
    assert not found.service.undetermined()


@pytest.mark.programs("Orthanc")
def test_one_with_the_password_that_it_came_with_gives_everything_where_control_is_proven(tmp_path: Path) -> None:
    with orthanc(tmp_path, password="orthanc") as running:
        found, unproven = running.probed(), running.probed(own=False)
    assert found.holes() == {("plain", "default", one) for *_, one in OPEN}
    assert unproven.holes() == set()


@contextmanager
def nginx(folder: Path, server: str) -> Iterator[int]:
    """Debian's nginx with one server block."""
    program, port = find_program("nginx"), free_port()
    places = "".join(
        f"{one}_temp_path {folder}/{one};\n" for one in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    pages = folder / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("<title>Orthanc Explorer, OHIF Viewer</title>window.config", "utf-8")
    (folder / "n.conf").write_text(
        f"daemon off; master_process off; pid {folder}/pid; error_log {folder}/error;\nevents {{}}\n"
        f"http {{ access_log off; {places} server {{ root {pages}; listen 127.0.0.1:{port} {server} }} }}\n",
        "utf-8",
    )
    with started([str(program), "-c", str(folder / "n.conf"), "-e", str(folder / "error")], folder / "log") as process:
        wait_until(lambda: accepts(port), seconds=10, running=process)
        yield port


@pytest.mark.programs("nginx")
@pytest.mark.parametrize(
    ("server", "code"),
    [
        ("; location / { try_files $uri /index.html; }", "nothing-shown"),
        ("; location / { try_files $uri =404; }", "404"),
        ("; location / { return 302 http://192.0.2.7/; }", "redirected"),
        ("; location / { default_type application/dicom+json; return 200 '[]'; }", "nothing-shown"),
    ],
)
def test_a_site_that_has_nothing_of_it_has_no_hole(tmp_path: Path, server: str, code: str) -> None:
    with nginx(tmp_path, server) as port:
        found = look(WebSpeaker(), asking_to(port))
    assert found.holes() == set()
    assert found.said("plain", "nobody", "page") == [("refused", code)]
    assert found.service is not None
    assert not found.service.undetermined()
    assert "web.server-version" in found.service.notes
    assert ("web.redirects-elsewhere" in found.service.notes) == (code == "redirected")


@pytest.mark.programs("nginx")
@pytest.mark.parametrize(
    ("verify", "modes"), [("off", {"tls", "tls-foreign"}), ("optional_no_ca", {"tls", "tls-foreign"}), ("on", set())]
)
def test_certificates_keep_strangers_out_only_where_they_are_demanded(
    tmp_path: Path, verify: str, modes: set[str]
) -> None:
    own, other = tmp_path / "own", tmp_path / "other"
    own.mkdir()
    other.mkdir()
    certificate = self_signed(own)
    foreign = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    foreign.check_hostname, foreign.verify_mode = False, ssl.CERT_NONE
    foreign.load_cert_chain(self_signed(other))
    body = '{"ApiVersion":1,"DicomAet":"A","DatabaseVersion":6}'
    server = (
        f"ssl; ssl_certificate {certificate}; ssl_certificate_key {certificate}; ssl_client_certificate {certificate};"
        f" ssl_verify_client {verify}; location = /system {{ default_type application/json; return 200 '{body}'; }}"
    )
    with nginx(tmp_path, server) as port:
        found = look(WebSpeaker(), asking_to(port, foreign=foreign))
    assert found.holes() == {(mode, "nobody", "page") for mode in modes}
    assert found.service is not None
    assert not found.service.undetermined()
