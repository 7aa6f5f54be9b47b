"""A scanner that nobody here wrote: DCMTK's `echoscu` and `storescu`, set up from a device pack."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from primum.identity.pack import DevicePack

SECONDS = 60
"""A door that does not answer must not hold the tests for ever; DCMTK itself waits 30 s."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a program ended, and all that it said."""

    rc: int
    output: str

    @property
    def ok(self) -> bool:
        return self.rc == 0


class Scanner:
    """A device with its pack installed in `folder`, calling a door on `host`.

    `certificate_of` shows another pack's certificate and key under this scanner's titles; `identity` gives the
    (key, certificate) PEM files to use instead of a pack's; `anonymous` shows no certificate at all; `plain` calls
    without TLS. Whatever else is to be tried goes into `options` as DCMTK spells it.
    """

    def __init__(
        self, pack: DevicePack, folder: Path, port: int, *, host: str = "127.0.0.1", called: str = "PRIMUM",
        certificate_of: DevicePack | None = None, identity: tuple[bytes, bytes] | None = None,
        anonymous: bool = False, plain: bool = False,
    ) -> None:  # fmt: skip
        shown = certificate_of or pack
        key, certificate = identity or (shown.key_pem, shown.certificate_pem)
        files = {"key.pem": key, "certificate.pem": certificate, "archive-ca.pem": pack.ca_pem}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name, data in files.items():
            (folder / name).touch(0o600)
            (folder / name).write_bytes(data)
        self._settle(folder, pack.aet, host, port, called, anonymous=anonymous, plain=plain)

    @classmethod
    def installed(
        cls, folder: Path, aet: str, port: int, *, host: str = "127.0.0.1", called: str = "PRIMUM",
        anonymous: bool = False, plain: bool = False,
    ) -> Scanner:  # fmt: skip
        """Use a pack's folder as `primum device add --pem` wrote it."""
        scanner = cls.__new__(cls)
        scanner._settle(folder, aet, host, port, called, anonymous=anonymous, plain=plain)
        return scanner

    def _settle(
        self, folder: Path, aet: str, host: str, port: int, called: str, *, anonymous: bool, plain: bool
    ) -> None:
        self.folder = folder
        self.aet = aet
        self.host = host
        self.port = port
        self.called = called
        self._anonymous = anonymous
        self._plain = plain

    def echo(self, *, aet: str | None = None, options: Sequence[str] = ()) -> Ran:
        """Run `echoscu`, under another calling title when `aet` is given."""
        return self._run("echoscu", aet, options, ())

    def store(self, files: Iterable[Path], *, aet: str | None = None, options: Sequence[str] = ()) -> Ran:
        """Run `storescu` on files or folders (`+sd +r` is added when there is a folder)."""
        paths = list(files)
        if any(path.is_dir() for path in paths):
            options = [*options, "+sd", "+r"]
        return self._run("storescu", aet, options, [str(path) for path in paths])

    def command(self, program: str, aet: str | None, options: Sequence[str], files: Sequence[str]) -> list[str]:
        """Spell the command, for those who start it themselves."""
        titles = ["-aet", aet or self.aet, "-aec", self.called]
        return [program, *self._security(), *titles, *options, self.host, str(self.port), *files]

    def _security(self) -> list[str]:
        if self._plain:
            return []
        trust = ["+cf", str(self.folder / "archive-ca.pem")]
        if self._anonymous:
            return ["+tla", *trust]
        return ["+tls", str(self.folder / "key.pem"), str(self.folder / "certificate.pem"), *trust]

    def _run(self, program: str, aet: str | None, options: Sequence[str], files: Sequence[str]) -> Ran:
        done = subprocess.run(
            self.command(program, aet, options, files),
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=SECONDS, check=False,
        )  # fmt: skip
        return Ran(done.returncode, done.stdout.decode("utf-8", "replace"))
