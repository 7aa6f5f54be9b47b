"""The end of the door, and its beginning."""

import ipaddress
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import associate, encoded, instance, message, p_data, pdv, store_command
from tests.programs import free_port, wait_until

from primum.doors import dimse
from primum.doors.dimse import Limits
from primum.doors.dimse.listening import _bind, loopback_like
from primum.doors.dimse.refusals import PlainBeyondLoopback, PortTaken

DATA = encoded(instance())


def test_told_to_stop_a_running_store_finishes_and_an_idle_association_is_aborted(house):
    services = house.services()
    door = dimse.Door(services)
    door.open()
    serving = threading.Thread(target=door.serve, daemon=True)
    serving.start()
    with Caller(door.addresses[0][1]) as busy, Caller(door.addresses[0][1]) as idle:
        for caller in (busy, idle):
            caller.associated(associate())
        house.gauge.left = 1000
        busy.say(p_data(pdv(1, 3, store_command())), p_data(pdv(1, 0, DATA[:100])))
        wait_until(lambda: house.gauge.left < 1000, seconds=20)  # the store has begun: its command was read
        door.stop()
        assert idle.hear() == (7, bytes(4))
        busy.say(p_data(pdv(1, 2, DATA[100:])))
        assert busy.status() == 0
        assert busy.hear() == (7, bytes(4))
    serving.join()
    assert house.stored() == [DATA]
    with pytest.raises(ConnectionRefusedError):
        Caller(door.addresses[0][1])


def test_a_sender_that_never_stops_is_stopped(house):
    """A steady sender never makes the socket wait; the order to stop reaches it all the same."""
    services = house.services(limits=Limits(drain_seconds=0.3))
    door = dimse.Door(services)
    door.open()
    serving = threading.Thread(target=door.serve, daemon=True)
    serving.start()
    with Caller(door.addresses[0][1]) as caller:
        caller.associated(associate())
        caller.say(p_data(pdv(1, 3, store_command())))
        door.stop()
        caller.say_until_hung_up(p_data(pdv(1, 0, bytes(60_000))), 20)
    serving.join()
    assert house.stored() == []


def test_run_ends_at_sigterm(tmp_path):
    program = """
import sys
from pathlib import Path
from primum.doors import dimse
from tests.doors.dimse.running import House
house = House(Path(sys.argv[1]))
services = house.services()
listeners = dimse.listen("127.0.0.1", None, services.plain_port, services.limits)
dimse.run(services, listeners, lambda: print(services.plain_port, flush=True))
house.close()
"""
    root = Path(__file__).parents[3]
    path = {"PYTHONPATH": f"{root / 'src'}:{root}", "PATH": os.environ["PATH"]}
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE, text=True, env=path
    )
    with process, Caller(int(process.stdout.readline())) as caller:
        caller.associated(associate())
        caller.say(message(1, store_command(), DATA))
        assert caller.status() == 0
        process.send_signal(signal.SIGTERM)
        assert caller.hear() == (7, bytes(4))
        assert process.wait(20) == 0


def test_a_port_that_is_taken_is_said_so(house):
    with socket.create_server(("127.0.0.1", 0)) as other:
        door = dimse.Door(house.services(plain_port=other.getsockname()[1]))
        with pytest.raises(PortTaken) as refusal:
            door.open()
    assert refusal.value.port == other.getsockname()[1] if other.fileno() > 0 else True


def test_the_listener_without_tls_binds_loopback_whatever_the_address(house):
    for address in ("0.0.0.0", "127.0.0.1", "192.0.2.1", "::", "2001:db8::1"):
        assert ipaddress.ip_address(loopback_like(address)).is_loopback
    door = dimse.Door(house.services(address="0.0.0.0"))
    door.open()
    assert [address for address, _ in door.addresses] == ["127.0.0.1"]
    door.stop()
    door.serve()
    with pytest.raises(PlainBeyondLoopback):
        _bind("0.0.0.0", free_port(), Limits(), secured=False)


def test_an_ipv6_address_is_bound_and_devices_are_seen_under_it(house):
    if not socket.has_ipv6:
        pytest.skip("no IPv6 on this machine")
    with house.open(address="::1") as port, socket.create_connection(("::1", port), 10) as caller:
        caller.sendall(associate())
        assert caller.recv(6)[:1] == b"\x03"  # the device is enrolled for 127.0.0.1
    assert {fact["details"]["address"] for fact in house.facts() if fact["actor"] == "stranger"} == {"::1"}
