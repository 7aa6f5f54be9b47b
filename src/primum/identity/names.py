"""Names of staff and referrers, as they are compared."""

from __future__ import annotations

import unicodedata

LOGIN_CHARACTERS = 64
"""Longest login: the local part of a mail address (RFC 5321 4.5.3.1.1)."""


def fold_name(name: str) -> str:
    """Write a person name (DICOM PN or free text) without case, accents, punctuation or empty components.

    Only family and given name of the alphabetic group of a PN count (PS3.5 6.2.1: groups are parted by `=`,
    components by `^`): one device adds `Dr`, the next does not.
    """
    alphabetic = " ".join(name.split("=", 1)[0].split("^")[:2])
    plain = "".join(one for one in unicodedata.normalize("NFKD", alphabetic) if not unicodedata.combining(one))
    return " ".join("".join(one if one.isalnum() else " " for one in plain.casefold()).split())


def fold_login(login: str) -> str:
    """Write a login as it is kept and compared; an impossible one becomes one that nobody has."""
    folded = unicodedata.normalize("NFKC", login[: LOGIN_CHARACTERS + 1]).strip().casefold()
    # the whole list of what a login is made of; what is not printable could not even be looked up
    fits = 0 < len(folded) <= LOGIN_CHARACTERS and all(one.isalnum() or one in ".-_@+" for one in folded)
    return folded if fits else ""
