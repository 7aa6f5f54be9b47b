"""What a router at hand says of itself: read within bounds, on that router alone, and never more than a hint."""

from __future__ import annotations

import contextlib
import dataclasses
import struct
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, strategies as st
from tests.unit.exposure.probe.outside.router_twin import Router, dialler, running

from primum.exposure.probe.dialling import Purpose, Unanswered
from primum.exposure.probe.gate import Gate, Mandate, NotMandated
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.outside import natpmp, pcp
from primum.exposure.probe.outside.gathering import gather
from primum.exposure.probe.outside.hints import MEANINGS, Hint, HintKind
from primum.exposure.probe.outside.upnp import NotUnderstood, PointsElsewhere, ask_router
from primum.exposure.probe.outside.xml_reading import NotRead, read_xml

QUICK = dataclasses.replace(LIMITS, datagram_seconds=0.2)


def _kinds(hints: list[Hint]) -> set[HintKind]:
    return {one.kind for one in hints}


def test_mappings_of_a_router_are_listed_until_it_says_that_there_are_no_more() -> None:
    router = Router()
    router.mappings = [(104, "TCP", "192.168.1.20", 11112), (443, "TCP", "192.168.1.30", 443), (1, "odd", "x", 9)]
    with running(router):
        igd = ask_router(dialler(), ip_address(router.address))
    assert [(one.port, one.protocol, str(one.inner), one.inner_port) for one in igd.mappings] == [
        (104, "tcp", "192.168.1.20", 11112), (443, "tcp", "192.168.1.30", 443),
    ]  # fmt: skip
    assert (str(igd.outer), igd.listed, igd.cut, igd.firewall_on) == ("93.184.216.34", True, False, True)
    assert router.asked[0] == "M-SEARCH * HTTP/1.1"


def test_an_answer_to_a_search_may_come_from_another_port_of_the_same_router() -> None:
    router = Router()
    router.from_other_port = True
    with running(router):
        assert ask_router(dialler(), ip_address(router.address)).listed


def test_an_answer_about_mappings_from_another_port_is_not_believed() -> None:
    """RFC 6886 3.2: the source address and port must be the router's."""
    router = Router()
    router.from_other_port = True
    with running(router), pytest.raises(Unanswered):
        natpmp.ask_outer_address(dialler(limits=QUICK), ip_address(router.address))


def test_no_more_mappings_are_read_than_the_bound_and_it_is_said() -> None:
    router = Router()
    router.mappings = [(port, "UDP", "192.168.1.20", port) for port in range(1, 9)]
    with running(router):
        igd = ask_router(dialler(limits=dataclasses.replace(LIMITS, mappings=5)), ip_address(router.address))
    assert (len(igd.mappings), igd.cut) == (5, True)


@pytest.mark.parametrize("where", ["http://192.0.2.1/desc.xml", "http://router.example/desc.xml", "http://[::1]/d"])
def test_a_router_that_points_elsewhere_is_not_followed(where: str) -> None:
    router, log = Router(), list[Purpose]()
    router.location = where
    with running(router), pytest.raises(PointsElsewhere):
        ask_router(dialler(log=log), ip_address(router.address))
    assert {one.address for one in log} == {router.address}


def test_a_description_that_names_another_machines_control_is_not_followed() -> None:
    router, log = Router(), list[Purpose]()
    router.control = "http://192.0.2.1:5000/ctl"
    with running(router), pytest.raises(PointsElsewhere):
        ask_router(dialler(log=log), ip_address(router.address))
    assert {one.address for one in log} == {router.address}


def test_the_ports_that_a_router_leads_to_pass_the_gate_too() -> None:
    router, now = Router(), datetime.now(UTC)
    with running(router):
        mandate = Mandate(
            id="m", given_by="x", quality="owner", networks=(ip_network(router.address),), ports=((1900, 1900),),
            starts_at=now - timedelta(1), ends_at=now + timedelta(1),
        )  # fmt: skip
        asking = dialler()
        asking.gate = Gate(is_own=lambda _: False, mandates=[mandate], now=lambda: now)
        with pytest.raises(NotMandated):
            ask_router(asking, ip_address(router.address))
    assert router.asked == ["M-SEARCH * HTTP/1.1"]


@pytest.mark.parametrize(
    ("document", "code"),
    [
        (b'<!DOCTYPE r [<!ENTITY a "b">]><r>&a;</r>', "doctype"),
        (b"<r>" + b"<a>" * 40 + b"</a>" * 40 + b"</r>", "too-many-elements"),
        (b"<r>" + b"<a/>" * 5000 + b"</r>", "too-many-elements"),
        (b"<r>" + b"x" * 70_000 + b"</r>", "too-long"),
        (b"<r>", "not-xml"),
        (b"", "not-xml"),
        (b'<?xml version="1.0" encoding="nonsense"?><r/>', "not-xml"),
        (b"<r>\0</r>", "not-xml"),
    ],
)
def test_xml_of_strangers_is_bounded_and_has_no_entities(document: bytes, code: str) -> None:
    with pytest.raises(NotRead) as refused:
        read_xml(document, LIMITS)
    assert refused.value.code == code


@given(st.binary(max_size=200))
def test_whatever_comes_as_xml_is_read_or_refused(document: bytes) -> None:
    with contextlib.suppress(NotRead):
        assert read_xml(document, LIMITS).name


def test_megabytes_of_description_are_not_read() -> None:
    router = Router()
    router.description = b"<r>" + b"x" * 2_000_000
    with running(router), pytest.raises((NotUnderstood, Unanswered)):
        ask_router(dialler(), ip_address(router.address))


def test_nat_pmp_tells_the_outer_address_and_nothing_else_is_asked() -> None:
    router = Router()
    with running(router):
        assert str(natpmp.ask_outer_address(dialler(), ip_address(router.address))) == "93.184.216.34"
    assert router.asked == ["0000"]


@pytest.mark.parametrize("answer", [b"", b"\0", struct.pack(">BBHI", 2, 0x80, 1, 0), b"\0\x01\0\0" + bytes(8)])
def test_what_is_no_nat_pmp_is_not_understood(answer: bytes) -> None:
    router = Router()
    router.natpmp = answer
    with running(router), pytest.raises(NotUnderstood):
        natpmp.ask_outer_address(dialler(), ip_address(router.address))


@pytest.mark.parametrize(
    ("result", "expected"),
    [(0, pcp.Pcp.SPOKEN), (12, pcp.Pcp.SPOKEN_BEHIND_NAT), (1, pcp.Pcp.NOT_SPOKEN)],
)
def test_pcp_is_asked_with_announce_alone_which_makes_nothing(result: int, expected: pcp.Pcp) -> None:
    router = Router()
    router.pcp = struct.pack(">BBBBII", 2, 0x80, 0, result, 0, 5) + bytes(12)
    with running(router):
        assert pcp.announce(dialler(), ip_address(router.address)) is expected
    assert router.asked == ["0200"]


def test_hints_tell_what_is_mapped_here_what_elsewhere_and_what_cannot_be_listed() -> None:
    router = Router()
    router.mappings = [(104, "TCP", "192.168.1.20", 11112), (443, "TCP", "192.168.1.30", 443)]
    router.pcp = struct.pack(">BBBBII", 2, 0x80, 0, 0, 0, 5) + bytes(12)
    own = [ip_address("192.168.1.20"), ip_address("2a01:e0a::20"), ip_address("fe80::1"), ip_address("100.70.0.1")]
    with running(router):
        gathered = gather(dialler(), [ip_address(router.address)], own)
    assert {
        HintKind.MAPPING, HintKind.MAPPING_ELSEWHERE, HintKind.GLOBAL_IPV6, HintKind.SHARED_IPV4,
        HintKind.OUTER_ADDRESS, HintKind.MAPPINGS_UNTOLD, HintKind.MAPS_FOR_ANYBODY, HintKind.IPV6_FIREWALL_ON,
    } == _kinds(gathered.hints)  # fmt: skip
    assert "Canari" not in repr(gathered)
    for hint in gathered.hints:
        for language in ("fr", "en"):
            assert hint.says(language)
            assert hint.proves(language)


@pytest.mark.parametrize(
    ("outer", "kind"),
    [
        ("192.168.0.10", HintKind.DOUBLE_NAT),
        ("100.64.3.4", HintKind.SHARED_IPV4),
        ("93.184.216.34", HintKind.OUTER_ADDRESS),
    ],
)
def test_a_routers_outer_address_tells_what_stands_before_it(outer: str, kind: HintKind) -> None:
    router = Router()
    router.outer, router.natpmp = outer, None
    with running(router):
        gathered = gather(dialler(limits=QUICK), [ip_address(router.address)], [])
    assert kind in _kinds(gathered.hints)


def test_a_router_without_mandate_is_not_asked_and_said_to_be_so() -> None:
    router, log = Router(), list[Purpose]()
    with running(router):
        gathered = gather(dialler(own=lambda _: False, log=log), [ip_address(router.address)], [])
    assert _kinds(gathered.hints) == {HintKind.GATEWAY_NOT_ASKED}
    assert router.asked == []
    assert log == []


def test_a_router_that_is_silent_gives_no_hint_within_its_time() -> None:
    router = Router()
    router.location, router.natpmp = "none", None
    with running(router):
        assert gather(dialler(limits=QUICK), [ip_address(router.address)], []).hints == []


def test_every_kind_of_hint_has_its_sentences() -> None:
    assert set(MEANINGS) == set(HintKind)
