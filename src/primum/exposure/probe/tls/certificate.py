"""What a certificate says (RFC 5280): names, dates, key, signature. Read and not verified: nothing is trusted to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from primum.exposure.probe.limits import Limits
from primum.exposure.probe.tls.der import (
    BIT_STRING,
    GENERAL_TIME,
    INTEGER,
    OID,
    SEQUENCE,
    UTC_TIME,
    Element,
    NotDer,
    bits_of,
    elements,
    oid,
    one,
)

_KEYS: Final = {
    "1.2.840.113549.1.1.1": "rsa",
    "1.2.840.113549.1.1.10": "rsa",
    "1.2.840.10040.4.1": "dsa",
    "1.2.840.10045.2.1": "ec",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}
_CURVES: Final = {
    "1.2.840.10045.3.1.1": 192,
    "1.3.132.0.33": 224,
    "1.2.840.10045.3.1.7": 256,
    "1.3.132.0.10": 256,
    "1.3.132.0.34": 384,
    "1.3.132.0.35": 521,
}
_SIGNATURES: Final = {
    "1.2.840.113549.1.1.2": "rsa-md2",
    "1.2.840.113549.1.1.4": "rsa-md5",
    "1.2.840.113549.1.1.5": "rsa-sha1",
    "1.2.840.113549.1.1.10": "rsa-pss",
    "1.2.840.113549.1.1.11": "rsa-sha256",
    "1.2.840.113549.1.1.12": "rsa-sha384",
    "1.2.840.113549.1.1.13": "rsa-sha512",
    "1.2.840.10040.4.3": "dsa-sha1",
    "1.2.840.10045.4.1": "ecdsa-sha1",
    "1.2.840.10045.4.3.1": "ecdsa-sha224",
    "1.2.840.10045.4.3.2": "ecdsa-sha256",
    "1.2.840.10045.4.3.3": "ecdsa-sha384",
    "1.2.840.10045.4.3.4": "ecdsa-sha512",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}
_COMMON_NAME, _ALTERNATIVE = "2.5.4.3", "2.5.29.17"
_VERSION, _EXTENSIONS, _DNS, _IP = 0xA0, 0xA3, 0x82, 0x87
_OCTETS: Final = 0x04
_NAME_CHARACTERS: Final = 64
_MOST_PARTS: Final = 64
"""Of a distinguished name, and extensions: certificates have a dozen."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate as it was shown. `names`: the first of them, printable; `name_count`: of all."""

    not_before: datetime
    not_after: datetime
    key: str
    key_bits: int
    signature: str
    self_signed: bool
    names: tuple[str, ...] = ()
    name_count: int = 0
    notes: tuple[str, ...] = field(default=())

    def as_json(self) -> dict[str, Any]:
        """Give it as plain values."""
        return {
            "not_before": self.not_before.isoformat(),
            "not_after": self.not_after.isoformat(),
            "key": self.key,
            "key_bits": self.key_bits,
            "signature": self.signature,
            "self_signed": self.self_signed,
            "names": list(self.names),
            "name_count": self.name_count,
        }


def read_certificate(data: bytes, limits: Limits) -> Certificate:
    """Read one. Raises NotDer where it is none, or longer than is read."""
    if len(data) > limits.certificate_bytes:
        raise NotDer
    whole = list(islice(elements(one(data, SEQUENCE)), 3))
    if len(whole) < 3 or whole[0].tag != SEQUENCE or whole[1].tag != SEQUENCE:  # noqa: PLR2004 RFC 5280 4.1
        raise NotDer
    parts = [part for part in islice(elements(whole[0].content), _MOST_PARTS) if part.tag != _VERSION]
    if len(parts) < 6:  # noqa: PLR2004 serial, algorithm, issuer, validity, subject, key
        raise NotDer
    issuer, validity, subject, key = parts[2], parts[3], parts[4], parts[5]
    begins, ends = _dates(validity)
    kind, bits = _key(key)
    names = [*_common_names(subject), *_alternative_names(parts[6:])]
    signature = oid(one(whole[1].content, OID))
    return Certificate(
        begins,
        ends,
        kind,
        bits,
        _SIGNATURES.get(signature, signature),
        issuer.content == subject.content,
        tuple(_printable(name) for name in islice(dict.fromkeys(names), limits.certificate_names)),
        len(set(names)),
    )


def _dates(validity: Element) -> tuple[datetime, datetime]:
    dates = list(islice(elements(validity.content), 2))
    if validity.tag != SEQUENCE or len(dates) < 2:  # noqa: PLR2004 both
        raise NotDer
    return _instant(dates[0]), _instant(dates[1])


def _instant(time: Element) -> datetime:
    """Read UTCTime or GeneralizedTime as RFC 5280 4.1.2.5 has them."""
    text = time.content.decode("ascii", "replace")
    try:
        if time.tag == UTC_TIME:
            year = int(text[:2])
            text = f"{1900 + year if year >= 50 else 2000 + year}{text[2:]}"  # noqa: PLR2004 RFC 5280 4.1.2.5.1
        elif time.tag != GENERAL_TIME:
            raise NotDer
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise NotDer from None


def _key(key: Element) -> tuple[str, int]:
    parts = list(islice(elements(key.content), 2))
    if key.tag != SEQUENCE or len(parts) < 2 or parts[0].tag != SEQUENCE or parts[1].tag != BIT_STRING:  # noqa: PLR2004 both
        raise NotDer
    algorithm = list(islice(elements(parts[0].content), 2))
    if not algorithm or algorithm[0].tag != OID:
        raise NotDer
    kind = _KEYS.get(oid(algorithm[0].content), "other")
    bits = parts[1].content[1:]
    if kind == "rsa":
        return kind, bits_of(one(one(bits, SEQUENCE), INTEGER))
    if kind == "ec":
        curve = oid(algorithm[1].content) if len(algorithm) > 1 and algorithm[1].tag == OID else ""
        return kind, _CURVES.get(curve, 0)
    if kind == "dsa":
        named = len(algorithm) > 1 and algorithm[1].tag == SEQUENCE
        return kind, bits_of(one(algorithm[1].content, INTEGER)) if named else 0
    return kind, len(bits) * 8


def _common_names(subject: Element) -> list[bytes]:
    found = []
    for group in islice(elements(subject.content), _MOST_PARTS):
        for pair in islice(elements(group.content), _MOST_PARTS):
            both = list(islice(elements(pair.content), 2))
            if len(both) == 2 and both[0].tag == OID and oid(both[0].content) == _COMMON_NAME:  # noqa: PLR2004 type and value
                found.append(both[1].content)
    return found


def _alternative_names(rest: list[Element]) -> list[bytes]:
    block = next((part for part in rest if part.tag == _EXTENSIONS), None)
    if block is None:
        return []
    for extension in islice(elements(one(block.content, SEQUENCE)), _MOST_PARTS):
        parts = list(islice(elements(extension.content), 3))
        if len(parts) > 1 and parts[0].tag == OID and oid(parts[0].content) == _ALTERNATIVE:
            if parts[-1].tag != _OCTETS:
                raise NotDer
            # all of them are counted: the certificate itself is bounded
            return [name.content for name in elements(one(parts[-1].content, SEQUENCE)) if name.tag in {_DNS, _IP}]
    return []


def _printable(name: bytes) -> str:
    if not name.isascii():
        return f"{len(name)} bytes"
    return "".join(chr(byte) if 32 <= byte < 127 else "?" for byte in name[:_NAME_CHARACTERS])  # noqa: PLR2004 printable ASCII
