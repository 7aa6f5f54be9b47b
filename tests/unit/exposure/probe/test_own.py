from __future__ import annotations

import json
import subprocess
import sys
from ipaddress import ip_address
from pathlib import Path

import pytest

import primum
from primum.exposure.probe.own import is_own


@pytest.mark.parametrize("address", ["127.0.0.1", "127.200.3.4", "::1", "::ffff:127.0.0.1"])
def test_loopback_is_this_machine(address):
    assert is_own(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["0.0.0.0", "::", "224.0.0.1", "239.255.255.250", "ff02::1", "255.255.255.255", "240.0.0.1", "::ffff:0.0.0.0"],
)
def test_what_is_no_single_machine_is_never_own(address):
    assert not is_own(ip_address(address))


APART = """
import json, socket, sys
from primum.exposure.probe.own import is_own, own_addresses, own_networks

connected = set()

def watch(event, arguments):
    if event in {"socket.sendto", "socket.sendmsg", "socket.getaddrinfo"}:
        raise AssertionError(event)
    if event == "socket.connect":
        connected.add(int(arguments[0].type))

sys.addaudithook(watch)
for name in ("send", "sendall", "listen"):
    setattr(socket.socket, name, None)
mine = [one for one in own_addresses() if not one.is_link_local]
networks = own_networks()
others = [next(one for one in net.hosts() if one not in mine) for net in networks if net.num_addresses > 4]
print(json.dumps({
    "mine": [is_own(one) for one in mine],
    "others": [is_own(one) for one in others],
    "broadcasts": [is_own(one.broadcast_address) for one in networks],
    "networks": [[one.num_addresses, one.is_loopback] for one in networks],
    "connected": sorted(connected),
}))
"""
"""In a process of its own: it asks about addresses beyond loopback, and nothing may be sent there."""


@pytest.fixture(scope="module")
def told():
    source = str(Path(primum.__file__).parent.parent)
    program = subprocess.run(
        [sys.executable, "-c", APART], env={"PYTHONPATH": source}, capture_output=True, text=True, check=True
    )
    return json.loads(program.stdout)


def test_addresses_of_interfaces_are_own(told):
    assert all(told["mine"])


def test_neighbours_and_broadcasts_are_not_own(told):
    assert not any(told["others"] + told["broadcasts"])


def test_own_networks_have_neighbours(told):
    assert all(count > 1 and not loopback for count, loopback in told["networks"])


def test_nothing_was_sent_and_no_stream_opened(told):
    """2 is SOCK_DGRAM: connecting one chooses a route and sends nothing."""
    assert set(told["connected"]) <= {2}
