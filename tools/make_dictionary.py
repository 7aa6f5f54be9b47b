"""Write src/primum/imaging/dictionary.txt: the value representation of each tag of PS3.6, from pydicom's tables.

Run again when pydicom follows a newer edition: `python tools/make_dictionary.py`. A test compares the two.
"""

from pathlib import Path

from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

HEADER = "# Value representations of PS3.6, tags grouped by VR. Made by tools/make_dictionary.py.\n"
TARGET = Path(__file__).parents[1] / "src" / "primum" / "imaging" / "dictionary.txt"


def lines() -> list[str]:
    """One line per value representation: its name, a colon, its tags."""
    tags: dict[str, list[str]] = {}
    for tag, entry in DicomDictionary.items():
        tags.setdefault(entry[0], []).append(f"{tag:08X}")
    for mask, entry in RepeatersDictionary.items():
        tags.setdefault(entry[0], []).append(mask.upper().replace("X", "x"))
    return [f"{vr}: {' '.join(sorted(tags[vr]))}\n" for vr in sorted(tags) if vr != "NONE"]


if __name__ == "__main__":
    TARGET.write_text(HEADER + "".join(lines()), "ascii")
