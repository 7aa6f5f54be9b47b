"""Bounds on what comes from outside, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of the people half of this room."""

    full_name: int = 200  # longer than any real name with its titles
    mail: int = 254  # RFC 5321 4.5.3.1.3: a path of 256 with its brackets
    controller_name: int = 200  # a company's registered name
    referrer_name: int = 194  # PS3.5 6.2: three groups of 64 characters and two signs between them
    referrer_names: int = 20  # spellings of one doctor, not a directory of doctors
    token: int = 64  # 256 bits in base 64 are 43 characters
    code: int = 32  # a recovery code with its dashes is 19
    address: int = 64  # an IPv6 address with a zone
    people: int = 2_000  # a hospital's department, several times over
    controllers: int = 500  # group practices; keeps pages and loops short
    grants: int = 64  # grants and open proposals of one person: more is a mistake or an attack
    sessions: int = 8  # live sessions of one person: a few machines and a terminal
    program_tokens: int = 16  # live tokens of one person: a viewer, a few scripts
    program_token_name: int = 40  # a word or two in a list
    program_token: timedelta = timedelta(days=366)  # the longest that one is good for; 90 days unless asked
    invitation: timedelta = timedelta(minutes=15)  # long enough to fetch a telephone
    invitation_tries: int = 10  # wrong first codes before a link is dead: clocks differ, guessing stays hopeless
    fresh: timedelta = timedelta(minutes=5)  # long enough for one form
    remembered: int = 512  # sessions and grants that are read once, until something is committed: 2 KiB each
    looking_seconds: float = 10  # a session is found in a fraction of a millisecond: beyond this the disc is ill
    touch: timedelta = timedelta(minutes=1)  # a write per minute and session, not one per image


LIMITS = Limits()
