"""Certificates, records and flights of strangers: read within their bounds, or refused; never more."""

from __future__ import annotations

import base64
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st
from tests.unit.exposure.probe.kit import make_certificate

from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.tls.certificate import Certificate, read_certificate
from primum.exposure.probe.tls.der import NotDer, elements, oid
from primum.exposure.probe.tls.grading import Seen, grade, table
from primum.exposure.probe.tls.hello import FlightReader, NotTls, client_hello, group_of
from primum.exposure.probe.tls.suites import BY_NUMBER, CLASSIC, MODERN, WEAK

NOW = datetime(2026, 11, 22, tzinfo=UTC)
MODIFIED = [
    one
    for one in (*MODERN, *CLASSIC)
    if one.exchange in {"any", "ecdhe"} and one.authenticated and "ARIA" not in one.name
]


@pytest.fixture(scope="module")
def der(tmp_path_factory) -> bytes:
    pem = make_certificate(tmp_path_factory.mktemp("der") / "a.pem", names=("a.invalid", "b.invalid")).read_text()
    body = pem.partition("-----BEGIN CERTIFICATE-----")[2].partition("-----END")[0]
    return base64.b64decode(body)


@given(st.binary(max_size=400))
def test_no_bytes_make_the_der_reader_do_but_read_or_refuse(data):
    with suppress(NotDer):
        list(elements(data))
    with suppress(NotDer):
        oid(data)
    with suppress(NotDer):
        read_certificate(data, LIMITS)


@given(st.data())
def test_no_change_of_a_certificate_does_either(der, data):
    changed = bytearray(der)
    for _ in range(data.draw(st.integers(1, 6))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    with suppress(NotDer):
        read = read_certificate(bytes(changed[: data.draw(st.integers(0, len(changed)))]), LIMITS)
        assert all(name.isascii() and name.isprintable() for name in read.names)


def test_a_certificate_that_is_longer_than_is_read_is_refused(der):
    with pytest.raises(NotDer):
        read_certificate(der, replace(LIMITS, certificate_bytes=len(der) - 1))


@given(st.lists(st.binary(max_size=100), max_size=12))
def test_no_records_make_the_flight_reader_do_but_read_or_refuse(parts):
    reader = FlightReader(4096)
    with suppress(NotTls):
        for part in parts:
            if reader.feed(part):
                break
    group_of(reader.flight, elliptic=True)
    group_of(reader.flight, elliptic=False)


@given(
    st.lists(st.tuples(st.sampled_from([2, 11, 12, 13, 14, 99]), st.binary(max_size=80)), max_size=6),
    st.integers(1, 50),
)
def test_no_handshake_messages_do_either_however_they_are_cut(messages, cut):
    whole = b"".join(bytes((kind,)) + len(body).to_bytes(3, "big") + body for kind, body in messages)
    reader = FlightReader(4096)
    with suppress(NotTls):
        for at in range(0, len(whole), cut):
            part = whole[at : at + cut]
            if reader.feed(b"\x16\x03\x03" + len(part).to_bytes(2, "big") + part):
                break
    group_of(reader.flight, elliptic=False)


@given(st.binary(min_size=1, max_size=200))
def test_a_hello_is_as_long_as_it_says(name):
    hello = client_hello(0x0303, [1, 2, 3], name.hex()[:60])
    assert int.from_bytes(hello[3:5], "big") == len(hello) - 5
    assert int.from_bytes(hello[6:9], "big") == len(hello) - 9


def certificate(**changes: object) -> Certificate:
    whole = Certificate(NOW - timedelta(1), NOW + timedelta(1), "ec", 256, "ecdsa-sha256", self_signed=False)
    return replace(whole, **changes)


@pytest.mark.parametrize(
    ("changes", "weak"),
    [
        ({}, ()),
        ({"not_after": NOW - timedelta(seconds=1)}, ("expired",)),
        ({"not_before": NOW + timedelta(seconds=1)}, ("not-yet-valid",)),
        ({"signature": "rsa-sha1"}, ("weak-signature",)),
        ({"signature": "rsa-sha1", "self_signed": True}, ()),
        ({"key": "rsa", "key_bits": 1024}, ("short-key",)),
        ({"key": "rsa", "key_bits": 2048}, ()),
    ],
)
def test_a_certificate_is_judged_by_its_dates_its_key_and_its_signature(changes, weak):
    assert grade(Seen(["TLSv1.2"], [], {}, certificate(**changes)), NOW).weak == weak


def suites(*names: str):
    return [one for one in BY_NUMBER.values() if one.name in names]


@pytest.mark.parametrize(
    ("versions", "taken", "groups", "profile"),
    [
        (["TLSv1.2", "TLSv1.3"], MODIFIED, {"ecdhe": 256}, "B.13"),
        (["TLSv1.2", "TLSv1.3"], [one for one in MODIFIED if "CCM" not in one.name], {}, "B.12"),
        (["TLSv1.2"], [one for one in MODIFIED if one.exchange == "ecdhe"], {"ecdhe": 256}, "B.13"),
        (["TLSv1.2"], MODIFIED[5:], {"ecdhe": 224}, "B.12"),
        (["TLSv1.3"], list(MODERN), {}, ""),
        (["TLSv1.2"], suites("TLS_RSA_WITH_AES_128_CBC_SHA"), {}, "B.12"),
        (["TLSv1.2"], suites("TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"), {}, "AES"),
        (["TLSv1.0"], suites("TLS_RSA_WITH_AES_128_CBC_SHA"), {}, "AES"),
        (["TLSv1.2"], suites("TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"), {"dhe": 1024}, ""),
        (["TLSv1.2"], [*MODIFIED, *WEAK], {}, ""),
        (["SSLv3"], list(WEAK), {}, ""),
    ],
)
def test_the_strictest_profile_that_is_kept_is_told(versions, taken, groups, profile):
    assert grade(Seen(versions, taken, groups), NOW).profile == profile


def test_every_code_of_weakness_has_its_clause_in_the_table():
    worst = certificate(
        not_before=NOW + timedelta(2), not_after=NOW - timedelta(2), key="rsa", key_bits=512, signature="rsa-md5"
    )
    everything = grade(
        Seen(["SSLv3", "TLSv1.0", "TLSv1.1", "TLSv1.2"], list(BY_NUMBER.values()), {"dhe": 512}, worst), NOW
    )
    assert set(everything.weak) == set(table()["weak"])
    assert set(everything.advised_against) == set(table()["advised_against"])
    assert [one["name"] for one in table()["profile"]] == ["B.13", "B.12", "B.10", "AES"]
