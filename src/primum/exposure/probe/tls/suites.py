"""Cipher suites by number: name, how keys are agreed on, what enciphers, how strong (IANA, TLS Cipher Suites).

Those that OpenSSL no longer has are here too: what a port takes is asked, not what this Python takes.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Suite(NamedTuple):
    """A suite. `exchange`: rsa, dhe, ecdhe, anonymous, export, any (TLS 1.3). `bits`: of the cipher; 0 is none."""

    number: int
    name: str
    exchange: str
    cipher: str
    bits: int

    @property
    def forward_secret(self) -> bool:
        """Tell whether a key that leaks later opens what was recorded."""
        return self.exchange in {"dhe", "ecdhe", "any"}

    @property
    def authenticated(self) -> bool:
        """Tell whether it enciphers and authenticates in one (RFC 5116)."""
        return self.cipher in {"aes-gcm", "aes-ccm", "aes-ccm8", "chacha20", "camellia-gcm", "aria-gcm"}


def _suite(number: int, name: str) -> Suite:
    return Suite(number, name, _exchange(name), *_cipher(name))


def _exchange(name: str) -> str:
    if "EXPORT" in name:
        return "export"
    if "anon" in name:
        return "anonymous"
    if "_WITH_" not in name:
        return "any"
    before = name.partition("_WITH_")[0]
    return "ecdhe" if "ECDHE" in before else "dhe" if "DHE" in before else "rsa"


def _cipher(name: str) -> tuple[str, int]:
    for part, cipher, bits in _CIPHERS:
        if part in name:
            return cipher, bits
    raise ValueError(name)


_CIPHERS: Final = (
    ("WITH_NULL", "null", 0), ("RC4_40", "rc4", 40), ("RC2_CBC_40", "rc2", 40), ("DES40", "des", 40),
    ("3DES", "3des", 112), ("RC4_128", "rc4", 128), ("DES_CBC", "des", 56), ("IDEA", "idea", 128),
    ("SEED", "seed", 128),
    ("AES_128_GCM", "aes-gcm", 128), ("AES_256_GCM", "aes-gcm", 256), ("AES_128_CCM_8", "aes-ccm8", 128),
    ("AES_256_CCM_8", "aes-ccm8", 256), ("AES_128_CCM", "aes-ccm", 128), ("AES_256_CCM", "aes-ccm", 256),
    ("CHACHA20", "chacha20", 256), ("CAMELLIA_128_GCM", "camellia-gcm", 128),
    ("CAMELLIA_256_GCM", "camellia-gcm", 256), ("ARIA_128_GCM", "aria-gcm", 128), ("ARIA_256_GCM", "aria-gcm", 256),
    ("AES_128_CBC", "aes-cbc", 128), ("AES_256_CBC", "aes-cbc", 256), ("CAMELLIA_128_CBC", "camellia-cbc", 128),
    ("CAMELLIA_256_CBC", "camellia-cbc", 256),
)  # fmt: skip

MODERN: Final = tuple(
    _suite(number, name)
    for number, name in (
        (0x1301, "TLS_AES_128_GCM_SHA256"),
        (0x1302, "TLS_AES_256_GCM_SHA384"),
        (0x1303, "TLS_CHACHA20_POLY1305_SHA256"),
        (0x1304, "TLS_AES_128_CCM_SHA256"),
        (0x1305, "TLS_AES_128_CCM_8_SHA256"),
    )
)
"""Of TLS 1.3."""

CLASSIC: Final = tuple(
    _suite(number, name)
    for number, name in (
        (0xC02B, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"),
        (0xC02C, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"),
        (0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"),
        (0xC030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384"),
        (0xCCA8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        (0xCCA9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"),
        (0xCCAA, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256"),
        (0x009E, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256"),
        (0x009F, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384"),
        (0xC0AC, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM"),
        (0xC0AD, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM"),
        (0xC0AE, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8"),
        (0xC0AF, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8"),
        (0xC09E, "TLS_DHE_RSA_WITH_AES_128_CCM"),
        (0xC09F, "TLS_DHE_RSA_WITH_AES_256_CCM"),
        (0xC0A2, "TLS_DHE_RSA_WITH_AES_128_CCM_8"),
        (0xC0A3, "TLS_DHE_RSA_WITH_AES_256_CCM_8"),
        (0xC086, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_GCM_SHA256"),
        (0xC087, "TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_GCM_SHA384"),
        (0xC08A, "TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256"),
        (0xC08B, "TLS_ECDHE_RSA_WITH_CAMELLIA_256_GCM_SHA384"),
        (0xC07C, "TLS_DHE_RSA_WITH_CAMELLIA_128_GCM_SHA256"),
        (0xC07D, "TLS_DHE_RSA_WITH_CAMELLIA_256_GCM_SHA384"),
        (0xC023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"),
        (0xC024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384"),
        (0xC027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"),
        (0xC028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384"),
        (0xC009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA"),
        (0xC00A, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA"),
        (0xC013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA"),
        (0xC014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA"),
        (0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256"),
        (0x006B, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256"),
        (0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA"),
        (0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA"),
        (0x009C, "TLS_RSA_WITH_AES_128_GCM_SHA256"),
        (0x009D, "TLS_RSA_WITH_AES_256_GCM_SHA384"),
        (0xC09C, "TLS_RSA_WITH_AES_128_CCM"),
        (0xC09D, "TLS_RSA_WITH_AES_256_CCM"),
        (0x003C, "TLS_RSA_WITH_AES_128_CBC_SHA256"),
        (0x003D, "TLS_RSA_WITH_AES_256_CBC_SHA256"),
        (0x002F, "TLS_RSA_WITH_AES_128_CBC_SHA"),
        (0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA"),
        (0x0041, "TLS_RSA_WITH_CAMELLIA_128_CBC_SHA"),
        (0x0084, "TLS_RSA_WITH_CAMELLIA_256_CBC_SHA"),
        (0x0045, "TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA"),
        (0x0088, "TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA"),
        (0x0096, "TLS_RSA_WITH_SEED_CBC_SHA"),
        (0x0007, "TLS_RSA_WITH_IDEA_CBC_SHA"),
    )
)
"""Up to TLS 1.2, of 128 bits and more."""

WEAK: Final = tuple(
    _suite(number, name)
    for number, name in (
        (0xC012, "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0xC008, "TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA"),
        (0x0016, "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"),
        (0xC011, "TLS_ECDHE_RSA_WITH_RC4_128_SHA"),
        (0xC007, "TLS_ECDHE_ECDSA_WITH_RC4_128_SHA"),
        (0x0005, "TLS_RSA_WITH_RC4_128_SHA"),
        (0x0004, "TLS_RSA_WITH_RC4_128_MD5"),
        (0x0009, "TLS_RSA_WITH_DES_CBC_SHA"),
        (0x0015, "TLS_DHE_RSA_WITH_DES_CBC_SHA"),
        (0x003B, "TLS_RSA_WITH_NULL_SHA256"),
        (0x0002, "TLS_RSA_WITH_NULL_SHA"),
        (0x0001, "TLS_RSA_WITH_NULL_MD5"),
        (0xC010, "TLS_ECDHE_RSA_WITH_NULL_SHA"),
        (0xC006, "TLS_ECDHE_ECDSA_WITH_NULL_SHA"),
        (0xC018, "TLS_ECDH_anon_WITH_AES_128_CBC_SHA"),
        (0xC019, "TLS_ECDH_anon_WITH_AES_256_CBC_SHA"),
        (0xC015, "TLS_ECDH_anon_WITH_NULL_SHA"),
        (0x00A6, "TLS_DH_anon_WITH_AES_128_GCM_SHA256"),
        (0x0034, "TLS_DH_anon_WITH_AES_128_CBC_SHA"),
        (0x003A, "TLS_DH_anon_WITH_AES_256_CBC_SHA"),
        (0x001B, "TLS_DH_anon_WITH_3DES_EDE_CBC_SHA"),
        (0x0018, "TLS_DH_anon_WITH_RC4_128_MD5"),
        (0x0003, "TLS_RSA_EXPORT_WITH_RC4_40_MD5"),
        (0x0006, "TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5"),
        (0x0008, "TLS_RSA_EXPORT_WITH_DES40_CBC_SHA"),
        (0x0014, "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA"),
        (0x0017, "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5"),
    )
)
"""Of less, without encipherment, or without telling who answers."""

BY_NUMBER: Final = {one.number: one for one in (*MODERN, *CLASSIC, *WEAK)}
