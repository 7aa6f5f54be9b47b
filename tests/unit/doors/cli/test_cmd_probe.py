"""`primum probe` as its person types it, in a process of its own: exit statuses, files, and what is never sent."""

from __future__ import annotations

import hashlib
import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.programs import free_port
from tests.unit.exposure.probe.probe_kit import hangs_up, server

import primum
from primum.exposure.probe.reading import read_report

WATCHED = """
import json, sys

streams = []

def watch(event, arguments):
    if event == "socket.connect" and int(arguments[0].type) & 0xf == 1 and isinstance(arguments[1], tuple):
        streams.append(arguments[1][0])
    if event in {"socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}:
        streams.append(event)

sys.addaudithook(watch)
if sys.argv[1] == "twin":
    from primum.exposure.probe import run

    class Judged:
        def __init__(self, sound):
            self.sound = sound
        def as_json(self):
            return {"sound": self.sound, "expected": 1, "found": int(self.sound), "closed_found": []}

    sound = sys.argv[2] == "sound"
    run.judge = lambda *_, **__: Judged(sound)
from primum.doors.cli import command

status = command.run(sys.argv[3:])
with open("watched.json", "w") as file:
    json.dump({"streams": streams, "modules": sorted({name.partition(".")[0] for name in sys.modules})}, file)
sys.exit(status)
"""
"""Runs one command; notes every stream that was connected, every datagram, every name that was resolved."""

HEAVY = {
    "alembic", "argon2", "botocore", "imagecodecs", "jinja2", "msgspec", "numpy", "pydicom", "pyrage", "sqlalchemy",
    "sqlcipher3", "starlette", "uvicorn",
}  # fmt: skip


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str
    streams: list[str]
    modules: set[str]


@pytest.fixture
def probe(tmp_path):
    def run(*arguments: object, fixtures: str = "sound") -> Ended:
        mode = "real" if fixtures == "real" else "twin"
        command = [sys.executable, "-c", WATCHED, mode, fixtures, "--home", str(tmp_path / "none"), "probe"]
        environment = {"PYTHONPATH": str(Path(primum.__file__).parent.parent), "HOME": str(tmp_path), "LANG": "C"}
        done = subprocess.run(
            [*command, *map(str, arguments)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=90,
            check=False,
        )  # fmt: skip
        note = tmp_path / "watched.json"
        watched = json.loads(note.read_text()) if note.exists() else {"streams": [], "modules": []}
        return Ended(done.returncode, done.stdout, done.stderr, watched["streams"], set(watched["modules"]))

    return run


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["192.0.2.9"], "probe.not-mandated"),
        (["10.0.0.1:104"], "probe.not-mandated"),
        (["pacs.example.org"], "probe.name-not-pinned"),
        (["192.0.2.0/24"], "probe.bad-target"),
        (["--ports", "0", "localhost"], "probe.bad-ports"),
        (["--budget", "0", "localhost"], "probe.bad-budget"),
        ([], "probe.no-target"),
        (["ftp://localhost"], "probe.bad-target"),
        (["--mandate", "nowhere", "localhost"], "cli.system"),
        (["--since", "nowhere", "localhost"], "cli.system"),
        (["--report", "no/such/folder/r.json", "localhost"], "cli.system"),
    ],
)
def test_what_is_refused_is_status_2_with_its_reason_and_not_one_packet(probe, arguments, code):
    done = probe(*arguments)
    assert (done.status, done.out, done.streams) == (2, "", [])
    assert f"[{code}]" in done.err


def test_the_real_fixtures_are_attacked_and_nothing_open_is_status_3(probe):
    """Of heavy modules none: the probe works where no archive was ever made."""
    done = probe("127.0.0.1", "--ports", free_port(), "--json", fixtures="real")
    report = read_report(done.out.encode())
    assert (done.status, report.verdict().value, report.sound) == (3, "inside-only", True)
    assert report.fixtures["expected"] >= 30
    assert set(done.streams) == {"127.0.0.1"}
    assert HEAVY & done.modules == set()


def greets(one: socket.socket) -> None:
    one.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
    one.recv(1024)


def test_something_open_is_status_1_and_every_file_tells_the_same(probe, tmp_path):
    with server(greets) as port:
        done = probe(
            f"127.0.0.1:{port}", "--report", "r.json", "--html", "r.html", "--log", "r.log", "--language", "fr"
        )
    report = read_report((tmp_path / "r.json").read_bytes())
    assert (done.status, int(report.exit_status())) == (1, 1)
    assert [(one.port, one.rung.value) for one in report.holes()] == [(port, "banner")]
    assert "OUVERT : un accès sans autorisation (non vérifié depuis l'extérieur)" in done.out
    assert "OUVERT : un accès sans autorisation" in (tmp_path / "r.html").read_text()
    log = (tmp_path / "r.log").read_bytes()
    assert report.purposes.count == len(log.splitlines())
    assert report.purposes.file == "r.log"
    assert hashlib.sha256(log).hexdigest() == report.purposes.sha256
    assert {(tmp_path / one).stat().st_mode & 0o777 for one in ("r.json", "r.html", "r.log")} == {0o600}


def test_fixtures_that_were_misjudged_are_status_2_and_nothing_else_is_said(probe):
    with server(hangs_up) as port:
        done = probe(f"127.0.0.1:{port}", "--json", fixtures="misjudged")
    report = json.loads(done.out)
    assert (done.status, report["verdict"], report["services"], done.streams) == (2, "void", [], [])


def test_what_cannot_be_told_is_status_3(probe):
    with server(hangs_up) as port:
        done = probe(f"127.0.0.1:{port}", "--json", "--budget", 20)
    assert (done.status, json.loads(done.out)["verdict"]) == (3, "not-determined")


def test_an_earlier_report_dates_what_is_open(probe, tmp_path):
    port = free_port()
    assert probe(f"127.0.0.1:{port}", "--report", "before.json").status == 3
    told = json.loads((tmp_path / "before.json").read_text())
    told["began_at"] = "2026-01-02T03:04:05Z"
    (tmp_path / "before.json").write_text(json.dumps(told))
    with server(greets, port):
        done = probe(f"127.0.0.1:{port}", "--since", "before.json", "--json")
    (since,) = json.loads(done.out)["since"]
    assert (since["hole"][1], since["not_before"]) == (port, "2026-01-02T03:04:05Z")
    assert since["seen_at"] > since["not_before"]


def test_a_report_is_never_overwritten_and_one_that_was_begun_is_not_left(probe, tmp_path):
    (tmp_path / "r.json").write_text("kept")
    done = probe("localhost", "--report", "r.json", "--html", "r.html")
    assert (done.status, done.streams, (tmp_path / "r.json").read_text()) == (2, [], "kept")
    assert not (tmp_path / "r.purposes.jsonl").exists()
    assert not (tmp_path / "r.html").exists()


def test_that_it_is_not_signed_is_said(probe):
    done = probe(f"127.0.0.1:{free_port()}")
    assert "not signed" in done.err
    assert "This report is not signed" in done.out
