"""Ends of packs and chains as a write that was never acknowledged leaves them (docs/design/durability.md §4)."""

from __future__ import annotations

import random
from pathlib import Path

from tests.faults.disc import SECTOR


def tear(home: Path, chance: random.Random) -> list[str]:
    """Add an unfinished end to some packs and chains; say what was done."""
    done = []
    for path in sorted((*home.glob("vault/*/*/*.pack"), *home.glob("journal/*/*/*.chain"))):
        if chance.random() < 0.5:
            end = _end(path.read_bytes(), chance, chain=path.suffix == ".chain")
            with path.open("ab") as file:
                file.write(end)
            done.append(f"{path.suffix} and {len(end)} bytes")
    return done


def _end(whole: bytes, chance: random.Random, *, chain: bool) -> bytes:
    """What such a write leaves: part of what a true one looks like, sectors of it zeros, or rubbish."""
    size = chance.choice((1, 100, 511, 512, 4096, 5000, 12_288, 60_000))
    match chance.choice(("zeros", "rubbish", "part", "holes")):
        case "zeros":
            return bytes(size)
        case "rubbish":
            return chance.randbytes(size)
        case "part":
            return _last(whole, chain=chain)[:size]
        case _:
            part = _last(whole, chain=chain)[:size]
            return b"".join(
                part[at : at + SECTOR] if chance.random() < 0.5 else bytes(len(part[at : at + SECTOR]))
                for at in range(0, len(part), SECTOR)
            )


def _last(whole: bytes, *, chain: bool) -> bytes:
    """The last line but for its end, or the last blocks but for their trailer."""
    return whole.splitlines(keepends=True)[-1][:-1] if chain else whole[-24_576:-4096]
