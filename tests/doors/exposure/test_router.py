"""A real router's daemon, on a real other machine: what it says is read, and nothing of it is changed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.doors.exposure.street import (
    HOME,
    HOME6,
    INNER,
    OUTER,
    UPNP,
    Street,
    require_namespaces,
    street,
    write_miniupnpd,
)
from tests.programs import find_program

pytestmark = pytest.mark.programs("ip", "nft", "miniupnpd")

_ADD = """
import sys, urllib.request
kind = "urn:schemas-upnp-org:service:WANIPConnection:1"
outer, inner, client = sys.argv[1:]
body = ('<?xml version="1.0"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" '
  's:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/"><s:Body><u:AddPortMapping xmlns:u="%s">'
  '<NewRemoteHost></NewRemoteHost><NewExternalPort>%s</NewExternalPort><NewProtocol>TCP</NewProtocol>'
  '<NewInternalPort>%s</NewInternalPort><NewInternalClient>%s</NewInternalClient><NewEnabled>1</NewEnabled>'
  '<NewPortMappingDescription>Poste du Dr Canari</NewPortMappingDescription><NewLeaseDuration>0</NewLeaseDuration>'
  '</u:AddPortMapping></s:Body></s:Envelope>') % (kind, outer, inner, client)
asked = urllib.request.Request("http://192.168.1.1:5000/ctl/IPConn", body.encode(),
  {"Content-Type": "text/xml", "SOAPAction": '"%s#AddPortMapping"' % kind})
print(urllib.request.urlopen(asked, timeout=5).status)
"""


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    require_namespaces()
    folder = tmp_path_factory.mktemp("router")
    with street() as one:
        one.run("router", "nft", "-f", "-", text=UPNP)
        one.start("router", find_program("miniupnpd"), "-d", "-f", write_miniupnpd(folder), "-P", folder / "pid")
        one.wait_for("home", INNER, 5000)
        yield one


def _asked(one: Street) -> dict[str, Any]:
    script = Path(__file__).with_name("asking_router.py")
    found: dict[str, Any] = json.loads(one.run("home", sys.executable, script, HOME, HOME6))
    return found


def _rules(one: Street) -> str:
    return one.run("router", "nft", "list", "ruleset")


def test_a_real_routers_mappings_are_found_and_none_is_made(routed: Street) -> None:
    before = _asked(routed)
    assert "no-mapping" in {one["kind"] for one in before["hints"]}
    assert routed.python("home", _ADD, 104, 11112, HOME).strip() == "200"
    assert routed.python("home", _ADD, 8042, 8042, "192.168.1.30").strip() == "200"
    rules = _rules(routed)
    found = _asked(routed)
    mapped = [(one["kind"], one["port"], one["inner"], one["inner_port"]) for one in found["hints"] if "port" in one]
    assert sorted(mapped) == [("mapping", 104, HOME, 11112), ("mapping-elsewhere", 8042, "192.168.1.30", 8042)]
    kinds = {one["kind"] for one in found["hints"]}
    assert {"outer-address", "mappings-untold", "maps-for-anybody", "global-ipv6", "ipv6-firewall-on"} <= kinds
    assert [one["address"] for one in found["hints"] if one["kind"] == "outer-address"] == [OUTER]
    assert "Canari" not in json.dumps(found)
    assert {tuple(one) for one in found["asked"]} == {(INNER, 1900), (INNER, 5000), (INNER, 5351)}
    assert _rules(routed) == rules


def test_a_router_that_speaks_nothing_of_it_costs_three_seconds_a_question_at_most(routed: Street) -> None:
    script = Path(__file__).with_name("asking_router.py")
    began = time.monotonic()
    found = json.loads(routed.run("phone", sys.executable, script))
    assert found["hints"] == []
    assert time.monotonic() - began < 12
