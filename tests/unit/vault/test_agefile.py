from __future__ import annotations

import subprocess
from pathlib import Path

import pyrage
import pytest
from hypothesis import given, settings, strategies as st

from primum.vault.agefile import AgeFile, BadRecipient, read_recipient

CHUNK = 64 * 1024


def sealed(pieces: list[bytes], **how: object) -> bytes:
    written: list[bytes] = []
    file = AgeFile(written.append, **how)  # type: ignore[arg-type]
    for piece in pieces:
        file.write(piece)
    file.close()
    return b"".join(written)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK, 3 * CHUNK + 5])
def test_another_implementation_opens_it_whatever_its_size(size: int) -> None:
    clear = bytes(range(256)) * (size // 256 + 1)
    clear = clear[:size]
    assert pyrage.passphrase.decrypt(sealed([clear], passphrase="un mot"), "un mot") == clear


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 2 * CHUNK), max_size=5))
def test_how_it_is_cut_into_pieces_does_not_matter(sizes: list[int]) -> None:
    owner = pyrage.x25519.Identity.generate()
    pieces = [bytes([index + 1]) * size for index, size in enumerate(sizes)]
    file = sealed(pieces, recipients=[str(owner.to_public())])
    assert pyrage.decrypt(file, [owner]) == b"".join(pieces)


def test_each_recipient_opens_it_and_nobody_else() -> None:
    owners = [pyrage.x25519.Identity.generate() for _ in range(3)]
    file = sealed([b"x"], recipients=[str(one.to_public()) for one in owners[:2]])
    assert [pyrage.decrypt(file, [one]) for one in owners[:2]] == [b"x", b"x"]
    with pytest.raises(pyrage.DecryptError):
        pyrage.decrypt(file, [owners[2]])


def test_a_file_without_its_end_is_refused() -> None:
    written: list[bytes] = []
    AgeFile(written.append, passphrase="x").write(bytes(3 * CHUNK))
    with pytest.raises(pyrage.DecryptError):
        pyrage.passphrase.decrypt(b"".join(written), "x")


def test_a_mistyped_recipient_is_refused() -> None:
    good = str(pyrage.x25519.Identity.generate().to_public())
    assert len(read_recipient(good)) == 32
    for wrong in ("", "age1", good[:-1], good[:-1] + ("q" if good[-1] != "q" else "p"), good.upper(), "x" + good):
        with pytest.raises(BadRecipient):
            read_recipient(wrong)


@pytest.mark.programs("age", "age-keygen")
def test_the_age_program_opens_it(tmp_path: Path) -> None:
    key = tmp_path / "key.txt"
    made = subprocess.run(["age-keygen", "-o", str(key)], capture_output=True, text=True, check=True).stderr
    file = tmp_path / "x.age"
    file.write_bytes(sealed([b"a" * 200_000], recipients=[made.split()[-1]]))
    opened = subprocess.run(["age", "-d", "-i", str(key), str(file)], capture_output=True, check=True).stdout
    assert opened == b"a" * 200_000
