from __future__ import annotations

import ssl
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from tests.unit.exposure.probe.probe_kit import (
    QUICK,
    Deaf,
    Parrot,
    asking,
    echoes,
    floods,
    hangs,
    hangs_up,
    resets,
    says,
    server,
)

from primum.exposure.probe.detect import detect, greet, printable
from primum.exposure.probe.dialling import Unanswered, lenient_context
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.model import Family, Identity, Mode, Outcome, Rung, Service
from primum.identity.strangers import stranger_pem


def test_who_speaks_it_is_recognised_on_any_port():
    parrot = Parrot()
    with server(echoes) as port:
        service, speaker = detect(asking(port), [Deaf(trouble=Unanswered), parrot])
    assert (service.family, service.product, speaker) == (Family.DICOM, "Parrot", parrot)


def test_the_usual_family_is_asked_first_and_no_greeting_waited_for_where_the_caller_speaks_first():
    with server(echoes) as port:
        usual, other, log = Parrot(ports=frozenset({port})), Deaf(), []
        detect(asking(port, log=log), [other, usual])
    assert usual.asked == [(port, b"")]
    assert (other.asked, [one.purpose for one in log]) == (0, ["parrot"])


@pytest.mark.parametrize("port", [9100, 9107])
def test_nothing_is_sent_where_it_would_be_printed(port):
    log, parrot = [], Parrot(ports=frozenset({port}))
    service, speaker = detect(asking(port, log=log), [parrot])
    assert (service.family, speaker, parrot.asked, log) == (Family.UNKNOWN, None, [], [])
    assert [(one.outcome, one.code) for one in service.steps] == [(Outcome.UNDETERMINED, "prints")]


def test_a_greeting_is_read_and_families_that_greet_are_asked_first():
    order = []

    class Greeted(Deaf):
        def recognise(self, asking, greeting):
            order.append((self.family, greeting))

    with server(says(b"220 ready\r\n")) as port:
        detect(asking(port), [Greeted(Family.DICOM), Greeted(Family.WEB), Greeted(Family.FTP)])
    assert [one for one, _ in order] == [Family.FTP, Family.DICOM, Family.WEB]
    assert {greeting for _, greeting in order} == {b"220 ready\r\n"}


def test_what_nobody_recognises_listens_and_is_not_determined():
    with server(says(b"HELO \x1b[2J<script>\xff stranger\n")) as port:
        service, speaker = detect(asking(port), [Deaf()])
    assert (service.family, speaker, service.holes()) == (Family.UNKNOWN, None, [])
    assert service.banner == "HELO [2J<script> stranger"
    assert [(one.outcome, one.rung, one.code) for one in service.steps] == [
        (Outcome.UNDETERMINED, Rung.CONNECT, "not-recognised")
    ]
    assert service.undetermined()


@pytest.mark.parametrize(("behaviour", "code"), [(hangs, "not-recognised"), (hangs_up, "ended"), (resets, "reset")])
def test_a_host_that_hangs_or_hangs_up_is_not_determined_in_bounded_time(behaviour, code):
    began = time.monotonic()
    with server(behaviour) as port:
        service, _ = detect(asking(port), [Deaf(), Parrot()])
    assert [one.code for one in service.steps] == [code]
    assert time.monotonic() - began < 4


def test_megabytes_are_cut():
    log = []
    with server(floods) as port:
        service, _ = detect(asking(port, log=log), [])
    assert service.undetermined()
    assert len(service.banner) <= LIMITS.shown_characters
    assert max(one.received for one in log) <= LIMITS.banner_bytes


def test_a_fault_of_one_family_does_not_hide_another():
    with server(echoes) as port:
        service, _ = detect(asking(port), [Deaf(trouble=RecursionError), Parrot()])
        nobody, _ = detect(asking(port), [Deaf(trouble=ValueError)])
    assert service.family is Family.DICOM
    assert (nobody.notes, nobody.undetermined()) == (["fault-web"], True)


def test_a_spent_budget_is_said():
    with server(hangs) as port:
        one = asking(port)
        one.dialler.deadline = time.monotonic()
        service, _ = detect(one, [Deaf()])
    assert [step.code for step in service.steps] == ["budget"]


def test_a_greeting_is_no_longer_than_a_second_nor_than_its_bound():
    began = time.monotonic()
    with server(hangs) as port:
        assert greet(asking(port, replace(QUICK, greeting_seconds=0.3, step_seconds=9))).data == b""
    assert time.monotonic() - began < 2


def test_a_greeting_that_dribbles_ends_with_its_second():
    def dribbles(one):
        for _ in range(100):
            one.sendall(b".")
            time.sleep(0.02)

    began = time.monotonic()
    with server(dribbles) as port:
        data = greet(asking(port, replace(QUICK, greeting_seconds=0.3, step_seconds=9))).data
    assert 1 < len(data) < 60
    assert time.monotonic() - began < 2


def test_what_a_stranger_says_prints():
    assert printable(b"\x1b]0;x\x07 a\r\n\tb\x00\xc3\xa9", 80) == "]0;x a b"
    assert len(printable(b"x" * 10_000, 80)) == 80


def tls_server(demands, speak):
    """A listener that demands a certificate."""

    def treat(one):
        try:
            with demands.wrap_socket(one, server_side=True) as inside:
                speak(inside)
        except ssl.SSLError:
            return

    return server(treat)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    for name in ("server", "stranger"):
        (folder / name).write_bytes(stranger_pem(f"{name}.example.org", datetime.now(UTC)))
    return folder


def demanding(certificates, trusted):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server")
    context.load_verify_locations(certificates / trusted)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def stranger(certificates, port):
    one = asking(port)
    one.dialler._foreign = lenient_context()
    one.dialler._foreign.load_cert_chain(certificates / "stranger")
    return one


@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_door_that_demands_a_certificate_and_takes_no_strangers_is_closed_to_strangers(certificates, newest):
    """TLS 1.2 ends with handshake_failure, which says less than certificate_required."""
    context = demanding(certificates, "server")
    context.maximum_version = newest
    with tls_server(context, echoes) as port:
        service, _ = detect(stranger(certificates, port), [Parrot(), Deaf()])
    assert [(one.mode, one.outcome) for one in service.steps] == [
        (Mode.TLS, Outcome.REFUSED),
        (Mode.TLS_FOREIGN, Outcome.REFUSED),
    ]
    assert service.steps[0].code == "certificate-required"
    assert not service.undetermined()


def test_who_takes_anybodys_certificate_is_recognised_behind_it(certificates):
    """A server that demands a certificate and looks at none is as open as one that demands nothing."""

    class Inside(Parrot):
        def recognise(self, asking, greeting):
            with asking.connect(Mode.TLS, Rung.CONNECT, Identity.NOBODY, "parrot") as wire:
                wire.send(b"hello")
                return Service(asking.address, asking.port, Family.DICOM) if wire.receive(5) == b"hello" else None

    with tls_server(demanding(certificates, "stranger"), echoes) as port:
        service, speaker = detect(stranger(certificates, port), [Inside()])
    assert service.family is Family.DICOM
    assert speaker is not None


def test_without_a_certificate_to_show_a_strangers_is_not_tried(certificates):
    with tls_server(demanding(certificates, "server"), echoes) as port:
        service, _ = detect(asking(port), [Deaf()])
    assert [(one.mode, one.outcome, one.code) for one in service.steps] == [
        (Mode.TLS, Outcome.REFUSED, "certificate-required"),
        (Mode.TLS_FOREIGN, Outcome.NOT_TRIED, "no-foreign-certificate"),
    ]


def test_the_longest_patience_is_for_what_is_usual_there():
    seen = {}

    class Timed(Deaf):
        def recognise(self, asking, greeting):
            seen[self.family, asking.port in self.ports] = asking.dialler.limits.step_seconds

    limits = replace(QUICK, step_seconds=8, recognise_seconds=3, others_seconds=1)
    with server(says(b"hello\n")) as port:
        here = frozenset({port})
        detect(asking(port, limits), [Timed(Family.FTP, here), Timed(Family.FTP), Timed(Family.DICOM)])
    assert seen == {(Family.FTP, True): 8, (Family.FTP, False): 1, (Family.DICOM, False): 3}
