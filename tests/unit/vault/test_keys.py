from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from primum import vault


def test_the_labels_are_these_and_no_others() -> None:
    assert {label.value for label in vault.Label} == {
        "keyring", "names", "index", "records", "devices", "journal-signer", "certificates", "home", "secrets",
        "backup",
    }  # fmt: skip


def test_each_label_gives_a_key_of_its_own() -> None:
    root = vault.RootKey(b"r" * 32)
    assert len({root.derive(label) for label in vault.Label}) == len(vault.Label)
    with pytest.raises(ValueError, match="32 bytes"):
        vault.RootKey(b"short")


@given(data=st.binary(max_size=300), purpose=st.text(max_size=20))
def test_a_small_box_opens_for_its_key_and_purpose_alone(data: bytes, purpose: str) -> None:
    key = b"k" * 32
    box = vault.seal_small(key, purpose, data)
    assert vault.open_small(key, purpose, box) == data
    for other_key, other_purpose in ((b"l" * 32, purpose), (key, purpose + "x")):
        with pytest.raises(vault.SealBroken):
            vault.open_small(other_key, other_purpose, box)


@given(data=st.binary(max_size=40), where=st.integers(0, 88), bit=st.integers(0, 7))
def test_a_flipped_bit_in_a_small_box_is_refused(data: bytes, where: int, bit: int) -> None:
    box = bytearray(vault.seal_small(b"k" * 32, "p", data))
    box[where % len(box)] ^= 1 << bit
    with pytest.raises((vault.SealBroken, vault.UnknownVersion)):
        vault.open_small(b"k" * 32, "p", bytes(box))


@pytest.mark.parametrize("box", [b"", b"\1", b"\1" * 48])
def test_a_box_that_is_too_short_is_refused(box: bytes) -> None:
    with pytest.raises(vault.SealBroken):
        vault.open_small(b"k" * 32, "p", box)


def test_two_boxes_of_one_secret_differ() -> None:
    assert vault.seal_small(b"k" * 32, "p", b"x") != vault.seal_small(b"k" * 32, "p", b"x")
