"""Bounds on subscribers and on what waits for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, each with its reason."""

    titles: int = 16
    """Subscriber titles of one person: a performer for each room and a dashboard or two."""
    all_titles: int = 256
    """Subscriber titles in all: every change is matched against each."""
    watched: int = 1000
    """Workitems that one title subscribes to by name: beyond, the whole worklist is meant."""
    queued: int = 1000
    """Events that wait for one title: a day of a large practice. Beyond, the oldest go and the subscriber is told."""
    batch: int = 100
    """Events read at once for a channel."""
    filter_keys: int = 16
    """Matching keys of a filter: there are thirteen."""
    progress_bytes: int = 4096
    """JSON of a progress report: a percentage, a sentence and a few addresses. Beyond, the percentage alone."""
    words: int = 256
    """Characters of a reason, an address or a name in a request to cancel."""
    kept_days: int = 30
    """How long a title without a channel is remembered, and an event that nobody fetched is kept."""


LIMITS = Limits()
