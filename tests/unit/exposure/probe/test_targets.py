from __future__ import annotations

import socket
from dataclasses import replace
from datetime import timedelta
from ipaddress import IPv4Network, ip_address

import hypothesis
import pytest
from hypothesis import strategies as st
from tests.unit.exposure.probe.probe_kit import NOW, gate, mandate

from primum.exposure.probe.gate import NotHeld, NotMandated, NotMandatedNow, NotPinned, ProbeRefused
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.ports import BadPorts, ports_of, usual_ports
from primum.exposure.probe.targets import (
    BadTarget,
    NoTarget,
    NotYourNetwork,
    TooMany,
    TooManyPorts,
    read_targets,
)

LAN = (IPv4Network("192.0.2.0/28"),)


def read(*given, the_gate=None, **how):
    return read_targets(given, gate=the_gate or gate(), limits=LIMITS, networks=lambda: LAN, **how)


@pytest.mark.parametrize(
    ("given", "address", "port"),
    [
        ("127.0.0.1:104", "127.0.0.1", 104),
        ("[::1]:104", "::1", 104),
        ("[::ffff:127.0.0.1]:104", "127.0.0.1", 104),
        ("http://127.0.0.1", "127.0.0.1", 80),
        ("https://127.0.0.1/app/explorer.html?x=1", "127.0.0.1", 443),
        ("https://[::1]:8443/", "::1", 8443),
        ("dicom://127.0.0.1", "127.0.0.1", 104),
    ],
)
def test_a_target_with_a_port_is_that_port_alone(given, address, port):
    assert read(given).pairs == {address: (port,)}


@pytest.mark.parametrize("given", ["127.0.0.1", "::1", "[::1]"])
def test_a_host_is_asked_on_the_ports_of_the_list(given):
    (ports,) = read(given).pairs.values()
    assert ports == usual_ports().ports()
    assert {104, 11112, 2762, 8042, 443, 2575, 445} <= set(ports)


def test_localhost_is_both_loopbacks_and_asks_no_resolver(monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args: pytest.fail("a resolver was asked"))
    assert set(read("localhost:104").pairs) == {"127.0.0.1", "::1"}


def test_a_name_is_known_by_a_mandate_or_not_at_all():
    with pytest.raises(NotPinned):
        read("pacs.example.org")
    pinned = gate(mandate(names={"pacs.example.org": ["192.0.2.7"]}))
    found = read("PACS.example.org:104", the_gate=pinned)
    assert (found.pairs, found.names) == ({"192.0.2.7": (104,)}, {"192.0.2.7": "pacs.example.org"})


@pytest.mark.parametrize(
    "given",
    [
        "", " ", "a b", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:104:105", "[127.0.0.1]:104", "[::1",
        "ftp://127.0.0.1", "http://user:secret@127.0.0.1", "http://127.0.0.1:99999", "0x7f.1", "2130706433", "127.1",
        "-rf", "a..b", "x" * 300, "127.0.0.1\n104", "\u0661\u0662\u0667.0.0.1", "10.0.0.0/24", "300.1.1.1", "::1/129",
        "http://[::1", "http://127.0.0.1:0/",
    ],
)  # fmt: skip
def test_what_is_no_target_is_refused(given):
    with pytest.raises(BadTarget):
        read(given)


@hypothesis.settings(max_examples=60)
@hypothesis.given(st.text(max_size=60))
def test_whatever_is_typed_is_a_target_or_a_refusal(given):
    try:
        found = set(read(given, lan=True).pairs)
        said = ""
    except ProbeRefused as refused:
        found, said = set(), str(refused)
    assert said.isprintable()
    assert all(ip_address(one).is_loopback for one in found)


def test_nothing_named_is_refused():
    with pytest.raises(NoTarget):
        read()


@pytest.mark.parametrize("given", ["192.0.2.9", "10.0.0.1", "192.0.2.9:104", "http://198.51.100.1", "2001:db8::1"])
def test_an_address_that_nobody_allowed_is_refused(given):
    with pytest.raises(NotMandated):
        read(given)


def test_a_mandate_that_has_ended_allows_nothing():
    with pytest.raises(NotMandatedNow):
        read("192.0.2.9:104", the_gate=gate(mandate(ends_at=NOW - timedelta(minutes=1))))


def test_a_mandated_host_is_asked_on_what_the_mandate_names():
    allowed = gate(mandate(ports=((104, 104), (9000, 9002), (20_000, 40_000))))
    assert set(read("192.0.2.9", the_gate=allowed).pairs["192.0.2.9"]) == {104, 9000, 9001, 9002, 27_017}


def test_ports_that_were_named_must_all_be_allowed():
    with pytest.raises(NotMandated):
        read("192.0.2.9", the_gate=gate(mandate()), ports=((104, 105),))


def test_a_public_address_is_asked_on_held_ports_alone():
    public = mandate(networks=["8.8.4.4/32"], ports=((1, 1000),))
    with pytest.raises(NotHeld):
        read("8.8.4.4", the_gate=gate(public))
    assert read("8.8.4.4", the_gate=gate(replace(public, held=((104, 104),)))).pairs == {"8.8.4.4": (104,)}


def test_a_network_is_asked_with_lan_alone_and_only_ones_own():
    allowed = gate(mandate())
    with pytest.raises(BadTarget):
        read("192.0.2.0/29", the_gate=allowed)
    with pytest.raises(NotYourNetwork):
        read("198.51.100.0/29", the_gate=allowed, lan=True)
    with pytest.raises(NotYourNetwork):
        read("192.0.2.0/24", the_gate=allowed, lan=True)
    with pytest.raises(NotYourNetwork):
        read("2001:db8::/64", the_gate=allowed, lan=True)
    assert len(read("192.0.2.0/29", the_gate=allowed, lan=True).pairs) == 7


def test_the_last_address_of_a_part_of_the_network_is_a_host_like_any_other():
    allowed = gate(mandate(networks=["192.0.2.0/24"]))
    assert set(read("192.0.2.4/30", the_gate=allowed, lan=True).pairs) == {f"192.0.2.{one}" for one in (4, 5, 6, 7)}
    assert set(read("192.0.2.12/30", the_gate=allowed, lan=True).pairs) == {"192.0.2.12", "192.0.2.13", "192.0.2.14"}


def test_of_a_network_what_no_mandate_covers_is_left_out_and_counted():
    (target,) = read(lan=True, the_gate=gate(mandate(networks=["192.0.2.4/30"]))).targets
    assert target.addresses == ["192.0.2.4", "192.0.2.5", "192.0.2.6", "192.0.2.7"]
    assert (target.left_out, target.named, target.mandates) == (10, False, ["mdt-1"])


def test_a_network_of_which_nobody_may_be_asked_is_refused():
    with pytest.raises(NotMandated):
        read(lan=True)
    with pytest.raises(NotMandated):
        read(lan=True, the_gate=gate(is_own=lambda one: str(one) == "192.0.2.2"))


def test_more_than_a_run_asks_is_refused_before_it_is_listed():
    with pytest.raises(TooMany):
        read_targets(
            ["10.0.0.0/8"], gate=gate(), limits=LIMITS, lan=True, networks=lambda: (IPv4Network("10.0.0.0/8"),)
        )
    with pytest.raises(TooManyPorts):
        read(*(f"127.0.0.{one}" for one in range(1, 10)), ports=((1, 65_535),))


@pytest.mark.parametrize("given", ["", ",", "0", "65536", "5-4", "a", "1-", "-1", "1--2", "1.5", "\u0661", "1,,x"])
def test_what_names_no_port_is_refused(given):
    with pytest.raises(BadPorts):
        ports_of(given)


def test_ports_and_ranges_are_read():
    assert ports_of("104, 4242,11112-11120") == ((104, 104), (4242, 4242), (11_112, 11_120))
    assert read("127.0.0.1", ports=ports_of("1-65535")).pairs["127.0.0.1"] == tuple(range(1, 65_536))


def test_the_list_has_a_date_and_a_source_and_families_that_exist():
    found = usual_ports()
    assert found.as_of.year >= 2026
    assert found.source
    assert all(1 <= one <= 65_535 for one in found.families)
