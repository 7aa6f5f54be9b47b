"""Who loads the home, and how: two modalities, four readers, those who ask, those who hang up, and the house's jobs."""

from __future__ import annotations

import hashlib
import random
import shutil
import socket
import ssl
import struct
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

import httpx
from tests.doors.dimse.instances import associate, message, store_command
from tests.programs import find_program

from bench import sink
from bench.contenders.base import compare
from bench.contenders.multipart import WHOLE, hashes
from bench.contenders.primum import JSON, TITLE
from bench.finder import Finder, Question
from bench.load import Slice, make_slices
from bench.soak.home import MODALITIES, MOVED, READER, SINK, Home
from bench.soak.pace import Client, Diary

OCTETS = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}
FRAMES = 12
"""Frames that somebody looks at in a study before the next one."""
_RECENT, _RECENTLY = 40, 0.8
"""Readers open, so often, one of this many studies that came last, as people do; else any."""
_BEFORE, _BEFORE_EACH = 30_000, 10
"""Instances that are there before the hour, in studies of so many: caches of what an archive has are full early."""


@dataclass
class Load:
    """What clients share: the home, what has been sent, what they did."""

    home: Home
    diary: Diary
    studies: list[list[Slice]] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def sent(self, chance: random.Random) -> list[Slice] | None:
        """Choose a study that was sent; None while there is none."""
        recent = self.studies[-_RECENT:] if chance.random() < _RECENTLY else self.studies
        return chance.choice(recent) if recent else None


def fill(load: Load) -> None:
    """Send many small studies before the hour begins.

    The databases are larger than what readers keep of them then (8 MiB for each connection): what merely fills to its
    bound has filled, and what still grows is a leak.
    """
    folder = load.home.place / "before"
    slices = make_slices(folder, _BEFORE, studies=_BEFORE // _BEFORE_EACH, tag="before", side=64)
    for at in range(0, _BEFORE, 500):
        files = [str(one.file) for one in slices[at : at + 500]]
        run([program("storescu"), "-q", *load.home.arguments(MODALITIES[0]), *files])
    shutil.rmtree(folder)
    made: dict[str, list[Slice]] = {}
    for one in slices:
        made.setdefault(one.study_uid, []).append(one)
    load.studies += made.values()


def clients(load: Load) -> list[Client]:
    """Make all of them, each with its pace in seconds."""
    chance = [random.Random(number) for number in range(20)]
    asking = Asking(load, chance[4])
    acts: list[tuple[str, float, Callable[[], None]]] = [
        ("modality 1", 12, Modality(load, MODALITIES[0], (8, 20, 40), 512).send),
        ("modality 2", 6, Modality(load, MODALITIES[1], (1, 4, 50, 120), 128).send),
        ("viewer", 2, Viewer(load, chance[2]).read),
        ("study reader", 2, Web(load, chance[3]).study),
        ("C-GET", 3, Retrieving(load, chance[5]).get),
        ("C-MOVE", 3, Retrieving(load, chance[6]).move),
        ("QIDO", 0.1, Web(load, chance[7]).query),
        ("pages", 2, Web(load, chance[8]).page),
        ("C-FIND", 0.1, asking.find),
        ("C-ECHO", 3, Echo(load).echo),
        ("hanging up", 5, HangingUp(load, chance[9]).act),
        ("jobs", 120, Jobs(load, chance[10]).act),
    ]
    return [Client(name, period, act, load.diary, load.ended) for name, period, act in acts]


class Modality:
    """Sends a study after the other by DCMTK's storescu over TLS; sizes take turns."""

    def __init__(self, load: Load, device: str, counts: tuple[int, ...], side: int) -> None:
        """Send studies of so many slices, of so many rows and columns."""
        self._load, self._device, self._counts, self._side = load, device, counts, side
        self._number = 0

    def send(self) -> None:
        """Make a study, send it, keep its hashes and not its files."""
        home, diary = self._load.home, self._load.diary
        self._number += 1
        tag = f"{self._device}-{self._number}"
        folder = home.place / tag
        slices = make_slices(folder, self._counts[self._number % len(self._counts)], tag=tag, side=self._side)
        try:
            began = diary.now()
            command = [program("storescu"), "-q", *home.arguments(self._device), *(str(one.file) for one in slices)]
            run(command)
            diary.note(f"C-STORE {self._side}", began, len(slices))
        finally:
            shutil.rmtree(folder)
        self._load.studies.append(slices)


class Web:
    """Somebody with a session at the web door."""

    def __init__(self, load: Load, chance: random.Random) -> None:
        """Sign in when first needed."""
        self.load, self.chance = load, chance
        self._client: httpx.Client | None = None

    def get(self, path: str, headers: dict[str, str], params: dict[str, str] | None = None) -> httpx.Response:
        """Ask for something, signed in."""
        refused = None
        for _ in range(2):
            if self._client is None:
                self._client = self.load.home.signed_in(refused)
            answer = self._client.get(path, headers=headers, params=params)
            if answer.status_code not in {httpx.codes.UNAUTHORIZED, httpx.codes.SEE_OTHER}:
                return answer.raise_for_status()
            refused = dict(self._client.cookies)
            self._client.close()
            self._client = None
        raise RuntimeError("signing in did not help")

    def page(self) -> None:
        """Open the worklist's page."""
        began = self.load.diary.now()
        self.get("/", {"Accept": "text/html"})
        self.load.diary.note("page", began)

    def query(self) -> None:
        """Ask for a study by QIDO-RS: it is there, with all of its instances."""
        study = self.load.sent(self.chance)
        if study is None:
            return
        began = self.load.diary.now()
        asked = {"StudyInstanceUID": study[0].study_uid, "includefield": "00201208"}
        rows = self.get("/dicom-web/studies", JSON, asked).json()
        self.load.diary.note("QIDO-RS", began)
        if [row["00201208"]["Value"] for row in rows] != [[len(study)]]:
            raise RuntimeError("a study that was acknowledged is not in the answer, or not whole")

    def study(self) -> None:
        """Fetch a whole study by WADO-RS; compare."""
        study = self.load.sent(self.chance)
        if study is None:
            return
        began = self.load.diary.now()
        answer = self.get(f"/dicom-web/studies/{study[0].study_uid}", WHOLE)
        self.load.diary.note("WADO-RS", began, len(study))
        _same(study, hashes(answer.headers["content-type"], answer.content))


class Viewer(Web):
    """Reads as OHIF does: the list, the series, the metadata, then frame by frame."""

    def read(self) -> None:
        """Open a study and look at some of its slices."""
        study, diary = self.load.sent(self.chance), self.load.diary
        if study is None:
            return
        began = diary.now()
        self.get("/dicom-web/studies", JSON, {"limit": "101", "offset": "0"})
        root = f"/dicom-web/studies/{study[0].study_uid}"
        self.get(f"{root}/series", JSON)
        diary.note("list of studies", began)
        began = diary.now()
        told = self.get(f"{root}/metadata", JSON).json()
        diary.note("metadata", began, len(study))
        if len(told) != len(study):
            raise RuntimeError("metadata of another number of instances")
        for one in self.chance.sample(study, min(FRAMES, len(study))):
            began = diary.now()
            address = f"{root}/series/{one.series_uid}/instances/{one.sop_uid}/frames/1"
            frame = self.get(address, OCTETS)
            diary.note("frame", began)
            boundary = frame.headers["content-type"].split("boundary=")[1].split(";")[0].strip('"').encode()
            pixels = frame.content.split(b"\r\n\r\n", 1)[1].rsplit(b"\r\n--" + boundary, 1)[0]
            if hashlib.sha256(pixels).hexdigest() != one.pixels:
                raise RuntimeError("a frame came back with other pixels")


class Retrieving:
    """Retrieves studies by C-GET over TLS, or has them moved to a receiver of ours."""

    def __init__(self, load: Load, chance: random.Random) -> None:
        """Receive into a buffer of its own."""
        self._load, self._chance = load, chance
        self._buffer = sink.room(48 << 20)

    def get(self) -> None:
        """C-GET a study; compare."""
        study = self._load.sent(self._chance)
        if study is None:
            return
        began = self._load.diary.now()
        with self._load.home.line(READER) as line:
            came = sink.get(line, READER, TITLE, study[0].study_uid, len(study), self._buffer)
        self._load.diary.note("C-GET", began, len(study))
        _same(study, came.hashes())

    def move(self) -> None:
        """C-MOVE a study; compare."""
        study, home = self._load.sent(self._chance), self._load.home
        if study is None:
            return
        began = self._load.diary.now()
        with home.line(None) as line:
            sink.move(line, MOVED, TITLE, SINK, study[0].study_uid, len(study))
        self._load.diary.note("C-MOVE", began, len(study))
        _same(study, home.receiver.taken())


class Asking:
    """Asks by C-FIND; twenty times on one association, as workstations do, then on another."""

    def __init__(self, load: Load, chance: random.Random) -> None:
        """Associate when first needed."""
        self._load, self._chance = load, chance
        self._finder: Finder | None = None
        self._left = 0

    def find(self) -> None:
        """Ask for a study by its UID: it is there."""
        study, diary = self._load.sent(self._chance), self._load.diary
        if study is None:
            return
        if self._finder is None or not self._left:
            if self._finder is not None:
                self._finder.close()
            self._finder, self._left = Finder(self._load.home.plain_port, TITLE), 20
        self._left -= 1
        began = diary.now()
        found = self._finder.ask(Question("STUDY", {"StudyInstanceUID": study[0].study_uid}), 10)
        diary.note("C-FIND", began)
        if found != 1:
            raise RuntimeError(f"{found} studies of one UID")


@dataclass
class Echo:
    """A TLS handshake, an association and a C-ECHO, by DCMTK's echoscu."""

    load: Load

    def echo(self) -> None:
        """Verify."""
        began = self.load.diary.now()
        run([program("echoscu"), "-q", *self.load.home.arguments(MODALITIES[0])])
        self.load.diary.note("C-ECHO", began)


class HangingUp:
    """Associations that end badly: each time in another way. Nothing of theirs may stay."""

    def __init__(self, load: Load, chance: random.Random) -> None:
        """Count from zero."""
        self._load, self._chance, self._turn = load, chance, 0

    def act(self) -> None:
        """End the next one badly."""
        self._turn += 1
        with self._load.home.line(MODALITIES[1]) as line:
            match self._turn % 4:
                case 0:  # the handshake, and no more
                    return
                case 1:  # a reset amid an instance
                    self._begin_instance(line)
                    _reset(line)
                case 2:  # an abort amid an instance
                    self._begin_instance(line)
                    line.sendall(_abort())
                case _:  # an association that is asked for and left
                    line.sendall(associate(calling=MODALITIES[1], called=TITLE))
                    _pdu(line)

    def _begin_instance(self, line: ssl.SSLSocket | socket.socket) -> None:
        line.sendall(associate(calling=MODALITIES[1], called=TITLE))
        _pdu(line)
        whole = message(1, store_command(f"2.25.{self._chance.getrandbits(90)}"), bytes(300_000))
        line.sendall(whole[: self._chance.randrange(200, len(whole) - 20_000)])


class Jobs:
    """What an administrator has done by the command line, in turn."""

    def __init__(self, load: Load, chance: random.Random) -> None:
        """Begin with the first."""
        self._load, self._chance, self._turn = load, chance, 0

    def act(self) -> None:
        """Do the next one, signed in anew."""
        home, diary = self._load.home, self._load.diary
        jobs: list[tuple[str, Callable[[], None]]] = [
            ("journal verify", lambda: self._cli("journal", "verify")),
            ("backup", lambda: self._cli("backup", str(home.place / "backup"))),
            ("export", self._export),
            ("vault check", lambda: self._cli("vault", "check")),
            ("status", lambda: self._cli("status")),
        ]
        name, act = jobs[self._turn % len(jobs)]
        self._turn += 1
        home.sign_in_terminal()
        began = diary.now()
        act()
        diary.note(name, began)
        self._cli("sign-out")  # nine sessions of one person would end the oldest, which the readers share

    def _cli(self, *words: str) -> None:
        self._load.home.running.cli(*words)

    def _export(self) -> None:
        study = self._load.sent(self._chance)
        if study is None:
            return
        file = self._load.home.place / "export.age"
        try:
            self._cli("export", study[0].study_uid, "--to", str(file))
        finally:
            file.unlink(missing_ok=True)


def _abort() -> bytes:
    """Write an A-ABORT of the service user (PS3.8 9.3.8)."""
    return struct.pack(">BxL4x", 7, 4)


def _reset(line: socket.socket) -> None:
    """Have the kernel answer with a reset instead of an orderly end."""
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _pdu(line: socket.socket) -> None:
    """Read one PDU."""
    head = b""
    while len(head) < 6:
        part = line.recv(6 - len(head))
        if not part:
            raise sink.NotGiven("the archive hung up")
        head += part
    left = int(struct.unpack(">BxL", head)[1])
    while left:
        left -= len(line.recv(left)) or left


def _same(study: list[Slice], came: dict[str, str]) -> None:
    wrong = compare({one.sop_uid: one.data_set for one in study}, came)
    if wrong:
        raise RuntimeError("; ".join(wrong))


def program(name: str) -> str:
    """Find one of DCMTK's programs."""
    found = find_program(name)
    if found is None:
        raise FileNotFoundError(f"{name} is missing (Debian: apt-get install dcmtk)")
    return str(found)


def run(command: list[str]) -> None:
    """Run a program to its end; raise unless it succeeds."""
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(
            f"{command[0].rsplit('/', maxsplit=1)[-1]} ended with {done.returncode}: {done.stderr[:200]}"
        )
