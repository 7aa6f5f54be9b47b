"""A street of network namespaces: a home behind its router, a phone elsewhere, somebody's control elsewhere.

The home has 192.168.1.20, the router 192.168.1.1 and outside 93.184.216.34, the phone 92.184.100.9, the control
91.184.50.5: other lines of the Internet. What is started inside is ended with the street, by its id.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.programs import stop

HOME, INNER, OUTER, PHONE, CONTROL = "192.168.1.20", "192.168.1.1", "93.184.216.34", "92.184.100.9", "91.184.50.5"
HOME6, OUTER6 = "2a01:e0a:1:2::20", "2a01:e0a:1:2::1"

NAT = """
table ip street {
  chain pre {
    type nat hook prerouting priority -100
    %(forward)s
  }
  chain post {
    type nat hook postrouting priority 100
    oifname "wan" masquerade
    %(source)s
  }
}
"""


def may_have_namespaces() -> bool:
    """Tell whether this user may make network namespaces here."""
    if os.geteuid() != 0:
        return False
    name = f"prb-try-{secrets.token_hex(3)}"
    made = subprocess.run(["ip", "netns", "add", name], capture_output=True, check=False).returncode == 0
    if made:
        subprocess.run(["ip", "netns", "del", name], capture_output=True, check=False)
    return made


def require_namespaces() -> None:
    """Leave the test out where the system lets nobody make a namespace; under CI=true that is a failure."""
    if may_have_namespaces():
        return
    if os.environ.get("CI") == "true":
        pytest.fail("this system does not let network namespaces be made", pytrace=False)
    pytest.skip("needs network namespaces (root, or CAP_SYS_ADMIN)")


@dataclass(slots=True)
class Street:
    """Four machines and the wires between them."""

    mark: str
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def name(self, who: str) -> str:
        return f"prb-{self.mark}-{who}"

    def command(self, who: str, *command: object) -> list[str]:
        return ["ip", "netns", "exec", self.name(who), *map(str, command)]

    def run(self, who: str, *command: object, text: str | None = None, seconds: float = 60) -> str:
        """Run something on a machine; return what it printed. Fails the test where it fails."""
        done = self.tried(who, *command, text=text, seconds=seconds)
        assert done.returncode == 0, (command, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def tried(
        self, who: str, *command: object, text: str | None = None, seconds: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run something on a machine, whatever its exit status."""
        return subprocess.run(
            self.command(who, *command), input=text, capture_output=True, text=True, check=False, timeout=seconds
        )

    def start(self, who: str, *command: object) -> subprocess.Popen[bytes]:
        """Start something on a machine, until the end of the street."""
        one = subprocess.Popen(
            self.command(who, *command), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.started.append(one)
        return one

    def python(self, who: str, script: str, *arguments: object, seconds: float = 60) -> str:
        """Run a script of ours on a machine."""
        return self.run(who, sys.executable, "-c", script, *arguments, seconds=seconds)

    def rules(self, *, forward: Sequence[tuple[int, int]] = (), source_nat: bool = False) -> None:
        """Have the router forward ports of its outer address to the home, hairpin included."""
        lines = [f"ip daddr {OUTER} tcp dport {outer} dnat to {HOME}:{inner}" for outer, inner in forward]
        source = 'oifname "lan" masquerade' if source_nat else f'ip saddr {HOME} oifname "lan" masquerade'
        self.tried("router", "nft", "delete", "table", "ip", "street")
        self.run("router", "nft", "-f", "-", text=NAT % {"forward": "\n".join(lines), "source": source})

    def wait_for(self, who: str, address: str, port: int, seconds: float = 10) -> None:
        """Wait until something listens."""
        script = (
            "import socket,sys,time\n"
            "until=time.monotonic()+float(sys.argv[3])\n"
            "while True:\n"
            "  try: socket.create_connection((sys.argv[1],int(sys.argv[2])),1).close(); break\n"
            "  except OSError:\n"
            "    if time.monotonic()>until: raise\n"
            "    time.sleep(0.02)\n"
        )
        self.run(who, sys.executable, "-I", "-S", "-c", script, address, port, seconds, seconds=seconds + 5)


_SCRIPT = """
set -e
for one in home router phone control net; do ip netns add {m}$one; ip -n {m}$one link set lo up; done
wire() {{
  ip link add $2 netns {m}$1 type veth peer name $4 netns {m}$3
  ip -n {m}$1 link set $2 up
  ip -n {m}$3 link set $4 up
}}
wire home eth0 router lan
wire router wan net r
wire phone eth0 net p
wire control eth0 net c
ip -n {m}net addr add 93.184.216.1/24 dev r
ip -n {m}net addr add 92.184.100.1/24 dev p
ip -n {m}net addr add 91.184.50.1/24 dev c
ip -n {m}home addr add {HOME}/24 dev eth0
ip -n {m}home route add default via {INNER}
ip -n {m}home -6 addr add {HOME6}/64 dev eth0 nodad
ip -n {m}router addr add {INNER}/24 dev lan
ip -n {m}router addr add {OUTER}/24 dev wan
ip -n {m}router route add default via 93.184.216.1
ip -n {m}phone addr add {PHONE}/24 dev eth0
ip -n {m}phone route add default via 92.184.100.1
ip -n {m}control addr add {CONTROL}/24 dev eth0
ip -n {m}control route add default via 91.184.50.1
for one in router net; do ip netns exec {m}$one sh -c 'echo 1 > /proc/sys/net/ipv4/ip_forward'; done
"""


@contextlib.contextmanager
def street() -> Iterator[Street]:
    """Make the street, and take it away whatever happens."""
    one = Street(secrets.token_hex(3))
    names = {"HOME": HOME, "INNER": INNER, "OUTER": OUTER, "PHONE": PHONE, "CONTROL": CONTROL, "HOME6": HOME6}
    try:
        made = subprocess.run(
            ["sh", "-c", _SCRIPT.format(m=f"prb-{one.mark}-", **names)], capture_output=True, text=True, check=False
        )
        assert made.returncode == 0, made.stderr
        one.rules()
        yield one
    finally:
        for started in reversed(one.started):
            stop(started)
        for who in ("home", "router", "phone", "control", "net"):
            subprocess.run(["ip", "netns", "del", one.name(who)], capture_output=True, check=False)


UPNP = """
table inet filter {
  chain miniupnpd { }
  chain prerouting_miniupnpd { }
  chain postrouting_miniupnpd { }
  chain forward {
    type filter hook forward priority 0
    jump miniupnpd
  }
  chain prerouting {
    type nat hook prerouting priority -90
    jump prerouting_miniupnpd
  }
  chain postrouting {
    type nat hook postrouting priority 90
    jump postrouting_miniupnpd
  }
}
"""
"""Chains that miniupnpd writes its mappings into."""


def write_miniupnpd(folder: Path) -> Path:
    """Write the settings of a router's UPnP, NAT-PMP and PCP."""
    path = folder / "miniupnpd.conf"
    lines = [
        "ext_ifname=wan", f"listening_ip={INNER}/24", "enable_natpmp=yes", "enable_upnp=yes", "secure_mode=no",
        "port=5000", "system_uptime=yes", "uuid=00000000-0000-0000-0000-000000000000", "ipv6_disable=yes",
        f"ext_ip={OUTER}", "allow 1-65535 0.0.0.0/0 1-65535", f"lease_file={folder}/leases",
    ]  # fmt: skip
    path.write_text("\n".join(lines) + "\n", "ascii")
    return path
