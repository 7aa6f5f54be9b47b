"""The demo as a folder of DICOM files, for whoever wants to send it rather than start with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from primum.imaging.demo.generate import DemoInstance
from primum.imaging.part10 import write_meta


def write_folder(folder: Path, instances: Iterable[DemoInstance]) -> list[Path]:
    """Write each instance as a part 10 file, numbered in order; return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for number, instance in enumerate(instances, 1):
        file = folder / f"{number:05d}.dcm"
        file.write_bytes(wrapped(instance))
        files.append(file)
    return files


def wrapped(instance: DemoInstance) -> bytes:
    """Return the instance as the bytes of a part 10 file."""
    meta = write_meta(
        transfer_syntax_uid=instance.transfer_syntax_uid,
        sop_class_uid=instance.sop_class_uid,
        sop_instance_uid=instance.sop_instance_uid,
    )
    return meta + instance.data_set
