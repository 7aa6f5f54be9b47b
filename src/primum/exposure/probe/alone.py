"""The one-file probe: follows the plan it was made with, on a machine that has Python and nothing else.

`python3 probe.pyz` asks the control, probes, writes the report beside itself and prints its first page.
`python3 probe.pyz prove` answers for a target; `python3 probe.pyz control` is a control for somebody else's probe.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import secrets
import ssl
import sys
import tempfile
import threading
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

from primum.exposure.probe import answering
from primum.exposure.probe.dialling import Dialler, Purpose, lenient_context
from primum.exposure.probe.gate import Gate, Mandate, ProbeRefused
from primum.exposure.probe.limits import LIMITS, Limits
from primum.exposure.probe.mandating import unverified
from primum.exposure.probe.model import Exit, Place
from primum.exposure.probe.outside.control import Control, Reached, everywhere, reached
from primum.exposure.probe.own import is_own
from primum.exposure.probe.plan import NAME, PLAN_BYTES, BadPlan, ControlPlan, Plan, PlanExpired, read_plan
from primum.exposure.probe.ports import ports_of
from primum.exposure.probe.report import log_lines
from primum.exposure.probe.run import Order, Progress, Run, run
from primum.exposure.probe.saying import first_line, first_page
from primum.exposure.probe.speaking import Known, Route
from primum.exposure.probe.targets import Targets, read_targets
from primum.exposure.probe.writing import as_text_of_json
from primum.ground.errors import PrimumError

_ASKED_AT_ONCE: Final = 16
"""Of a control: where a port is blocked each waits two seconds."""
_CONTROL_MINUTES: Final = 60
_SENTENCES: Final = {
    "fr": {
        "control": "témoin : {count} ports sur {whole} laissent passer",
        "no-control": "sans témoin : ce relevé ne pourra pas valoir vu de dehors",
        "blocked": "le témoin n'est joint sur aucun port : ces ports sont bloqués là où vous êtes",
        "written": "relevé écrit dans {file} ; à rapporter : primum probe --read {file}",
        "sweep": "ports", "ladders": "services", "fixtures": "épreuve de la sonde",
    },
    "en": {
        "control": "control: {count} ports of {whole} are let out",
        "no-control": "without a control: this report cannot count as seen from outside",
        "blocked": "the control is reached on no port: these ports are blocked where you stand",
        "written": "report written to {file}; to be brought back: primum probe --read {file}",
        "sweep": "ports", "ladders": "services", "fixtures": "test of the probe",
    },
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Do as the command line says; return the exit status of a probe."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        match given[:1]:
            case ["prove"]:
                return _prove(given[1:])
            case ["control"]:
                return _control(given[1:])
            case _:
                return _probe(given)
    except PrimumError as refused:
        _tell(f"probe: error: {refused} [{refused.code}]")
        if refused.way_out():
            _tell(f"probe: hint: {refused.way_out()}")
        return int(Exit.VOID)
    except OSError as error:
        _tell(f"probe: error: {os.strerror(error.errno or 0)}")
        return int(Exit.VOID)
    except KeyboardInterrupt:
        return 130


def now() -> datetime:
    """Tell the time, in UTC."""
    return datetime.now(UTC)


def plan_of(archive: Path) -> Plan:
    """Read the plan out of the file that runs. Raises BadPlan."""
    try:
        with zipfile.ZipFile(archive) as file, file.open(NAME) as found:
            return read_plan(found.read(PLAN_BYTES + 1))
    except (KeyError, OSError, zipfile.BadZipFile):
        raise BadPlan(what="none is in it") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """From where a plan is followed. `controls` and their mandates: a vantage has its own, and no plan's."""

    name: str
    controls: tuple[ControlPlan, ...]
    allowed: tuple[Mandate, ...] = ()
    limits: Limits = LIMITS
    show: Progress = lambda _stage, _done, _whole: None
    tell: Callable[[str], None] = lambda _line: None


def follow(plan: Plan, standpoint: Standpoint) -> Run:
    """Follow a plan: the control first, then the run. Raises PlanExpired, ProbeRefused."""
    if now() >= plan.until():
        raise PlanExpired(until=plan.expires_at)
    limits = standpoint.limits
    mandates = [unverified(one) for one in plan.mandates]
    gate = Gate(is_own=is_own, mandates=mandates, now=now)
    targets = read_targets(plan.targets, gate=gate, limits=limits, ports=plan.ports)
    witness = Gate(is_own=is_own, mandates=[*mandates, *standpoint.allowed], now=now)
    answers, lines = ask_controls(standpoint.controls, witness, targets)
    whole = len({port for ports in targets.pairs.values() for port in ports})
    standpoint.tell(_told(plan.language, standpoint.controls, len({one.port for one in answers}), whole))
    facts: dict[str, Any] = {
        "vantage": standpoint.name, "probe": plan.id, "plan": plan.digest(),
        "controls": [one.as_json() for one in answers],
    }  # fmt: skip
    known = Known(
        titles=plan.titles, routes=tuple(Route(*one) for one in plan.routes), expired=plan.expired,
        foreign=plan.stranger,
    )  # fmt: skip
    with _secret_file(plan.foreign) as foreign, _secret_file(plan.fixture) as fixture:
        order = Order(
            targets=targets,
            gate=gate,
            program=plan.program,
            limits=limits,
            known=lambda _address, _port: known,
            place=Place.OUTSIDE,
            nonce=plan.nonce,
            foreign=_foreign(foreign),
            certificate=fixture,
            facts=facts,
            before=tuple(lines),
            progress=standpoint.show,
        )
        return run(order)


def ask_controls(controls: Sequence[ControlPlan], gate: Gate, targets: Targets) -> tuple[list[Reached], list[Purpose]]:
    """Ask each control on each port that targets of its IP version are asked on."""
    lines: list[Purpose] = []
    dialler = Dialler(gate, LIMITS, log=lines.append, deadline=time.monotonic() + LIMITS.budget_seconds)
    wanted = [(one, port) for one in controls for port in _ports_like(one.address, targets)]

    def ask(one: tuple[ControlPlan, int]) -> Reached | None:
        control, port = one
        try:
            return reached(dialler, control.address, port, control.secret())
        except ProbeRefused:
            return None  # nobody mandated the control on this port: it stays not determined

    with ThreadPoolExecutor(_ASKED_AT_ONCE) as together:
        answers = [one for one in together.map(ask, wanted) if one is not None]
    return answers, lines


def _ports_like(control: str, targets: Targets) -> list[int]:
    """List the ports that targets of the control's IP version are asked on."""
    version = ip_address(control).version
    alike = (ports for address, ports in targets.pairs.items() if ip_address(address).version == version)
    return sorted({port for ports in alike for port in ports})


def _probe(given: Sequence[str]) -> int:
    archive = Path(sys.argv[0])
    plan = plan_of(archive)
    parser = argparse.ArgumentParser(prog="probe.pyz", description="Looks from outside at what the plan in it names.")
    parser.add_argument("--report", type=Path, default=None, metavar="FILE", help="where the report goes")
    parser.add_argument("--budget", type=float, default=LIMITS.budget_seconds, metavar="SECONDS")
    parser.add_argument("--language", choices=sorted(_SENTENCES), default=plan.language)
    parser.add_argument("--quiet", action="store_true", help="no progress")
    options = parser.parse_args(given)
    standpoint = Standpoint(
        name="one-file",
        controls=plan.controls,
        limits=replace(LIMITS, budget_seconds=min(max(options.budget, 5), 86_400)),
        show=_silent if options.quiet else _Bar(_SENTENCES[options.language]).show,
        tell=_silent if options.quiet else _tell,
    )
    done = follow(plan, standpoint)
    place = options.report or archive.with_name(f"{archive.stem}-report.json")
    log = place.with_suffix(".purposes.jsonl")
    report = replace(done.report, purposes=replace(done.report.purposes, file=log.name))
    _write(log, log_lines(done.purposes).decode("ascii"))
    _write(place, as_text_of_json(report))
    print(first_line(report, options.language))  # noqa: T201
    for part in first_page(report, options.language):
        print("\n".join((part.head, *(f"  {line}" for line in part.lines))))  # noqa: T201
    _tell(_SENTENCES[options.language]["written"].format(file=place))
    return int(report.exit_status())


def _prove(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="probe.pyz prove", description="Proves that you control this machine.")
    answering.add_arguments(parser)
    return answering.run(parser.parse_args(given))


def _control(given: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="probe.pyz control", description="Answers probes that were given its key.")
    add_control_arguments(parser)
    return serve_control(parser.parse_args(given))


def add_control_arguments(parser: argparse.ArgumentParser) -> None:
    """Take the options of a control."""
    parser.add_argument("--ports", required=True, metavar="N,N-N", help="ports to listen on")
    parser.add_argument(
        "--listen", action="append", default=[], metavar="ADDRESS", help="address of this machine (all)"
    )
    parser.add_argument("--key", default="", metavar="HEX", help="key of this control (a new one is made and shown)")
    parser.add_argument("--minutes", type=int, default=_CONTROL_MINUTES, metavar="N", help="then it ends (60)")


def serve_control(options: argparse.Namespace) -> int:
    """Be a control until the time is over. Raises ProbeRefused, OSError."""
    key = _key(options.key)
    ports = list(dict.fromkeys(port for low, high in ports_of(options.ports) for port in range(low, high + 1)))
    control = Control([(address, port) for address in options.listen or everywhere() for port in ports], key)
    timer = threading.Timer(60 * max(1, min(options.minutes, 24 * 60)), control.stop)
    timer.daemon = True
    timer.start()
    _tell(f"control on ports {','.join(map(str, ports))}; key {key.hex()}")
    try:
        control.run()
    finally:
        timer.cancel()
    return 0


class BadControlKey(ProbeRefused):
    """This is not the key of a control."""

    code = "probe.bad-control-key"
    hint = "64 hexadecimal digits, as the control shows them when it starts"


def _key(text: str) -> bytes:
    if not text:
        return secrets.token_bytes(32)
    try:
        key = bytes.fromhex(text)
    except ValueError:
        raise BadControlKey from None
    if len(key) != 32:  # noqa: PLR2004
        raise BadControlKey
    return key


def _told(language: str, controls: Sequence[ControlPlan], count: int, whole: int) -> str:
    words = _SENTENCES[language]
    if not controls:
        return words["no-control"]
    return words["control"].format(count=count, whole=whole) if count else words["blocked"]


def _foreign(path: Path | None) -> ssl.SSLContext | None:
    if path is None:
        return None
    context = lenient_context()
    context.load_cert_chain(path)
    return context


@contextlib.contextmanager
def _secret_file(text: str) -> Iterator[Path | None]:
    """Put a key where OpenSSL can read it, for as long as the run lasts; only we may read it."""
    if not text:
        yield None
        return
    descriptor, name = tempfile.mkstemp(prefix="probe-", suffix=".pem")
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(text)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(text)


def _silent(*_: object) -> None:
    """Show nothing."""


class _Bar:
    """Progress on a line of standard error."""

    _WIDTH = 30

    def __init__(self, words: dict[str, str]) -> None:
        self._words = words
        self._shown = ""

    def show(self, stage: str, done: int, whole: int) -> None:
        filled = self._WIDTH * done // max(whole, 1)
        line = f"[{'#' * filled}{'.' * (self._WIDTH - filled)}] {self._words.get(stage, stage)} {done}/{whole}"
        if line == self._shown:
            return
        self._shown = line
        end = "\n" if done >= whole else ""
        start = "\r" if sys.stderr.isatty() else ""
        if start or end:
            sys.stderr.write(f"{start}{line}{end}")
            sys.stderr.flush()


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
