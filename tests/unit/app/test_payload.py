"""A child inherits its own keys through a pipe, and shows none of them."""

import os
from pathlib import Path

from primum.app.payload import CHILDREN, payloads, read_payload, write_payload
from primum.vault import RootKey


def test_a_payload_reads_back_through_a_pipe():
    made = payloads(RootKey(bytes(range(32))), Path("/h"), {"web": b"PEM"}, {"dimse": (7, 8)})
    for child, payload in made.items():
        reading, writing = os.pipe()
        write_payload(writing, payload)
        assert read_payload(reading) == payload
        assert set(payload.keys) == CHILDREN[child]


def test_no_payload_shows_a_key():
    made = payloads(RootKey(bytes(range(32))), Path("/h"), {}, {})
    assert repr(made["web"]) == "Payload('web')"
    assert len({key for payload in made.values() for key in payload.keys.values()}) == 9
