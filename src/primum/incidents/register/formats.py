"""The exports of the register, by name: apart, because a command line names them and opens no room."""

from __future__ import annotations

from typing import Final

from primum.incidents.register.ods import MEDIA_TYPE

FORMATS: Final = {"ods": MEDIA_TYPE, "pdf": "application/pdf", "jsonld": "application/ld+json"}
"""With their media types."""
