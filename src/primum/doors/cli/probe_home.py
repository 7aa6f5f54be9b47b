"""What this machine's home adds to a run: mandates, what is known of it, a signature.

Where it does not run, or nobody is signed in, a run goes on without them, and its report says so.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any

from primum.doors.cli import speech
from primum.doors.cli.client import Client
from primum.exposure.mandates.signing import verified
from primum.exposure.probe.gate import Mandate
from primum.exposure.probe.own import is_own
from primum.exposure.probe.report import Report
from primum.exposure.probe.speaking import Known, Route
from primum.exposure.probe.targets import Targets
from primum.exposure.probe.writing import as_text_of_json
from primum.ground.errors import PrimumError


@dataclass(slots=True)
class HomeHere:
    """The home's part. `client`: None where there is none, or nobody is signed in."""

    client: Client | None
    why: str = ""
    """Why there is none."""
    doors: frozenset[int] = frozenset()
    """Where its own doors are."""
    told: dict[str, Any] = field(default_factory=dict)

    def mandates(self) -> list[Mandate]:
        """Return the home's mandates in force, their signatures verified."""
        if self.client is None:
            return []
        try:
            notes = self.client.call("mandate_in_force")["notes"]
        except PrimumError as refusal:
            speech.note(speech.printable(f"mandates of this home are not used: {refusal}"))
            return []
        return [verified(one) for one in notes]

    def known(self, address: str, port: int) -> Known:
        """Say what is known of a port of this machine's own Primum; of every other address nothing."""
        if not self.told or not is_own(ip_address(address)):
            return Known()
        titles = tuple(self.told["titles"])
        if port != self.told["web_port"]:
            return Known(titles=titles)
        return Known(
            titles=titles,
            routes=tuple(Route(method, path) for method, path in self.told["routes"]),
            expired=tuple((name, value) for name, value in self.told["expired"]),
            foreign=tuple((name, value) for name, value in self.told["foreign"]),
            canary=self.told["canary"],
            host=self.told["web_name"],  # asked by its address alone it would answer nobody anything (421)
        )

    def signed(self, report: Report) -> str:
        """Have the report signed and journaled; empty where nobody can, and say why."""
        if self.client is None:
            speech.note(f"the report is not signed: {self.why}")
            return ""
        try:
            with tempfile.NamedTemporaryFile(prefix="primum-probe-", suffix=".json") as file:  # closed to others
                file.write(as_text_of_json(report).encode("ascii"))
                file.flush()
                return str(self.client.call("probe_sign", report=file.name)["note"])
        except PrimumError as refusal:
            speech.note(speech.printable(f"the report is not signed: {refusal}"))
            return ""


def home_here(options: argparse.Namespace) -> HomeHere:
    """Look for the home, its daemon and a session; ask nobody for a password."""
    try:
        client = Client(options.home)
        doors = client.call("probe_ready")["ports"]
    except PrimumError as refusal:
        return HomeHere(None, str(refusal))
    return HomeHere(client, doors=frozenset(doors))


@contextmanager
def knowing(home: HomeHere, targets: Targets) -> Iterator[None]:
    """Learn what is known of our own Primum for the length of a run; what was made for it is ended afterwards."""
    own = [ports for address, ports in targets.pairs.items() if is_own(ip_address(address))]
    if home.client is None or not any(home.doors & set(ports) for ports in own):
        yield
        return
    try:
        home.told = home.client.call("probe_known")
        if home.told["no_canary"]:
            speech.note(speech.printable(f"no canary was planted: {home.told['no_canary']}"))
    except PrimumError as refusal:
        speech.note(speech.printable(f"this home is asked as a stranger's would be: {refusal}"))
    try:
        yield
    finally:
        if home.told.get("canary"):
            with suppress(PrimumError):
                home.client.call("probe_known_end", canary=home.told["canary"])
