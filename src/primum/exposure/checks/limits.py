"""Every bound of the check, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Lengths are in bytes, times in seconds."""

    check_seconds: float = 45
    """One line: the longest two (clear text, journal) end by themselves before."""
    scan_seconds: float = 8
    """Looking for clear text, everywhere together: fifty thousand files on a quiet machine, half on a busy one."""
    scan_files: int = 200_000
    """Files looked at; beyond, the line says that it did not see all."""
    head_bytes: int = 4096
    """Read of each file: `DICM` stands at 128, DICOM JSON begins with tags."""
    found_shown: int = 20
    """Places named in a line; the number is of all."""
    journal_seconds: float = 20
    """Reading the journal back: some ten million lines."""
    verify_bytes: int = 64 * MIB
    """A journal that the check itself verifies, where nobody has yet: under a second a MiB on a slow machine."""
    proc_bytes: int = 4 * MIB
    """Of one table of /proc: a machine with thirty thousand connections."""
    listeners: int = 512
    """Sockets told: a server has some tens."""
    advisories_bytes: int = 1024 * MIB
    """What is read of a database in all, unpacked: npm's has some 500 MB."""
    advisories_packed: int = 512 * MIB
    """The ZIP itself."""
    advisories: int = 1_000_000
    """Records: npm's database, mostly of malicious packages, has some four hundred thousand."""
    advisory_bytes: int = 4 * MIB
    """One record: those with every version of a package listed reach one."""
    advisories_kept: int = 2000
    """Records that concern parts of ours: one to thirty a part in ten years."""
    parts: int = 500
    """Parts in an inventory: we have under a hundred."""
    report_bytes: int = 768 * KIB
    """A report: it goes over the worker's socket in one line of a MiB."""
    file_bytes: int = 8 * MIB
    """A file given to be verified."""
    items: int = 100
    """Things listed by one line: more devices or hosts are counted."""
    text: int = 200
    """Characters of a fact that is a text."""
    runs_listed: int = 50
    """Runs on the page and in a list."""
    declaration_days: int = 1100
    """No declaration holds for longer, whatever a rule says: three years."""


LIMITS = Limits()
"""The bounds that are used."""
