"""`primum device add|destination|identity|list|renew|revoke`."""

from __future__ import annotations

import argparse
import base64
import os
from pathlib import Path
from typing import Any, ClassVar

from primum.doors.cli import speech
from primum.doors.cli.client import Client, pretty
from primum.ground.errors import PrimumError

MAX_CSR = 64 * 1024
"""Bytes: a certificate request with an RSA-16384 key is under 8 KiB."""


class RequestTooLarge(PrimumError):
    """The certificate request has more than {limit} bytes."""

    code: ClassVar[str] = "device.request-too-large"
    hint: ClassVar[str] = "give the PEM file of one PKCS#10 request"


class PackExists(PrimumError):
    """The folder {folder} is there already."""

    code: ClassVar[str] = "device.pack-exists"
    hint: ClassVar[str] = "choose another one with --out; a pack is never written over another"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="add|destination|identity|list|renew|revoke")
    add = verbs.add_parser("add", help="enrol a machine, and write its pack (certificate, settings sheet)")
    add.add_argument("name")
    add.add_argument("--aet", required=True, help="its application entity title")
    add.add_argument("--may", default="", help="what it may do, such as store or store,find; nothing by default")
    add.add_argument("--plain", default="", metavar="ADDRESS", help="no TLS, from this loopback address only")
    add.add_argument("--controller", default="", metavar="NAME", help="whose studies it sends")
    add.add_argument("--host", default="", help="where it is called, if it is to receive")
    add.add_argument("--port", type=int, default=104, help="on which port it listens (104)")
    add.add_argument("--require-identity", action="store_true", help="its users have to prove who they are, each time")
    _their_certificate_option(add)
    _pack_options(add)
    destination = verbs.add_parser("destination", help="say where an enrolled machine is called")
    destination.add_argument("name")
    destination.add_argument("host")
    destination.add_argument("port", type=int)
    _their_certificate_option(destination)
    destination.add_argument("--receive", action="store_true", help="studies may be sent to it")
    identity = verbs.add_parser("identity", help="whether a machine has to say who uses it, and whose tokens count")
    identity.add_argument("name")
    required = identity.add_mutually_exclusive_group()
    required.add_argument("--require", action="store_true", help="nobody uses it without proving who they are")
    required.add_argument("--not-required", action="store_true", help="its certificate is enough")
    key = identity.add_mutually_exclusive_group()
    key.add_argument("--key", type=Path, default=None, metavar="FILE", help="trust tokens signed by it (PEM, JWKS)")
    key.add_argument("--drop", default="", metavar="KEY", help="trust this key no more")
    verbs.add_parser("list", help="what is enrolled, and until when").add_argument("--json", action="store_true")
    renew = verbs.add_parser("renew", help="a new certificate for an enrolled machine")
    renew.add_argument("name")
    renew.add_argument("--overlap", type=int, default=30, metavar="DAYS", help="the old one goes on for this long (30)")
    _pack_options(renew)
    verbs.add_parser("revoke", help="shut a machine out, at once").add_argument("name")


def _their_certificate_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--their-certificate", type=Path, default=None, metavar="PEM",
        help="how it is known there: its certificate, or its authority's; without one, in clear on this machine only",
    )  # fmt: skip
    parser.add_argument(
        "--no-commitment", action="store_true", help="do not ask it to answer for what it was sent (storage commitment)"
    )


def _pack_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=None, help="folder for the pack (./NAME-pack)")
    parser.add_argument("--csr", type=Path, default=None, help="sign the machine's own request (PKCS#10, PEM)")
    parser.add_argument("--pem", action="store_true", help="write the key in a PEM file besides (DCMTK wants one)")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    client = Client(options.home)
    match options.verb:
        case "list":
            devices = client.call_signed_in("device_list")["devices"]
            if options.json:
                speech.say(pretty(devices))
            else:
                speech.table(
                    devices, ["name", "aet", "may", "state", "expires_at", "controller", "identity", "called_at"]
                )
        case "revoke":
            client.call_signed_in("device_revoke", name=options.name)
            speech.say(f"{options.name} is shut out, from now on")
        case "destination":
            _destination(client, options)
        case "identity":
            _identity(client, options)
        case "add":
            _write(
                client,
                options,
                "device_add",
                aet=options.aet,
                may=options.may,
                plain=options.plain,
                controller=options.controller,
                host=options.host,
                port=options.port,
                their_certificate=_read_pem(options.their_certificate),
                no_commitment=options.no_commitment,
                require_identity=options.require_identity,
            )
        case "renew":
            _write(client, options, "device_renew", overlap=options.overlap)
        case _:
            raise AssertionError(options.verb)
    return 0


def _destination(client: Client, options: argparse.Namespace) -> None:
    answer = client.call_signed_in(
        "device_destination",
        None,
        name=options.name,
        host=options.host,
        port=options.port,
        their_certificate=_read_pem(options.their_certificate),
        no_commitment=options.no_commitment,
        receive=options.receive,
    )
    speech.say(f"{options.name} is called at {options.host}, port {options.port}, from now on")
    if options.their_certificate is not None:
        speech.say("It must trust the authority of our calls, certificates/caller-ca.pem:")
        speech.say(str(answer["caller_ca"]).strip())


def _identity(client: Client, options: argparse.Namespace) -> None:
    required = "yes" if options.require else "no" if options.not_required else ""
    answer = client.call_signed_in(
        "device_identity", None, name=options.name, required=required, key=_read_pem(options.key), drop=options.drop
    )
    proof = "has to be proved" if answer["required"] else "need not be said"
    speech.say(f"Who uses {options.name} {proof}, from now on" if required else f"Who uses {options.name} {proof}")
    speech.table(answer["keys"], ["id", "algorithm", "kid", "added_at"])


def _write(client: Client, options: argparse.Namespace, verb: str, **more: str | int) -> None:
    folder: Path = options.out or Path(f"{options.name}-pack")
    if folder.exists():
        raise PackExists(folder=str(folder))
    answer = client.call_signed_in(verb, None, name=options.name, csr=_read_csr(options.csr), pem=options.pem, **more)
    folder.mkdir(mode=0o700, parents=True)
    for name, content in answer["files"].items():
        _write_file(folder / name, base64.b64decode(content))
    speech.say(f"The pack of {options.name} is in {folder}")
    if answer.get("passphrase"):
        speech.say(
            f"Passphrase of its PKCS#12 file, shown once, to be told apart from the file: {answer['passphrase']}"
        )
    for line in answer.get("lines", []):
        speech.say(line)


def _write_file(file: Path, content: bytes) -> None:
    fd = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(fd, "wb") as stream:
        stream.write(content)


def _read_csr(file: Path | None) -> str:
    return _read_pem(file)


def _read_pem(file: Path | None) -> str:
    if file is None:
        return ""
    content: Any = file.read_bytes()
    if len(content) > MAX_CSR:
        raise RequestTooLarge(limit=MAX_CSR)
    return str(content.decode("ascii", "replace"))
