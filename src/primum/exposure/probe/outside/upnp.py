"""What a router says of itself by UPnP: its outer address, its mappings, its IPv6 firewall. Read only; nothing is set.

Asked with a unicast M-SEARCH of that router alone, never by multicast; its description and its services are followed on
its own address only, and on ports that the gate lets through. UPnP Device Architecture 1.1, 1.3.2; WANIPConnection:2,
2.5.14 and 2.5.18; WANIPv6FirewallControl:1, 2.5.1. Descriptions of mappings are not kept: people write names into them.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit

from primum.exposure.probe.model import Identity, Mode, Rung
from primum.exposure.probe.outside.xml_reading import Element, NotRead, read_xml

if TYPE_CHECKING:
    from primum.exposure.probe.dialling import Dialler
    from primum.exposure.probe.gate import Address

SSDP_PORT: Final = 1900
"""Where M-SEARCH is answered."""

_SEARCHED: Final = (
    "urn:schemas-upnp-org:device:InternetGatewayDevice:1",
    "urn:schemas-upnp-org:device:InternetGatewayDevice:2",
    "upnp:rootdevice",
)
_CONNECTIONS: Final = ("WANIPConnection", "WANPPPConnection")
_FIREWALL: Final = "WANIPv6FirewallControl"
_NO_MORE: Final = frozenset({"713", "714"})
"""SpecifiedArrayIndexInvalid, NoSuchEntryInArray: the list is at its end."""
_OK: Final = 200
_PORTS: Final = 65_536


class NotUnderstood(Exception):
    """What answered is no router that can be read. `code`: a word of ours, or a UPnP error's number."""

    def __init__(self, code: str) -> None:
        """Keep the code."""
        super().__init__(code)
        self.code = code


class PointsElsewhere(NotUnderstood):
    """The router names another address, which is not followed."""

    def __init__(self) -> None:
        """Say so."""
        super().__init__("points-elsewhere")


@dataclass(frozen=True, slots=True)
class Mapping:
    """A port of the router's outer side, and where it forwards it. `protocol`: tcp or udp."""

    port: int
    protocol: str
    inner: Address
    inner_port: int

    def as_facts(self) -> dict[str, str | int]:
        """Give it as facts of a hint."""
        return {
            "port": self.port, "protocol": self.protocol, "inner": str(self.inner), "inner_port": self.inner_port,
        }  # fmt: skip


@dataclass(slots=True)
class Igd:
    """An Internet gateway device, as it describes itself. `cut`: it lists more mappings than were read."""

    outer: Address | None = None
    mappings: list[Mapping] = field(default_factory=list)
    cut: bool = False
    listed: bool = False
    firewall_on: bool | None = None
    pinholes: bool = False


@dataclass(frozen=True, slots=True)
class _Service:
    kind: str
    control: _Place


@dataclass(frozen=True, slots=True)
class _Place:
    port: int
    path: str


def ask_router(dialler: Dialler, gateway: Address) -> Igd:
    """Ask a router about itself. Raises ProbeRefused, Unanswered, NotUnderstood."""
    answer = dialler.ask_datagram(
        str(gateway), SSDP_PORT, [_search(one, gateway) for one in _SEARCHED], purpose="upnp-search", any_port=True
    )
    where = _on(gateway, _location(answer))
    description = _read(_http(dialler, gateway, where, b"", ()), dialler)
    base = _base(description, gateway, where)
    igd = Igd()
    for service in _services(description, gateway, base):
        if service.kind.split(":")[-2] in _CONNECTIONS and not igd.listed:
            _ask_connection(dialler, gateway, service, igd)
        elif service.kind.split(":")[-2] == _FIREWALL:
            _ask_firewall(dialler, gateway, service, igd)
    return igd


def _search(kind: str, gateway: Address) -> bytes:
    host = f"[{gateway}]" if gateway.version == 6 else str(gateway)  # noqa: PLR2004
    lines = ["M-SEARCH * HTTP/1.1", f"HOST: {host}:{SSDP_PORT}", 'MAN: "ssdp:discover"', f"ST: {kind}", "", ""]
    return "\r\n".join(lines).encode("ascii")


def _location(answer: bytes) -> str:
    status, *lines = answer.decode("latin-1").split("\r\n")
    if not status.startswith("HTTP/1.") or status.split(" ")[1:2] != [str(_OK)]:
        raise NotUnderstood("no-ssdp")
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip().lower() == "location":
            return value.strip()
    raise NotUnderstood("no-location")


def _on(gateway: Address, url: str) -> _Place:
    """Return where on this very address a URL leads. Raises PointsElsewhere, NotUnderstood."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
        same = int(ipaddress.ip_address(host.partition("%")[0])) == int(gateway)
    except ValueError:
        # a name, too: it would have to be asked for
        raise PointsElsewhere from None
    if not same:
        raise PointsElsewhere
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    if parts.scheme != "http" or not path.isascii() or not path.isprintable() or " " in path:
        raise NotUnderstood("no-location")
    return _Place(port, path)


def _url(gateway: Address, place: _Place) -> str:
    plain = str(gateway).partition("%")[0]
    host = f"[{plain}]" if ":" in plain else plain
    return f"http://{host}:{place.port}{place.path}"


def _base(description: Element, gateway: Address, where: _Place) -> str:
    """Return what the description's addresses are relative to (UDA 1.1, 2.3: URLBase, else where it came from)."""
    return description.first("URLBase") or _url(gateway, where)


def _services(description: Element, gateway: Address, base: str) -> list[_Service]:
    found = []
    for one in description.each("service"):
        kind = one.first("serviceType")
        name = kind.split(":")[-2:-1]
        if name and name[0] in {*_CONNECTIONS, _FIREWALL} and kind.isascii() and kind.isprintable() and '"' not in kind:
            found.append(_Service(kind, _on(gateway, urljoin(base, one.first("controlURL")))))
    return found


def _ask_connection(dialler: Dialler, gateway: Address, service: _Service, igd: Igd) -> None:
    try:
        told = _call(dialler, gateway, service, "GetExternalIPAddress", "")
        igd.outer = _address(told.first("NewExternalIPAddress")) or igd.outer
    except NotUnderstood:
        return  # a connection that is not up: another may be
    for index in range(dialler.limits.mappings + 1):
        try:
            told = _call(
                dialler, gateway, service, "GetGenericPortMappingEntry",
                f"<NewPortMappingIndex>{index}</NewPortMappingIndex>",
            )  # fmt: skip
        except NotUnderstood as error:
            igd.listed = igd.listed or error.code in _NO_MORE
            return
        if index == dialler.limits.mappings:
            igd.cut = igd.listed = True
            return
        mapping = _mapping(told)
        if mapping is not None:
            igd.mappings.append(mapping)


def _mapping(told: Element) -> Mapping | None:
    inner = _address(told.first("NewInternalClient"))
    port, inner_port = _port(told.first("NewExternalPort")), _port(told.first("NewInternalPort"))
    protocol = told.first("NewProtocol").lower()
    if inner is None or port is None or inner_port is None or protocol not in {"tcp", "udp"}:
        return None
    return None if told.first("NewEnabled") == "0" else Mapping(port, protocol, inner, inner_port)


def _ask_firewall(dialler: Dialler, gateway: Address, service: _Service, igd: Igd) -> None:
    try:
        told = _call(dialler, gateway, service, "GetFirewallStatus", "")
    except NotUnderstood:
        return
    igd.firewall_on = {"1": True, "0": False}.get(told.first("FirewallEnabled"))
    igd.pinholes = told.first("InboundPinholeAllowed") == "1"


def _call(dialler: Dialler, gateway: Address, service: _Service, action: str, arguments: str) -> Element:
    """Call an action that only reads. Raises NotUnderstood (with the error's number where it gave one)."""
    body = (
        '<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
        's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body>'
        f'<u:{action} xmlns:u="{service.kind}">{arguments}</u:{action}></s:Body></s:Envelope>'
    )
    fields = ('Content-Type: text/xml; charset="utf-8"', f'SOAPAction: "{service.kind}#{action}"')
    told = _read(_http(dialler, gateway, service.control, body.encode("ascii"), fields), dialler)
    if next(told.each("Fault"), None) is not None:
        code = told.first("errorCode")
        raise NotUnderstood(code if code.isdecimal() and len(code) <= 3 else "fault")  # noqa: PLR2004
    return told


def _http(dialler: Dialler, gateway: Address, place: _Place, body: bytes, fields: tuple[str, ...]) -> bytes:
    """Ask by HTTP/1.0, whose answers end where the connection does; return the body, whatever the status."""
    host = urlsplit(_url(gateway, place)).netloc
    lines = [
        f"{'POST' if body else 'GET'} {place.path} HTTP/1.0", f"Host: {host}", f"User-Agent: {dialler.user_agent()}",
        "Connection: close", *fields, *([f"Content-Length: {len(body)}"] if body else []), "", "",
    ]  # fmt: skip
    with dialler.connect(
        str(gateway), place.port, mode=Mode.PLAIN, rung=Rung.CONNECT, identity=Identity.NOBODY, purpose="upnp-read"
    ) as wire:
        wire.send("\r\n".join(lines).encode("ascii") + body)
        whole = bytearray()
        most = dialler.limits.head_bytes + dialler.limits.description_bytes
        while not _is_whole(whole):
            part = wire.receive(most)
            whole += part
            if not part:
                break
            if len(whole) > most:
                raise NotUnderstood("too-long")
    head, separator, rest = bytes(whole).partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.") or not separator:
        raise NotUnderstood("no-http")
    length = _length(head)
    return rest if length is None else rest[:length]


def _is_whole(got: bytearray) -> bool:
    head, separator, rest = bytes(got).partition(b"\r\n\r\n")
    length = _length(head) if separator else None
    return length is not None and len(rest) >= length


def _length(head: bytes) -> int | None:
    """Return the announced length: some routers keep the connection open all the same."""
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length" and value.strip().isdigit() and len(value.strip()) <= 9:  # noqa: PLR2004
            return int(value)
    return None


def _read(body: bytes, dialler: Dialler) -> Element:
    try:
        return read_xml(body, dialler.limits)
    except NotRead as error:
        raise NotUnderstood(error.code) from None


def _address(text: str) -> Address | None:
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if parsed.is_unspecified else parsed  # 0.0.0.0: it has none now


def _port(text: str) -> int | None:
    return int(text) if text.isdecimal() and text.isascii() and len(text) <= 5 and int(text) < _PORTS else None  # noqa: PLR2004
