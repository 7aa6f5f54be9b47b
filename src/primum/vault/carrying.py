"""Sub-keys that a root key carries over from the one before it, and where a replacement of the root is prepared.

docs/design/vault.md §13.
"""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Final

from primum.vault.keys import KEY_BYTES, Entropy, Label, RootKey, hkdf, open_small, seal_small
from primum.vault.refusals import SealBroken

CARRIED_FILE: Final = "carried.json"
"""In the keyring folder, beside the guards: it travels with them."""
CARRIED: Final = (Label.NAMES, Label.SIGNER, Label.SECRETS)
"""What a replacement of the root carries over. Names are in every reference of a study, the signer's key is published,
secrets are sealed in many places."""
STAGE: Final = ".rotation"
"""In the home: what is to replace what is there, until it does."""
COMMITTED: Final = "committed.json"
"""In that folder: from then on the new files count, wherever they are."""
_PURPOSE: Final = "carried-keys"
_MOST: Final = 4096


def is_committed(home: Path) -> bool:
    """Tell whether a replacement of the root was decided and is not finished."""
    return (home / STAGE / COMMITTED).exists()


def with_carried(keyring_folder: Path, root: RootKey) -> RootKey:
    """Give a root the sub-keys that it carries, where there are any. Raises SealBroken."""
    try:
        with (keyring_folder / CARRIED_FILE).open("rb") as file:
            content = file.read(_MOST)
    except FileNotFoundError:
        return root
    try:
        box = base64.b64decode(json.loads(content)["sealed"], validate=True)
        told = json.loads(open_small(_key(root), _PURPOSE, box))
        carried = {Label(name): base64.b64decode(key, validate=True) for name, key in told.items()}
    except (ValueError, KeyError, TypeError):
        raise SealBroken from None
    if set(carried) != set(CARRIED) or any(len(key) != KEY_BYTES for key in carried.values()):
        raise SealBroken
    return RootKey(root.reveal(), carried)


def carried_bytes(new: RootKey, old: RootKey, entropy: Entropy) -> bytes:
    """Make the file with which `new` carries what is carried of `old`."""
    told = {label.value: base64.b64encode(old.derive(label)).decode() for label in CARRIED}
    box = seal_small(_key(new), _PURPOSE, json.dumps(told).encode(), entropy=entropy)
    return json.dumps({"format": 1, "sealed": base64.b64encode(box).decode()}, indent=1).encode() + b"\n"


def _key(root: RootKey) -> bytes:
    return hkdf(root.reveal(), b"", b"primum/root/1\0carried")
