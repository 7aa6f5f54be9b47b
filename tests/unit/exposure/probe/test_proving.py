import argparse
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given, strategies as st
from tests.mandated import mandate

from primum.exposure.probe import answering, proving
from primum.exposure.probe.answering import Helper
from primum.exposure.probe.dialling import Dialler, Purpose
from primum.exposure.probe.gate import PROOF_LASTS, Gate, NotMandated, NotProven
from primum.exposure.probe.limits import LIMITS
from primum.exposure.probe.model import Identity, Mode, Rung
from primum.exposure.probe.proving import BadToken, Challenge, ProofRefused, Token

HERE, OTHER = ip_address("127.0.0.1"), ip_address("127.0.0.2")
GIVEN = mandate("127.0.0.0/29")
TOKEN = Token(GIVEN.id, bytes(range(32)))
WRONG = Token(GIVEN.id, bytes(32))
NOW = datetime.now(UTC)
QUICK = replace(LIMITS, step_seconds=2)


class Asking:
    """Somebody who may probe 127.0.0.0/29 by a mandate, none of it being this machine's own for the trial."""

    def __init__(self) -> None:
        self.log: list[Purpose] = []
        self.now = NOW
        self.gate = Gate(is_own=lambda _: False, mandates=[GIVEN], now=lambda: self.now)
        self.dialler = Dialler(self.gate, QUICK, log=self.log.append, deadline=time.monotonic() + 60)


@contextmanager
def serving(answer: Callable[[bytes], bytes], address: str = "127.0.0.1") -> Iterator[int]:
    """A listener that takes one question and sends `answer` of it."""
    with socket.create_server((address, 0)) as listener:

        def one() -> None:
            caller, _ = listener.accept()
            with caller:
                caller.sendall(answer(caller.recv(4096)))

        thread = threading.Thread(target=one)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


@contextmanager
def helping(helper: Helper) -> Iterator[int]:
    with answering.listen(0, "127.0.0.1") as listener:

        def work() -> None:
            with suppress(OSError):
                answering.serve(helper, listener, until=time.monotonic() + 30)

        thread = threading.Thread(target=work)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def http(body: str, status: str = "200 OK", extra: str = "") -> Callable[[bytes], bytes]:
    return lambda _: f"HTTP/1.1 {status}\r\n{extra}Content-Length: {len(body)}\r\n\r\n{body}".encode()


def test_a_page_served_by_the_address_proves_it_and_that_address_alone():
    asking = Asking()
    with pytest.raises(NotProven):
        asking.gate.require(HERE, 11112, Rung.GET, Identity.NOBODY)
    with serving(http(proving.page(TOKEN, HERE))) as port:
        proof = proving.prove_by_page(asking.dialler, TOKEN, HERE, port)
    assert (proof.mandate, proof.address, proof.at) == (GIVEN.id, HERE, NOW)
    asking.gate.proofs.append(proof)
    assert asking.gate.require(HERE, 11112, Rung.GET, Identity.NOBODY) is GIVEN
    with pytest.raises(NotProven):
        asking.gate.require(OTHER, 11112, Rung.GET, Identity.NOBODY)
    asking.now += PROOF_LASTS + timedelta(seconds=1)
    with pytest.raises(NotProven):
        asking.gate.require(HERE, 11112, Rung.GET, Identity.NOBODY)


def test_neither_the_log_nor_the_question_has_the_token():
    asking, seen = Asking(), []

    def answer(question: bytes) -> bytes:
        seen.append(question)
        return http(proving.page(TOKEN, HERE))(question)

    with serving(answer) as port:
        proving.prove_by_page(asking.dialler, TOKEN, HERE, port)
    (line,) = asking.log
    assert (line.purpose, line.mandate) == ("proof of control", GIVEN.id)
    assert GIVEN.id.encode() in seen[0]
    for text in (str(asking.log), seen[0].decode(), repr(TOKEN), proving.page(TOKEN, HERE)):
        assert TOKEN.secret.hex() not in text


@pytest.mark.parametrize(
    "answer",
    [
        http(proving.page(TOKEN, OTHER)),  # the page of another address
        http(proving.page(WRONG, HERE)),  # made with another token
        http(proving.page(Token("mdt_" + "a" * 26, TOKEN.secret), HERE)),  # of another mandate
        http(proving.page(TOKEN, HERE), "404 Not Found"),
        http("", "302 Found", "Location: http://127.0.0.2/\r\n"),
        http(proving.page(TOKEN, HERE) + "x"),
        http("x" * 20_000),
        lambda _: b"",
        lambda _: b"HTTP/1.1\r\n\r\n",
        lambda _: proving.page(TOKEN, HERE).encode(),
    ],
)  # fmt: skip
def test_any_other_page_proves_nothing(answer):
    with serving(answer) as port, pytest.raises(ProofRefused):
        proving.prove_by_page(Asking().dialler, TOKEN, HERE, port)


def test_nothing_is_sent_to_an_address_without_mandate():
    asking = Asking()
    with pytest.raises(NotMandated):
        proving.prove_by_page(asking.dialler, TOKEN, ip_address("127.0.0.99"), 80)
    with pytest.raises(NotMandated):
        proving.prove_by_helper(asking.dialler, TOKEN, ip_address("127.0.0.99"), 80)
    assert asking.log == []


def test_the_helper_proves_the_address_that_it_answers_on():
    asking = Asking()
    with helping(Helper(TOKEN)) as port:
        proof = proving.prove_by_helper(asking.dialler, TOKEN, HERE, port)
    assert (proof.address, proof.mandate) == (HERE, GIVEN.id)


def test_a_helper_with_another_token_answers_nothing():
    with helping(Helper(WRONG)) as port, pytest.raises(ProofRefused):
        proving.prove_by_helper(Asking().dialler, TOKEN, HERE, port)


def test_somebody_without_the_token_cannot_answer():
    with serving(lambda _: b"primum-proof/1 " + b"0" * 64 + b"\n") as port, pytest.raises(ProofRefused):
        proving.prove_by_helper(Asking().dialler, TOKEN, HERE, port)


def test_the_answer_of_one_challenge_does_not_answer_another():
    kept = []

    def record(question: bytes) -> bytes:
        kept.append(Helper(TOKEN).answer(question, HERE))
        return kept[-1]

    with serving(record) as port:
        proving.prove_by_helper(Asking().dialler, TOKEN, HERE, port)
    with serving(lambda _: kept[0]) as port, pytest.raises(ProofRefused):
        proving.prove_by_helper(Asking().dialler, TOKEN, HERE, port)


def test_who_does_not_answer_proves_nothing():
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        with pytest.raises(ProofRefused):
            proving.prove_by_helper(Asking().dialler, TOKEN, HERE, closed.getsockname()[1])


CHALLENGE = Challenge(GIVEN.id, "ab" * 16, str(HERE), 104, proving.instant(NOW))


def helper() -> Helper:
    return Helper(TOKEN, now=lambda: NOW)


def test_a_challenge_is_answered_once():
    one = helper()
    assert one.answer(CHALLENGE.line(TOKEN), HERE) == f"primum-proof/1 {CHALLENGE.answer(TOKEN)}\n".encode()
    assert one.answer(CHALLENGE.line(TOKEN), HERE) == b""


@pytest.mark.parametrize(
    "line",
    [
        CHALLENGE.line(WRONG),
        replace(CHALLENGE, address=str(OTHER)).line(TOKEN),
        replace(CHALLENGE, at=proving.instant(NOW - timedelta(minutes=6))).line(TOKEN),
        replace(CHALLENGE, at=proving.instant(NOW + timedelta(minutes=6))).line(TOKEN),
        replace(CHALLENGE, at="2026-99-99T00:00:00Z").line(TOKEN),
        replace(CHALLENGE, mandate="mdt_" + "a" * 26).line(TOKEN),
        replace(CHALLENGE, address="1.2.3").line(TOKEN),
        CHALLENGE.line(TOKEN)[:-1],
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
    ],
)
def test_a_stranger_or_an_old_or_handed_on_challenge_gets_no_byte(line):
    assert helper().answer(line, HERE) == b""


def test_an_outer_address_is_answered_for_where_it_is_said_to_be_mapped():
    challenge = replace(CHALLENGE, address="93.184.216.34")
    assert helper().answer(challenge.line(TOKEN), HERE) == b""
    also = Helper(TOKEN, [ip_address("93.184.216.34")], now=lambda: NOW)
    assert also.answer(challenge.line(TOKEN), HERE) != b""


@given(st.binary(max_size=600))
def test_no_bytes_make_the_helper_answer(data):
    assert helper().answer(data, HERE) == b""


def test_a_token_is_read_from_a_file_of_ones_own_alone(tmp_path):
    path = tmp_path / "token"
    path.write_text(TOKEN.text(), "ascii")
    path.chmod(0o644)
    with pytest.raises(BadToken):
        proving.read_token(path)
    path.chmod(0o600)
    assert proving.read_token(path) == TOKEN
    path.write_bytes(b"primum-probe-token/1 x\n")
    with pytest.raises(BadToken):
        proving.read_token(path)


def test_the_page_is_fetched_over_tls_too(tmp_path):
    """The certificate is not looked at: it is not what proves."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_self_signed(tmp_path))
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def one() -> None:
            caller, _ = listener.accept()
            with context.wrap_socket(caller, server_side=True) as tls:
                tls.sendall(http(proving.page(TOKEN, HERE))(tls.recv(4096)))

        thread = threading.Thread(target=one)
        thread.start()
        port = listener.getsockname()[1]
        assert proving.prove_by_page(Asking().dialler, TOKEN, HERE, port, Mode.TLS).address == HERE
        thread.join()


def _self_signed(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "probe")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW - timedelta(days=1), NOW + timedelta(days=1))
    pem = made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.pem").write_bytes(pem + secret)
    return folder / "server.pem"


@pytest.mark.parametrize("given", [("--port", "0"), ("--port", "70000"), ("--port", "x"), ("--address", "here")])
def test_what_is_no_port_or_address_is_not_understood(given, tmp_path):
    parser = argparse.ArgumentParser()
    answering.add_arguments(parser)
    with pytest.raises(SystemExit):
        parser.parse_args(["--token", str(tmp_path / "t"), "--port", "104", *given])


def test_the_helper_as_a_program_ends_by_itself_and_says_whether_it_was_asked(tmp_path, monkeypatch):
    path = tmp_path / "token"
    path.write_text(TOKEN.text(), "ascii")
    path.chmod(0o600)
    monkeypatch.setattr(answering, "listen", lambda port, address: socket.create_server(("127.0.0.1", 0)))
    monkeypatch.setattr(answering, "serve", lambda helper, listener, until: 0)
    parser = argparse.ArgumentParser()
    answering.add_arguments(parser)
    assert answering.run(parser.parse_args(["--token", str(path), "--port", "104", "--address", "93.184.216.34"])) == 3
