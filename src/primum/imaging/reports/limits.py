"""Bounds on reports, whoever wrote them."""

from __future__ import annotations

from dataclasses import dataclass

KIB, MIB = 1 << 10, 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers, each with its reason."""

    document_bytes: int = 12 * MIB
    """A PDF that is added here: a scanned letter of ten pages has 3 MiB. A question to the worker has 16 MiB."""
    text_characters: int = 20_000
    """Findings, or impression, as typed: five pages."""
    title_characters: int = 64
    """A title that is given here: DocumentTitle may have 1024 (ST), SeriesDescription 64 (LO)."""
    shown_bytes: int = 64 * MIB
    """A document that is shown or given by a page; a longer one is fetched as an instance."""
    tree_bytes: int = 16 * MIB
    """An SR that is shown: one of some thousand items has 2 MiB."""
    first_bytes: int = MIB
    """What is read of a longer object for what it says of itself: that stands before its document."""
    drafts: int = 40
    """Drafts of one study at once."""
    cda_bytes: int = 4 * MIB
    """A CDA that is read: text with some pictures as base64."""
    cda_elements: int = 50_000
    """Elements of one: a report of twenty pages has some thousand."""
    cda_depth: int = 100
    """Elements inside elements: narrative tables nest twenty deep."""
    cda_characters: int = 1_000_000
    """Characters shown of one: two hundred pages."""
    content_items: int = 20_000
    """Content items of an SR: an echocardiography report has some thousand."""
    content_depth: int = 20
    """Content items inside content items: templates of PS3.16 nest ten deep."""
    elements: int = 400_000
    """Elements read of one SR: twenty for each of its items."""
    read_at_once: int = 200
    """Instances whose status is read for one question: their standing is kept, and the next question reads on."""


LIMITS = Limits()
