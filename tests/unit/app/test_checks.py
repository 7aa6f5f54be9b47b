"""What the worker hands to the check: doors and hosts of the settings, backups, the journal, codecs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from tests.unit.exposure.checks.kit import DEVICE, HOME, NOW, ago

from primum.app import checks as joined
from primum.app.backup.status import Standing, write_standing
from primum.app.checks import WorkerSources, codec_versions
from primum.exposure.checks.gathering.parts import codec_parts
from primum.exposure.checks.sources import Door, Host
from primum.ground.clock import FixedClock, to_text
from primum.ground.disc import RealDisc
from primum.ground.settings import read_settings
from primum.identity import Address
from primum.journal import Fact, Journal, Kind, Signer


class Worker:
    """As much of a worker as is asked, on a real home folder and journal."""

    def __init__(self, folder: Path, **settings: object) -> None:
        self.folder, self.clock = folder, FixedClock(NOW)
        (folder / "journal").mkdir()
        (folder / "vault").mkdir()
        self.journal = Journal(folder / "journal", "worker", self.clock, RealDisc(), HOME)
        self.signer = Signer(folder / "journal", bytes(32), HOME, self.clock, RealDisc())
        self.settings = replace(read_settings(folder / "none.toml"), **settings)
        self.rooms = SimpleNamespace(
            home=SimpleNamespace(folder=folder), settings=self.settings, clock=self.clock, journal=self.journal
        )
        self.listed: list[SimpleNamespace] = []
        self.devices = SimpleNamespace(list=lambda: self.listed)

    def sources(self) -> WorkerSources:
        return WorkerSources(self, str, None)  # type: ignore[arg-type]


@pytest.fixture
def make(tmp_path):
    return lambda **settings: Worker(tmp_path, **settings)


def device(name: str, host: str, certificate: str = "pem", **more: object) -> SimpleNamespace:
    return SimpleNamespace(
        id=DEVICE, name=name, may=frozenset(), added_at=ago(days=1), plain_address=None, revoked_at=None,
        address=Address(host, 104, certificate), **more,
    )  # fmt: skip


def test_doors_are_those_that_the_settings_open_as_the_kernel_lists_them(make):
    assert make().sources().doors() == [Door("web", "127.0.0.1", 8443), Door("dicom", "127.0.0.1", 2762)]


def test_plain_doors_stand_on_loopback_of_the_same_family(make):
    worker = make(dicom_address="::", dicom_plain_port=11112, hl7_port=2575, web_address="localhost")
    assert worker.sources().doors() == [
        Door("web", "127.0.0.1", 8443), Door("dicom", "::", 2762), Door("dicom-plain", "::1", 11112, plain=True),
        Door("hl7", "::", 2575),
    ]  # fmt: skip


def test_hosts_are_whoever_is_given_patients_data(make):
    worker = make(
        backup_to="s3://bucket", backup_s3_endpoint="https://s3.example.com:9000", hl7_results_host="ris.example.com"
    )
    worker.listed = [device("ws", "192.168.1.9"), device("gone", "x.example.com")]
    worker.listed[1].revoked_at = NOW
    assert worker.sources().hosts() == [
        Host("s3.example.com", "backup"), Host("ris.example.com", "results"), Host("192.168.1.9", "ws"),
    ]  # fmt: skip


def test_amazons_service_is_named_where_no_endpoint_is(make):
    assert make(backup_to="s3://bucket").sources().hosts() == [Host("s3.us-east-1.amazonaws.com", "backup")]


def test_a_device_called_without_a_certificate_is_called_in_clear(make):
    worker = make()
    worker.listed = [device("ws", "127.0.0.1", "")]
    assert worker.sources().machines()[0].host_plain


def test_a_backup_on_the_homes_own_disc_is_told_and_is_no_witness(make, tmp_path):
    worker = make(backup_to=str(tmp_path / "beside"))
    (tmp_path / "beside").mkdir()
    write_standing(
        RealDisc(), worker.folder, Standing(to="x", made_at=to_text(ago(hours=3)), tested_at=to_text(ago(days=2)))
    )
    details = {
        "what": "folder",
        "generation": "g",
        "studies": 0,
        "packs": 0,
        "bytes": 0,
        "illnesses": 0,
        "root": "0" * 64,
    }
    worker.journal.record(Fact(Kind.BACKUP_MADE, "system", HOME, details))
    copies = worker.sources().copies()
    assert (copies.made_at, copies.tested_at, copies.same_disc) == (ago(hours=3), ago(days=2), True)
    assert worker.sources().journal().witnessed_at is None
    elsewhere = make_elsewhere(worker)
    assert (elsewhere.witnessed_at, elsewhere.witness) == (NOW, "folder")


def make_elsewhere(worker: Worker):
    worker.rooms.settings = replace(worker.settings, backup_to="/nowhere/on/this/machine")
    return worker.sources().journal()


def test_a_journal_that_nobody_has_verified_is_verified_once_and_that_is_written_down(make):
    worker = make()
    worker.journal.record(Fact(Kind.GUARD_ADDED, "system", "", {"what": "passphrase"}))
    sources = worker.sources()
    told = sources.journal()
    assert (told.at, told.illnesses, told.lines > 0) == (NOW, 0, True)
    assert sources.journal() is told, "asked once in a run"
    lines = sum(file.read_text("ascii").count("journal:verified") for file in worker.folder.rglob("*.chain"))
    assert lines == 1


def test_clear_text_is_looked_for_in_the_home_the_backup_and_temporary_folders(make, tmp_path, monkeypatch):
    # the machine's own may hold anything, and take as long
    monkeypatch.setattr(joined, "temporary_folders", lambda: [tmp_path.parent / "other", tmp_path / "vault"])
    backup = tmp_path / "backup"
    backup.mkdir()
    worker = make(backup_to=str(backup))
    (worker.folder / "left.dcm").write_bytes(bytes(128) + b"DICM" + bytes(9))
    (worker.folder / "records.db").write_bytes(b"SQLite format 3\0" + bytes(99))
    roots = worker.sources().clear_text().roots
    assert set(roots) == {"home", "vault", "backup", str(tmp_path.parent / "other")}, (
        "what lies in the home is seen once"
    )
    assert roots["home"].count == 2, "a database that is not sealed counts in the home"
    assert roots["vault"].sample


def test_codecs_tell_their_versions_in_a_process_of_their_own():
    assert {one.name for one in codec_parts(codec_versions())} >= {"openjpeg", "libjpeg-turbo", "charls"}
