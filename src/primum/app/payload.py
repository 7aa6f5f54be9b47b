"""What each process is given at its start, and nothing else: sub-keys of the root, and its own door's bundle.

The supervisor writes the payload to a pipe that only the child inherits; it never touches a disc, an
argument list or an environment.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from pathlib import Path

from primum import vault
from primum.vault import Label

CHILDREN: dict[str, frozenset[Label]] = {
    "dimse": frozenset({Label.KEYRING, Label.NAMES, Label.DEVICES, Label.INDEX}),
    "hl7": frozenset({Label.DEVICES}),
    "web": frozenset({Label.KEYRING, Label.NAMES, Label.INDEX, Label.RECORDS, Label.SECRETS}),
    "worker": frozenset(
        {
            Label.KEYRING,
            Label.NAMES,
            Label.INDEX,
            Label.RECORDS,
            Label.SECRETS,
            Label.DEVICES,
            Label.SIGNER,
            Label.CERTIFICATES,
            Label.BACKUP,
        }
    ),
    "demo": frozenset({Label.KEYRING, Label.NAMES, Label.RECORDS}),
}
"""Which sub-keys each process holds: an exact list, tested."""

MAX_PAYLOAD = 256 * 1024
"""Bytes: two certificate chains, their keys and ten sub-keys are under 32 KiB."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A child's inheritance."""

    child: str
    home: Path
    keys: dict[Label, bytes]
    bundle: bytes
    """The PEM bundle of the child's own door; empty for a child without one."""
    intakes: tuple[int, ...]
    """The descriptors of its ends of the pairs between the worker and who stores: each receiver of dimse, and web."""

    def __repr__(self) -> str:
        """Never show a key."""
        return f"Payload({self.child!r})"


def payloads(
    root: vault.RootKey, home: Path, bundles: dict[str, bytes], intakes: dict[str, tuple[int, ...]]
) -> dict[str, Payload]:
    """Derive every child's inheritance from the root key."""
    return {
        child: Payload(
            child=child,
            home=home,
            keys={label: root.derive(label) for label in labels},
            bundle=bundles.get(child, b""),
            intakes=intakes.get(child, ()),
        )
        for child, labels in CHILDREN.items()
    }


def write_payload(fd: int, payload: Payload) -> None:
    """Write a payload to a pipe, and close it."""
    text = json.dumps(
        {
            "child": payload.child,
            "home": str(payload.home),
            "keys": {label.value: base64.b64encode(key).decode() for label, key in payload.keys.items()},
            "bundle": base64.b64encode(payload.bundle).decode(),
            "intakes": payload.intakes,
        }
    )
    with os.fdopen(fd, "wb") as pipe:
        pipe.write(text.encode())


def read_payload(fd: int) -> Payload:
    """Read one's own payload from the inherited pipe. Raises ValueError when it is not one."""
    with os.fdopen(fd, "rb") as pipe:
        given = json.loads(pipe.read(MAX_PAYLOAD))
    return Payload(
        child=given["child"],
        home=Path(given["home"]),
        keys={Label(label): base64.b64decode(key) for label, key in given["keys"].items()},
        bundle=base64.b64decode(given["bundle"]),
        intakes=tuple(given["intakes"]),
    )
