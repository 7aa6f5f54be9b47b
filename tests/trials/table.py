"""What a stranger may do to each kind of service in each setting: the one table that the probe is scored against.

Written from the products' manuals and confirmed by other people's clients (`confirming.py`), never from what the probe
says. A line is a kind and a setting; for each of its doors it gives (mode, identity, rung). Addresses, ports and titles
are drawn and change nothing here, but that a title is of the class that the line says.

Identities of DICOM are about both titles: `nobody` where any made-up pair is taken, `known` where one of them has to be
a title that products come with. A TLS listener that asks for no certificate takes a stranger's too: both modes are
holes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

from primum.exposure.probe.model import NEEDS_CONTROL, Family, Identity, Mode, Rung

R, M, I = Rung, Mode, Identity  # noqa: E741 - the table is read in columns


class What(NamedTuple):
    """A hole, but for where."""

    mode: Mode
    identity: Identity
    rung: Rung

    @property
    def needs_control(self) -> bool:
        """Tell whether it is asked only of a target that has proven that the caller controls it."""
        return self.rung in NEEDS_CONTROL or self.identity is Identity.DEFAULT


@dataclass(frozen=True, slots=True)
class Door:
    """One port of a line: where it is usual, and what is open on it."""

    family: Family
    ports: tuple[int, ...]
    holes: frozenset[What] = frozenset()


@dataclass(frozen=True, slots=True)
class Line:
    """A kind in a setting. `by_source`: its only door, seen through a router with source NAT.

    `by_port`: it says nothing at all, and is what it is by its port alone. Elsewhere nobody can tell it from whatever
    else listens and is silent: a probe has to say "not determined" there.
    """

    kind: str
    setting: str
    why: str
    doors: dict[str, Door]
    by_source: frozenset[What] | None = None
    weight: int = 2
    by_port: bool = False

    @property
    def name(self) -> str:
        """How the line is called."""
        return f"{self.kind}/{self.setting}"

    def seen(self, door: str, *, through_router: bool) -> frozenset[What]:
        """Return what is open on a door to the LAN, or to who comes with the router's address."""
        if through_router and self.by_source is not None:
            return self.by_source
        return self.doors[door].holes


def holes(identity: Identity, *rungs: Rung, modes: tuple[Mode, ...] = (Mode.PLAIN,)) -> frozenset[What]:
    """Make the holes of one identity."""
    return frozenset(What(mode, identity, rung) for mode in modes for rung in rungs)


BOTH_TLS: Final = (Mode.TLS, Mode.TLS_FOREIGN)
DICOM_PORTS: Final = (104, 11112, 4242, 2345, 4006, 4444, 6666)
TLS_PORTS: Final = (2762,)
WEB_PORTS: Final = (80, 8042, 8080, 3000, 5000)
HTTPS_PORTS: Final = (443, 8443, 9443)


def dicom(what: frozenset[What], ports: tuple[int, ...] = DICOM_PORTS) -> dict[str, Door]:
    """Make the only door of something that speaks DICOM."""
    return {"dicom": Door(Family.DICOM, ports, what)}


def web(what: frozenset[What], ports: tuple[int, ...] = WEB_PORTS) -> dict[str, Door]:
    """Make the only door of something that speaks HTTP."""
    return {"web": Door(Family.WEB, ports, what)}


def one(family: Family, port: int, what: frozenset[What]) -> dict[str, Door]:
    """Make a door of another family."""
    return {family.value: Door(family, (port,), what)}


_NOBODY_STORES: Final = holes(I.NOBODY, R.ASSOCIATE, R.ECHO, R.STORE)
_ORTHANC: Final = (R.ASSOCIATE, R.ECHO, R.STORE, R.ACTION)
"""What Orthanc's defaults grant: storage commitment with storage."""
_ORTHANC_OPEN: Final = (*_ORTHANC, R.FIND, R.GET)
"""And with DicomAlwaysAllow of the rest. C-MOVE has to name somebody whom it knows."""
_ORTHANC_WEB: Final = (R.PAGE, R.SEARCH, R.RETRIEVE, R.STORE)

TABLE: Final[tuple[Line, ...]] = (
    # -- Orthanc, Debian's 1.10.1
    Line("orthanc", "as-shipped", "any title may echo and store; reading needs a registered title",
         dicom(holes(I.NOBODY, *_ORTHANC))),
    Line("orthanc", "open", "DicomAlwaysAllowFind, -Get, -Move: everything but what it has no service for",
         dicom(holes(I.NOBODY, *_ORTHANC_OPEN)), weight=5),
    Line("orthanc", "called-title", "DicomCheckCalledAet with a title that products come with, else open",
         dicom(holes(I.KNOWN, *_ORTHANC_OPEN))),
    Line("orthanc", "registered", "as shipped, with a workstation of a common title and no check of its address",
         dicom(holes(I.NOBODY, *_ORTHANC) | holes(I.KNOWN, R.FIND, R.GET)), weight=3),
    Line("orthanc", "strict", "called title made up for the practice, nothing always allowed: rejected",
         dicom(frozenset())),
    Line("orthanc", "by-source", "a common title, checked by address, the router's: source NAT lets all of them in",
         dicom(holes(I.NOBODY, *_ORTHANC)),
         by_source=holes(I.NOBODY, *_ORTHANC) | holes(I.KNOWN, R.FIND, R.GET), weight=3),
    Line("orthanc", "tls-anyone", "DicomTls that requires no certificate, and verifies one that is shown; open behind",
         dicom(holes(I.NOBODY, *_ORTHANC_OPEN, modes=(M.TLS,)), TLS_PORTS)),
    Line("orthanc", "tls-required", "DicomTls with DicomTlsRemoteCertificateRequired",
         dicom(frozenset(), TLS_PORTS)),
    Line("orthanc", "web-open", "RemoteAccessAllowed, no authentication, DICOMweb; scripts off",
         web(holes(I.NOBODY, *_ORTHANC_WEB)), weight=4),
    Line("orthanc", "web-scripts", "the same with ExecuteLuaEnabled, and without DICOMweb",
         web(holes(I.NOBODY, *_ORTHANC_WEB, R.RUN))),
    Line("orthanc", "web-password", "RemoteAccessAllowed, a password that nobody has written anywhere",
         web(frozenset())),
    Line("orthanc", "web-default", "the account orthanc with the password orthanc",
         web(holes(I.DEFAULT, *_ORTHANC_WEB))),
    Line("orthanc", "both-open", "DICOM and HTTP open on one machine",
         dicom(holes(I.NOBODY, *_ORTHANC_OPEN))
         | web(holes(I.NOBODY, *_ORTHANC_WEB))),
    # -- DCMTK
    Line("dcmqrscp", "known-title", "peers ANY, a storage area named as products are",
         dicom(holes(I.KNOWN, R.ASSOCIATE, R.ECHO, R.FIND, R.GET, R.STORE)), weight=3),
    Line("dcmqrscp", "own-title", "peers ANY, a storage area named after the practice: not recognised",
         dicom(frozenset())),
    Line("dcmqrscp", "own-peers", "a storage area named as products are, peers of the house alone",
         dicom(frozenset())),
    Line("storescp", "plain", "takes whatever comes, from anybody", dicom(_NOBODY_STORES), weight=3),
    Line("storescp", "tls-ignores", "+tls -ic: asks for no certificate",
         dicom(holes(I.NOBODY, R.ASSOCIATE, R.ECHO, R.STORE, modes=BOTH_TLS), TLS_PORTS)),
    Line("storescp", "tls-if-present", "+tls -vc: none will do, a stranger's will not",
         dicom(holes(I.NOBODY, R.ASSOCIATE, R.ECHO, R.STORE, modes=(M.TLS,)), TLS_PORTS)),
    Line("storescp", "tls-required", "+tls -rc: only certificates of its authority", dicom(frozenset(), TLS_PORTS)),
    Line("relay", "triple-des", "an old TLS relay with AES-128-CBC and 3DES, nothing asked, storescp behind",
         dicom(holes(I.NOBODY, R.ASSOCIATE, R.ECHO, R.STORE, modes=BOTH_TLS), TLS_PORTS)),
    # -- a viewer of a Mac
    Line("viewer", "as-shipped", "any title: echo, find, move to an address it knows by title; no get",
         dicom(holes(I.NOBODY, R.ASSOCIATE, R.ECHO, R.FIND, R.MOVE, R.STORE), (11112, 104, 4096)), weight=4),
    Line("viewer", "commits", "the same, and a RIS beside it: storage commitment and performed procedure steps",
         dicom(holes(I.NOBODY, R.ASSOCIATE, R.ECHO, R.FIND, R.GET, R.STORE, R.ACTION, R.MPPS), (11112, 104)), weight=1),
    # -- Primum
    Line("primum", "closed", "the DICOM door on the network, with TLS and enrolled certificates; pages on loopback",
         dicom(frozenset(), TLS_PORTS), weight=4),
    Line("primum", "careless", "a plain device HOROS that may store and query, and somebody's relay to the plain door",
         {"dicom": Door(Family.DICOM, TLS_PORTS), "relay": Door(Family.DICOM, (11112, 104),
          holes(I.KNOWN, R.ASSOCIATE, R.ECHO, R.FIND, R.STORE))}, weight=4),
    Line("primum", "web", "web_address beyond loopback: a sign-in page and nothing else",
         {"dicom": Door(Family.DICOM, TLS_PORTS), "web": Door(Family.WEB, HTTPS_PORTS)}, weight=3),
    # -- a laptop that shares a folder
    Line("smb", "guest", "a share that guests may open",
         one(Family.SMB, 445, holes(I.NOBODY, R.BANNER) | holes(I.GUEST, R.SESSION, R.LIST)), weight=3),
    Line("smb", "accounts", "no guests; an anonymous session that opens nothing, as every Samba grants it",
         one(Family.SMB, 445, holes(I.NOBODY, R.BANNER) | holes(I.GUEST, R.SESSION))),
    Line("ftp", "anonymous", "anonymous_enable=YES",
         one(Family.FTP, 21, holes(I.NOBODY, R.BANNER) | holes(I.GUEST, R.SESSION, R.LIST))),
    Line("ftp", "accounts", "anonymous_enable=NO", one(Family.FTP, 21, holes(I.NOBODY, R.BANNER))),
    Line("rsync", "module", "a module that asks for no account",
         one(Family.RSYNC, 873, holes(I.NOBODY, R.BANNER, R.SESSION, R.LIST))),
    Line("rsync", "accounts", "modules neither listed nor open without an account",
         one(Family.RSYNC, 873, holes(I.NOBODY, R.BANNER))),
    # -- what stands beside
    Line("hl7", "acknowledges", "an interface that answers AA to whatever has an MSH",
         one(Family.HL7, 2575, holes(I.NOBODY, R.BANNER, R.ANSWER))),
    Line("hl7", "rejects", "answers AR to what it does not know: it talks with strangers all the same",
         one(Family.HL7, 2575, holes(I.NOBODY, R.BANNER, R.ANSWER))),
    Line("hl7", "mute", "takes frames, keeps the connection, never answers",
         one(Family.HL7, 2575, holes(I.NOBODY, R.BANNER)), by_port=True),
    Line("redis", "open", "protected-mode no, no password",
         one(Family.DATABASE, 6379, holes(I.NOBODY, R.BANNER, R.SESSION))),
    Line("redis", "password", "requirepass", one(Family.DATABASE, 6379, holes(I.NOBODY, R.BANNER))),
    Line("postgres", "trust", "host all all trust: a name, and no password",
         one(Family.DATABASE, 5432, holes(I.NOBODY, R.BANNER) | holes(I.GUEST, R.SESSION)), weight=1),
    Line("postgres", "scram", "host all all scram-sha-256",
         one(Family.DATABASE, 5432, holes(I.NOBODY, R.BANNER)), weight=1),
    Line("vnc", "open", "security type 1, None", one(Family.DESKTOP, 5900, holes(I.NOBODY, R.BANNER, R.SESSION))),
    Line("vnc", "password", "security type 2", one(Family.DESKTOP, 5900, holes(I.NOBODY, R.BANNER))),
    # -- what must not be taken for anything
    Line("http", "always-200", "the same page, and 200, whatever is asked", web(frozenset())),
    Line("http", "printer", "a page of a printer; 404 for the rest", web(frozenset())),
    Line("odd", "hangs", "accepts, reads, never answers", dicom(frozenset())),
    Line("odd", "resets", "accepts, then resets", dicom(frozenset())),
    Line("odd", "chatters", "answers any byte with megabytes", dicom(frozenset())),
)  # fmt: skip
"""Every kind in every setting."""

LINES: Final = {line.name: line for line in TABLE}
