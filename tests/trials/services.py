"""How each line of the table is set up: programs of Debian with the settings that the line names, and our twins."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import struct
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, Final

from tests.programs import find_program
from tests.trials import spaces
from tests.trials.draw import Node, Plan, own_title
from tests.trials.nursery import Nursery
from tests.trials.trust import Trust

PROGRAMS: Final = (
    "ip", "nft", "nsenter", "Orthanc", "dcmqrscp", "storescp", "storescu", "echoscu", "findscu", "getscu", "movescu",
    "smbd", "smbclient", "vsftpd", "rsync", "redis-server", "curl", "openssl", "setpriv",
)  # fmt: skip
"""Without these there are no trials."""
CANARY: Final = "CANARI^ESPION"
"""Name of the patient of the study in every archive: no report may hold it."""
CANARIES: Final = ("CANARI", "ESPION", "19610412")
"""What of it no report may hold."""
PASSWORD: Final = "une-phrase-que-personne-n-a-ecrite"
FTP_DATA: Final = (40_000, 40_003)
"""Ports of passive data connections, which the mandate names too."""
_PLUGIN: Final = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
_POSTGRES: Final = Path("/usr/lib/postgresql/15/bin")
_OWNER: Final = "postgres"
_AS_POSTGRES: Final = ("setpriv", f"--reuid={_OWNER}", f"--regid={_OWNER}", "--clear-groups")
"""It refuses to run as root."""


@dataclass(slots=True)
class Kit:
    """What services are started with."""

    nursery: Nursery
    trust: Trust
    study: Path
    """A file with the canary's study."""
    study_uid: str
    folder: Path
    cluster: Path | None = None
    """A cluster of PostgreSQL to be copied, where there is one."""


@dataclass(slots=True)
class Standing:
    """One node's services while they run."""

    node: Node
    plan: Plan
    space: str
    folder: Path
    kit: Kit
    interface: str
    pids: list[int] = field(default_factory=list)

    @property
    def random(self) -> Random:
        """What else is drawn for this node: the same each time."""
        return Random(self.node.seed)

    def start(self, *command: str, environment: Mapping[str, str] | None = None) -> None:
        """Start a program in its namespace."""
        program = str(find_program(command[0]) or command[0])
        log = self.folder / "log"
        self.pids.append(
            self.kit.nursery.start(
                self.space, [program, *command[1:]], log=log, folder=self.folder, environment=environment
            )
        )

    def twin(self, name: str, **options: Any) -> None:
        """Start a twin in its namespace."""
        self.pids.append(self.kit.nursery.twin(self.space, name, log=self.folder / "log", **options))

    def wait(self, *ports: int, seconds: float = 30) -> None:
        """Wait until ports are listened to, by the table of the kernel: a connection would be a guest too many."""
        end = time.monotonic() + seconds
        with spaces.inside(self.space):
            while not set(ports) <= _listened():
                if time.monotonic() > end:
                    said = (self.folder / "log").read_text("utf-8", "replace")[-800:]
                    raise TimeoutError(f"{self.node.line.name} does not listen on {ports}: {said}")
                time.sleep(0.01)


def start(standing: Standing) -> None:
    """Set a node's services up and wait until they listen."""
    _KINDS[standing.node.line.kind](standing, standing.node.line.setting)
    if standing.node.line.kind != "primum":  # its doors stand already, and its drawn ports are turned to them
        standing.wait(*standing.node.ports.values())


def data_ports(plan: Plan) -> tuple[int, int] | None:
    """Return the ports of FTP's data connections, where somebody serves FTP."""
    return FTP_DATA if any(one.line.kind == "ftp" and one.covered for one in plan.nodes) else None


def _listened() -> set[int]:
    """Return the TCP ports listened to in the thread's namespace (proc(5), net/tcp: state 0A)."""
    found = set[int]()
    for name in ("tcp", "tcp6"):
        with suppress(FileNotFoundError):
            rows = Path(f"/proc/thread-self/net/{name}").read_text("ascii").splitlines()[1:]
            found |= {int(row.split()[1].rsplit(":")[-1], 16) for row in rows if row.split()[3] == "0A"}
    return found


# -- archives --


def _orthanc(standing: Standing, setting: str) -> None:
    node, folder = standing.node, standing.folder
    on_dicom, on_web = node.ports.get("dicom"), node.ports.get("web")
    inner = on_web or 18042
    wanted: dict[str, Any] = {
        "Name": "trial", "StorageDirectory": str(folder), "IndexDirectory": str(folder),
        "TemporaryDirectory": str(folder), "DicomPort": on_dicom or 14242, "HttpPort": inner,
        "DicomServerEnabled": on_dicom is not None, "RemoteAccessAllowed": on_web is not None,
        "AuthenticationEnabled": False, "DicomAet": node.title, "HttpThreadsCount": 10,
        "Plugins": [] if setting == "web-scripts" else [_PLUGIN],
    }  # fmt: skip
    if setting in {"open", "called-title", "tls-anyone", "both-open"}:
        wanted |= {f"DicomAlwaysAllow{one}": True for one in ("Find", "Get", "Move", "FindWorklist")}
    if setting == "called-title":
        wanted |= {"DicomCheckCalledAet": True}
    if setting == "strict":
        wanted |= {"DicomCheckCalledAet": True, "DicomAet": own_title(standing.random)}
        wanted |= {"DicomAlwaysAllowEcho": False, "DicomAlwaysAllowStore": False}
    if setting in {"registered", "by-source"}:
        address = str(standing.plan.router) if setting == "by-source" else "192.0.2.7"
        wanted |= {"DicomModalities": {"station": [node.caller, address, 104]}}
        wanted |= {"DicomCheckModalityHost": setting == "by-source"}
    if setting.startswith("tls"):
        trust = standing.kit.trust
        wanted |= {
            "DicomTlsEnabled": True, "DicomTlsCertificate": str(trust.certificate),
            "DicomTlsPrivateKey": str(trust.key), "DicomTlsTrustedCertificates": str(trust.authority),
            "DicomTlsRemoteCertificateRequired": setting == "tls-required",
        }  # fmt: skip
    if setting == "web-scripts":
        wanted |= {"ExecuteLuaEnabled": True}
    login = {"web-password": ("cabinet", PASSWORD), "web-default": ("orthanc", "orthanc")}.get(setting)
    if login:
        wanted |= {"AuthenticationEnabled": True, "RegisteredUsers": dict([login])}
    (folder / "orthanc.json").write_text(json.dumps(wanted))
    standing.start("Orthanc", str(folder / "orthanc.json"))
    standing.wait(inner)
    with spaces.inside(standing.space):
        _post(inner, standing.kit.study.read_bytes(), login)


def _post(port: int, body: bytes, login: tuple[str, str] | None) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    fields = {"Authorization": "Basic " + b64encode(":".join(login).encode()).decode()} if login else {}
    connection.request("POST", "/instances", body, fields)
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        raise RuntimeError(f"Orthanc answered {answer.status} to the canary")
    connection.close()


def _dcmqrscp(standing: Standing, setting: str) -> None:
    node, folder = standing.node, standing.folder
    (folder / "area").mkdir()
    title = own_title(standing.random) if setting == "own-title" else node.title
    peers = "stations" if setting == "own-peers" else "ANY"
    (folder / "dcmqrscp.cfg").write_text(
        "MaxPDUSize = 16384\nMaxAssociations = 32\n"
        f"HostTable BEGIN\nstations = (POSTE1, 192.0.2.7, 104)\nHostTable END\n"
        "VendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\n{title} {folder / 'area'} RW (50, 64mb) {peers}\nAETable END\n"
    )
    port = node.ports["dicom"]
    standing.start("dcmqrscp", "-dhl", "-c", str(folder / "dcmqrscp.cfg"), str(port))
    standing.wait(port)
    if setting == "known-title":
        sent = ("storescu", "-aec", title, "127.0.0.1", str(port), str(standing.kit.study))
        spaces.run("nsenter", f"--net={spaces.PLACE / standing.space}", str(find_program(sent[0])), *sent[1:])


def _storescp(standing: Standing, setting: str) -> None:
    options = {"plain": [], "tls-ignores": ["-ic"], "tls-if-present": ["-vc"], "tls-required": ["-rc"]}[setting]
    trust = standing.kit.trust
    if setting != "plain":
        options += ["+tls", str(trust.key), str(trust.certificate), "+cf", str(trust.authority)]
    _storescp_at(standing, standing.node.ports["dicom"], options)


def _storescp_at(standing: Standing, port: int, options: Sequence[str]) -> None:
    standing.start(
        "storescp", "-dhl", "--fork", *options, "-aet", standing.node.title, "-od", str(standing.folder), str(port)
    )


def _relay(standing: Standing, _setting: str) -> None:
    _storescp_at(standing, 10_104, [])
    standing.wait(10_104)
    spaces.nft(standing.space, "table ip own { chain here { type filter hook input priority filter;\n"
                               "iifname eth0 tcp dport 10104 reject with tcp reset\n}\n}\n")  # fmt: skip
    old = "NONE:+VERS-TLS1.2:+VERS-TLS1.0:+RSA:+AES-128-CBC:+3DES-CBC:+SHA1:+SIGN-ALL:+COMP-NULL:%SERVER_PRECEDENCE"
    trust = standing.kit.trust
    standing.twin(
        "old_tls_relay", port=standing.node.ports["dicom"], to=10_104, priorities=old,
        certificate=str(trust.certificate), key=str(trust.key),
    )  # fmt: skip


def _viewer(standing: Standing, setting: str) -> None:
    commits = setting == "commits"
    standing.twin("viewer", port=standing.node.ports["dicom"], title=standing.node.title,
                  study=standing.kit.study_uid, get=commits, writes=commits, move=not commits)  # fmt: skip


# -- shares --


def _smb(standing: Standing, setting: str) -> None:
    folder, guest = standing.folder, setting == "guest"
    shared = folder / "partage"
    shared.mkdir()
    (shared / "notes.txt").write_text("rien\n")
    folder.chmod(0o755)
    shared.chmod(0o755)
    for name in ("state", "private", "lock", "cache", "pid", "ncalrpc"):
        (folder / name).mkdir()
    (folder / "smb.conf").write_text(
        "[global]\n"
        f"smb ports = {standing.node.ports['smb']}\ndisable netbios = yes\nload printers = no\nprinting = bsd\n"
        f"state directory = {folder}/state\nprivate dir = {folder}/private\nlock directory = {folder}/lock\n"
        f"cache directory = {folder}/cache\npid directory = {folder}/pid\nncalrpc dir = {folder}/ncalrpc\n"
        f"log file = {folder}/smbd.log\nserver role = standalone server\n"
        + ("map to guest = Bad User\n" if guest else "map to guest = Never\nrestrict anonymous = 2\n")
        + f"[partage]\npath = {shared}\nread only = yes\nguest ok = {'yes' if guest else 'no'}\n"
    )
    standing.start("smbd", "--foreground", "--no-process-group", f"--configfile={folder / 'smb.conf'}")


def _ftp(standing: Standing, setting: str) -> None:
    folder = standing.folder
    shared, empty = folder / "ftp", folder / "empty"
    shared.mkdir()
    empty.mkdir()
    (shared / "notes.txt").write_text("rien\n")
    folder.chmod(0o755)
    low, high = FTP_DATA
    (folder / "vsftpd.conf").write_text(
        f"listen=YES\nlisten_port={standing.node.ports['ftp']}\nbackground=NO\nanon_root={shared}\n"
        f"anonymous_enable={'YES' if setting == 'anonymous' else 'NO'}\nlocal_enable=YES\nsecure_chroot_dir={empty}\n"
        f"pasv_min_port={low}\npasv_max_port={high}\nxferlog_enable=NO\nseccomp_sandbox=NO\n"
    )
    (folder / "vsftpd.conf").chmod(0o600)
    standing.start("vsftpd", str(folder / "vsftpd.conf"))


def _rsync(standing: Standing, setting: str) -> None:
    folder = standing.folder
    (folder / "images").mkdir()
    (folder / "secrets").write_text("cabinet:" + PASSWORD + "\n")
    (folder / "secrets").chmod(0o600)
    closed = f"list = no\nauth users = cabinet\nsecrets file = {folder / 'secrets'}\n" if setting == "accounts" else ""
    (folder / "rsyncd.conf").write_text(
        f"use chroot = no\nreverse lookup = no\npid file = {folder / 'pid'}\n"
        f"[images]\npath = {folder / 'images'}\nread only = yes\n{closed}"
    )
    standing.start("rsync", "--daemon", "--no-detach", f"--config={folder / 'rsyncd.conf'}",
                   f"--port={standing.node.ports['rsync']}")  # fmt: skip


# -- databases --


def _redis(standing: Standing, setting: str) -> None:
    closed = ("--requirepass", PASSWORD) if setting == "password" else ()
    standing.start("redis-server", "--port", str(standing.node.ports["database"]), "--bind", "0.0.0.0",
                   "--protected-mode", "no", "--save", "", "--dir", str(standing.folder), *closed)  # fmt: skip


def make_cluster(folder: Path) -> Path | None:
    """Make a cluster of PostgreSQL to be copied, where the program is."""
    if not (_POSTGRES / "initdb").exists():
        return None
    cluster = folder / "cluster"
    folder.chmod(0o755)
    cluster.mkdir(mode=0o700)
    shutil.chown(cluster, _OWNER, _OWNER)
    spaces.run(*_AS_POSTGRES, str(_POSTGRES / "initdb"), "-D", str(cluster), "--no-sync", "-A", "trust", "-U", _OWNER,
               "--locale=C")  # fmt: skip
    return cluster


def _postgres(standing: Standing, setting: str) -> None:
    if standing.kit.cluster is None:
        raise FileNotFoundError("PostgreSQL 15 (Debian: apt-get install postgresql)")
    folder = standing.folder
    folder.chmod(0o755)
    data = folder / "data"
    subprocess.run(["cp", "-a", str(standing.kit.cluster), str(data)], check=True)
    way = "trust" if setting == "trust" else "scram-sha-256"
    (data / "pg_hba.conf").write_text(f"host all all all {way}\n")
    standing.start(
        *_AS_POSTGRES, str(_POSTGRES / "postgres"), "-D", str(data), "-p",
        str(standing.node.ports["database"]), "-h", "0.0.0.0", "-k", "", "-F",
    )  # fmt: skip
    standing.wait(standing.node.ports["database"])
    with spaces.inside(standing.space):
        _until_postgres_answers(standing.node.ports["database"])


def _until_postgres_answers(port: int) -> None:
    """Wait until it does not say any longer that it is starting up (SQLSTATE 57P03)."""
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as caller:
            asked = struct.pack(">I", 196_608) + b"user\0postgres\0\0"
            caller.sendall(struct.pack(">I", len(asked) + 4) + asked)
            if b"57P03" not in caller.recv(4096):
                return
        time.sleep(0.02)


# -- twins alone --


def _hl7(standing: Standing, setting: str) -> None:
    standing.twin(
        "hl7", port=standing.node.ports["hl7"], code={"acknowledges": "AA", "rejects": "AR", "mute": ""}[setting]
    )


def _vnc(standing: Standing, setting: str) -> None:
    standing.twin("vnc", port=standing.node.ports["desktop"], security={"open": 1, "password": 2}[setting])


def _http(standing: Standing, setting: str) -> None:
    standing.twin("http", port=standing.node.ports["web"], always=setting == "always-200")


def _odd(standing: Standing, setting: str) -> None:
    standing.twin(setting, port=standing.node.ports["dicom"])


def _primum(standing: Standing, setting: str) -> None:
    """Its namespace stands already (`primums.py`), for several networks: here its doors are turned to drawn ports."""
    from tests.trials import primums

    node, interface = standing.node, standing.interface
    rules = {node.ports["dicom"]: primums.DICOM_PORT}
    if setting == "web":
        rules[node.ports["web"]] = primums.WEB_PORT
    if setting == "careless":
        relay = node.ports["relay"]
        standing.twin("relay", port=relay, to=primums.PLAIN_PORT, address=str(node.address))
        standing.wait(relay)
    turned = {outer: inner for outer, inner in rules.items() if outer != inner}
    turns = "".join(f"  iifname {interface} tcp dport {one} redirect to :{inner}\n" for one, inner in turned.items())
    hidden = "".join(f"  iifname {interface} tcp dport {one} reject with tcp reset\n" for one in turned.values())
    table = f"table ip doors_{interface}"
    spaces.nft(
        standing.space,
        f"{table} {{}}\ndelete {table}\n{table} {{\n"
        f" chain turned {{ type nat hook prerouting priority dstnat;\n{turns} }}\n"
        f" chain here {{ type filter hook input priority filter;\n  ct status dnat accept\n{hidden} }}\n}}\n",
    )


_KINDS: Final[dict[str, Callable[[Standing, str], None]]] = {
    "orthanc": _orthanc, "dcmqrscp": _dcmqrscp, "storescp": _storescp, "relay": _relay, "viewer": _viewer,
    "primum": _primum, "smb": _smb, "ftp": _ftp, "rsync": _rsync, "hl7": _hl7, "redis": _redis,
    "postgres": _postgres, "vnc": _vnc, "http": _http, "odd": _odd,
}  # fmt: skip
