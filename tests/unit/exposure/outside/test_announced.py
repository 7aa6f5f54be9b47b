"""An announced probe is written down, bounded; nobody else makes a door write, and nothing here ends a connection."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from primum.exposure.outside.announced import (
    Announced,
    Announcement,
    digest_of,
    notice_server_names,
    write_announcements,
)
from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.journal import Entry, Filter, Journal, entries

NONCE = "abcdefghij234567"
OTHER = "zzzzzzzzzz234567"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.fromisoformat("2026-11-22T10:00:00+00:00"))


@pytest.fixture
def journal(tmp_path: Path, clock: FixedClock) -> Iterator[Journal]:
    (tmp_path / "journal").mkdir()
    with Journal(tmp_path / "journal", "web", clock, RealDisc(), new_id("hom")) as pen:
        yield pen


@pytest.fixture
def announced(tmp_path: Path, journal: Journal, clock: FixedClock) -> Announced:
    return Announced(tmp_path, journal, clock, "web")


def _announce(folder: Path, clock: FixedClock, *nonces: str) -> None:
    listed = [Announcement(new_id("prb"), digest_of(one), clock.now() + timedelta(hours=1)) for one in nonces]
    # as the worker does: another file under the same name
    (folder / "new").write_bytes(write_announcements(listed))
    (folder / "new").rename(folder / "probes")


def _seen(journal: Journal) -> list[Entry]:
    journal.flush()
    return list(entries(journal.folder, Filter(kinds=("probe:",))))


def test_each_way_in_which_a_probe_shows_its_nonce_is_written_down(
    tmp_path: Path, announced: Announced, journal: Journal, clock: FixedClock
) -> None:
    _announce(tmp_path, clock, NONCE)
    announced.server_name(f"{NONCE}.probe.invalid", "198.51.100.7", 8443)
    announced.version_name(NONCE.upper(), "198.51.100.7", 11112)
    announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    found = [(one.details["channel"], one.details["port"], one.details["address"]) for one in _seen(journal)]
    assert found == [
        ("server-name", 8443, "198.51.100.7"), ("version-name", 11112, "198.51.100.7"),
        ("user-agent", 443, "198.51.100.7"),
    ]  # fmt: skip


def test_a_nonce_is_written_down_once_a_minute_for_each_port(
    tmp_path: Path, announced: Announced, journal: Journal, clock: FixedClock
) -> None:
    _announce(tmp_path, clock, NONCE)
    for _ in range(1000):
        announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    assert len(_seen(journal)) == 1
    clock.advance(timedelta(minutes=1))
    announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    assert len(_seen(journal)) == 2


@pytest.mark.parametrize("name", ["", "probe.invalid", ".probe.invalid", f"{OTHER}.probe.invalid", "x" * 300, "\0"])
def test_a_stranger_makes_no_line(
    tmp_path: Path, announced: Announced, journal: Journal, clock: FixedClock, name: str
) -> None:
    _announce(tmp_path, clock, NONCE)
    announced.server_name(name, "198.51.100.7", 8443)
    announced.version_name(name, "198.51.100.7", 8443)
    announced.user_agent(name, "198.51.100.7", 8443)
    announced.user_agent(f"primum-probe {OTHER}", "198.51.100.7", 8443)
    announced.user_agent("primum-probe ", "198.51.100.7", 8443)
    announced.server_name(None, "198.51.100.7", 8443)
    assert _seen(journal) == []


def test_while_nothing_is_announced_nobody_is_written_down(announced: Announced, journal: Journal) -> None:
    announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    assert _seen(journal) == []


def test_an_announcement_counts_from_now_on_and_until_it_is_withdrawn_or_over(
    tmp_path: Path, announced: Announced, journal: Journal, clock: FixedClock
) -> None:
    announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    _announce(tmp_path, clock, NONCE)
    announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    assert len(_seen(journal)) == 1
    clock.advance(timedelta(hours=2))
    announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    assert len(_seen(journal)) == 1
    _announce(tmp_path, clock, OTHER)
    announced.user_agent(f"primum-probe {OTHER}", "198.51.100.7", 443)
    assert len(_seen(journal)) == 2
    (tmp_path / "probes").unlink()
    clock.advance(timedelta(minutes=1))
    announced.user_agent(f"primum-probe {OTHER}", "198.51.100.7", 443)
    assert len(_seen(journal)) == 2


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"format":2,"probes":[]}', b'{"format":1,"probes":[{}]}'])
def test_a_broken_file_announces_nothing_and_harms_nobody(
    tmp_path: Path, announced: Announced, journal: Journal, content: bytes
) -> None:
    (tmp_path / "probes").write_bytes(content)
    announced.user_agent(f"primum-probe {NONCE}", "198.51.100.7", 443)
    assert _seen(journal) == []


def test_callers_that_show_nothing_like_a_nonce_cost_no_look_at_the_file(
    tmp_path: Path, announced: Announced, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[object] = []
    monkeypatch.setattr(Announced, "_refresh", lambda _self: looked.append(1))
    announced.server_name("pacs.cabinet.example", "198.51.100.7", 443)
    announced.version_name("OFFIS_DCMTK_367", "198.51.100.7", 443)
    announced.user_agent("Mozilla/5.0", "198.51.100.7", 443)
    assert looked == []


def test_the_file_does_not_tell_a_nonce(tmp_path: Path, clock: FixedClock) -> None:
    _announce(tmp_path, clock, NONCE)
    assert NONCE.encode() not in (tmp_path / "probes").read_bytes()


@pytest.mark.programs("openssl")
def test_a_server_name_is_seen_although_the_caller_has_no_certificate(
    tmp_path: Path, announced: Announced, journal: Journal, clock: FixedClock
) -> None:
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", "/CN=door", "-keyout", tmp_path / "key", "-out", tmp_path / "crt"],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "crt", tmp_path / "key")
    context.load_verify_locations(tmp_path / "crt")
    context.verify_mode = ssl.CERT_REQUIRED
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    notice_server_names(context, announced)
    _announce(tmp_path, clock, NONCE)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        serving = threading.Thread(target=_refuse_one, args=(listener, context))
        serving.start()
        anything = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        anything.check_hostname, anything.verify_mode = False, ssl.CERT_NONE
        with socket.create_connection(listener.getsockname(), 5) as plain, pytest.raises(ssl.SSLError):
            anything.wrap_socket(plain, server_hostname=f"{NONCE}.probe.invalid")
        serving.join()
        (seen,) = _seen(journal)
        assert (seen.details["address"], seen.details["port"]) == ("127.0.0.1", listener.getsockname()[1])
    assert seen.details["channel"] == "server-name"


def _refuse_one(listener: socket.socket, context: ssl.SSLContext) -> None:
    connection, _ = listener.accept()
    with connection, pytest.raises(ssl.SSLError):
        context.wrap_socket(connection, server_side=True)
