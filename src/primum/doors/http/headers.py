"""The headers that every answer carries, as exact strings (docs/design/web.md, Headers)."""

from __future__ import annotations

import ipaddress
from typing import Final

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
VIEWER_POLICY: Final = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
"""OHIF's page. Its components write style attributes, hence 'unsafe-inline' for styles alone."""
DECODE_POLICY: Final = "default-src 'none'; script-src 'self' 'unsafe-eval'; connect-src 'self'"
"""The image decode worker, and nothing else: two of its codecs make functions out of text."""
WORKER_POLICY: Final = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self'"
"""The other files of the viewer; a worker among them lives under the policy of its own response."""
DOCUMENT_POLICY: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; img-src 'self'; frame-ancestors 'none'"
)
"""A PDF that the browser shows by itself: its viewer is a page of the browser's around the one object."""
SHEET_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
"""A sheet to print, whole in one answer: its own policy (ground/sheets.py) allows its one style by its digest."""
SILENT_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
"""What is not a page: DICOMweb, redirects, refusals."""

_FEATURES: Final = (
    "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), "
    "fullscreen=(self), geolocation=(), gyroscope=(), hid=(), idle-detection=(), local-fonts=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), "
    "publickey-credentials-get=(self), screen-wake-lock=(), serial=(), usb=(), "
    "xr-spatial-tracking=()"
)

ALWAYS: Final = (
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("x-frame-options", "DENY"),
    (
        "permissions-policy",
        _FEATURES,
    ),
)
STRICT_TRANSPORT: Final = "max-age=63072000"
NO_STORE: Final = "no-store"
IMMUTABLE: Final = "private, max-age=31536000, immutable"
"""For viewer files, whose address changes with their content. They hold nothing about anyone."""

CLEAR_AT_LOCK: Final = '"cache", "storage"'
CLEAR_AT_SIGN_OUT: Final = '"cache", "cookies", "storage"'


def strict_transport_fits(host_name: str, *, demo: bool) -> bool:
    """Tell whether browsers may be told to use HTTPS alone for this host name, on all of its ports."""
    if demo or host_name == "localhost" or host_name.endswith(".localhost"):
        return False
    try:
        ipaddress.ip_address(host_name)
    except ValueError:
        return True
    return False
