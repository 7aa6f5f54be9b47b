from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

import pytest
from tests.mandated import KEY, mandate

from primum.exposure import mandates
from primum.exposure.mandates.making import Wish, make, pin, read_held, read_ports, read_until
from primum.exposure.probe.gate import Gate, NotHeld
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.mandating import BadMandate
from primum.exposure.probe.model import Identity, Rung

NOW = datetime(2026, 11, 22, 9, 0, 0, 123456, tzinfo=UTC)
LAN = (ip_network("192.168.1.0/24"),)


def wished(**values: object) -> Wish:
    usual = {
        "networks": LAN, "ports": ((104, 104),), "given_by": "Dr Martin", "quality": "controller", "reason": "yearly",
        "language": "en",
    }  # fmt: skip
    return Wish(**(usual | values))


def test_names_are_asked_for_once_and_pinned_with_their_addresses():
    asked = []

    def ask(name: str) -> list:
        asked.append(name)
        return [ip_address("192.0.2.9"), ip_address("192.0.2.8"), ip_address("192.0.2.9")]

    pinned = pin(["PACS.Example.", "192.0.2.0/29"], ask)
    assert asked == ["pacs.example"]
    assert pinned.names == {"pacs.example": (ip_address("192.0.2.8"), ip_address("192.0.2.9"))}
    assert pinned.networks == (ip_network("192.0.2.0/29"), ip_network("192.0.2.8/31"))


def test_addresses_and_networks_ask_nobody():
    def ask(name: str) -> list:
        raise AssertionError(name)

    assert pin(["192.168.1.4", "fe80::/120"], ask).networks == (
        ip_network("192.168.1.4/32"),
        ip_network("fe80::/120"),
    )


@pytest.mark.parametrize("target", ["", "a b", "192.168.1.5/24", "-x", "http://pacs.example/", "x" * 300, "pacs..."])
def test_what_is_no_target_is_refused(target):
    with pytest.raises(mandates.BadWish):
        pin([target], lambda _: [])


@pytest.mark.parametrize("found", [[], [ip_address(n) for n in range(1, LIMITS.name_addresses + 2)]])
def test_a_name_without_addresses_or_with_too_many_is_refused(found):
    with pytest.raises(mandates.NameUnknown):
        pin(["pacs.example"], lambda _: found)


def test_ports_are_put_in_order_and_joined():
    assert read_ports("8000-8100, 104,105,8050-8200") == ((104, 105), (8000, 8200))


@pytest.mark.parametrize("text", ["", "x", "1-", "0", "70000", "9-8", "mapping:", "wish:4"])
def test_what_are_no_ports_is_refused(text):
    with pytest.raises((mandates.BadWish, BadMandate)):
        read_ports(text)


def test_held_ports_say_by_what():
    assert read_held(["range:8000-8100", "11112"]) == ((8000, 8100, "range"), (11112, 11112, "mapping"))


def test_the_last_day_is_included():
    assert read_until("2026-11-30", NOW) == datetime(2026, 12, 1, tzinfo=UTC)
    assert read_until("", NOW) is None
    for text in ("x", "2026-13-01", "2026-11-30T10:00:00"):
        with pytest.raises(mandates.BadWish):
            read_until(text, NOW)


def test_nobody_is_allowed_for_longer_than_ninety_days():
    """Decided, not law: rules.toml says on what it rests."""
    assert make(wished(), now=NOW, key=KEY.verifier_key).ends_at == NOW.replace(microsecond=0) + timedelta(days=90)
    with pytest.raises(mandates.BadWish):
        make(wished(until=NOW + timedelta(days=91)), now=NOW, key=KEY.verifier_key)


def test_who_does_not_answer_for_the_target_says_who_does():
    """The recipient's or operator's consent is theirs: name, quality, and for whom are in the words."""
    with pytest.raises(mandates.BadWish):
        make(wished(quality="recipient"), now=NOW, key=KEY.verifier_key)
    given = make(
        wished(quality="recipient", given_by="Dr Durand", for_whom="cabinet Durand", recorded_by="Dr Martin"),
        now=NOW, key=KEY.verifier_key,
    )  # fmt: skip
    for said in ("Dr Durand", "cabinet Durand", "recipient of images", "written down by Dr Martin", "yearly"):
        assert said in given.words


def test_both_languages_say_the_same_facts():
    for language in ("fr", "en"):
        words = make(wished(language=language), now=NOW, key=KEY.verifier_key).words
        assert all(one in words for one in ("Dr Martin", "2026-11-22", "2027-02-20", "yearly"))


@pytest.mark.parametrize(
    "values", [{"quality": "friend"}, {"given_by": " "}, {"reason": ""}, {"until": NOW - timedelta(days=1)}]
)
def test_other_wishes_are_refused(values):
    with pytest.raises((mandates.BadWish, BadMandate)):
        make(wished(**values), now=NOW, key=KEY.verifier_key)


@pytest.mark.parametrize("public", ["93.184.216.34/32", "100.64.1.1/32", "::ffff:93.184.216.34/128"])
def test_public_ipv4_needs_ports_that_are_held(public):
    networks = (ip_network(public),)
    with pytest.raises(mandates.BadWish):
        make(wished(networks=networks), now=NOW, key=KEY.verifier_key)
    given = make(wished(networks=networks, held=((104, 104, "mapping"),)), now=NOW, key=KEY.verifier_key)
    assert given.held == ((104, 104),)


def test_held_ports_of_a_mandate_are_what_the_gate_lets_through():
    public = "93.184.216.34"
    one = mandate(public, ports="104,443", held=("mapping:443",), now=NOW)
    gate = Gate(is_own=lambda _: False, mandates=[one], now=lambda: NOW + timedelta(hours=1))
    assert gate.require(ip_address(public), 443, Rung.PAGE, Identity.NOBODY) is one
    with pytest.raises(NotHeld):
        gate.require(ip_address(public), 104, Rung.ECHO, Identity.NOBODY)
