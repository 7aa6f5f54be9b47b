from __future__ import annotations

import os
import struct
from datetime import date
from pathlib import Path

import pytest

from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.imaging.demo import STUDIES, Kind, study_instances, wrapped, write_folder
from primum.imaging.importing import ImportLimits, NoFolder, Origin, Progress, import_folder
from primum.imaging.model import Stored
from primum.imaging.part10 import write_meta
from primum.vault import Vault, VaultKeys, create_layout, open_vault

TODAY = date(2026, 1, 5)
SMALL = next(study for study in STUDIES if study.kind is Kind.SMALL_MR)
ORIGIN = Origin("ctl_" + "a" * 26, "per_" + "b" * 26)


@pytest.fixture
def opened(tmp_path: Path, clock: FixedClock) -> Vault:
    disc = RealDisc()
    for name in ("vault", "keyring"):
        disc.make_folder(tmp_path / name)
    create_layout(disc, tmp_path / "vault", tmp_path / "keyring")
    return open_vault(tmp_path / "vault", tmp_path / "keyring", VaultKeys(b"k" * 32, b"n" * 32), disc, clock)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "disc"
    write_folder(
        made / "DICOM" / "0001", [one for one, _ in zip(study_instances(SMALL, TODAY), range(6), strict=False)]
    )
    return made


def _import(
    opened: Vault, folder: Path, clock: FixedClock, **more: object
) -> tuple[object, list[Stored], list[Progress]]:
    told: list[Stored] = []
    seen: list[Progress] = []
    report = import_folder(
        opened,
        folder,
        ORIGIN,
        clock=clock,
        intake=told.extend,
        progress=seen.append,
        **more,  # type: ignore[arg-type]
    )
    return report, told, seen


def test_every_data_set_is_stored_as_it_was(opened: Vault, folder: Path, clock: FixedClock) -> None:
    report, told, seen = _import(opened, folder, clock)
    expected = [one.data_set for one, _ in zip(study_instances(SMALL, TODAY), range(6), strict=False)]
    assert [opened.open(one.position).data_set() for one in told] == expected
    assert (report.stored, report.refused, report.not_dicom) == (6, {}, 0)  # type: ignore[attr-defined]
    assert report.bytes == sum(map(len, expected))  # type: ignore[attr-defined]
    assert [one.done for one in seen] == [1, 2, 3, 4, 5, 6]
    assert {one.total for one in seen} == {6}


def test_a_file_larger_than_one_write_goes_through_in_pieces(opened: Vault, folder: Path, clock: FixedClock) -> None:
    limits = ImportLimits(at_once=10_000, piece=5_000)
    _, told, _ = _import(opened, folder, clock, limits=limits)
    expected = [one.data_set for one, _ in zip(study_instances(SMALL, TODAY), range(6), strict=False)]
    records = [opened.open(one.position) for one in told]
    assert [one.data_set() for one in records] == expected
    assert all(one.frames is not None and one.frames.count == 1 for one in records)
    assert all(
        one.header is not None and one.header == record.header() for one, record in zip(told, records, strict=True)
    )


def test_what_is_no_dicom_is_counted_and_left(opened: Vault, folder: Path, clock: FixedClock) -> None:
    (folder / "AUTORUN.INF").write_text("[autorun]\n")
    (folder / "viewer.exe").write_bytes(b"MZ" + bytes(3000))
    directory = write_meta(
        transfer_syntax_uid="1.2.840.10008.1.2.1", sop_class_uid="1.2.840.10008.1.3.10",
        sop_instance_uid="2.25.1",
    )  # fmt: skip
    (folder / "DICOMDIR").write_bytes(directory)
    report, _, _ = _import(opened, folder, clock)
    assert (report.stored, report.not_dicom) == (6, 3)  # type: ignore[attr-defined]


def test_a_truncated_file_is_refused_and_nothing_of_it_is_kept(opened: Vault, folder: Path, clock: FixedClock) -> None:
    file = next(folder.rglob("00003.dcm"))
    for limits in (ImportLimits(), ImportLimits(at_once=1000, piece=5000)):
        whole = file.read_bytes()
        file.write_bytes(whole[:-1000])
        report, told, seen = _import(opened, folder, clock, limits=limits)
        file.write_bytes(whole)
        assert report.refused == {"imaging.damaged-data-set": 1}  # type: ignore[attr-defined]
        assert len(told) == 5
        assert [one.file.name for one in seen if one.refusal] == ["00003.dcm"]


def test_a_refusal_says_nothing_of_the_patient_nor_of_the_file(opened: Vault, folder: Path, clock: FixedClock) -> None:
    named = folder / "LEFEVRE_HELENE.dcm"
    named.write_bytes(next(folder.rglob("00001.dcm")).read_bytes()[:-10])
    _, _, seen = _import(opened, folder, clock)
    refusal = next(one.refusal for one in seen if one.refusal)
    assert "LEFEVRE" not in f"{refusal}{refusal!r}{refusal.facts}{refusal.way_out()}{seen!r}"


def test_a_data_set_without_a_sop_instance_uid_is_refused(opened: Vault, folder: Path, clock: FixedClock) -> None:
    bare = struct.pack("<HH2sH", 8, 0x16, b"UI", 4) + b"1.2\0" + struct.pack("<HH2sH", 0x20, 0xD, b"UI", 4) + b"1.3\0"
    (folder / "bare").write_bytes(bare)
    report, _, _ = _import(opened, folder, clock)
    assert report.refused == {"imaging.no-sop-uid": 1}  # type: ignore[attr-defined]


def test_links_lead_nowhere(opened: Vault, folder: Path, clock: FixedClock, tmp_path: Path) -> None:
    outside = write_folder(tmp_path / "outside", [next(study_instances(SMALL, TODAY, seed=2))])
    (folder / "link.dcm").symlink_to(outside[0])
    (folder / "way-out").symlink_to(outside[0].parent)
    os.mkfifo(folder / "fifo")
    report, _, _ = _import(opened, folder, clock)
    assert report.stored == 6  # type: ignore[attr-defined]


def test_no_folder_is_said_so(opened: Vault, tmp_path: Path, clock: FixedClock) -> None:
    with pytest.raises(NoFolder):
        _import(opened, tmp_path / "nothing", clock)


def test_what_was_stored_before_a_stop_is_told(opened: Vault, folder: Path, clock: FixedClock) -> None:
    told: list[Stored] = []
    turns = iter(range(3))

    def no_more() -> None:
        if next(turns, None) is None:
            raise NoFolder

    with pytest.raises(NoFolder):
        import_folder(opened, folder, ORIGIN, clock=clock, intake=told.extend, before_each=no_more)
    assert len(told) == 3


def test_a_file_of_the_demo_is_one_that_others_read(tmp_path: Path) -> None:
    assert wrapped(next(study_instances(SMALL, TODAY)))[128:132] == b"DICM"
