"""JSON Web Tokens by which a device says who uses it: which keys are trusted, and what a token has to say."""

import base64
import hmac
import json
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import given, strategies as st

from primum.identity.device_model import LIMITS, IdentityRefused
from primum.identity.identity_keys import TrustedKey
from primum.identity.json_tokens import BadIdentityKey, judge_token, read_keys

NOW = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
ED, P256 = ed25519.Ed25519PrivateKey.generate(), ec.generate_private_key(ec.SECP256R1())
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
KEYS = {"EdDSA": ED, "ES256": P256, "RS256": RSA}
GOOD = {"sub": "mael", "aud": "PRIMUM", "jti": "one", "exp": int((NOW + timedelta(minutes=5)).timestamp())}


def pem(key, *, private=False):
    if private:
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def trusted(*algorithms, kid=""):
    listed = []
    for at, name in enumerate(algorithms or KEYS):
        [one] = read_keys(pem(KEYS[name]))
        listed.append(TrustedKey(f"dik_{at}", "dev", one.algorithm, kid, one.der, NOW))
    return listed


def signed(algorithm="EdDSA", key=None, headers=None, **changes):
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return jwt.encode(claims, key or KEYS[algorithm], algorithm, headers).encode()


def judged(token, keys=None, now=NOW):
    return judge_token(token, trusted() if keys is None else keys, {"PRIMUM", "hom_1"}, now)


@pytest.mark.parametrize("algorithm", KEYS)
def test_a_token_of_a_trusted_key_says_who(algorithm):
    said = judged(signed(algorithm))
    assert (said.subject, said.ends_at) == ("mael", NOW + timedelta(minutes=5))
    assert judged(signed(algorithm, aud=["other", "hom_1"])).digest == said.digest
    assert judged(signed(algorithm, jti="two")).digest != said.digest


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "OTHER"}, {"aud": None}, {"sub": None}, {"sub": ""}, {"sub": "x" * 255}, {"jti": None}, {"jti": ""},
        {"jti": "x" * 129}, {"exp": None}, {"exp": int(NOW.timestamp()) - 61},
        {"exp": int((NOW + timedelta(hours=2)).timestamp())}, {"exp": 1e300},
        {"nbf": int(NOW.timestamp()) + 120}, {"iat": int(NOW.timestamp()) + 120},
    ],
    ids=str,
)  # fmt: skip
def test_a_token_that_lacks_or_oversteps_something_is_refused(changes):
    with pytest.raises(IdentityRefused):
        judged(signed(**changes))


def test_a_token_of_another_key_is_refused():
    with pytest.raises(IdentityRefused):
        judged(signed(key=ed25519.Ed25519PrivateKey.generate()))
    with pytest.raises(IdentityRefused):
        judged(signed(), trusted("ES256", "RS256"))
    with pytest.raises(IdentityRefused):
        judged(signed(), [])


def test_the_key_says_the_algorithm_and_not_the_token():
    """A secret made of a public key (RFC 8725 section 2.1), and no signature at all."""
    begin = signed("RS256").rpartition(b".")[0]
    begin = b".".join([base64.urlsafe_b64encode(b'{"alg":"HS256","typ":"JWT"}').rstrip(b"="), begin.split(b".")[1]])
    for secret in (pem(RSA).encode(), trusted("RS256")[0].der):
        mac = base64.urlsafe_b64encode(hmac.digest(secret, begin, "sha256")).rstrip(b"=")
        with pytest.raises(IdentityRefused):
            judged(begin + b"." + mac, trusted("RS256"))
    with pytest.raises(IdentityRefused):
        judged(jwt.encode(GOOD, None, "none").encode())


def test_a_key_with_a_name_is_asked_for_by_it():
    named = trusted("EdDSA", kid="2026")
    assert judged(signed(headers={"kid": "2026"}), named).subject == "mael"
    assert judged(signed(), named).subject == "mael"
    with pytest.raises(IdentityRefused):
        judged(signed(headers={"kid": "2025"}), named)


@given(st.binary(max_size=400) | st.text(alphabet="abcAZ09._-=", max_size=400).map(str.encode))
def test_whatever_is_no_token_is_refused(junk):
    with pytest.raises(IdentityRefused):
        judged(junk)


def test_a_token_without_end_is_not_looked_at():
    with pytest.raises(IdentityRefused):
        judged(signed(more="x" * LIMITS.json_token))


def test_keys_are_read_from_pem_and_jwks():
    assert [one.algorithm for one in read_keys(pem(ED) + pem(P256) + pem(RSA))] == ["EdDSA", "ES256", "RS256"]
    listed = [json.loads(jwt.get_algorithm_by_name(name).to_jwk(key.public_key())) for name, key in KEYS.items()]
    found = read_keys(json.dumps({"keys": [one | {"kid": f"k{at}", "use": "sig"} for at, one in enumerate(listed)]}))
    assert [(one.algorithm, one.kid) for one in found] == [("EdDSA", "k0"), ("ES256", "k1"), ("RS256", "k2")]
    assert {one.der for one in found} == {one.der for one in read_keys(pem(ED) + pem(P256) + pem(RSA))}
    assert read_keys(json.dumps(listed[0]))[0].algorithm == "EdDSA"


@pytest.mark.parametrize(
    "text",
    [
        "", "[]", "{}", '{"keys": 1}', '{"keys": []}', '{"keys": [1]}', "[" * 60_000, "x" * 70_000,
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n",
        '{"kty": "oct", "k": "AAAA"}', '{"kty": "OKP", "crv": "X25519", "x": "AAAA"}', '{"kty": "RSA"}',
        '{"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "kid": 7}',
        '{"kty": "OKP", "crv": "Ed25519", "x": "AAAA", "use": "enc"}',
        pem(ec.generate_private_key(ec.SECP384R1())),
        pem(rsa.generate_private_key(public_exponent=65537, key_size=1024)),
        pem(ED, private=True), pem(ED) * 9,
    ],
    ids=lambda text: text[:40],
)  # fmt: skip
def test_what_is_no_key_for_this_is_refused(text):
    with pytest.raises(BadIdentityKey):
        read_keys(text)
