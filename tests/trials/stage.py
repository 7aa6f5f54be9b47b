"""A session of trials: what is made once (keys, a canary's study, two Primums, the nursery), and networks on it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.programs import find_program
from tests.trials import network, primums, services, spaces
from tests.trials.draw import Plan
from tests.trials.nursery import Nursery
from tests.trials.services import Kit, Standing
from tests.trials.trust import make_trust

FOLDERS: Final = "primum-trials-"
"""Folders of services are named so, with the process's id."""


class CannotBeHeld(Exception):
    """There are no trials on this machine: why."""


def missing() -> str:
    """Say why there can be no trials here, or nothing."""
    absent = [one for one in services.PROGRAMS if find_program(one) is None]
    return f"needs {', '.join(absent)}" if absent else spaces.may_be_made()


@dataclass(slots=True)
class Stage:
    """What networks are put up on. `primums`: the namespace of each setting that stands already."""

    kit: Kit
    primums: dict[str, str]

    @contextmanager
    def performed(self, plan: Plan, label: str | int) -> Iterator[network.Network]:
        """Put a plan up, with every service listening, until left."""
        folder = self.kit.folder / f"plan-{label}"
        folder.mkdir()
        folder.chmod(0o755)
        there = {one.name: self.primums[one.line.setting] for one in plan.nodes if one.line.kind == "primum"}
        standings: list[Standing] = []
        try:
            with network.built(plan, label, there) as built:
                try:
                    for node in plan.nodes:
                        place = folder / node.name
                        place.mkdir()
                        standings.append(
                            Standing(node, plan, built.nodes[node.name], place, self.kit, built.interface(node.name))
                        )
                    with ThreadPoolExecutor(len(standings)) as pool:
                        list(pool.map(services.start, standings))
                    yield built
                finally:
                    self.kit.nursery.stop([pid for one in standings for pid in one.pids])
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def opened(lines: Sequence[str] = ()) -> Iterator[Stage]:
    """Make a stage until left; `lines` are names of the table that will be needed (all, where none is named)."""
    reason = missing()
    if reason:
        raise CannotBeHeld(reason)
    spaces.remove_stale()
    _remove_stale_folders()
    with ExitStack() as held:
        folder = Path(
            held.enter_context(
                tempfile.TemporaryDirectory(prefix=f"{FOLDERS}{os.getpid()}-", ignore_cleanup_errors=True)
            )
        )
        folder.chmod(0o755)
        nursery = held.enter_context(Nursery())
        held.callback(_close, nursery)
        wanted = {one.split("/")[0] for one in lines}
        cluster = services.make_cluster(folder) if not wanted or "postgres" in wanted else None
        kit = Kit(nursery, make_trust(folder / "trust"), *_study(folder), folder, cluster)
        there: dict[str, str] = {}
        if not wanted or "primum" in wanted:
            (folder / "primum").mkdir()
            there = held.enter_context(primums.standing(folder / "primum"))
        yield Stage(kit, there)


def _remove_stale_folders() -> None:
    for one in Path(tempfile.gettempdir()).glob(f"{FOLDERS}*"):
        pid = one.name.removeprefix(FOLDERS).split("-")[0]
        if pid.isdecimal() and not Path(f"/proc/{pid}").exists():
            shutil.rmtree(one, ignore_errors=True)


def _close(_nursery: Nursery) -> None:
    spaces.remove_all_of(os.getpid())


def _study(folder: Path) -> tuple[Path, str]:
    """Write a small secondary capture of somebody who does not exist."""
    from pydicom.dataset import Dataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

    one = Dataset()
    one.SOPClassUID, one.SOPInstanceUID = SecondaryCaptureImageStorage, generate_uid(prefix=None)
    one.StudyInstanceUID, one.SeriesInstanceUID = generate_uid(prefix=None), generate_uid(prefix=None)
    one.PatientName, one.PatientID, one.PatientBirthDate = services.CANARY, "ESPION1", "19610412"
    one.StudyDate, one.ReferringPhysicianName, one.InstitutionName = "20200102", "DR^CANARI", "CABINET DU CANARI"
    one.AccessionNumber, one.Modality, one.StudyID, one.PatientSex = "ESPION2", "OT", "1", "O"
    one.Rows = one.Columns = 8
    one.SamplesPerPixel, one.PhotometricInterpretation = 1, "MONOCHROME2"
    one.BitsAllocated = one.BitsStored = 8
    one.HighBit, one.PixelRepresentation, one.PixelData = 7, 0, bytes(64)
    one.file_meta = FileMetaDataset()
    one.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    path = folder / "study.dcm"
    one.save_as(path, enforce_file_format=True)
    return path, str(one.StudyInstanceUID)
