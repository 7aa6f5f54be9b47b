"""JSON Web Tokens that prove who uses a device: which keys are trusted, and what a token has to say.

PS3.7 D.3.3.7 (user identity type 5), RFC 7519, and the advice of RFC 8725: the algorithm is that of the key and not
that of the token's header, the audience is named, and a token that does not end soon is none. Pure but for PyJWT,
which checks the signature (decision 0088); times are judged here, by the clock that is handed in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar, Final

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
    load_pem_public_key,
)

from primum.ground.errors import PrimumError
from primum.identity.device_model import LIMITS, IdentityRefused
from primum.identity.identity_keys import PublicKeyFile, TrustedKey

_PublicKey = RSAPublicKey | EllipticCurvePublicKey | Ed25519PublicKey
_ALGORITHMS: Final[dict[str, type]] = {
    "EdDSA": Ed25519PublicKey,
    "ES256": EllipticCurvePublicKey,
    "RS256": RSAPublicKey,
}
"""The algorithm of each kind of key; a token has no say in it."""
_CLAIMS: Final = ("aud", "exp", "jti", "sub")
_BEGIN: Final = "-----BEGIN "


class BadIdentityKey(PrimumError):
    """This is not a public key by which tokens can be checked: {why}."""

    code: ClassVar[str] = "device.bad-identity-key"
    hint: ClassVar[str] = "give a PEM public key or a JWKS file: Ed25519, P-256, or RSA from 2048 bits"


@dataclass(frozen=True, slots=True)
class Said:
    """What a good token says: who (a login), until when, by which key; `digest` stands for this one token."""

    subject: str
    ends_at: datetime
    key_id: str
    digest: bytes


def read_keys(text: str) -> list[PublicKeyFile]:
    """Read the public keys of a PEM or JWKS file. Raises BadIdentityKey."""
    if len(text) > LIMITS.identity_key_file:
        raise BadIdentityKey(why=f"the file has more than {LIMITS.identity_key_file} characters")
    found = (
        [_from_pem(part) for part in _pem_parts(text)] if _BEGIN in text else [_from_jwk(one) for one in _jwks(text)]
    )
    if not 1 <= len(found) <= LIMITS.identity_keys:
        raise BadIdentityKey(why=f"the file has {len(found)} keys; 1 to {LIMITS.identity_keys} are taken")
    return found


def judge_token(token: bytes, keys: Sequence[TrustedKey], audience: Iterable[str], now: datetime) -> Said:
    """Check a token. Raises IdentityRefused."""
    if len(token) > LIMITS.json_token:
        raise IdentityRefused
    for key in _candidates(token, keys):
        try:
            claims = jwt.decode(
                token,
                _loaded(key.der),
                algorithms=[key.algorithm],
                audience=list(audience),
                # the times are judged below: by our clock
                options={"require": list(_CLAIMS), "verify_exp": False, "verify_nbf": False, "verify_iat": False},
            )
        except jwt.InvalidSignatureError:
            continue
        except (jwt.PyJWTError, ValueError, TypeError):
            raise IdentityRefused from None
        return _said(claims, key, now)
    raise IdentityRefused


def _candidates(token: bytes, keys: Sequence[TrustedKey]) -> list[TrustedKey]:
    try:
        header = jwt.get_unverified_header(token)
    except (jwt.PyJWTError, ValueError, TypeError):
        raise IdentityRefused from None
    kid, algorithm = header.get("kid"), header.get("alg")
    fitting = [one for one in keys if one.algorithm == algorithm]
    named = [one for one in fitting if one.kid and one.kid == kid]
    return named or [one for one in fitting if not one.kid or kid is None]


def _said(claims: dict[str, Any], key: TrustedKey, now: datetime) -> Said:
    subject, number = claims["sub"], claims["jti"]
    if not isinstance(subject, str) or not isinstance(number, str):
        raise IdentityRefused
    if not 1 <= len(subject) <= LIMITS.identity_name or not 1 <= len(number) <= LIMITS.json_token_id:
        raise IdentityRefused
    ends_at = _instant(claims["exp"])
    begins = [_instant(claims[one]) for one in ("nbf", "iat") if one in claims]
    if not now - LIMITS.clock_drift < ends_at <= now + LIMITS.json_token_life + LIMITS.clock_drift:
        raise IdentityRefused
    if any(one > now + LIMITS.clock_drift for one in begins):
        raise IdentityRefused
    digest = hashlib.sha256(f"{key.id}\0{number}".encode("utf-8", "surrogatepass")).digest()
    return Said(subject, ends_at, key.id, digest)


def _instant(value: object) -> datetime:
    """Read a NumericDate (RFC 7519 section 2). Raises IdentityRefused."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise IdentityRefused
    try:
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=value)
    except (OverflowError, ValueError):
        raise IdentityRefused from None


def _loaded(der: bytes) -> _PublicKey:
    return _usable(load_der_public_key(der))


def _usable(key: object) -> _PublicKey:
    match key:
        case Ed25519PublicKey():
            return key
        case EllipticCurvePublicKey() if isinstance(key.curve, SECP256R1):
            return key
        case RSAPublicKey() if LIMITS.rsa_bits_low <= key.key_size <= LIMITS.rsa_bits_high:
            return key
    raise BadIdentityKey(why="it is of another kind or size")


def _kept(key: object, kid: str) -> PublicKeyFile:
    usable = _usable(key)
    algorithm = next(name for name, kind in _ALGORITHMS.items() if isinstance(usable, kind))
    der = usable.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKeyFile(algorithm, kid, der)


def _pem_parts(text: str) -> list[str]:
    if "PRIVATE KEY" in text:
        raise BadIdentityKey(why="it holds a private key, which stays with whoever signs")
    return [_BEGIN + part for part in text.split(_BEGIN)[1:]]


def _from_pem(text: str) -> PublicKeyFile:
    try:
        return _kept(load_pem_public_key(text.encode("ascii", "replace")), "")
    except (ValueError, UnsupportedAlgorithm):
        raise BadIdentityKey(why="the PEM cannot be read as a public key") from None


def _jwks(text: str) -> list[dict[str, Any]]:
    try:
        given = json.loads(text)
    except (ValueError, RecursionError):
        raise BadIdentityKey(why="it is neither PEM nor JSON") from None
    listed = given.get("keys", [given]) if isinstance(given, dict) else []
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise BadIdentityKey(why="it is not a JSON Web Key Set")
    if any("d" in one or "k" in one for one in listed):
        raise BadIdentityKey(why="it holds a private key, which stays with whoever signs")
    return listed


def _from_jwk(one: dict[str, Any]) -> PublicKeyFile:
    kid = one.get("kid", "")
    if not isinstance(kid, str) or len(kid) > LIMITS.json_token_id or not kid.isprintable():
        raise BadIdentityKey(why="its kid is not a short text")
    if one.get("use", "sig") != "sig":
        raise BadIdentityKey(why="it is for something else than signatures")
    try:
        key = jwt.PyJWK({name: value for name, value in one.items() if name != "alg"}).key
    except (jwt.PyJWTError, ValueError, TypeError, KeyError):
        raise BadIdentityKey(why="the JSON Web Key cannot be read") from None
    return _kept(key, kid)
