"""The socket behind pages, viewer and DICOMweb."""

from __future__ import annotations

import socket

import pytest

from primum.doors.origin import AddressTaken, listen_at


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_connection_sends_at_once_what_it_is_given(address: str) -> None:
    """With Nagle's algorithm the end of each image would wait for the acknowledgement of its start."""
    with (
        listen_at(address, 0) as listener,
        socket.create_connection(listener.getsockname()[:2]),
        listener.accept()[0] as accepted,
    ):
        assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_a_port_that_is_taken_is_refused() -> None:
    with listen_at("127.0.0.1", 0) as listener, pytest.raises(AddressTaken):
        listen_at("127.0.0.1", listener.getsockname()[1])
