from __future__ import annotations

import re
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.twins.faulty_smtp import FaultySmtp
from tests.twins.smtp import SmtpTwin

from primum.ground.outbound import (
    DIALS,
    NO_ANSWER,
    LineLost,
    MailRefused,
    Reply,
    Submission,
    Unreachable,
    dial_device,
    submission,
)
from primum.ground.settings import read_settings

AT = datetime(2026, 11, 23, 8, tzinfo=UTC)


def way_to(twin: SmtpTwin, **other: object) -> Submission:
    way = Submission("127.0.0.1", twin.port, *twin.account, "primum@example.org", twin.trusting())
    return replace(way, **other)


def test_this_is_everything_that_is_dialled() -> None:
    assert set(DIALS) == {"smtp", "dicom", "s3", "mllp", "vantage"}


def test_only_outbound_knows_how_to_dial() -> None:
    dialling = re.compile(
        r"^\s*(import|from) (smtplib|http\.client|urllib\.request|requests|httpx|ftplib|botocore|urllib3)\b",
        re.MULTILINE,
    )
    root = Path(__file__).parents[3] / "src" / "primum"
    found = {one.relative_to(root).as_posix() for one in root.rglob("*.py") if dialling.search(one.read_text("utf-8"))}
    assert found == {"ground/outbound.py"}


def test_a_notice_is_handed_in_over_verified_tls(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path) as twin:
        way_to(twin).send(["a@example.org", "b@example.org"], "Une habilitation", "Elle prendra effet demain.\n", AT)
    (letter,) = twin.letters
    assert letter.addressees == ["a@example.org", "b@example.org"]
    assert letter.sender == "primum@example.org"
    assert "Elle prendra effet demain." in letter.text
    assert "Date: Mon, 23 Nov 2026 08:00:00 +0000" in letter.text


def test_addressees_do_not_see_each_other_and_the_machine_does_not_name_itself(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path) as twin:
        way_to(twin).send(["a@example.org", "b@example.org"], "s", "t", AT)
    assert "a@example.org" not in twin.letters[0].text
    assert twin.greetings == ["[127.0.0.1]"]


def test_a_server_whose_certificate_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path) as twin:
        strict = Submission("127.0.0.1", twin.port, *twin.account, "primum@example.org")
        with pytest.raises(MailRefused) as refusal:
            strict.send(["a@example.org"], "s", "t", AT)
    assert refusal.value.facts == {"step": "tls"}
    assert not twin.letters


def test_a_good_certificate_of_another_host_gets_nothing(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path, names=("mail.example.org",)) as twin, pytest.raises(MailRefused):
        way_to(twin).send(["a@example.org"], "s", "t", AT)
    assert not twin.letters


def test_a_wrong_account_is_said_without_its_password(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path) as twin:
        way = way_to(twin, password="canary-password")
        with pytest.raises(MailRefused) as refusal:
            way.send(["a@example.org"], "s", "t", AT)
    assert refusal.value.facts == {"step": "sign-in"}
    assert "canary" not in f"{refusal.value!r}{refusal.value}{way!r}"


def test_a_refused_addressee_is_not_passed_over(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path, refuses=frozenset({"b@example.org"})) as twin, pytest.raises(MailRefused):
        way_to(twin).send(["a@example.org", "b@example.org"], "s", "t", AT)


def test_a_line_break_in_the_subject_is_refused(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path) as twin, pytest.raises(MailRefused):
        way_to(twin).send(["a@example.org"], "s\r\nBcc: x@example.org", "t", AT)
    assert not twin.letters


def test_nobody_listening_is_a_refusal(tmp_path: Path) -> None:
    with SmtpTwin(tmp_path) as twin:
        way = way_to(twin)
    with pytest.raises(MailRefused) as refusal:
        way.send(["a@example.org"], "s", "t", AT)
    assert refusal.value.facts == {"step": "conversation"}


def test_a_demo_home_and_a_home_without_server_mail_nobody(tmp_path: Path) -> None:
    plain = read_settings(tmp_path / "none.toml")
    named = replace(plain, smtp_host="smtp.example.org", smtp_from="primum@example.org")
    assert submission(plain, "", demo=False) is None
    assert submission(named, "", demo=True) is None
    way = submission(named, "secret", demo=False)
    assert way is not None
    assert (way.host, way.port) == ("smtp.example.org", 465)


def handed_in(folder: Path, fault: str, text: str = "Bonjour\n") -> tuple[Reply, FaultySmtp]:
    """Hand one letter in, to a server that does this to it; give its answer, and the server."""
    with FaultySmtp(folder, {"zoe@example.org": [fault]}) as twin:
        way = Submission("127.0.0.1", twin.port, "", "", "cabinet@example.org", twin.trusting())
        message = way.letter("zoe@example.org", "Cabinet", "Sujet", text, "<let_1@example.org>", AT)
        with way.conversation() as line:
            said = line.offer("zoe@example.org")
            return line.hand_over(message, lambda: True) if said.good else said, twin


@pytest.mark.parametrize(
    ("fault", "code", "detail"),
    [
        ("ok", 250, "2.0.0"), ("rcpt-5", 550, "5.1.1"), ("rcpt-4", 451, "4.7.1"), ("data-5", 554, "5.7.1"),
        ("data-4", 451, "4.3.0"), ("end-5", 552, "5.2.2"), ("end-4", 452, "4.3.1"),
    ],
)  # fmt: skip
def test_an_answer_is_its_codes_and_never_its_words(tmp_path: Path, fault: str, code: int, detail: str) -> None:
    said, twin = handed_in(tmp_path, fault)
    assert said == Reply(code, detail)
    assert (said.good, said.transient) == (code < 300, 400 <= code < 500)
    assert len(twin.taken) == (fault == "ok")


def test_a_letter_has_one_addressee_our_own_id_and_every_line_of_its_text(tmp_path: Path) -> None:
    text = "Première ligne.\n.\n..deux points\n" + "x" * 2000 + "\nfin\n"
    _, twin = handed_in(tmp_path, "ok", text)
    ((to, made),) = twin.messages
    assert (to, made["To"], made["From"]) == ("zoe@example.org", "zoe@example.org", "Cabinet <cabinet@example.org>")
    assert made["Message-ID"] == "<let_1@example.org>"
    assert made.get_content().replace("\r\n", "\n") == text


@pytest.mark.parametrize("fault", ["hang-rcpt", "hang-data"])
def test_a_line_that_is_lost_before_the_end_is_told_apart(tmp_path: Path, fault: str) -> None:
    with pytest.raises(LineLost):
        handed_in(tmp_path, fault)


@pytest.mark.parametrize("fault", ["taken-mute", "lost-mute"])
def test_a_line_that_is_lost_after_the_end_leaves_it_open(tmp_path: Path, fault: str) -> None:
    assert handed_in(tmp_path, fault)[0] == NO_ANSWER


def test_an_end_that_is_not_to_be_sent_is_not_sent(tmp_path: Path) -> None:
    with FaultySmtp(tmp_path) as twin:
        way = Submission("127.0.0.1", twin.port, "", "", "cabinet@example.org", twin.trusting())
        with way.conversation() as line:
            assert line.offer("zoe@example.org").good
            with pytest.raises(LineLost):
                line.hand_over(b"Subject: s\r\n\r\nt\r\n", lambda: False)
    assert twin.taken == []


@pytest.mark.parametrize("address", ["zoe@example.org\r\nBcc: x@example.org", "z@example.org\nRCPT TO:<x@example.org>"])
def test_an_address_with_a_line_break_is_no_address(tmp_path: Path, address: str) -> None:
    with FaultySmtp(tmp_path) as twin:
        way = Submission("127.0.0.1", twin.port, "", "", "cabinet@example.org", twin.trusting())
        with pytest.raises(MailRefused):
            way.letter(address, "Cabinet", "s", "t", "<let_1@example.org>", AT)
        with pytest.raises(LineLost), way.conversation() as line:
            line.offer(address)
    assert not twin.attempts


def test_a_device_that_listens_a_moment_after_it_asked_is_reached() -> None:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        late = threading.Timer(0.1, there.listen)
        late.start()
        with dial_device("127.0.0.1", there.getsockname()[1], secured=False, loopback_only=True, seconds=5) as here:
            assert here.getpeername() == there.getsockname()
        late.join()


def test_a_device_that_never_listens_is_tried_for_less_than_a_second_or_as_long_as_is_allowed() -> None:
    with socket.socket() as there:
        there.bind(("127.0.0.1", 0))
        for seconds, least, most in ((5, 0.6, 3), (0.1, 0.05, 0.5)):
            begun = time.monotonic()
            with pytest.raises(Unreachable) as refusal:
                dial_device("127.0.0.1", there.getsockname()[1], secured=False, loopback_only=True, seconds=seconds)
            assert refusal.value.facts == {"step": "connection"}
            assert least <= time.monotonic() - begun < most
