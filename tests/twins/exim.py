"""Debian's mail server, Exim, as a submission service on loopback: TLS from the first byte, one account, one mailbox.

It refuses what its rules refuse; whatever it took and delivered is read from the mailbox. One runs for each connection
(a daemon of Exim's asks for root), as a user without rights, from a folder of its own, and touches nothing of the
machine's.
"""

from __future__ import annotations

import contextlib
import mailbox
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.programs import find_program, stop, wait_until
from tests.twins.smtp import SmtpTwin

ACCOUNT = ("primum", "let me hand in")
_CONFIGURATION = r"""
primary_hostname = twin.example.org
spool_directory = {folder}/spool
log_file_path = {folder}/log/%slog
keep_environment =
tls_advertise_hosts = *
tls_certificate = {folder}/smtp.pem
tls_privatekey = {folder}/smtp.key
acl_smtp_rcpt = rcpt
acl_smtp_data = data
host_lookup =
rfc1413_hosts =
exim_user = {uid}
exim_group = {gid}
deliver_drop_privilege
never_users =
message_size_limit = 1M
begin acl
rcpt:
  deny !authenticated = *
  deny message = 5.1.1 nobody of that name
       condition = ${{if match{{$local_part}}{{^refused}}}}
  defer message = 4.7.1 try later
       condition = ${{if and{{{{match{{$local_part}}{{^later}}}}{{!exists{{{folder}/now}}}}}}}}
  accept
data:
  deny message = 5.7.1 not this text
       condition = ${{if match{{$h_to:}}{{^unwanted}}}}
  accept
begin routers
everybody:
  driver = accept
  transport = one_mailbox
begin transports
one_mailbox:
  driver = appendfile
  file = {folder}/mailbox
  envelope_to_add
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
"""


@dataclass(frozen=True)
class Exim:
    """One that runs. Addressees that begin with `refused`, `later`, `unwanted` are treated so."""

    folder: Path
    port: int
    keys: SmtpTwin

    def take_those_put_off(self) -> None:
        """Take from now on what was put off."""
        (self.folder / "now").touch()

    def delivered(self) -> list[tuple[str, str]]:
        """Give Message-ID and addressee of each letter in the mailbox."""
        with contextlib.closing(mailbox.mbox(self.folder / "mailbox", create=False)) as kept:
            return [(one["Message-ID"], one["Envelope-to"].strip("<>")) for one in kept]

    def wait_for(self, count: int) -> None:
        """Wait until so many letters are delivered: Exim says yes before it delivers."""
        wait_until(lambda: (self.folder / "mailbox").exists() and len(self.delivered()) >= count, seconds=30)


@contextmanager
def running_exim() -> Iterator[Exim]:
    """Run it; end it on leaving."""
    program = find_program("exim4")
    assert program is not None
    # pytest's own folders are closed to other users
    folder = Path(tempfile.mkdtemp(prefix="primum-exim-"))
    keys = SmtpTwin(folder)
    user, password = ACCOUNT
    root = os.getuid() == 0
    nobody = pwd.getpwnam("nobody")
    uid, gid = (nobody.pw_uid, nobody.pw_gid) if root else (os.getuid(), os.getgid())
    other: dict[str, Any] = {"user": uid, "group": gid, "extra_groups": []} if root else {}
    configuration = folder / "exim.conf"
    text = _CONFIGURATION.format(folder=folder, user=user, password=password, uid=uid, gid=gid)
    configuration.write_text(text, "ascii")
    configuration.chmod(0o644)
    for name in ("spool", "log"):
        (folder / name).mkdir()
    for one in (folder, *folder.rglob("*")):
        os.chown(one, uid, gid)
    arguments = [str(program), "-C", str(configuration), "-bs", "-tls-on-connect", "-odf"]
    with socket.create_server(("127.0.0.1", 0)) as listening, (folder / "output").open("ab") as output:
        serving: list[subprocess.Popen[bytes]] = []

        def serve() -> None:
            while True:
                try:
                    line, _ = listening.accept()
                except OSError:
                    return
                # not the connection itself: to a user without rights it speaks on no port of the network
                ours, its = socket.socketpair()
                with its:
                    serving.append(subprocess.Popen(arguments, stdin=its, stdout=its, stderr=output, cwd="/", **other))
                for one, another in ((line, ours), (ours, line)):
                    threading.Thread(target=_pass_on, args=(one, another), daemon=True).start()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield Exim(folder, listening.getsockname()[1], keys)
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join(10)
            for one in serving:
                stop(one)
            shutil.rmtree(folder, ignore_errors=True)


def _pass_on(one: socket.socket, another: socket.socket) -> None:
    """Bring what comes from one to another, until one of them is cut."""
    with contextlib.suppress(OSError):
        while part := one.recv(65536):
            another.sendall(part)
    for each in (one, another):
        with contextlib.suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
