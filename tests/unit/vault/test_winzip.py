from __future__ import annotations

import pytest
from hypothesis import given, settings, strategies as st

from primum.vault.winzip import WrongZipPassphrase, ZipEntryAltered, opening, sealing


@settings(max_examples=30, deadline=None)
@given(st.lists(st.binary(max_size=100), max_size=6), st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_what_is_sealed_in_pieces_opens_in_others(pieces: list[bytes], cuts: list[int]) -> None:
    cipher, head = sealing("mot")
    sealed = b"".join(map(cipher.seal, pieces))
    other = opening("mot", head, 3)
    clear, at = b"", 0
    while at < len(sealed):
        cut = cuts[at % len(cuts)]
        clear += other.open(sealed[at : at + cut])
        at += cut
    other.verify(cipher.mac())
    assert clear == b"".join(pieces)


def test_a_changed_byte_is_noticed() -> None:
    cipher, head = sealing("mot")
    sealed = bytearray(cipher.seal(b"clear"))
    sealed[2] ^= 1
    other = opening("mot", head, 3)
    other.open(bytes(sealed))
    with pytest.raises(ZipEntryAltered):
        other.verify(cipher.mac())


def test_another_passphrase_is_refused_at_once() -> None:
    _, head = sealing("mot", bytes)
    with pytest.raises(WrongZipPassphrase):
        opening("mto", head, 3)
