"""The probe as its user runs it: the real command, in the namespace of who asks, with a signed mandate and a token.

What it reports is read from its JSON, and nothing else of it is looked into.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from primum.exposure import mandates
from primum.exposure.probe.model import Hole, Identity, Mode, Place, Rung
from primum.exposure.probe.proving import Token
from primum.journal.note import NoteKey
from tests.trials import services, spaces
from tests.trials.network import Network
from tests.trials.stage import Stage

ROOT: Final = Path(__file__).parents[2]
BUDGET: Final = 240
"""Seconds that one run is given."""
_KEY: Final = NoteKey("trials.primum.invalid", bytes(range(32)))


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run of the command came to."""

    place: Place
    status: int
    report: dict[str, Any]
    text: str
    """All that it wrote, in which no canary may be."""
    seconds: float

    def holes(self) -> frozenset[Hole]:
        """Return the holes that it reports."""
        return frozenset(
            Hole(address, port, Mode(mode), Identity(identity), Rung(rung))
            for address, port, mode, identity, rung in self.report.get("holes", [])
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """What a place was allowed: targets as they are typed, and every pair of address and port that may be asked."""

    place: Place
    space: str
    targets: tuple[str, ...]
    options: tuple[str, ...]
    allowed: frozenset[tuple[str, int]]


def inside(stage: Stage, network: Network, folder: Path) -> Asked:
    """Give the prober on the network a mandate for a part of it, and start the helper that proves on whom is proven."""
    plan = network.plan
    data = services.data_ports(plan)
    ports = sorted({*plan.ports, plan.proving, *(range(data[0], data[1] + 1) if data else ())})
    note, token = _mandate(folder, [str(plan.mandated)], ports, ())
    for node in plan.nodes:
        if node.proven and node.covered:
            stage.kit.nursery.twin(
                network.nodes[node.name], "proves", log=folder / "proofs", port=plan.proving, token=str(token)
            )
    asked = ",".join(str(one) for one in ports if one != plan.proving)
    options = ("--lan", "--ports", asked, "--mandate", str(note), "--token", str(token), "--helper", str(plan.proving))
    allowed = frozenset((str(address), port) for address in plan.mandated for port in ports)
    return Asked(Place.INSIDE, network.prober, (str(plan.mandated),), options, allowed)


def outside(network: Network, folder: Path) -> Asked | None:
    """Give the stranger outside a mandate for the ports that are known to be forwarded; none, where none is."""
    plan = network.plan
    held = plan.held()
    if not held:
        return None
    note, _token = _mandate(folder, [str(plan.outer)], held, tuple(f"mapping:{one}" for one in held))
    allowed = frozenset((str(plan.outer), port) for port in held)
    return Asked(Place.OUTSIDE, network.stranger, (str(plan.outer),), ("--mandate", str(note)), allowed)


def run(asked: Asked, folder: Path) -> Answer:
    """Run the command to its end."""
    home = folder / f"home-{asked.place}"
    home.mkdir()
    command = [
        "nsenter", f"--net={spaces.PLACE / asked.space}", sys.executable, *_program(),
        "--json", "--budget", str(BUDGET), *asked.options, *asked.targets,
    ]  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PRIMUM_")}
    environment = {**kept, "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}", "HOME": str(home), "LANG": "C.UTF-8"}
    began = time.monotonic()
    done = subprocess.run(
        command, cwd=home, env=environment, capture_output=True, text=True, check=False, timeout=BUDGET + 60
    )
    seconds = time.monotonic() - began
    written = "".join(one.read_text("utf-8", "replace") for one in home.rglob("*") if one.is_file())
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {"verdict": "none", "said": (done.stdout + done.stderr)[-600:]}
    return Answer(asked.place, done.returncode, report, done.stdout + done.stderr + written, seconds)


def _program() -> Sequence[str]:
    return ("-m", "primum", "probe")


def _mandate(folder: Path, targets: Sequence[str], ports: Sequence[int], held: Sequence[str]) -> tuple[Path, Path]:
    """Write a mandate, signed, and its token, as `primum mandate` would."""
    from datetime import UTC, datetime

    pinned = mandates.pin(targets)
    wish = mandates.Wish(
        networks=pinned.networks, names=pinned.names, ports=mandates.read_ports(",".join(map(str, ports))),
        held=mandates.read_held(held), given_by="Dr Essai", quality="controller", reason="an essay", language="fr",
    )  # fmt: skip
    given = mandates.make(wish, now=datetime.now(UTC), key=_KEY.verifier_key)
    note, token = folder / f"{given.id}.mandate", folder / f"{given.id}.token"
    mandates.write_file(note, mandates.sign(given, _KEY))
    mandates.write_file(token, Token(given.id, secrets.token_bytes(32)).text())
    return note, token


def canaries(text: str) -> list[str]:
    """List what of the canaries' identities is in what a run wrote."""
    return [one for one in services.CANARIES if one.lower() in text.lower()]
