"""How fast a study comes out: `python -m bench.retrieve [--quick] [--json] [--only ROW,…] [--rounds N]`.

A study of 100 CT slices of 525 KB is sent to Primum and to Debian's Orthanc once; then each round fetches it once
from each by every row, in an order that turns. The receiver is ours and the same for both (sink.py), or, in the rows
named after it, a client that others wrote (web_clients.py). After each retrieval all instances are counted and their
data sets, frames or metadata compared with what was sent; one that is missing or different ends the benchmark.
"""

from __future__ import annotations

import argparse
import os
import socket
import ssl
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Protocol

from tests.running import RunningPrimum

from bench import sink, web_clients
from bench.contenders.base import Way, children_of, compare, processor_seconds
from bench.contenders.multipart import hashes
from bench.contenders.orthanc import Orthanc
from bench.contenders.primum import TITLE, make_template
from bench.contenders.proxy import in_front_of, there
from bench.load import Slice, make_slices
from bench.results import Bar, Bars, Place, Table, say, show, told
from bench.rows import TUNED
from bench.sender import send
from bench.trust import Trust, make_trust

COUNT = 100
GOAL = 3.0
_READER, _SINK = "BENCH", "SINK"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    name: str
    service: str
    tls: bool = False
    tuned: bool = False
    goal: float | None = GOAL


ROWS = (
    Row("wado_tls", "wado", tls=True),
    Row("wado", "wado", goal=4.0),
    *(
        Row(f"{name}{'_tls' if tls else ''}", name, tls=tls, goal=None)
        for name in ("httpx", "requests", "dicomweb_client", "frames", "frames_6", "metadata")
        for tls in (True, False)
    ),
    Row("get", "get"),
    Row("get_tls", "get", tls=True),
    Row("move", "move"),
    Row("move_tls", "move", tls=True),
    Row("get_tuned", "get", tuned=True, goal=None),
    Row("get_tls_tuned", "get", tls=True, tuned=True, goal=None),
    Row("move_tuned", "move", tuned=True, goal=None),
    Row("move_tls_tuned", "move", tls=True, tuned=True, goal=None),
)
"""Primum's web door is always TLS. Debian's Orthanc 1.10.1 ends at its first HTTPS request (SslEnabled, OpenSSL 3): in
the rows of HTTP that end in `_tls` nginx speaks TLS for it, and the others compare our TLS with its plain HTTP."""
WEB = frozenset({"wado", "httpx", "requests", "dicomweb_client", "frames", "frames_6", "metadata"})
"""The services of HTTP."""
PIXELS_ONLY = frozenset({"dicomweb_client", "frames", "frames_6"})
"""Those after which there is no data set left to hash, but its pixels."""


class Giver(Protocol):
    """An archive that holds the study."""

    name: str

    def retrieve(self, service: str, slices: Sequence[Slice]) -> tuple[float, dict[str, str]]:
        """Fetch the study; return the seconds and the hashes of what came."""
        ...

    def processes(self) -> Sequence[int]:
        """Return its process ids."""
        ...


@dataclass(slots=True)
class Measured:
    """What one contender did in one row, by round: instances per second, processor time per instance, MiB grown."""

    rates: list[float] = field(default_factory=list)
    processor_ms: list[float] = field(default_factory=list)
    grown_mib: list[float] = field(default_factory=list)


Results = dict[str, dict[str, Measured]]


@dataclass
class Doors:
    """Where an archive is asked, and how it is known there."""

    title: str
    calling: str
    dicom: int
    dicom_tls: ssl.SSLContext | None
    web: int
    web_tls: ssl.SSLContext | None
    cookie: str = ""

    @contextmanager
    def association(self) -> Iterator[socket.socket]:
        """Connect to the DICOM door."""
        with socket.create_connection(("127.0.0.1", self.dicom), timeout=60) as plain:
            if self.dicom_tls is None:
                yield plain
            else:
                with self.dicom_tls.wrap_socket(plain, server_hostname="localhost") as secured:
                    yield secured


class Archive:
    """An archive that is asked through its doors."""

    def __init__(self, name: str, doors: Doors, pids: Callable[[], Sequence[int]], receiver: sink.Sink) -> None:
        """Ask `doors`; what is moved goes to `receiver`."""
        self.name = name
        self.doors, self._receiver = doors, receiver
        self.processes = pids

    def retrieve(self, service: str, slices: Sequence[Slice]) -> tuple[float, dict[str, str]]:
        """Fetch the study."""
        study, count = slices[0].study_uid, len(slices)
        if service in WEB:
            return self._by_http(service, slices)
        begun = time.perf_counter()
        match service:
            case "get":
                with self.doors.association() as connection:
                    line = sink.get(connection, self.doors.calling, self.doors.title, study, count)
                    took = time.perf_counter() - begun
                return took, line.hashes()
            case _:
                with self.doors.association() as connection:
                    sink.move(connection, self.doors.calling, self.doors.title, _SINK, study, count)
                    took = time.perf_counter() - begun
                return took, self._receiver.taken()

    def _by_http(self, service: str, slices: Sequence[Slice]) -> tuple[float, dict[str, str]]:
        root, study = web_clients.Root(self.doors.web, self.doors.web_tls, self.doors.cookie), slices[0].study_uid
        match service:
            case "wado":
                begun = time.perf_counter()
                size = sink.fetch(root.port, f"/dicom-web/studies/{study}", root.headers(web_clients.FILES), root.tls)
                took = time.perf_counter() - begun
                return took, hashes(*sink.body_of(size))
            case "httpx" | "requests":
                client = web_clients.by_httpx if service == "httpx" else web_clients.by_requests
                took, answer = client(root, study)
                return took, hashes(*answer)
            case "dicomweb_client":
                return web_clients.by_dicomweb_client(root, study)
            case "metadata":
                return web_clients.metadata(root, study, slices[0].series_uid)
            case _:
                return web_clients.frames(root, slices, web_clients.BROWSER_LINES if service == "frames_6" else 1)


# starting them


@contextmanager
def orthanc(place: Path, trust: Trust, slices: Sequence[Slice], *, tls: bool, tuned: bool) -> Iterator[Archive]:
    """Start Orthanc, send it the study."""
    way = Way(tuned=tuned, tls=tls)
    with ExitStack() as stack:
        receiver = stack.enter_context(sink.listening(_sink_context(trust, []) if tls else None))
        known = {
            "BENCH": {"AET": "BENCH", "Host": "127.0.0.1", "Port": 104},
            "BENCHTLS": {"AET": "BENCHTLS", "Host": "127.0.0.1", "Port": 104},
            _SINK: {"AET": _SINK, "Host": "127.0.0.1", "Port": receiver.port, "UseDicomTls": tls},
        }
        more: dict[str, object] = {"DicomModalities": known, "DicomAlwaysAllowGet": True}
        contender = Orthanc(trust, more)
        try:
            contender.start(place / f"orthanc-{tls}-{tuned}", way)
            send(slices, 1, contender.target(), Way(tuned=True, tls=tls), contender.title)
            dicom, web = contender.ports
            proxied = tls and not tuned and there()
            proxy = stack.enter_context(in_front_of(web, place / f"proxy-{tuned}", trust.server)) if proxied else None
            context = _client_context(trust.authority, trust.sender.certificate, trust.sender.key) if tls else None
            doors = Doors(contender.title, way.calling, dicom, context, web, None)
            if proxy is not None:
                doors = replace(doors, web=proxy.port, web_tls=_unchecked())

            def pids() -> Sequence[int]:
                return [*contender.processes(), *(proxy.processes() if proxy else ())]

            yield Archive("orthanc", doors, pids, receiver)
        finally:
            contender.stop()


@contextmanager
def primum(place: Path, trust: Trust, slices: Sequence[Slice]) -> Iterator[tuple[Archive, Archive]]:
    """Start Primum, send it the study, enrol the readers; give it in clear and over TLS."""
    template = make_template(place / "template", may="store,get,move")
    home, pack = template.home, template.pack
    from tests.programs import free_port  # noqa: PLC0415

    plain_port = free_port()
    running = RunningPrimum(
        home.folder, key_file=home.key_file, settings={"dicom_plain_port": plain_port}, environment=TUNED.environment()
    )
    caller_ca = home.folder / "certificates" / "caller-ca.pem"
    with running, ExitStack() as stack:
        plain_sink = stack.enter_context(sink.listening(None))
        tls_sink = stack.enter_context(sink.listening(_sink_context(trust, [caller_ca])))
        certificate = str(trust.server.certificate)
        for name, port, more in (("sink", plain_sink.port, []), ("sinktls", tls_sink.port, [certificate])):
            options = ["--their-certificate", *more] if more else []
            add = ["device", "add", name, "--aet", name.upper(), "--may", "receive", "--host", "127.0.0.1"]
            running.cli(*add, "--port", str(port), *options, "--out", str(place / name))
        send(slices, 1, ["127.0.0.1", str(plain_port)], TUNED, TITLE)
        client = stack.enter_context(running.signed_in(template.person))
        cookie = "; ".join(f"{one.name}={one.value}" for one in client.cookies.jar)
        web = int(running.settings["web_port"])
        context = _client_context(pack / "archive-ca.pem", pack / "certificate.pem", pack / "key.pem")

        def pids() -> Sequence[int]:
            return children_of(running.process.pid) if running.process else []

        plain = Doors(TITLE, "BENCH", plain_port, None, web, _unchecked(), cookie)
        secured = Doors(TITLE, "BENCHTLS", int(running.settings["dicom_port"]), context, web, _unchecked(), cookie)
        yield Archive("primum", plain, pids, plain_sink), _ToTls("primum", secured, pids, tls_sink)


class _ToTls(Archive):
    """Primum's second receiver has a title of its own."""

    def retrieve(self, service: str, slices: Sequence[Slice]) -> tuple[float, dict[str, str]]:
        if service != "move":
            return super().retrieve(service, slices)
        study, count = slices[0].study_uid, len(slices)
        begun = time.perf_counter()
        with self.doors.association() as connection:
            sink.move(connection, self.doors.calling, self.doors.title, "SINKTLS", study, count)
            took = time.perf_counter() - begun
        return took, self._receiver.taken()


def _sink_context(trust: Trust, more: list[Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(trust.server.certificate, trust.server.key)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(trust.authority)
    for one in more:
        context.load_verify_locations(one)
    return context


def _client_context(authority: Path, certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(authority)
    context.load_cert_chain(certificate, key)
    return context


def _unchecked() -> ssl.SSLContext:
    """Who serves on loopback is known; the speed is measured, and trust is another test's subject."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


# measuring


def memory_mib(pids: Sequence[int], what: str) -> float:
    """Sum VmRSS or VmHWM of processes."""
    total = 0
    for pid in pids:
        try:
            lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith(what + ":"))
    return total / 1024


def forget_peaks(pids: Sequence[int]) -> None:
    """Have the kernel count peaks of memory anew."""
    for pid in pids:
        try:
            Path(f"/proc/{pid}/clear_refs").write_text("5")
        except OSError:
            continue


def expected(service: str, slices: Sequence[Slice]) -> dict[str, str]:
    """Return what a retrieval must bring of each instance."""
    if service == "metadata":
        return web_clients.expected_metadata(slices)
    return {one.sop_uid: one.pixels if service in PIXELS_ONLY else one.data_set for one in slices}


def run_once(giver: Archive, row: Row, slices: Sequence[Slice], measured: Measured) -> None:
    """Fetch the study once, check it, write down what it took."""
    pids = giver.processes()
    forget_peaks(pids)
    before, used = memory_mib(pids, "VmRSS"), processor_seconds(pids)
    took, came = giver.retrieve(row.service, slices)
    used = processor_seconds(pids) - used
    wrong = compare(expected(row.service, slices), came)
    if wrong:
        raise sink.NotGiven(f"{giver.name}, {row.name}: {'; '.join(wrong)}")
    measured.rates.append(len(slices) / took)
    measured.processor_ms.append(1000 * used / len(slices))
    measured.grown_mib.append(max(0.0, memory_mib(pids, "VmHWM") - before))


def compare_all(rows: Sequence[Row], rounds: int, count: int, said: Callable[[str], None]) -> Results:
    """Run all rows in interleaved rounds, after one that is not counted."""
    results: Results = {row.name: {"primum": Measured(), "orthanc": Measured()} for row in rows}
    with tempfile.TemporaryDirectory(prefix="bench-") as folder, ExitStack() as stack:
        place = Path(folder)
        trust = make_trust(place / "trust")
        slices = make_slices(place / "load", count, tag="retrieve")
        ours = stack.enter_context(primum(place, trust, slices))
        theirs = {
            kind: stack.enter_context(orthanc(place, trust, slices, tls=kind[0], tuned=kind[1]))
            for kind in sorted({(row.tls, row.tuned) for row in rows})
        }
        os.sync()
        for turn in range(rounds + 1):
            for row in rows:
                pair: list[Archive] = [ours[row.tls], theirs[row.tls, row.tuned]]
                for giver in pair if turn % 2 else reversed(pair):
                    measured = results[row.name][giver.name] if turn else Measured()
                    run_once(giver, row, slices, measured)
                    rate, used, grown = measured.rates[-1], measured.processor_ms[-1], measured.grown_mib[-1]
                    said(f"{turn}/{rounds} {row.name:16} {giver.name:8} {rate:7.1f}/s {used:5.2f} ms +{grown:.0f} MiB")
    return results


def ratios(results: Results) -> dict[str, float]:
    """Return Primum's median over Orthanc's by row."""
    return {row: round(median(by["primum"].rates) / median(by["orthanc"].rates), 2) for row, by in results.items()}


def worst_rounds(results: Results) -> dict[str, float]:
    """Return the smallest ratio that any one round gave, by row."""
    return {
        row: round(min(a / b for a, b in zip(by["primum"].rates, by["orthanc"].rates, strict=True)), 2)
        for row, by in results.items()
    }


def as_table(results: Results) -> Table:
    """Return a line for each row."""
    ratio, worst = ratios(results), worst_rounds(results)
    goal = {row.name: row.goal for row in ROWS}
    head = ["row", "Primum", "Orthanc 1.10.1", "ratio", "worst round", "goal", "CPU ms P / O", "memory grown P / O"]
    lines = []
    for row, by in results.items():
        ours, theirs = by["primum"], by["orthanc"]
        least = goal[row]
        lines.append([
            row, _cell(ours), _cell(theirs), f"{ratio[row]:.2f}x", f"{worst[row]:.2f}x",
            f"{least:g}x {'reached' if ratio[row] >= least else 'missed'}" if least else "",
            f"{median(ours.processor_ms):.1f} / {median(theirs.processor_ms):.1f}",
            f"{max(ours.grown_mib):.0f} / {max(theirs.grown_mib):.0f} MiB",
        ])  # fmt: skip
    return Table(head, lines)


def as_object(results: Results, place: Place, *, quick: bool) -> dict[str, object]:
    """Return everything as one object for `--json`."""
    ratio, worst = ratios(results), worst_rounds(results)
    goals = {row.name: row.goal for row in ROWS if row.goal and row.name in results}
    bars = [Bar(row, ratio[row], worst[row], goals.get(row)) for row in results]
    return told(
        "retrieve", place, quick=quick, tables=[as_table(results)],
        charts=[Bars("ratios", "Retrieval: instances per second, Primum over Orthanc", bars)],
        ratios=ratio, worst_round=worst, goals=goals,
        rows={
            row: {
                name: {
                    "median": round(median(one.rates), 1),
                    "rounds": [round(rate, 1) for rate in one.rates],
                    "processor_ms": round(median(one.processor_ms), 2),
                    "grown_mib": round(max(one.grown_mib), 1),
                }
                for name, one in by.items()
            }
            for row, by in results.items()
        },
    )  # fmt: skip


def _cell(one: Measured) -> str:
    return f"{median(one.rates):.0f}/s ({min(one.rates):.0f}-{max(one.rates):.0f})"


def main(arguments: list[str] | None = None) -> int:
    """Run and report; the exit status is 1 when an instance was lost or changed."""
    parser = argparse.ArgumentParser(prog="python -m bench.retrieve", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--quick", action="store_true", help="two rounds")
    parser.add_argument("--rounds", type=int, default=0, help="interleaved rounds (5; with --quick 2)")
    parser.add_argument("--count", type=int, default=COUNT, help="instances of the study (100)")
    parser.add_argument("--json", action="store_true", help="print one JSON object on standard output")
    parser.add_argument("--only", default="", help="names of rows, with commas")
    chosen = parser.parse_args(arguments)
    begun = Place()
    rows = [row for row in ROWS if not chosen.only or row.name in chosen.only.split(",")]
    if not there():
        rows = [row for row in rows if not (row.tls and row.service in WEB)]
        say("bench: the rows of HTTP over TLS are left out: nginx is missing (Debian: apt-get install nginx-light)")
    rounds = chosen.rounds or (2 if chosen.quick else 5)
    try:
        results = compare_all(rows, rounds, chosen.count, say)
    except sink.NotGiven as wrong:
        say(f"bench: error: {wrong}")
        return 1
    show(as_object(results, begun, quick=chosen.quick), as_json=chosen.json)
    return 0


if __name__ == "__main__":
    sys.exit(main())
