"""Who is invited to a vantage: until when, how often a day, and nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from primum.exposure.vantage.invitations import (
    BadInvitation,
    InvitationRefused,
    Invitations,
    QuotaSpent,
    Ticket,
    TooManyInvitations,
    read_ticket,
)
from primum.exposure.vantage.limits import Limits

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_an_invitation_is_good_until_its_end_and_not_after(tmp_path: Path) -> None:
    kept = Invitations(tmp_path / "vantage")
    ticket = kept.give("Dr Ami", 30, 4, NOW)
    assert kept.find(ticket.id, NOW + timedelta(days=29)).ticket() == ticket
    with pytest.raises(InvitationRefused):
        kept.find(ticket.id, NOW + timedelta(days=30))


def test_an_invitation_is_good_for_so_many_looks_a_day(tmp_path: Path) -> None:
    kept = Invitations(tmp_path / "vantage")
    ticket = kept.give("Dr Ami", 30, 2, NOW)
    kept.take(ticket.id, NOW)
    Invitations(tmp_path / "vantage").take(ticket.id, NOW)
    with pytest.raises(QuotaSpent):
        kept.take(ticket.id, NOW + timedelta(hours=13))
    kept.take(ticket.id, NOW + timedelta(days=1))


def test_what_was_withdrawn_counts_no_more(tmp_path: Path) -> None:
    kept = Invitations(tmp_path / "vantage")
    ticket = kept.give("Dr Ami", 30, 2, NOW)
    kept.withdraw(ticket.id)
    with pytest.raises(InvitationRefused):
        kept.take(ticket.id, NOW)
    with pytest.raises(InvitationRefused):
        kept.withdraw(ticket.id)


def test_invitations_are_for_their_owner_alone_and_bounded(tmp_path: Path) -> None:
    kept = Invitations(tmp_path / "vantage", Limits(invitations=1))
    kept.give("Dr Ami", 30, 2, NOW)
    assert (tmp_path / "vantage").stat().st_mode & 0o077 == 0
    assert (tmp_path / "vantage" / "invitations.json").stat().st_mode & 0o077 == 0
    with pytest.raises(TooManyInvitations):
        kept.give("Dr Ami", 30, 2, NOW)
    kept.give("Dr Ami", 30, 2, NOW + timedelta(days=31))  # what is over makes room


@pytest.mark.parametrize(
    ("name", "days", "quota"), [("", 1, 1), ("a\nb", 1, 1), ("a", 0, 1), ("a", 400, 1), ("a", 1, 0)]
)
def test_what_cannot_be_meant_is_refused(tmp_path: Path, name: str, days: int, quota: int) -> None:
    with pytest.raises(BadInvitation):
        Invitations(tmp_path).give(name, days, quota, NOW)


@pytest.mark.parametrize("content", ["", "[]", '{"format":2,"invitations":[]}', '{"format":1,"invitations":[{}]}'])
def test_a_broken_file_invites_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / "invitations.json").write_text(content, "ascii")
    with pytest.raises(BadInvitation):
        Invitations(tmp_path).every()


def test_an_invitations_file_is_read_where_nobody_else_may(tmp_path: Path) -> None:
    ticket = Ticket("inv_" + "a" * 26, bytes(range(32)))
    file = tmp_path / "ticket"
    file.write_text(ticket.text(), "ascii")
    file.chmod(0o600)
    assert read_ticket(file) == ticket
    file.chmod(0o640)
    with pytest.raises(BadInvitation):
        read_ticket(file)
    file.chmod(0o600)
    file.write_text("primum-vantage/1 x y\n", "ascii")
    with pytest.raises(BadInvitation):
        read_ticket(file)
