"""What a probe shows that must open nothing: a session that was never open, a certificate of nobody."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime

import pytest
from cryptography import x509
from tests.unit.identity.people_kit import House

from primum.identity import NoSession, Role
from primum.identity.strangers import stranger_pem


def test_a_session_for_a_probe_was_never_open_and_nobody_signed_in(house: House):
    doctor = house.join("marie", Role.PHYSICIAN)
    before = list(house.journal.facts)
    token = house.people.ended_session(doctor.id)
    with pytest.raises(NoSession):
        house.people.session(token)
    with pytest.raises(NoSession):
        house.people.glance(token)
    assert token != house.people.ended_session(doctor.id)
    assert house.journal.facts == before
    mine = house.sign_in(doctor)
    assert house.people.session(mine.token).person_id == doctor.id


def test_a_certificate_of_nobody_is_another_one_each_time_and_short_lived(tmp_path):
    now = datetime(2026, 11, 22, tzinfo=UTC)
    first, second = stranger_pem("stranger.probe.invalid", now), stranger_pem("stranger.probe.invalid", now)
    assert first != second
    certificate = x509.load_pem_x509_certificate(first)
    assert certificate.issuer == certificate.subject
    assert (certificate.not_valid_after_utc - certificate.not_valid_before_utc).days == 2
    file = tmp_path / "stranger"
    file.write_bytes(first)
    ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(file)
