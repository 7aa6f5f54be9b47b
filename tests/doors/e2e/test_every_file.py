"""Every file of pydicom's and pydicom-data's: in by each door, out by each door, the data set as it was, byte for byte.

A data set goes in three times, as three instances: by C-STORE over TLS, by STOW-RS, and in a folder that is imported.
Files that others have the UID of get one of their own, of the same length. What is refused is refused with a reason.
"""

from __future__ import annotations

import hashlib
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pydicom
import pytest
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import DeflatedExplicitVRLittleEndian
from pynetdicom import AE, _config, build_role, evt
from pynetdicom.sop_class import StudyRootQueryRetrieveInformationModelGet

from primum.imaging.part10 import read_meta
from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.kit import enrol
from tests.doors.e2e.sender import trust
from tests.twins import steady
from tests.unit.imaging.codecs.files import REFUSED_AT_THE_DOOR, files

pytestmark = pytest.mark.filterwarnings("ignore:::pydicom")

DOORS = ("dimse", "stow", "import")
FAILED = "00081198"
"""Failed SOP Sequence (PS3.18 I.2.2)."""


@dataclass(frozen=True, slots=True)
class Sent:
    """An instance as it was sent: `file` is Part 10, `data` the bytes after the file meta information."""

    name: str
    door: str
    uids: tuple[str, str, str]
    sop_class: str
    syntax: str
    data: bytes
    file: bytes

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


def made(name: str, door: str, number: int) -> Sent:
    """Give a file's data set a SOP Instance UID that no other has, at its old place and of its old length."""
    raw = files()[name].read_bytes()
    data = raw[read_meta(raw).begins :]
    read = pydicom.dcmread(io.BytesIO(raw), stop_before_pixels=True)
    old = read.SOPInstanceUID
    head = old[:-3]
    new = f"{head[:-1] + '1' if head.endswith('.0') else head}{number}"  # a component has no leading zero
    data = _renamed(data, old.encode(), new.encode(), deflated=syntax_of(read) == DeflatedExplicitVRLittleEndian)
    read.file_meta.MediaStorageSOPInstanceUID = new
    read.file_meta.MediaStorageSOPClassUID = read.SOPClassUID
    head = DicomBytesIO()
    write_file_meta_info(head, read.file_meta)
    uids = (read.StudyInstanceUID, read.SeriesInstanceUID, new)
    file = bytes(128) + b"DICM" + head.getvalue() + data
    return Sent(name, door, uids, read.SOPClassUID, syntax_of(read), data, file)


def syntax_of(read: pydicom.FileDataset) -> str:
    return str(read.file_meta.TransferSyntaxUID)


def _renamed(data: bytes, old: bytes, new: bytes, *, deflated: bool) -> bytes:
    if not deflated:
        assert old in data
        return data.replace(old, new)
    pressed = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    plain = zlib.decompress(data, wbits=-zlib.MAX_WBITS)
    return pressed.compress(_renamed(plain, old, new, deflated=False)) + pressed.flush()


@pytest.fixture(scope="module")
def client(practice: Practice) -> Iterator[httpx.Client]:
    """Give a client with a program's token."""
    practice.primum.sign_in(practice.person)
    token = practice.primum.cli("token", "add", "program", "--may", "list,open,import").stdout.strip()
    with practice.primum.browser() as client:
        client.headers["Authorization"] = f"Bearer {token}"
        yield client


@pytest.fixture(scope="module")
def pack(practice: Practice, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return enrol(practice, tmp_path_factory.mktemp("packs"), "any", "ANY1", "--may", "store,find,get")


@pytest.fixture(scope="module")
def sent(
    practice: Practice, client: httpx.Client, pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Sent]]:
    """Send everything by every door."""
    taken = sorted(files().keys() - REFUSED_AT_THE_DOOR)
    all_of_it = [
        made(name, door, 100 + 3 * at + turn) for at, name in enumerate(taken) for turn, door in enumerate(DOORS)
    ]
    assert len({one.uids[2] for one in all_of_it}) == len(all_of_it) > 600
    by_door = {door: [one for one in all_of_it if one.door == door] for door in DOORS}
    with _raw_sending():
        _by_dimse(practice, pack, by_door["dimse"], tmp_path_factory.mktemp("sent"))
    _by_stow(client, by_door["stow"])
    _by_import(practice, by_door["import"], tmp_path_factory.mktemp("disc"))
    return all_of_it


@contextmanager
def _raw_sending() -> Iterator[None]:
    """Have pynetdicom send the bytes of the file, not what it reads in it."""
    kept, _config.STORE_SEND_CHUNKED_DATASET = _config.STORE_SEND_CHUNKED_DATASET, True
    try:
        yield
    finally:
        _config.STORE_SEND_CHUNKED_DATASET = kept


def pairs(many: Iterable[Sent]) -> list[tuple[str, str]]:
    return sorted({(one.sop_class, one.syntax) for one in many})


def _by_dimse(practice: Practice, pack: Path, many: list[Sent], folder: Path) -> None:
    ae = AE("ANY1")
    for sop_class, syntax in pairs(many):
        ae.add_requested_context(sop_class, syntax)
    called = steady.associate(
        ae, "127.0.0.1", int(practice.primum.settings["dicom_port"]), ae_title="PRIMUM", tls_args=(trust(pack), None)
    )
    assert called.is_established
    for one in many:
        file = folder / "one.dcm"
        file.write_bytes(one.file)
        assert called.send_c_store(file).Status == 0, one.name
    called.release()


def stow(client: httpx.Client, body: bytes) -> httpx.Response:
    kind = 'multipart/related; type="application/dicom"; boundary=edge'
    return client.post(
        "/dicom-web/studies", content=body, headers={"Content-Type": kind, "Accept": "application/dicom+json"}
    )


def _by_stow(client: httpx.Client, many: list[Sent]) -> None:
    parts = [b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + one.file + b"\r\n" for one in many]
    answer = stow(client, b"".join(parts) + b"--edge--\r\n")
    assert answer.status_code in (200, 202), answer.text
    assert FAILED not in answer.json()
    assert len(answer.json()["00081199"]["Value"]) == len(many)


def _by_import(practice: Practice, many: list[Sent], folder: Path) -> None:
    for one in many:
        (folder / one.name).write_bytes(one.file)
    done = practice.primum.cli("import", str(folder))
    assert f"{len(many)} images of" in done.stderr, done.stderr


def test_wado_rs_gives_each_as_it_was(client: httpx.Client, sent: list[Sent]):
    given = {}
    accepted = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}
    for one in sent:
        study, series, instance = one.uids
        address = f"/dicom-web/studies/{study}/series/{series}/instances/{instance}"
        given[instance] = _digest(_only_part(client.get(address, headers=accepted).raise_for_status()))
    assert given == {one.uids[2]: one.digest for one in sent}


def _only_part(answer: httpx.Response) -> bytes:
    edge = re.search('boundary="?([^";]+)', answer.headers["Content-Type"])
    assert edge is not None
    _, part, end = re.split(rb"(?:\r\n)?--" + re.escape(edge[1].encode()), answer.content)
    assert end.strip() == b"--"
    return part.split(b"\r\n\r\n", 1)[1]


def _digest(file: bytes) -> str:
    """Give the SHA-256 of the data set of a Part 10 file."""
    return hashlib.sha256(file[read_meta(file).begins :]).hexdigest()


def test_c_get_gives_each_as_it_was(practice: Practice, pack: Path, sent: list[Sent]):
    given = {}

    def stored(event: evt.Event) -> int:
        given[str(event.request.AffectedSOPInstanceUID)] = hashlib.sha256(event.request.DataSet.getvalue()).hexdigest()
        return 0

    ae = AE("ANY1")
    ae.add_requested_context(StudyRootQueryRetrieveInformationModelGet)
    for sop_class, syntax in pairs(sent):
        ae.add_requested_context(sop_class, syntax)
    roles = [build_role(one, scp_role=True) for one in {one.sop_class for one in sent}]
    called = steady.associate(
        ae,
        "127.0.0.1", int(practice.primum.settings["dicom_port"]), ae_title="PRIMUM", ext_neg=roles,
        evt_handlers=[(evt.EVT_C_STORE, stored)], tls_args=(trust(pack), None),
    )  # fmt: skip
    assert called.is_established
    for study in sorted({one.uids[0] for one in sent}):
        asked = pydicom.Dataset()
        asked.QueryRetrieveLevel, asked.StudyInstanceUID = "STUDY", study
        *_, (last, _) = called.send_c_get(asked, StudyRootQueryRetrieveInformationModelGet)
        assert last.Status == 0, (study, last)
    called.release()
    assert given == {one.uids[2]: one.digest for one in sent}


def test_a_medium_holds_each_as_it_was(practice: Practice, sent: list[Sent], tmp_path: Path):
    studies = sorted({one.uids[0] for one in sent})
    file = tmp_path / "all.zip"
    practice.primum.cli("export", *studies, "--to", str(file), "--seal", "clear", "--reason", "migration")
    with zipfile.ZipFile(file) as medium:
        held = [medium.read(name) for name in medium.namelist() if "/IM" in name]
    assert sorted(map(_digest, held)) == sorted(one.digest for one in sent)


@pytest.mark.parametrize("name", sorted(REFUSED_AT_THE_DOOR))
def test_what_is_refused_is_refused_with_a_reason(practice: Practice, client: httpx.Client, name: str, tmp_path: Path):
    raw = files()[name].read_bytes()
    body = b"--edge\r\nContent-Type: application/dicom\r\n\r\n" + raw + b"\r\n--edge--\r\n"
    answer = stow(client, body)
    assert answer.status_code == 409
    (failed,) = answer.json()[FAILED]["Value"]
    assert 0xA900 <= failed["00081197"]["Value"][0] <= 0xCFFF
    (tmp_path / name).write_bytes(raw)
    done = practice.primum.cli("import", str(tmp_path), check=False)
    assert re.search(rf"{re.escape(name)}: .+", done.stderr)
    assert "0 images of 0 studies" in done.stderr
