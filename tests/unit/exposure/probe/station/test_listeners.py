import contextlib
import socket
import threading
from ipaddress import ip_address
from pathlib import Path

from primum.exposure.probe.fixtures.dimse import DimseFixture
from primum.exposure.probe.station.listeners import judged, listeners, listening_ports
from primum.exposure.probe.station.model import State


@contextlib.contextmanager
def serving(answer, address="127.0.0.1"):
    """A listener that does `answer` with each caller, in turn."""
    with socket.create_server((address, 0)) as listener:

        def work():
            with contextlib.suppress(OSError):
                while True:
                    caller, _ = listener.accept()
                    with caller, contextlib.suppress(OSError):
                        answer(caller)

        thread = threading.Thread(target=work)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_what_is_no_dicom_is_not_told():
    with serving(lambda caller: caller.sendall(b"SSH-2.0-x\r\n")) as port:
        found = listeners(addresses=list, ports=[port])
    assert (found.state, found.why) == (State.GOOD, "none")


def test_a_listener_for_this_computer_alone_is_told_and_not_bad():
    with DimseFixture().opened(None) as stands:
        ports = [one.port for one in stands]
        found = listeners(addresses=list, ports=ports)
    assert (found.state, found.why, found.facts["loopback"]) == (State.GOOD, "loopback", len(ports))


def test_a_listener_for_the_whole_network_is_bad():
    found = judged({("127.0.0.1", 11112), ("192.168.1.7", 11112), ("127.0.0.1", 4242)}, 20, cut=True)
    assert (found.state, found.why) == (State.BAD, "network")
    assert (found.facts["network"], found.facts["loopback"], found.facts["ports"]) == (1, 1, "4242,11112")


def test_what_was_not_asked_for_want_of_time_is_not_said_to_be_silent():
    assert judged(set(), 20, cut=True).state is State.NOT_DETERMINED


def test_ports_that_this_machine_listens_on_are_known():
    with serving(lambda _: None) as port:
        assert port in listening_ports(Path("/"))


def test_a_system_that_does_not_tell_its_ports_is_asked_the_usual_ones(tmp_path):
    assert listening_ports(tmp_path) == set()


def test_nobody_else_is_asked_even_where_told_to():
    """The gate: an address that is not this machine's own is refused before a packet leaves."""
    elsewhere = ip_address("192.0.2.1")
    found = listeners(addresses=lambda: [elsewhere], ports=[104], own=lambda one: one != elsewhere)
    assert found.facts["network"] == 0
