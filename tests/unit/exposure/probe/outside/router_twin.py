"""A router at hand, on an address of loopback of its own: answers UPnP, NAT-PMP and PCP as it is told to."""

from __future__ import annotations

import contextlib
import http.server
import itertools
import os
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import Any

from primum.exposure.probe.dialling import Dialler, Purpose
from primum.exposure.probe.gate import Gate
from primum.exposure.probe.limits import LIMITS, Limits

_TURN = itertools.count()

DESCRIPTION = """<?xml version="1.0"?><root xmlns="urn:schemas-upnp-org:device-1-0"><device><deviceList><device>
<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>
<controlURL>{control}</controlURL></service><service>
<serviceType>urn:schemas-upnp-org:service:WANIPv6FirewallControl:1</serviceType>
<controlURL>/fw</controlURL></service></serviceList></device></deviceList></device></root>"""

ANSWER = '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>{}</s:Body></s:Envelope>'
FAULT = ANSWER.format(
    "<s:Fault><detail><UPnPError><errorCode>{}</errorCode></UPnPError></detail></s:Fault>",
)


def loopback_address() -> str:
    """Give an address of loopback that no other test has."""
    number = (os.getpid() * 64 + next(_TURN)) % 0xFFFFFF
    return str(IPv4Address("127.0.0.0") + (number | 0x10000))


def dialler(
    *, limits: Limits = LIMITS, own: Callable[[Any], bool] | None = None, log: list[Purpose] | None = None
) -> Dialler:
    """Make a dialler that may ask loopback."""
    gate = Gate(is_own=own or (lambda one: one.is_loopback), mandates=(), now=lambda: datetime.now(UTC))
    return Dialler(gate, limits, log=(log if log is not None else []).append, deadline=time.monotonic() + 60)


class Router:
    """What it answers is in its attributes."""

    def __init__(self) -> None:
        self.address = loopback_address()
        self.outer = "93.184.216.34"
        self.mappings: list[tuple[int, str, str, int]] = []
        self.location = ""
        self.control = "/ctl"
        self.description: bytes | None = None
        self.firewall = ("1", "0")
        self.natpmp: bytes | None = struct.pack(">BBHI4s", 0, 128, 0, 7, IPv4Address("93.184.216.34").packed)
        self.pcp: bytes | None = None
        self.asked: list[str] = []
        self.from_other_port = False

    def ssdp(self, question: bytes) -> bytes | None:
        self.asked.append(question.decode().split("\r\n")[0])
        where = self.location or f"http://{self.address}:{self.port}/desc.xml"
        return f"HTTP/1.1 200 OK\r\nST: x\r\nLocation: {where}\r\n\r\n".encode() if where != "none" else None

    def mapping(self, question: bytes) -> bytes | None:
        self.asked.append(question[:2].hex())
        return self.pcp if question[0] == 2 else self.natpmp

    def soap(self, action: str, body: str) -> str:
        self.asked.append(action)
        if action == "GetExternalIPAddress":
            return ANSWER.format(f"<NewExternalIPAddress>{self.outer}</NewExternalIPAddress>")
        if action == "GetFirewallStatus":
            on, holes = self.firewall
            return ANSWER.format(
                f"<FirewallEnabled>{on}</FirewallEnabled><InboundPinholeAllowed>{holes}</InboundPinholeAllowed>"
            )
        found = re.search("<NewPortMappingIndex>([0-9]+)<", body)
        index = int(found[1]) if found else 0
        if index >= len(self.mappings):
            return FAULT.format(713)
        port, protocol, inner, inner_port = self.mappings[index]
        return ANSWER.format(
            f"<NewExternalPort>{port}</NewExternalPort><NewProtocol>{protocol}</NewProtocol>"
            f"<NewInternalPort>{inner_port}</NewInternalPort><NewInternalClient>{inner}</NewInternalClient>"
            "<NewEnabled>1</NewEnabled><NewPortMappingDescription>Poste du Dr Canari</NewPortMappingDescription>"
        )

    port = 0


@contextlib.contextmanager
def running(router: Router) -> Iterator[Router]:
    """Have the router answer until the end."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            router.asked.append(f"GET {self.path}")
            self._give(router.description or DESCRIPTION.format(control=router.control).encode())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self._give(router.soap(self.headers["SOAPAction"].rpartition("#")[2].strip('"'), body).encode())

        def _give(self, body: bytes) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    web = http.server.ThreadingHTTPServer((router.address, 0), Handler)
    router.port = web.server_address[1]
    with contextlib.ExitStack() as stack:
        stack.callback(web.server_close)
        stack.callback(web.shutdown)
        threading.Thread(target=web.serve_forever, args=(0.02,), daemon=True).start()
        for port, answer in ((1900, router.ssdp), (5351, router.mapping)):
            udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            udp.bind((router.address, port))
            thread = threading.Thread(target=_answer, args=(udp, answer, router), daemon=True)
            thread.start()
            stack.callback(thread.join)
            stack.callback(_end, (router.address, port))
        yield router


def _end(address: tuple[str, int]) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"end", address)


def _answer(udp: socket.socket, answer: Callable[[bytes], bytes | None], router: Router) -> None:
    with udp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind((router.address, 0))
        while (question := udp.recvfrom(2048))[0] != b"end":
            text = answer(question[0])
            if text is not None:
                (other if router.from_other_port else udp).sendto(text, question[1])
