"""The HL7 door over real sockets, with real orders behind it."""

import socket
import ssl
import threading
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace

import pytest
from tests.doors.dimse.running import BOX, CONTROLLER, device
from tests.doors.dimse.test_worklist import Desk
from tests.programs import free_port
from tests.twins.intake import DirectIntake
from tests.twins.smtp import SmtpTwin
from tests.unit.imaging.orders.hl7.corpus import PID_FR, a40, message, orm
from tests.unit.imaging.orders.kit import Kit

from primum.app.intake import WorkerAbsent
from primum.doors.hl7 import Door, Hl7Services, listen
from primum.doors.hl7.limits import Limits
from primum.doors.worker import door_verbs_orders
from primum.ground.clock import SystemClock
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.identity.device_model import Service
from primum.identity.snapshot import PURPOSE, DeviceDirectory, write_snapshot
from primum.imaging.orders.hl7.mllp import framed
from primum.journal import Journal, Refusals


class AnyCertificate(DeviceDirectory):
    """A list of devices in which all certificates are the RIS's."""

    def known(self, fingerprint, address):
        assert len(fingerprint) == 32
        return self.admit(None, address, "RIS")


class House:
    """A door, its list of devices, its journal; and the worker's verbs on real orders."""

    def __init__(self, folder):
        self.kit = Kit(folder)
        self.clock = SystemClock()
        (folder / "journal").mkdir()
        self.journal = Journal(folder / "journal", "mllp", self.clock, RealDisc(), new_id("hom"))
        self.snapshot, self.number = folder / "devices", 0
        self.ris = device("RIS", frozenset({Service.ORDERS}))
        self.enrol(self.ris, device("SCANNER"))
        desk = Desk(self.kit, [self.ris])
        self.worker = DirectIntake(
            None, {"hl7.message": lambda args, data: door_verbs_orders.message(desk, args, data)}
        )
        self.limits = Limits(tick_seconds=0.05)

    def enrol(self, *devices):
        self.number += 1
        plain = write_snapshot(devices, number=self.number, loopback_only=False, now=self.clock.now())
        new = self.snapshot.with_suffix(".new")
        new.write_bytes(BOX.seal(PURPOSE, plain))
        new.rename(self.snapshot)

    @contextmanager
    def open(self, tls=None):
        """With a context, the door speaks TLS, and every certificate is the RIS's."""
        directory = (AnyCertificate if tls else DeviceDirectory)(self.snapshot, BOX, self.clock)
        self.refusals = Refusals(self.journal)
        services = Hl7Services(
            devices=directory, journal=self.journal, refusals=self.refusals, worker=self.worker, clock=self.clock,
            tls=tls, limits=self.limits,
        )  # fmt: skip
        ports = (free_port(), 0) if tls else (0, free_port())
        listeners = listen("127.0.0.1", *ports, self.limits)
        door = Door(services, listeners)
        thread = threading.Thread(target=door.serve)
        thread.start()
        try:
            yield listeners[0].address[1]
        finally:
            door.stop()
            thread.join()
            self.refusals.close()
            directory.close()

    def told(self):
        self.journal.flush()
        chains = (self.kit.folder / "journal" / "access").rglob("*.chain")
        return "\n".join(chain.read_text("ascii") for chain in chains)


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.journal.close()
    house.kit.engine.dispose()


END = b"\x1c\r"


class Sender:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), 20)
        self.got = b""  # answers may come together

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def hear(self):
        """The next answer; None when the door has hung up."""
        while END not in self.got:
            try:
                part = self.socket.recv(4096)
            except ConnectionResetError:
                return None
            if not part:
                return None
            self.got += part
        answer, _, self.got = self.got.partition(END)
        return answer.strip(b"\x0b").decode()

    def ask(self, *messages):
        self.socket.sendall(b"".join(framed(one) for one in messages))
        return [self.hear() for _ in messages]


def test_an_order_is_on_disc_before_it_is_acknowledged(house):
    with house.open() as port, Sender(port) as ris:
        (answer,) = ris.ask(orm())
        assert "MSA|AA|M2" in answer
        (entry,) = house.kit.orders.open_entries([CONTROLLER], "", "")
    assert entry.order.facts.accession == "A77"
    assert "device:message:received" in house.told()
    assert "place" in house.told()


def test_messages_in_one_stream_are_answered_in_their_order(house):
    with house.open() as port, Sender(port) as ris:
        answers = ris.ask(orm(), a40(), message(), message("ORU^R01", control_id="M7"))
    assert [one.split("MSA|")[1][:5] for one in answers] == ["AA|M2", "AA|M4", "AA|M1", "AR|M7"]
    assert "nothing is merged" in answers[1]


def test_what_was_not_answered_is_sent_again_and_applied_once(house):
    """The worker applies it and is killed before it can say so: no AA, the line ends."""
    real = house.worker.verbs["hl7.message"]

    def killed(args, data):
        real(args, data)
        raise WorkerAbsent

    class Absent(DirectIntake):
        def ask(self, verb, args, data=b""):
            return killed(args, data)

    again, house.worker = house.worker, Absent(None, {})
    with house.open() as port, Sender(port) as ris:
        assert ris.ask(orm()) == [None]
    house.worker = again
    with house.open() as port, Sender(port) as ris:
        assert "MSA|AA|M2" in ris.ask(orm())[0]
    assert len(house.kit.orders.open_entries([CONTROLLER], "", "")) == 1
    assert house.kit.kinds().count("order:placed") == 1


def test_a_wrong_character_set_is_refused_with_a_clear_error_and_nothing_half(house):
    with house.open() as port, Sender(port) as ris:
        (answer,) = ris.ask(orm(charset="UNICODE UTF-8", codec="latin-1"))
        assert "MSA|AR|M2" in answer
        assert "MSH^1^18" in answer
        assert "hl7.wrong-charset" in answer
        assert house.kit.facts == []
        assert "MSA|AA|M2" in ris.ask(orm(charset="8859/1"))[0]
    assert house.kit.orders.open_entries([CONTROLLER], "", "")[0].patient.name.startswith("Lefèvre^Hélène")


@pytest.mark.parametrize("title", ["SCANNER", "NOBODY", ""])
def test_who_may_not_send_orders_is_refused(house, title):
    with house.open() as port, Sender(port) as ris:
        (answer,) = ris.ask(orm().replace(b"|RIS|", f"|{title}|".encode()))
        assert "MSA|AR|M2" in answer
        assert "hl7.sender-refused" in answer
    assert house.kit.facts == []
    assert "stranger:association:refused" in house.told()


def test_a_sender_that_is_revoked_is_refused_at_its_next_message(house):
    with house.open() as port, Sender(port) as ris:
        assert "MSA|AA" in ris.ask(message())[0]
        house.enrol(device("SCANNER"))
        assert "MSA|AR" in ris.ask(message(control_id="M9"))[0]


@pytest.mark.parametrize(
    "garbage", [b"GET / HTTP/1.1\r\nHost: x\r\n" * 4, b"\x0b" + b"x" * (1 << 20) + b"yy", b"\x16\x03\x01" * 40]
)
def test_what_is_not_a_message_ends_the_line_and_no_other(house, garbage):
    with house.open() as port, Sender(port) as ris, Sender(port) as other:
        with suppress(OSError):
            other.socket.sendall(garbage)
        assert other.hear() is None
        assert "MSA|AA" in ris.ask(orm())[0]
    assert "hl7." in house.told()


def test_a_message_that_does_not_end_is_not_waited_for(house):
    house.limits = replace(house.limits, message_seconds=0.3)
    with house.open() as port, Sender(port) as slow:
        slow.socket.sendall(b"\x0bMSH|^~\\&|")
        assert slow.hear() is None
    assert "hl7.not-framed" in house.told()


def test_an_address_has_so_many_lines_and_no_more(house):
    house.limits = replace(house.limits, connections_per_address=1)
    with house.open() as port, Sender(port) as ris:
        assert "MSA|AA" in ris.ask(message())[0]
        with Sender(port) as second:
            assert second.hear() is None
        assert "MSA|AA" in ris.ask(message(control_id="M9"))[0]
    assert "hl7.crowded" in house.told()


def test_an_interface_gets_in_whoever_else_keeps_all_places_with_handshakes_that_do_not_end(house, tmp_path):
    house.limits = replace(house.limits, strangers=8, strangers_per_address=4)
    SmtpTwin(tmp_path)  # for its certificate and key alone
    contexts = [ssl.SSLContext(one) for one in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT)]
    for one in contexts:
        one.check_hostname, one.verify_mode = False, ssl.CERT_REQUIRED
        one.load_cert_chain(tmp_path / "smtp.pem", tmp_path / "smtp.key")
        one.load_verify_locations(tmp_path / "smtp.pem")
    with house.open(contexts[0]) as port, ExitStack() as stack:
        for number in range(40):
            silent = stack.enter_context(socket.socket())
            silent.bind((f"127.0.0.{2 + number % 5}", 0))
            silent.connect(("127.0.0.1", port))
            silent.sendall(b"\x16\x03\x01\x02\x00\x01")
        ris = stack.enter_context(Sender(port))
        ris.socket = stack.enter_context(contexts[1].wrap_socket(ris.socket))
        assert "MSA|AA" in ris.ask(message())[0]
    assert "hl7.crowded" in house.told()
    assert "tls.timeout" not in house.told()


def test_nothing_of_a_patient_is_in_the_journal_or_the_log(house, caplog):
    with house.open() as port, Sender(port) as ris:
        ris.ask(orm(), message(segments=(PID_FR.replace("19610314", "19610231"),), control_id="M9"), a40())
    for text in (house.told(), caplog.text):
        assert not any(word in text for word in ("Lef", "4711", "1961", "A77", "161037"))
