"""What other people's clients may do to a door: DCMTK, pynetdicom, curl, smbclient, rsync, ftplib, bare sockets.

Each line of the table is put up and asked by them, with made-up titles first and with known ones then; the answer is
compared with the line. So the table is what these programs show, and not what the probe says.
"""

from __future__ import annotations

import ftplib
import json
import secrets
import socket
import struct
import subprocess
import urllib.parse
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final, NamedTuple

from primum.exposure.probe.model import Family, Identity, Mode, Rung
from tests.programs import find_program, wait_until
from tests.trials import primums, scu, spaces
from tests.trials.draw import Node, plan_of
from tests.trials.services import Kit
from tests.trials.stage import Stage
from tests.trials.table import LINES, Door, What

NOBODY: Final = ("ZUT1", "ZUT2")
"""Calling and called title that nobody has."""
_TIME: Final = 60


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: from a namespace, a door of a node at an address and port."""

    space: str
    node: Node
    address: str
    port: int
    kit: Kit

    def ran(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a client in the namespace."""
        program = str(find_program(command[0]) or command[0])
        whole = ["nsenter", f"--net={spaces.PLACE / self.space}", program, *command[1:]]
        return subprocess.run(
            whole, capture_output=True, text=True, errors="replace", check=False, timeout=_TIME, cwd=self.kit.folder
        )

    def worked(self, *command: str) -> bool:
        """Run one, and tell whether it was content."""
        return self.ran(*command).returncode == 0


def ask(asker: Asker, door: Door) -> frozenset[What]:
    """Return what clients could do at a door, each in each mode as the least identity."""
    return frozenset(_FAMILIES[door.family](asker, door))


def _least(found: list[What]) -> set[What]:
    kept: dict[tuple[Mode, Rung], What] = {}
    for what in found:  # asked from the least identity to the most
        kept.setdefault((what.mode, what.rung), what)
    return set(kept.values())


# -- DICOM --


def _dicom(asker: Asker, door: Door) -> set[What]:
    secured = asker.port in {2762, 10_104} or 2762 in door.ports
    modes = (Mode.TLS, Mode.TLS_FOREIGN) if secured else (Mode.PLAIN,)
    called = "PRIMUM" if asker.node.line.kind == "primum" else asker.node.title
    caller = primums.CARELESS_TITLE if asker.node.line.kind == "primum" else asker.node.caller
    found: list[What] = []
    for mode in modes:
        granted: set[Rung] = set()
        for identity, titles in ((Identity.NOBODY, NOBODY), (Identity.KNOWN, (caller, called))):
            granted |= (rungs := set(_dicom_rungs(asker, mode, titles, granted)))
            found += [What(mode, identity, rung) for rung in rungs]
    return _least(found)


def _dicom_rungs(asker: Asker, mode: Mode, titles: tuple[str, str], already: set[Rung]) -> list[Rung]:
    """Ask for each rung that was not granted already."""
    if asker.node.line.kind == "relay":
        return _by_pynetdicom(asker, mode, titles)
    trust = asker.kit.trust
    tls = {Mode.PLAIN: [], Mode.TLS: ["+tla", "-ic"],
           Mode.TLS_FOREIGN: ["+tls", str(trust.foreign_key), str(trust.foreign_certificate), "-ic"]}[mode]  # fmt: skip
    to = [
        *tls,
        "-aet",
        titles[0],
        "-aec",
        titles[1],
        "-to",
        "5",
        "-ta",
        "5",
        "-td",
        "5",
        asker.address,
        str(asker.port),
    ]
    said = asker.ran("echoscu", "-v", *to)
    found = [Rung.ASSOCIATE] if "Association Accepted" in said.stdout + said.stderr else []
    if not found:
        return []
    found += [Rung.ECHO] if said.returncode == 0 else []
    level = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"]
    one = ["-S", "-k", "QueryRetrieveLevel=STUDY", "-k", f"StudyInstanceUID={asker.kit.study_uid}"]
    commands = {
        Rung.FIND: ("findscu", "-v", *level, *to),
        Rung.GET: ("getscu", "-v", "--ignore", *one, *to),
        Rung.MOVE: ("movescu", "-v", *one, "-aem", titles[0], *to),
        Rung.STORE: ("storescu", "-v", *to, str(asker.kit.study)),
    }
    asked = {rung: asker.ran(*command) for rung, command in commands.items() if rung not in already}
    granted = {
        Rung.FIND: "Received Final Find Response (Success)",
        Rung.GET: "Received C-GET Response (Success)",
        Rung.MOVE: "Received Final Move Response (Success", Rung.STORE: "Received Store Response",
    }  # fmt: skip
    found += [rung for rung, done in asked.items() if granted[rung] in done.stdout + done.stderr]
    if Rung.MOVE in asked and _SUBOPERATIONS in asked[Rung.MOVE].stdout + asked[Rung.MOVE].stderr:
        found.append(Rung.MOVE)
    return found + _by_pynetdicom(asker, mode, titles)


_SUBOPERATIONS: Final = "OutOfResourcesSubOperations"
"""It did try to send (PS3.4 C.4.2.1.5, A702): where to is what failed."""
_CONTEXTS: Final = {Rung.ACTION: scu.ACTION, Rung.MPPS: scu.MPPS}
_OLD: Final = {Rung.ASSOCIATE: "made", Rung.ECHO: "echoed", Rung.STORE: scu.CAPTURE, **_CONTEXTS}
"""What pynetdicom shows of listeners whose TLS is too old for DCMTK's clients."""


def _by_pynetdicom(asker: Asker, mode: Mode, titles: tuple[str, str]) -> list[Rung]:
    """Propose what DCMTK's clients cannot, nothing of which is sent; and C-GET, which DCMTK's cannot do with TLS."""
    trust = asker.kit.trust
    out = asker.kit.folder / f"scu-{secrets.token_hex(8)}"
    pid = asker.kit.nursery.twin(
        asker.space, "calls", log=asker.kit.folder / "scu.log", out=str(out), address=asker.address, port=asker.port,
        titles=titles, mode=str(mode), certificate=(str(trust.foreign_certificate), str(trust.foreign_key)),
        study=asker.kit.study_uid,
    )  # fmt: skip
    wait_until(out.exists, seconds=_TIME)
    asker.kit.nursery.stop([pid])
    said = json.loads(out.read_text("ascii"))
    if asker.node.line.kind == "relay":
        return [rung for rung, word in _OLD.items() if word in said]
    found = [rung for rung, uid in _CONTEXTS.items() if uid in said]
    return found + ([Rung.GET] if mode is not Mode.PLAIN and "got" in said else [])


# -- web --


def _web(asker: Asker, door: Door) -> set[What]:
    secured = 443 in door.ports
    trust = asker.kit.trust
    shown = {
        Mode.PLAIN: ("http", []), Mode.TLS: ("https", ["-k"]),
        Mode.TLS_FOREIGN: ("https", ["-k", "--cert", str(trust.foreign_certificate), "--key", str(trust.foreign_key)]),
    }  # fmt: skip
    found: list[What] = []
    for mode in (Mode.TLS, Mode.TLS_FOREIGN) if secured else (Mode.PLAIN,):
        scheme, options = shown[mode]
        for identity, more in ((Identity.NOBODY, []), (Identity.DEFAULT, ["-u", "orthanc:orthanc"])):
            curl = _Curl(asker, f"{scheme}://{asker.address}:{asker.port}", [*options, *more])
            found += [What(mode, identity, rung) for rung in curl.rungs()]
    return _least(found)


@dataclass(frozen=True, slots=True)
class _Curl:
    asker: Asker
    base: str
    options: list[str]

    def got(self, path: str, *more: str) -> tuple[int, str]:
        """Return status and body."""
        done = self.asker.ran("curl", "-s", "-m", "10", *self.options, *more, "-w", "\n%{http_code}", self.base + path)
        body, _, status = done.stdout.rpartition("\n")
        return int(status or 0), body

    def rungs(self) -> list[Rung]:
        """Return what an archive shows: each against a path that cannot exist."""
        impossible = self.got("/there-is-no-such-thing")[1]
        found = []
        page = self.got("/app/explorer.html")
        if page[0] == 200 and "Orthanc Explorer" in page[1] and page[1] != impossible:
            found.append(Rung.PAGE)
        studies = self._listed("/studies")
        if studies is not None:
            found.append(Rung.SEARCH)
            status, body = (
                self.got(f"/studies/{urllib.parse.quote(studies[0])}/archive", "-o", "/dev/null")
                if studies
                else (0, "")
            )
            found += [Rung.RETRIEVE] if status == 200 and body is not None else []
        sent = self.got("/instances", "--data-binary", f"@{self.asker.kit.study}")
        if sent[0] == 200 and '"Status"' in sent[1]:
            found.append(Rung.STORE)
        ran = self.got("/tools/execute-script", "--data", "print(6*7)")
        if ran[0] == 200 and ran[1].strip() == "42":
            found.append(Rung.RUN)
        return found

    def _listed(self, path: str) -> list[str] | None:
        status, body = self.got(path)
        try:
            listed = json.loads(body) if status == 200 else None
        except ValueError:
            return None
        return listed if isinstance(listed, list) else None


# -- files --


def _smb(asker: Asker, _door: Door) -> set[What]:
    to = ["-p", str(asker.port), "-t", "10", "--option=client min protocol=SMB2"]
    listed = asker.ran("smbclient", "-g", "-N", "-L", asker.address, *to)
    inside = asker.ran("smbclient", f"//{asker.address}/partage", "-N", "-U", "%", *to, "-c", "ls")
    found = (
        [What(Mode.PLAIN, Identity.NOBODY, Rung.BANNER)]
        if "NT_STATUS" in listed.stdout + listed.stderr or listed.returncode == 0
        else []
    )
    if inside.returncode == 0 or "Anonymous login successful" in listed.stdout + listed.stderr:
        found.append(What(Mode.PLAIN, Identity.GUEST, Rung.SESSION))
    if "Disk|partage" in listed.stdout:
        found.append(What(Mode.PLAIN, Identity.GUEST, Rung.LIST))
    return set(found)


def _ftp(asker: Asker, _door: Door) -> set[What]:
    found = set[What]()
    with spaces.inside(asker.space):
        try:
            with ftplib.FTP(timeout=10) as client:
                client.connect(asker.address, asker.port)
                found.add(What(Mode.PLAIN, Identity.NOBODY, Rung.BANNER))
                client.login()
                found.add(What(Mode.PLAIN, Identity.GUEST, Rung.SESSION))
                if "notes.txt" in client.nlst():
                    found.add(What(Mode.PLAIN, Identity.GUEST, Rung.LIST))
        except ftplib.Error:
            pass
    return found


def _rsync(asker: Asker, _door: Door) -> set[What]:
    base = f"rsync://{asker.address}:{asker.port}/"
    found = set[What]()
    listed = asker.ran("rsync", "--contimeout=5", base)
    if listed.returncode == 0:
        found.add(What(Mode.PLAIN, Identity.NOBODY, Rung.BANNER))
    if "images" in listed.stdout:
        found.add(What(Mode.PLAIN, Identity.NOBODY, Rung.LIST))
    if asker.worked("rsync", "--contimeout=5", "--no-motd", "--password-file=/dev/null", base + "images/"):
        found.add(What(Mode.PLAIN, Identity.NOBODY, Rung.SESSION))
    return found


# -- the rest, by their protocols --


def _said(asker: Asker, *turns: bytes) -> list[bytes]:
    """Send, and hear what comes within a second or two, turn by turn."""
    heard = []
    with spaces.inside(asker.space), socket.create_connection((asker.address, asker.port), timeout=2) as caller:
        for turn in turns:
            if turn:
                caller.sendall(turn)
            try:
                heard.append(caller.recv(4096))
            except TimeoutError:
                heard.append(b"(silence)")
    return heard


def _hl7(asker: Asker, _door: Door) -> set[What]:
    message = b"\x0bMSH|^~\\&|X|Y|Z|Z|20260101||NMQ^N01|1|P|2.3\r\x1c\r"
    (heard,) = _said(asker, message)
    found = {What(Mode.PLAIN, Identity.NOBODY, Rung.BANNER)} if heard else set()
    return found | ({What(Mode.PLAIN, Identity.NOBODY, Rung.ANSWER)} if b"MSA|" in heard else set())


def _database(asker: Asker, _door: Door) -> set[What]:
    banner, session = What(Mode.PLAIN, Identity.NOBODY, Rung.BANNER), None
    if asker.node.line.kind == "redis":
        (heard,) = _said(asker, b"PING\r\n")
        session = What(Mode.PLAIN, Identity.NOBODY, Rung.SESSION) if heard == b"+PONG\r\n" else None
        known = heard[:1] in {b"+", b"-"}
    else:
        asked = struct.pack(">I", 196_608) + b"user\0postgres\0\0"
        (heard,) = _said(asker, struct.pack(">I", len(asked) + 4) + asked)
        granted = heard[:1] == b"R" and heard[5:9] == bytes(4)
        session = What(Mode.PLAIN, Identity.GUEST, Rung.SESSION) if granted else None
        known = heard[:1] in {b"R", b"E"}
    return ({banner} if known else set()) | ({session} if session else set())


def _desktop(asker: Asker, _door: Door) -> set[What]:
    hello, kinds, *rest = _said(asker, b"", b"RFB 003.008\n", b"\x01")
    found = {What(Mode.PLAIN, Identity.NOBODY, Rung.BANNER)} if hello.startswith(b"RFB ") else set()
    open_to_all = 1 in kinds[1:] and rest[0] == bytes(4)
    return found | ({What(Mode.PLAIN, Identity.NOBODY, Rung.SESSION)} if open_to_all else set())


_FAMILIES: Final[dict[Family, Callable[[Asker, Door], set[What]]]] = {
    Family.DICOM: _dicom, Family.WEB: _web, Family.SMB: _smb, Family.FTP: _ftp, Family.RSYNC: _rsync,
    Family.HL7: _hl7, Family.DATABASE: _database, Family.DESKTOP: _desktop,
}  # fmt: skip


# -- the whole table --


class Disagreement(NamedTuple):
    """A line that clients see otherwise."""

    line: str
    door: str
    place: str
    more: list[list[str]]
    less: list[list[str]]


def confirm(stage: Stage, names: Sequence[str], jobs: int) -> list[Disagreement]:
    """Put every line up on its own, and have it asked; return where the table is wrong."""
    with ThreadPoolExecutor(jobs) as pool:
        found = pool.map(lambda name: _confirm_one(stage, name), names)
        return [one for several in found for one in several]


def _confirm_one(stage: Stage, name: str) -> list[Disagreement]:
    plan = plan_of(name, seed=list(LINES).index(name))
    node = plan.nodes[0]
    found = []
    with stage.performed(plan, f"c{plan.seed}") as network:
        for door in node.line.doors:
            asker = Asker(network.prober, node, str(node.address), node.ports[door], stage.kit)
            found.append(_compared(asker, door, through_router=False))
        for one in plan.forwards:
            asker = Asker(network.stranger, node, str(plan.outer), one.outer, stage.kit)
            found.append(_compared(asker, one.door, through_router=True))
    return [one for one in found if one.more or one.less]


def _compared(asker: Asker, door: str, *, through_router: bool) -> Disagreement:
    line = asker.node.line
    seen, said = ask(asker, line.doors[door]), line.seen(door, through_router=through_router)
    place = "outside" if through_router else "inside"
    return Disagreement(line.name, door, place, sorted(map(list, seen - said)), sorted(map(list, said - seen)))
