"""What one store costs: instances into one study, then one instance into each of many studies.

python bench/vault_store.py [FOLDER]     FOLDER: on the disc to measure (default: a temporary folder)
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from primum import vault
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc

KEYS = vault.VaultKeys(bytes(32), bytes(32))


def facts(number: int) -> vault.RecordFacts:
    """Make facts of a fictional slice."""
    return vault.RecordFacts(
        "instance", "ctl_x", "dev_x", "1.2.840.10008.5.1.4.1.1.2", f"1.2.3.4.{number}", "1.2.3.4", "1.2.3",
        "1.2.840.10008.1.2.1", "2026-01-01T00:00:00.000Z", "CT1", "1.2.3",
    )  # fmt: skip


def measure(what: str, one: vault.Vault, size: int, count: int, *, studies: bool = False) -> None:
    """Store `count` instances of `size` bytes and print the distribution of times."""
    data, times = os.urandom(size), []
    with one.writer() as writer:
        for number in range(count):
            study = one.study_ref("ctl_x", f"{what}{number if studies else 0}")
            start = time.perf_counter()
            writer.store(study, facts(number), data, 2000, vault.Frames.uniform(2000, size - 2000, 1))
            times.append((time.perf_counter() - start) * 1000)
    times.sort()
    print(
        f"{what:32} median {statistics.median(times):7.3f} ms   p90 {times[int(count * 0.9)]:7.3f}"
        f"   p99 {times[int(count * 0.99)]:7.3f}   {count / sum(times) * 1000:7.0f}/s"
    )


def main() -> None:
    """Run all rows."""
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else None) as name:
        folder, disc = Path(name), RealDisc()
        for part in ("vault", "keyring"):
            (folder / part).mkdir()
        vault.create_layout(disc, folder / "vault", folder / "keyring")
        one = vault.open_vault(folder / "vault", folder / "keyring", KEYS, disc, SystemClock())
        measure("31 KB, one study", one, 31_000, 1000)
        measure("525 KB, one study", one, 525_000, 400)
        measure("525 KB, a study each", one, 525_000, 400, studies=True)
        measure("31 KB, a study each", one, 31_000, 400, studies=True)
        measure("40 MB, one study", one, 40_000_000, 10)


if __name__ == "__main__":
    main()
