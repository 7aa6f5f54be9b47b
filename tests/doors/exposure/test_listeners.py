"""Real file services and databases on loopback: what is open is written first, and compared exactly."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypedDict

import pytest
from tests.programs import accepts, find_program, free_port, started, wait_until
from tests.unit.exposure.probe.asking_kit import Looked, asking_to, look

from primum.exposure.probe.banners.ftp import FTPSpeaker
from primum.exposure.probe.banners.postgresql import PostgreSQLSpeaker
from primum.exposure.probe.banners.redis import RedisSpeaker
from primum.exposure.probe.banners.rsync import RsyncSpeaker
from primum.exposure.probe.banners.smb import SMBSpeaker
from primum.exposure.probe.limits import Limits
from primum.exposure.probe.model import Identity, Outcome, Rung, Step
from primum.exposure.probe.speaking import Speaker

BANNER = ("plain", "nobody", "banner")
SESSION, LIST = ("plain", "guest", "session"), ("plain", "guest", "list")


class _As(TypedDict, total=False):
    user: int
    group: int
    extra_groups: list[int]


def unprivileged(name: str) -> _As:
    """Not as root, where the tests are."""
    if os.geteuid():
        return {}
    one = pwd.getpwnam(name)
    return {"user": one.pw_uid, "group": one.pw_gid, "extra_groups": []}


@contextmanager
def listening_at(port: int, command: list[str], folder: Path, who: _As | None = None) -> Iterator[None]:
    program = find_program(command[0])
    # a group of its own: smbd ends whole groups when it ends
    with started([str(program), *command[1:]], folder / "log", process_group=0, **(who or {})) as process:
        wait_until(lambda: accepts(port), seconds=20, running=process)
        yield


def probed(speaker: Speaker, port: int, *, own: bool = True) -> Looked:
    speaker.ports = frozenset({port})
    return look(speaker, asking_to(port, own=own, limits=Limits()))


@pytest.fixture
def shared(tmp_path: Path) -> Path:
    """A folder with three files whose names nobody may keep."""
    folder = tmp_path / "shared"
    folder.mkdir()
    for number in range(3):
        (folder / f"CANARI-{number}.dcm").write_bytes(b"x")
    for one in (tmp_path, folder):
        one.chmod(0o755)
    return folder


@contextmanager
def samba(folder: Path, shared: Path, *lines: str, guest: bool) -> Iterator[int]:
    port = free_port()
    for name in ("private", "state", "lock"):
        (folder / name).mkdir()
    (folder / "smb.conf").write_text(
        "\n".join([
            "[global]", f"smb ports = {port}", "interfaces = lo", "bind interfaces only = yes",
            "server role = standalone server",
            "disable netbios = yes", "load printers = no", "printing = bsd", "printcap name = /dev/null",
            f"private dir = {folder}/private", f"state directory = {folder}/state", f"cache directory = {folder}/state",
            f"lock directory = {folder}/lock", f"pid directory = {folder}/lock", f"ncalrpc dir = {folder}/lock/rpc",
            f"passdb backend = tdbsam:{folder}/private/passdb.tdb", f"log file = {folder}/smbd.log",
            f"map to guest = {'Bad User' if guest else 'Never'}", *lines,
            "[CANARI]", f"path = {shared}", f"guest ok = {'yes' if guest else 'no'}",
            "[second]", f"path = {shared}", "guest ok = no", "",
        ]),
        "utf-8",
    )  # fmt: skip
    try:
        with listening_at(port, ["smbd", "-F", "--no-process-group", "-s", str(folder / "smb.conf")], folder):
            yield port
    finally:
        _end_helper(folder / "lock" / "samba-dcerpcd.pid")


def _end_helper(file: Path) -> None:
    """End what smbd starts for calls over pipes: it goes into a session of its own and outlives smbd."""
    if not file.exists():
        return
    pid = int(file.read_text("ascii"))
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    wait_until(lambda: not Path(f"/proc/{pid}").exists(), seconds=10)


@pytest.mark.programs("smbd")
def test_a_share_for_guests_is_counted_and_not_named(tmp_path: Path, shared: Path) -> None:
    with samba(tmp_path, shared, guest=True) as port:
        found, mandated = probed(SMBSpeaker(), port), probed(SMBSpeaker(), port, own=False)
    assert found.holes() == mandated.holes() == {BANNER, SESSION, LIST}
    assert found.service is not None
    assert found.service.notes == ["smb.shares=2"]
    assert "CANARI" not in repr(found)


@pytest.mark.programs("smbd")
def test_of_accounts_alone_an_anonymous_session_is_told_nothing(tmp_path: Path, shared: Path) -> None:
    with samba(tmp_path, shared, "restrict anonymous = 2", guest=False) as port:
        found = probed(SMBSpeaker(), port)
    assert found.holes() == {BANNER, SESSION}
    assert found.said("plain", "guest", "list") == [("refused", "access-denied"), ("refused", "logon-failure")]


@pytest.mark.programs("smbd")
@pytest.mark.parametrize(
    ("least", "most", "shown", "holes"),
    [
        ("SMB3_11", "SMB3_11", "SMB 3.1.1", {BANNER, SESSION, LIST}),
        ("SMB2_02", "SMB2_02", "SMB 2.0.2", {BANNER, SESSION, LIST}),
        ("NT1", "NT1", "SMB 1", {BANNER}),
    ],
)
def test_each_dialect_is_spoken_or_recognised(
    tmp_path: Path, shared: Path, least: str, most: str, shown: str, holes: set[tuple[str, str, str]]
) -> None:
    lines = (f"server max protocol = {most}", f"server min protocol = {least}")
    with samba(tmp_path, shared, *lines, guest=True) as port:
        found = probed(SMBSpeaker(), port)
    assert found.holes() == holes
    assert found.service is not None
    assert found.service.banner == shown


@contextmanager
def vsftpd(folder: Path, shared: Path, *, anonymous: bool) -> Iterator[int]:
    port = free_port()
    (folder / "empty").mkdir()
    settings = {
        "listen": "YES", "listen_port": port, "listen_address": "127.0.0.1", "anon_root": shared,
        "seccomp_sandbox": "NO",
        "anonymous_enable": "YES" if anonymous else "NO", "local_enable": "NO" if anonymous else "YES",
        "secure_chroot_dir": folder / "empty", "delay_failed_login": 0, "background": "NO",
    }  # fmt: skip
    (folder / "ftp.conf").write_text("".join(f"{name}={value}\n" for name, value in settings.items()), "utf-8")
    (folder / "ftp.conf").chmod(0o600)
    with listening_at(port, ["vsftpd", str(folder / "ftp.conf")], folder):
        yield port


@pytest.mark.skipif(os.geteuid() != 0, reason="vsftpd changes its root: only root may")
@pytest.mark.programs("vsftpd")
def test_what_an_anonymous_visitor_is_listed_is_counted(tmp_path: Path, shared: Path) -> None:
    with vsftpd(tmp_path, shared, anonymous=True) as port:
        found = probed(FTPSpeaker(), port)
    assert found.holes() == {BANNER, SESSION, LIST}
    assert found.service is not None
    assert found.service.notes == ["ftp.entries=3"]
    assert "CANARI" not in repr(found)


@pytest.mark.skipif(os.geteuid() != 0, reason="vsftpd changes its root: only root may")
@pytest.mark.programs("vsftpd")
def test_who_asks_for_an_account_gives_no_session(tmp_path: Path, shared: Path) -> None:
    with vsftpd(tmp_path, shared, anonymous=False) as port:
        found = probed(FTPSpeaker(), port)
    assert found.holes() == {BANNER}
    assert found.said("plain", "guest", "session") == [("refused", "530")]


@pytest.mark.programs("rsync")
@pytest.mark.parametrize(
    ("listed", "secret", "holes"),
    [
        ("yes", False, {BANNER, ("plain", "nobody", "session"), ("plain", "nobody", "list")}),
        ("yes", True, {BANNER, ("plain", "nobody", "list")}),
        ("no", True, {BANNER}),
    ],
)
def test_modules_of_rsync(
    tmp_path: Path, shared: Path, listed: str, holes: set[tuple[str, str, str]], *, secret: bool
) -> None:
    port = free_port()
    (tmp_path / "secrets").write_text("a:b\n", "utf-8")
    (tmp_path / "secrets").chmod(0o600)
    (tmp_path / "motd").write_text("CANARI\n\nwelcome\n", "utf-8")
    account = f"auth users = a\nsecrets file = {tmp_path}/secrets\n" if secret else ""
    (tmp_path / "r.conf").write_text(
        f"use chroot = no\nmotd file = {tmp_path}/motd\n[CANARI]\npath = {shared}\nlist = {listed}\n{account}", "utf-8"
    )
    command = [
        "rsync",
        "--daemon",
        "--no-detach",
        f"--config={tmp_path}/r.conf",
        f"--port={port}",
        "--address=127.0.0.1",
    ]
    with listening_at(port, command, tmp_path):
        found = probed(RsyncSpeaker(), port)
    assert found.holes() == holes
    assert "CANARI" not in repr(found)


@pytest.mark.programs("redis-server")
@pytest.mark.parametrize(("password", "code"), [("", ""), ("nobody-has-written-this", "noauth")])
def test_redis_with_and_without_a_password(tmp_path: Path, password: str, code: str) -> None:
    port = free_port()
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)]
    with listening_at(port, command + (["--requirepass", password] if password else []), tmp_path):
        found = probed(RedisSpeaker(), port)
    assert found.holes() == ({BANNER} if code else {BANNER, ("plain", "nobody", "session")})
    assert found.said("plain", "nobody", "session") == [("refused" if code else "open", code)]


@pytest.fixture(scope="module")
def postgresql() -> Iterator[tuple[int, Path]]:
    """A cluster that is reached over TCP; who may come in is for the test to write."""
    initdb = find_program("initdb")
    if initdb is None:
        pytest.skip("no PostgreSQL")
    folder, port, who = Path(tempfile.mkdtemp(prefix="probe-pg-")), free_port(), unprivileged("postgres")
    if who:
        os.chown(folder, who["user"], who["group"])
    data = folder / "data"
    make = [str(initdb), "-D", str(data), "-U", "postgres", "-A", "trust", "--no-sync", "--locale=C.UTF-8"]
    subprocess.run(make, check=True, capture_output=True, cwd=folder, **who)
    server = [str(initdb.with_name("postgres")), "-D", str(data), "-k", str(folder), "-p", str(port), "-c", "fsync=off"]
    try:
        with started(server, folder / "log", cwd=folder, **who) as process:
            wait_until(lambda: accepts(port), seconds=20, running=process)
            yield port, data
    finally:
        shutil.rmtree(folder)


@pytest.mark.programs("initdb")
@pytest.mark.parametrize(
    ("rule", "holes", "step"),
    [
        ("trust", {BANNER, SESSION}, ("open", "")),
        ("scram-sha-256", {BANNER}, ("refused", "password")),
        ("reject", {BANNER}, ("refused", "28000")),
    ],
)
def test_postgresql_trusts_or_does_not(
    postgresql: tuple[int, Path], rule: str, holes: set[tuple[str, str, str]], step: tuple[str, str]
) -> None:
    port, data = postgresql
    (data / "pg_hba.conf").write_text(f"local all all trust\nhost all all all {rule}\n", "utf-8")
    control = find_program("pg_ctl")
    subprocess.run(
        [str(control), "-D", str(data), "reload"], check=True, capture_output=True, cwd=data, **unprivileged("postgres")
    )
    wanted = Step(
        look(PostgreSQLSpeaker(), asking_to(port)).steps()[-1].mode,
        Identity.GUEST,
        Rung.SESSION,
        Outcome(step[0]),
        step[1],
    )
    wait_until(lambda: wanted in probed(PostgreSQLSpeaker(), port).steps(), seconds=10)
    assert probed(PostgreSQLSpeaker(), port).holes() == holes
