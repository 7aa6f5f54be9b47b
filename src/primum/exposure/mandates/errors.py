"""What mandates refuse, besides what reading one does (probe/mandating.py)."""

from __future__ import annotations

from typing import ClassVar

from primum.exposure.probe.gate import ProbeRefused


class MandateNotSigned(ProbeRefused):
    """The signature of this mandate is not one of its key: it was changed, or never signed."""

    code: ClassVar[str] = "probe.mandate-not-signed"
    hint: ClassVar[str] = "take the file from who gave it: primum mandate export"


class MandateFromStranger(ProbeRefused):
    """This mandate was signed with another key ({key_id}) than those that count here."""

    code: ClassVar[str] = "probe.mandate-from-stranger"
    hint: ClassVar[str] = "compare the key with what primum mandate show says where it was given"


class MandateWithdrawn(ProbeRefused):
    """This mandate was withdrawn."""

    code: ClassVar[str] = "probe.mandate-withdrawn"
    hint: ClassVar[str] = "ask who gave it for another: primum mandate give"


class NoSuchMandate(ProbeRefused):
    """There is no such mandate here."""

    code: ClassVar[str] = "probe.no-such-mandate"
    hint: ClassVar[str] = "primum mandate list"


class BadWish(ProbeRefused):
    """A mandate cannot be given like this: {what}."""

    code: ClassVar[str] = "probe.bad-wish"
    hint: ClassVar[str] = "primum mandate give --help; docs/design/exposure.md has the bounds"


class NameUnknown(ProbeRefused):
    """The name {name} has no address at this moment, or too many."""

    code: ClassVar[str] = "probe.name-unknown"
    hint: ClassVar[str] = "give its address instead"


class NotConfirmed(ProbeRefused):
    """The addresses were not confirmed: no mandate was given."""

    code: ClassVar[str] = "probe.not-confirmed"
    hint: ClassVar[str] = "look at the addresses, and answer yes where they are the right ones"


class FolderUnusable(ProbeRefused):
    """The folder for mandates cannot be used: {what}."""

    code: ClassVar[str] = "probe.folder"
    hint: ClassVar[str] = "give a folder of your own, or an empty place for a new one"


class WrongPassphrase(ProbeRefused):
    """This passphrase does not open the key of the folder."""

    code: ClassVar[str] = "probe.passphrase"
    hint: ClassVar[str] = "type it again; nobody can open the key without it: a new folder is a new key"


class TooManyMandates(ProbeRefused):
    """There are {most} mandates in force already."""

    code: ClassVar[str] = "probe.too-many-mandates"
    hint: ClassVar[str] = "withdraw those that are not needed: primum mandate withdraw"
