"""When the next try counts. Pure; the figures are in rules/."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from primum.identity.rules import TriesRule

BUCKETS = 4096
"""Logins that do not exist are counted in so many buckets: bounded, and nothing is learned of what was typed."""


def wait_after(failures: int, rule: TriesRule) -> timedelta:
    """Tell how long after its last failure a person with so many failures has to wait."""
    if failures < rule.free:
        return timedelta(0)
    if failures >= rule.lock_at:
        return rule.lock
    factor: int = rule.wait_factor ** (failures - rule.free)
    return rule.first_wait * factor


def next_try_at(failures: int, last_at: datetime, rule: TriesRule) -> datetime:
    """Tell from when on a try is heard."""
    return last_at + wait_after(failures, rule)


def bucket(login: str) -> str:
    """Tell under which name an unknown login is counted."""
    digest = hashlib.sha256(login.encode("utf-8", "surrogatepass")).digest()
    return f"bucket-{int.from_bytes(digest[:4]) % BUCKETS}"
