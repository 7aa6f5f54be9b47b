"""The server side of TLS by GnuTLS, called by ctypes: OpenSSL of today has no 3DES, old relays have little else."""

from __future__ import annotations

import ctypes
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from ctypes import byref, c_char_p, c_int, c_size_t, c_uint, c_void_p
from typing import Final

_SERVER: Final = 1
_CREDENTIALS_OF_CERTIFICATES: Final = 1
_PEM: Final = 1
_AGAIN: Final = frozenset({-28, -52})
"""GNUTLS_E_AGAIN, GNUTLS_E_INTERRUPTED."""


class OldTlsFailed(Exception):
    """GnuTLS said no: its number."""


def _library() -> ctypes.CDLL:
    library = ctypes.CDLL("libgnutls.so.30")
    library.gnutls_record_recv.argtypes = library.gnutls_record_send.argtypes = [c_void_p, c_char_p, c_size_t]
    library.gnutls_record_recv.restype = library.gnutls_record_send.restype = ctypes.c_ssize_t
    library.gnutls_transport_set_int2.argtypes = [c_void_p, c_int, c_int]
    library.gnutls_handshake.argtypes = library.gnutls_deinit.argtypes = [c_void_p]
    library.gnutls_record_check_pending.argtypes = [c_void_p]
    library.gnutls_record_check_pending.restype = c_size_t
    library.gnutls_certificate_set_x509_key_file.argtypes = [c_void_p, c_char_p, c_char_p, c_int]
    library.gnutls_credentials_set.argtypes = [c_void_p, c_int, c_void_p]
    library.gnutls_priority_set_direct.argtypes = [c_void_p, c_char_p, c_void_p]
    library.gnutls_bye.argtypes = [c_void_p, c_int]
    return library


class Session:
    """One handshake done."""

    def __init__(self, library: ctypes.CDLL, session: c_void_p, caller: socket.socket) -> None:
        """Of this caller."""
        self._library, self._session, self._caller = library, session, caller

    def carry(self, behind: socket.socket) -> None:
        """Carry both ways until one side ends."""
        room = ctypes.create_string_buffer(16384)
        while True:
            pending = self._library.gnutls_record_check_pending(self._session)
            ready = [self._caller] if pending else select.select([self._caller, behind], [], [], 60)[0]
            if not ready:
                return
            if self._caller in ready:
                got = self._library.gnutls_record_recv(self._session, room, 16384)
                if got <= 0 and got not in _AGAIN:
                    return
                behind.sendall(room.raw[: max(got, 0)])
            if behind in ready:
                part = behind.recv(16384)
                if not part:
                    return
                self._send(part)

    def _send(self, data: bytes) -> None:
        while data:
            sent = self._library.gnutls_record_send(self._session, data, len(data))
            if sent < 0 and sent not in _AGAIN:
                raise OldTlsFailed(sent)
            data = data[max(sent, 0) :]


class OldTls:
    """A server's side with a priority string of GnuTLS, that asks for no certificate."""

    def __init__(self, priorities: str, certificate: str, key: str) -> None:
        """Load certificate and key."""
        self._library = _library()
        self._priorities = priorities.encode()
        self._credentials = c_void_p()
        self._check(self._library.gnutls_certificate_allocate_credentials(byref(self._credentials)))
        files = certificate.encode(), key.encode()
        self._check(self._library.gnutls_certificate_set_x509_key_file(self._credentials, *files, _PEM))

    @contextmanager
    def accepted(self, caller: socket.socket) -> Iterator[Session]:
        """Shake hands with a caller. Raises OldTlsFailed."""
        caller.setblocking(True)
        session, where = c_void_p(), c_char_p()
        self._check(self._library.gnutls_init(byref(session), c_uint(_SERVER)))
        try:
            self._check(self._library.gnutls_priority_set_direct(session, self._priorities, byref(where)))
            self._check(self._library.gnutls_credentials_set(session, _CREDENTIALS_OF_CERTIFICATES, self._credentials))
            self._library.gnutls_transport_set_int2(session, caller.fileno(), caller.fileno())
            said = self._library.gnutls_handshake(session)
            while said in _AGAIN:
                said = self._library.gnutls_handshake(session)
            self._check(said)
            yield Session(self._library, session, caller)
            with suppress(OSError):
                self._library.gnutls_bye(session, 1)
        finally:
            self._library.gnutls_deinit(session)

    @staticmethod
    def _check(said: int) -> None:
        if said < 0:
            raise OldTlsFailed(said)
