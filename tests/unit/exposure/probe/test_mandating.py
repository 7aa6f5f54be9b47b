import json
import tomllib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given, strategies as st
from tests.mandated import mandate

from primum.exposure.probe import mandating
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.mandating import BadMandate

NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)
GOOD = replace(
    mandate("192.168.1.0/24", "2001:db8::7", ports="104,11112", held=("range:11112",), now=NOW),
    names={"pacs.example": (ip_address("192.168.1.5"),)},
)


def changed(**values: object) -> str:
    document = json.loads(mandating.write(GOOD).split("\n")[1]) | values
    return f"{mandating.FIRST_LINE}\n{json.dumps(document, sort_keys=True, separators=(',', ':'))}\n"


def test_what_is_written_is_read():
    assert mandating.parse(mandating.write(GOOD)) == GOOD


@given(
    st.lists(st.ip_addresses(network="10.0.0.0/8") | st.ip_addresses(network="fd00::/8"), min_size=1, max_size=8),
    st.lists(st.integers(1, 65_535), min_size=1, max_size=8),
)
def test_any_addresses_and_ports_come_back_as_they_were(addresses, ports):
    networks = mandating.canonical_networks(ip_network(one) for one in addresses)
    one = replace(GOOD, networks=networks, names={}, ports=tuple((port, port) for port in sorted(set(ports))))
    assert mandating.parse(mandating.write(one)) == one


@pytest.mark.parametrize(
    "values",
    [
        {"networks": []},
        {"networks": ["10.0.0.0/8"]},
        {"networks": ["192.168.1.0/24", "10.0.0.1/32"]},
        {"networks": ["224.0.0.1/32"]},
        {"networks": ["0.0.0.0/32"]},
        {"networks": ["ff02::1/128"]},
        {"networks": ["192.168.1.5/24"]},
        {"networks": "192.168.1.0/24"},
        {"ports": []},
        {"ports": [[0, 5]]},
        {"ports": [[5, 4]]},
        {"ports": [[104, 104], [104, 110]]},
        {"ports": [[True, 5]]},
        {"ports": [[1, 65536]]},
        {"ports": [["104", "104"]]},
        {"ports": [[port, port] for port in range(1, 2 * LIMITS.mandate_ranges, 2)] + [[60000, 60000]]},
        {"held": [[104, 104, "wish"]]},
        {"names": {"pacs.example": ["192.168.2.5"]}},
        {"names": {"PACS.example": ["192.168.1.5"]}},
        {"names": {"pacs.example": []}},
        {"names": {f"n{number}.example": ["192.168.1.5"] for number in range(LIMITS.mandate_names + 1)}},
        {"given_by": ""},
        {"given_by": 7},
        {"words": "two\nlines"},
        {"words": "x" * (LIMITS.mandate_text + 1)},
        {"id": "mdt_short"},
        {"id": None},
        {"starts_at": "2026-11-22T09:00:00"},
        {"starts_at": "2026-11-22T09:00:00+00:00"},
        {"starts_at": "x"},
        {"ends_at": "2026-11-22T09:00:00Z"},
        {"ends_at": "2027-03-22T09:00:00Z"},
        {"more": 1},
    ],
)
def test_what_write_would_not_have_written_is_refused(values):
    with pytest.raises(BadMandate):
        mandating.parse(changed(**values))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "journal.primum.invalid/x\n{}\n",
        f"{mandating.FIRST_LINE}\n",
        f"{mandating.FIRST_LINE}\n[]\n",
        f"{mandating.FIRST_LINE}\n" + "[" * 60_000 + "\n",
        mandating.write(GOOD).replace('{"ends', '{"ends_at":"x","ends'),
        mandating.write(GOOD).replace(":[", ": ["),
        mandating.write(GOOD) + "\n",
        mandating.write(GOOD)[:-1],
        "x" * (LIMITS.mandate_bytes + 1),
    ],
)
def test_other_texts_are_refused(text):
    with pytest.raises(BadMandate):
        mandating.parse(text)


@given(st.text())
def test_no_text_makes_the_reader_break(text):
    for whole in (text, f"{mandating.FIRST_LINE}\n{text}\n"):
        with pytest.raises(BadMandate):
            mandating.parse(whole)


def test_one_port_among_the_mandated_and_one_beside():
    assert GOOD.covers(ip_address("192.168.1.9"), 104)
    assert not GOOD.covers(ip_address("192.168.1.9"), 105)
    assert not GOOD.covers(ip_address("192.168.2.9"), 104)


def test_the_reader_keeps_the_rule():
    rules = tomllib.loads(files("primum.exposure.mandates").joinpath("rules.toml").read_text("utf-8"))
    assert rules["longest"]["days"] == LIMITS.mandate_days
    with pytest.raises(BadMandate):
        mandating.check_times(NOW, NOW + timedelta(days=LIMITS.mandate_days, seconds=1))
