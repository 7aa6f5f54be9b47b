"""What is read of the system: a real socket, real files and links, a real journal, trees as a kernel writes them."""

from __future__ import annotations

import os
import socket
import ssl
import threading
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from tests.doors.web_kit import tls_context
from tests.programs import free_port
from tests.unit.exposure.checks.kit import DEVICE, HOME, NOW, OTHER, PERSON

from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.gathering import discs
from primum.exposure.checks.gathering.clear_text import kind_of, scan, temporary_folders
from primum.exposure.checks.gathering.clocks import clock_state
from primum.exposure.checks.gathering.discs import Kind
from primum.exposure.checks.gathering.parts import (
    Part,
    codec_parts,
    python_parts,
    system,
    viewer_parts,
)
from primum.exposure.checks.gathering.sockets import listening, own_addresses
from primum.exposure.checks.gathering.tls import grade_of
from primum.exposure.checks.gathering.usage import usage
from primum.exposure.checks.limits import Limits
from primum.ground.clock import FixedClock
from primum.ground.disc import RealDisc
from primum.journal import Fact, Journal, Kind as What

DICOM = bytes(128) + b"DICM" + bytes(200)
STUDY = "a" * 26


# -- sockets


@pytest.mark.parametrize(
    ("family", "address"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"), (socket.AF_INET, "0.0.0.0")]
)
def test_a_real_listener_is_seen_where_it_listens_and_a_connection_is_not_one(family, address):
    with socket.socket(family) as one:
        one.bind((address, free_port()))
        one.listen()
        port = one.getsockname()[1]
        with socket.create_connection(("::1" if family == socket.AF_INET6 else "127.0.0.1", port)):
            (found,) = [it for it in listening() if it.port == port]
    assert (found.address, found.user, found.beyond()) == (address, os.geteuid(), address == "0.0.0.0")
    assert all(it.port != port for it in listening())


def test_a_system_without_the_tables_says_so(tmp_path):
    with pytest.raises(NotTold):
        listening(tmp_path)
    with pytest.raises(NotTold):
        discs.swap_areas(tmp_path)
    with pytest.raises(NotTold):
        discs.medium_of(tmp_path, tmp_path)


def test_lines_that_are_none_are_passed_over(tmp_path):
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0\n"
        "   1: nonsense\n"
        "   2: 0100007F:1F91 0200007F:0050 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 100 0\n"
    )
    (found,) = listening(tmp_path)
    assert (found.address, found.port, found.user) == ("127.0.0.1", 8080, 1000)


def test_own_addresses_leave_loopback_out():
    addresses, routable = own_addresses()
    assert not any(one.startswith(("127.", "fe80")) for one in addresses)
    assert set(routable) <= set(addresses)


# -- discs


def block(
    sys: Path, name: str, *, uuid: str = "", slaves: tuple[str, ...] = (), vendor: str = "", partition_of: str = ""
) -> None:
    folder = sys / "devices" / (f"{partition_of}/{name}" if partition_of else name)
    folder.mkdir(parents=True, exist_ok=True)
    if uuid:
        (folder / "dm").mkdir()
        (folder / "dm" / "uuid").write_text(uuid + "\n")
    if vendor:
        (folder / "device").mkdir()
        (folder / "device" / "model").write_text(vendor)
    if partition_of:
        (folder / "partition").write_text("1\n")
    (sys / "class" / "block").mkdir(parents=True, exist_ok=True)
    (sys / "class" / "block" / name).symlink_to(folder)
    for one in slaves:
        (folder / "slaves").mkdir(exist_ok=True)
        (folder / "slaves" / one).symlink_to(sys / "class" / "block" / one)


def mounted(proc: Path, folder: Path, kind: str, source: str) -> None:
    number = folder.stat().st_dev
    (proc / "self").mkdir(parents=True, exist_ok=True)
    (proc / "self" / "mountinfo").write_text(
        f"22 1 {os.major(number)}:{os.minor(number)} / / rw,relatime shared:1 - {kind} {source} rw\n"
    )


def on(tmp_path: Path, source: str, kind: str = "ext4") -> Kind:
    mounted(tmp_path / "proc", tmp_path, kind, source)
    return discs.medium_of(tmp_path, tmp_path / "proc", tmp_path / "sys").kind


def test_a_disc_is_sealed_where_dm_crypt_lies_anywhere_between(tmp_path):
    sys = tmp_path / "sys"
    block(sys, "sda")
    block(sys, "sda1", partition_of="sda")
    block(sys, "dm-0", uuid="CRYPT-LUKS2-0123-luks", slaves=("sda1",))
    block(sys, "dm-1", uuid="LVM-abc", slaves=("dm-0",))
    assert on(tmp_path, "/dev/dm-1") is Kind.SEALED
    assert on(tmp_path, "/dev/sda1") is Kind.PLAIN


def test_a_volume_over_two_discs_is_sealed_only_where_both_are(tmp_path):
    sys = tmp_path / "sys"
    for name in ("sda", "sdb"):
        block(sys, name)
    block(sys, "dm-0", uuid="CRYPT-LUKS2-0123-luks", slaves=("sda",))
    block(sys, "dm-1", uuid="LVM-abc", slaves=("dm-0", "sdb"))
    assert on(tmp_path, "/dev/dm-1") is Kind.PLAIN


@pytest.mark.parametrize(
    ("source", "kind", "medium"),
    [("tmpfs", "tmpfs", Kind.MEMORY), ("//nas/share", "cifs", Kind.UNKNOWN), ("pool/home", "zfs", Kind.UNKNOWN),
     ("/dev/gone", "ext4", Kind.UNKNOWN), ("/dev/vda", "ext4", Kind.VIRTUAL), ("/dev/sdc", "ext4", Kind.VIRTUAL)],
)  # fmt: skip
def test_what_is_not_a_disc_of_this_machine_is_not_judged_as_one(tmp_path, source, kind, medium):
    block(tmp_path / "sys", "vda")
    block(tmp_path / "sys", "sdc", vendor="VMware Virtual disk")
    assert on(tmp_path, source, kind) is medium


def test_swap_is_followed_down_to_its_disc(tmp_path):
    sys, proc = tmp_path / "sys", tmp_path / "proc"
    for name in ("sda", "zram0"):
        block(sys, name)
    block(sys, "sda2", partition_of="sda")
    mounted(proc, tmp_path, "ext4", "/dev/sda2")
    (proc / "swaps").write_text(
        "Filename Type Size Used Priority\n/dev/zram0 partition 1 0 1\n/dev/sda2 partition 1 0 -2\n"
        f"{tmp_path}/swapfile file 1 0 -3\n"
    )
    assert [one.medium.kind for one in discs.swap_areas(proc, sys)] == [Kind.MEMORY, Kind.PLAIN, Kind.PLAIN]
    (proc / "swaps").write_text("Filename Type Size Used Priority\n")
    assert discs.swap_areas(proc, sys) == []


def test_this_machine_says_on_what_its_folders_lie_or_that_it_does_not_know(tmp_path):
    known = {one.split()[2] for one in Path("/proc/self/mountinfo").read_text().splitlines()}
    number = tmp_path.stat().st_dev
    if f"{os.major(number)}:{os.minor(number)}" in known:
        assert discs.medium_of(tmp_path).evidence
    else:
        with pytest.raises(NotTold):
            discs.medium_of(tmp_path)


# -- clear text


def test_what_is_in_clear_is_found_by_inode_and_never_by_name(tmp_path):
    deep = tmp_path / "a" / "Zéphyrin^Canari"
    deep.mkdir(parents=True)
    (deep / "Canari.dcm").write_bytes(DICOM)
    (tmp_path / "rows.json").write_text('[{"00080005":{"vr":"CS"},"00100010":{"vr":"PN"},"0020000D":{"vr":"UI"}}]')
    (tmp_path / "note.json").write_text('{"0020000D": "no vr here"}')
    (tmp_path / "orm.hl7").write_bytes(b"\x0bMSH|^~\\&|RIS|")
    (tmp_path / "ours.db").write_bytes(b"SQLite format 3\0" + bytes(100))
    (tmp_path / "short").write_bytes(b"DICM")
    seen = scan(tmp_path)
    assert (seen.looked, seen.count, seen.whole) == (6, 3, True)
    assert sorted(seen.found) == sorted(
        f"{what} {(tmp_path / name).stat().st_ino}"
        for what, name in (("dicom", "a/Zéphyrin^Canari/Canari.dcm"), ("dicom-json", "rows.json"), ("hl7", "orm.hl7"))
    )
    assert not any("anari" in one for one in seen.found)
    assert scan(tmp_path, database=True).count == 4


def test_links_are_not_followed_nor_pipes_opened_nor_what_is_left_out_entered(tmp_path):
    outside = tmp_path / "outside"
    root = tmp_path / "root"
    for folder in (outside, root / "home"):
        folder.mkdir(parents=True)
        (folder / "one.dcm").write_bytes(DICOM)
    (root / "link.dcm").symlink_to(outside / "one.dcm")
    (root / "link").symlink_to(outside)
    os.mkfifo(root / "pipe")
    seen = scan(root, leave_out=[root / "home"])
    assert (seen.looked, seen.count) == (0, 0)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_files_of_others_are_counted_and_left_closed(tmp_path):
    theirs = tmp_path / "theirs.dcm"
    theirs.write_bytes(DICOM)
    os.chown(theirs, 12345, 12345)
    seen = scan(tmp_path)
    assert (seen.looked, seen.others, seen.count) == (0, 1, 0)


def test_a_scan_ends_at_its_bounds_and_says_so(tmp_path):
    for number in range(9):
        (tmp_path / f"{number}.dcm").write_bytes(DICOM)
    seen = scan(tmp_path, limits=Limits(scan_files=4, found_shown=2))
    assert (seen.looked, seen.whole, len(seen.found), seen.count) == (4, False, 2, 4)
    ticks = iter([0.0, 0.0, 99.0])
    assert not scan(tmp_path, tick=lambda: next(ticks)).whole
    assert scan(tmp_path / "absent").unreadable == 1


def test_the_first_bytes_say_what_a_file_is():
    assert [kind_of(one) for one in (DICOM, b"", b"{}", b"%PDF-1.7")] == ["dicom", "", "", ""]
    assert all(one.is_dir() for one in temporary_folders())


# -- the journal


def test_what_was_used_and_refused_is_read_back(tmp_path):
    clock = FixedClock(NOW - timedelta(days=100))
    journal = Journal(tmp_path, "worker", clock, RealDisc(), HOME)
    record = lambda kind, actor, **details: journal.record(Fact(kind, actor, "", details))  # noqa: E731
    record(What.STUDY_STORED, DEVICE, instances=1)
    record(What.SESSION_REFUSED, PERSON, reason="password", address="198.51.100.9")
    clock.advance(timedelta(days=90))
    for address in ("127.0.0.1", "192.168.1.7", "192.168.1.20", "9.9.9.9"):
        record(What.STRANGER_REQUEST, "stranger", address=address, reason="x", count=7, minute="2026-11-13T08:00Z")
    record(What.SESSION_REFUSED, PERSON, reason="password", address="192.168.1.20")
    record(What.FACTOR_REFUSED, PERSON, reason="code", address="192.168.1.20")
    journal.record(
        Fact(What.STUDY_SENT, DEVICE, STUDY, {"destination": OTHER.replace("per", "dev"), "channel": "move"})
    )
    journal.flush()
    found = usage(tmp_path, NOW, own=frozenset({"192.168.1.7"}))
    assert found.used == {(DEVICE, "store"), (DEVICE, "move"), (OTHER.replace("per", "dev"), "receive")}
    assert found.refused == {PERSON: 2}, "what is older than a month is not counted"
    assert found.strangers == 14, "our own probes are no strangers"
    assert found.routable == {"9.9.9.9"}
    assert found.whole
    assert found.since is not None
    assert found.since <= NOW - timedelta(days=100)
    cut = usage(tmp_path, NOW, tick=iter([0.0] + [99.0] * 99).__next__)
    assert (cut.whole, cut.since) == (False, None)
    assert usage(tmp_path / "absent", NOW).used == set()


# -- parts, clock, TLS


def test_parts_are_named_as_their_ecosystems_do():
    assert {one.name for one in python_parts()} >= {"jinja2", "cryptography", "sqlcipher3", "pyjwt"}
    text = (
        "@ohif/app 3.13.2 (MIT)\n\nwords 1.0\n\n"
        + "-" * 40
        + "\nhtmx.org 2.0.11 (0BSD)\n"
        + "-" * 40
        + "\nold thing\n"
        + "-" * 40
    )
    named, unnamed = viewer_parts(text)
    assert named == [Part("npm", "@ohif/app", "3.13.2"), Part("npm", "htmx.org", "2.0.11")]
    assert unnamed == 1
    assert viewer_parts("") == ([], 0)
    told = ["imagecodecs-2026.3.6", " openjpeg-2.5.4", " libjpeg_turbo-3.1.3/8.0", " heif-n/a", " zlib-1.2.13"]
    assert [str(one.name) for one in codec_parts(told)] == ["libjpeg-turbo", "openjpeg", "zlib"]


def test_the_system_is_told_from_its_own_files(tmp_path):
    for name in ("etc", "run", "var/lib/dpkg"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "etc" / "os-release").write_text('ID=debian\nVERSION_ID="12"\nPRETTY_NAME="x"\n')
    (tmp_path / "var/lib/dpkg/status").write_text("")
    os.utime(tmp_path / "var/lib/dpkg/status", (NOW.timestamp(), NOW.timestamp()))
    (tmp_path / "run" / "reboot-required").touch()
    found = system(tmp_path)
    assert (found.kind, found.changed_at, found.restart_waits) == ("debian 12", NOW, True)
    assert system(tmp_path / "absent").changed_at is None


def test_the_kernel_is_asked_for_its_clock_and_nothing_is_set():
    before = time.time()
    found = clock_state()
    assert isinstance(found.synchronised, bool)
    assert found.error_ms >= 0
    assert abs(time.time() - before) < 5


@pytest.fixture
def door(tmp_path):
    """A listener on loopback that does TLS as its context says, one caller at a time."""
    context, over = tls_context(tmp_path), threading.Event()

    def serve(listener):
        while not over.is_set():
            with suppress(OSError), listener.accept()[0] as caller:
                caller.settimeout(5)
                context.wrap_socket(caller, server_side=True).close()

    with socket.create_server(("127.0.0.1", free_port())) as listener:
        listener.settimeout(0.2)
        one = threading.Thread(target=serve, args=(listener,), daemon=True)
        one.start()
        yield context, listener.getsockname()[1]
        over.set()
        one.join(10)


def test_a_door_of_ours_is_graded_by_what_it_takes(door):
    context, port = door
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM")
    strict = grade_of("127.0.0.1", port)
    assert (strict.profile, strict.versions, strict.weak, strict.advised_against) == (
        "B.12", ("TLSv1.3", "TLSv1.2"), (), (),
    )  # fmt: skip
    context.set_ciphers("ECDHE+AES")
    assert grade_of("127.0.0.1", port).advised_against == ("cbc",)


def test_a_door_that_is_not_there_is_not_judged():
    with pytest.raises(NotTold):
        grade_of("127.0.0.1", free_port())
