"""Gateways are read from the system, as each system tells them."""

from __future__ import annotations

import subprocess
import sys
from ipaddress import ip_address

from hypothesis import given, settings, strategies as st

from primum.exposure.probe.outside.addresses import of_outside
from primum.exposure.probe.outside.gateways import ipv4_of_linux, ipv6_of_linux, of_netstat
from primum.exposure.probe.outside.hints import HintKind
from primum.exposure.probe.outside.upnp import Mapping

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"


def _hex(address: str) -> str:
    return f"{int.from_bytes(ip_address(address).packed, sys.byteorder):08X}"


def test_the_default_route_of_linux_is_read_and_no_other() -> None:
    table = HEAD + f"eth0\t00000000\t{_hex('192.168.1.1')}\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
    table += f"eth0\t{_hex('10.0.0.0')}\t{_hex('192.168.1.9')}\t0003\t0\t0\t0\t{_hex('255.0.0.0')}\t0\t0\t0\n"
    table += "tun0\t00000000\t00000000\t0001\t0\t0\t0\t00000000\t0\t0\t0\nbroken line\n"
    assert ipv4_of_linux(table) == [ip_address("192.168.1.1")]


def test_an_ipv6_gateway_of_the_link_keeps_its_interface() -> None:
    zero = "0" * 32
    table = f"{zero} 00 {zero} 00 fe80{'0' * 27}1 00000400 00000001 00000000 00450003     eth0\n"
    table += f"{zero} 00 {zero} 00 {zero} ffffffff 00000001 00000000 00200200       lo\n"
    assert [str(one) for one in ipv6_of_linux(table)] == ["fe80::1%eth0"]


def test_the_routes_of_macos_and_of_windows_are_read() -> None:
    macos = "Destination Gateway Flags Netif\ndefault 192.168.1.254 UGScg en0\ndefault link#12 UCSIg b0\n"
    macos += "default fe80::1%en0 UGcIg en0\n"
    windows = "  0.0.0.0   0.0.0.0   192.168.0.1   192.168.0.20   25\n"
    windows += "  12 281 ::/0   fe80::2\n 127.0.0.0 255.0.0.0 On-link 1 2\n"
    assert [str(one) for one in of_netstat(macos)] == ["192.168.1.254", "fe80::1%en0"]
    assert [str(one) for one in of_netstat(windows)] == ["192.168.0.1", "fe80::2"]


@settings(max_examples=30)
@given(st.text(max_size=300))
def test_whatever_a_system_prints_is_read_without_a_fall(text: str) -> None:
    for read in (ipv4_of_linux, ipv6_of_linux, of_netstat):
        assert isinstance(read(text), list)


def test_ports_open_outside_that_no_mapping_explains_hint_at_a_dmz_host() -> None:
    gateway, inner = ip_address("192.168.1.1"), ip_address("192.168.1.20")
    listed = [Mapping(443, "tcp", inner, 443)]
    assert of_outside(gateway, listed, [443, 104]) == []
    (hint,) = of_outside(gateway, listed, [443, 104, 22, 8042])
    assert (hint.kind, hint.facts["count"]) == (HintKind.DMZ, 3)


def test_asking_for_gateways_opens_no_socket() -> None:
    script = (
        "import sys\n"
        "def no(event, arguments):\n"
        "    if event.startswith('socket.'): raise SystemExit(event)\n"
        "from primum.exposure.probe.outside.gateways import default_gateways\n"
        "sys.addaudithook(no)\n"
        "print(default_gateways())\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
