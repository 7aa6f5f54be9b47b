"""Keys and certificates of the trials: the network's own authority and server, and a stranger's; by openssl."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tests.trials import spaces


@dataclass(frozen=True, slots=True)
class Trust:
    """Files, PEM."""

    authority: Path
    certificate: Path
    key: Path
    foreign_certificate: Path
    foreign_key: Path


def make_trust(folder: Path) -> Trust:
    """Make them in a folder."""
    folder.mkdir()
    names = ("authority", "server", "foreign")
    for name in names:
        spaces.run(
            "openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", f"/CN={name}",
            "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem"),
        )  # fmt: skip
    request = folder / "server.csr"
    spaces.run(
        "openssl", "req", "-new", "-key", str(folder / "server.key"), "-subj", "/CN=server", "-out", str(request)
    )
    spaces.run(
        "openssl", "x509", "-req", "-in", str(request), "-CA", str(folder / "authority.pem"), "-CAkey",
        str(folder / "authority.key"), "-days", "30", "-CAcreateserial", "-out", str(folder / "server.pem"),
    )  # fmt: skip
    for one in folder.iterdir():
        one.chmod(0o644)
    return Trust(
        folder / "authority.pem", folder / "server.pem", folder / "server.key",
        folder / "foreign.pem", folder / "foreign.key",
    )  # fmt: skip
