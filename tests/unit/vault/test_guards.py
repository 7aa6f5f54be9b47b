from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.unit.vault.support import flip

from primum import vault
from primum.ground.disc import RealDisc

WEAK = vault.Argon2Cost(passes=1, memory_kib=64, lanes=1)
"""The one labelled place of a weak cost: tests would take minutes otherwise."""


def passphrase(text: str) -> vault.PassphraseGuard:
    return vault.PassphraseGuard(text, WEAK)


def key_file(
    folder: Path, name: str = "vault.key", content: bytes = b"k" * 32, mode: int = 0o600
) -> vault.KeyFileGuard:
    path = folder / name
    path.write_bytes(content)
    path.chmod(mode)
    return vault.KeyFileGuard(path)


def test_each_guard_opens_the_same_root_key(tmp_path: Path) -> None:
    keyring = tmp_path / "keyring"
    keyring.mkdir()
    file = key_file(tmp_path)
    root, identity = vault.create_root(RealDisc(), keyring, [passphrase("correct horse"), file])
    for guard in (
        passphrase("correct horse"),
        file,
        vault.RecoveryGuard(identity),
        vault.RecoveryGuard(f" {identity.lower()}\n"),
    ):
        assert vault.unlock(keyring, guard).derive(vault.Label.INDEX) == root.derive(vault.Label.INDEX)
    assert vault.list_guards(keyring) == ["passphrase", "key-file", "recovery"]
    assert identity.startswith("AGE-SECRET-KEY-1")


def test_neither_the_root_key_nor_the_recovery_identity_is_on_disc(tmp_path: Path) -> None:
    root, identity = vault.create_root(RealDisc(), tmp_path, [passphrase("correct horse")])
    for path in tmp_path.iterdir():
        content = path.read_bytes()
        assert root.reveal() not in content
        assert root.reveal().hex().encode() not in content
        assert identity.encode() not in content
        assert b"correct horse" not in content
        assert path.stat().st_mode & 0o077 == 0
    assert root.reveal().hex() not in repr(root)
    assert "horse" not in repr(passphrase("correct horse"))
    assert identity not in repr(vault.RecoveryGuard(identity))


def test_a_wrong_guard_is_told_which_kind_is_wrong_and_nothing_more(tmp_path: Path) -> None:
    file = key_file(tmp_path)
    keyring = tmp_path / "keyring"
    keyring.mkdir()
    _, identity = vault.create_root(RealDisc(), keyring, [passphrase("correct horse"), file])
    other = tmp_path / "other"
    other.mkdir()
    _, other_identity = vault.create_root(RealDisc(), other, [])
    assert other_identity != identity
    for guard, refusal in (
        (passphrase("wrong horse"), vault.WrongPassphrase),
        (key_file(tmp_path, "b.key", b"x" * 40), vault.WrongKeyFile),
        (vault.RecoveryGuard(other_identity), vault.WrongRecoveryKey),
        (vault.RecoveryGuard("AGE-SECRET-KEY-1NONSENSE"), vault.WrongRecoveryKey),
    ):
        with pytest.raises(refusal):
            vault.unlock(keyring, guard)
    with pytest.raises(vault.NoSuchGuard):
        vault.unlock(other, passphrase("correct horse"))


def test_a_key_file_readable_by_others_is_refused_with_the_way_out(tmp_path: Path) -> None:
    guard = key_file(tmp_path, mode=0o644)
    with pytest.raises(vault.KeyFileOpen) as refused:
        vault.create_root(RealDisc(), tmp_path / "keyring", [guard])
    assert str(refused.value) == "The vault key file is readable by other users (mode 0644)."
    assert refused.value.way_out() == f"chmod 600 {guard.path}, then start again"


@pytest.mark.parametrize("content", [b"short", b"x" * 5000])
def test_a_key_file_of_another_size_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(vault.KeyFileUnfit):
        vault.create_root(RealDisc(), tmp_path / "keyring", [key_file(tmp_path, content=content)])


def test_a_folder_or_nothing_is_no_key_file(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "absent"):
        with pytest.raises(vault.KeyFileUnfit):
            vault.create_root(RealDisc(), tmp_path / "keyring", [vault.KeyFileGuard(path)])


def test_a_refused_guard_leaves_no_half_made_keyring(tmp_path: Path) -> None:
    keyring = tmp_path / "keyring"
    keyring.mkdir()
    with pytest.raises(vault.KeyFileUnfit):
        vault.create_root(RealDisc(), keyring, [passphrase("correct horse"), vault.KeyFileGuard(tmp_path / "absent")])
    assert list(keyring.iterdir()) == []


def test_a_second_root_key_is_refused(tmp_path: Path) -> None:
    vault.create_root(RealDisc(), tmp_path, [])
    with pytest.raises(vault.KeyringExists):
        vault.create_root(RealDisc(), tmp_path, [])


def test_a_guard_is_added_and_replaced_only_when_told(tmp_path: Path) -> None:
    root, _ = vault.create_root(RealDisc(), tmp_path, [])
    vault.add_guard(RealDisc(), tmp_path, root, passphrase("one"))
    with pytest.raises(vault.GuardExists):
        vault.add_guard(RealDisc(), tmp_path, root, passphrase("two"))
    vault.add_guard(RealDisc(), tmp_path, root, passphrase("two"), replace=True)
    assert vault.unlock(tmp_path, passphrase("two")).reveal() == root.reveal()
    with pytest.raises(vault.WrongPassphrase):
        vault.unlock(tmp_path, passphrase("one"))


@pytest.mark.parametrize(
    "change",
    [
        {"argon2id": {"passes": 1, "memory_kib": 2**40, "lanes": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAA=="}},
        {"argon2id": {"passes": 10**9, "memory_kib": 64, "lanes": 1, "salt": "AAAAAAAAAAAAAAAAAAAAAA=="}},
        {"argon2id": {"passes": 1, "memory_kib": 64, "lanes": 0, "salt": "AAAAAAAAAAAAAAAAAAAAAA=="}},
        {"argon2id": {"passes": 1, "memory_kib": 64, "lanes": 1, "salt": ""}},
        {"argon2id": None},
        {"kind": "key-file"},
        {"sealed": 3},
    ],
)
def test_a_guard_file_that_asks_for_too_much_or_is_damaged_is_refused(
    tmp_path: Path, change: dict[str, object]
) -> None:
    vault.create_root(RealDisc(), tmp_path, [passphrase("correct horse")])
    path = tmp_path / "guard-passphrase.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(vault.GuardUnreadable):
        vault.unlock(tmp_path, passphrase("correct horse"))


def test_a_guard_of_a_later_version_is_refused_as_such(tmp_path: Path) -> None:
    vault.create_root(RealDisc(), tmp_path, [passphrase("correct horse")])
    path = tmp_path / "guard-passphrase.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 2}))
    with pytest.raises(vault.UnknownVersion):
        vault.unlock(tmp_path, passphrase("correct horse"))


def test_a_real_home_cannot_be_passed_off_as_a_demo(tmp_path: Path) -> None:
    root, _ = vault.create_root(RealDisc(), tmp_path, [])
    with pytest.raises(vault.HomeAltered):
        vault.verify_home(tmp_path, root, b'{"kind": "real"}')
    vault.seal_home(RealDisc(), tmp_path, root, b'{"kind": "real"}')
    vault.verify_home(tmp_path, root, b'{"kind": "real"}')
    with pytest.raises(vault.HomeAltered):
        vault.verify_home(tmp_path, root, b'{"kind": "demo"}')
    flip(tmp_path / "home.mac", 3)
    with pytest.raises(vault.HomeAltered):
        vault.verify_home(tmp_path, root, b'{"kind": "real"}')
