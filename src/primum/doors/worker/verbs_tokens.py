"""Tokens for programs, at the terminal."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.clock import to_text
from primum.identity import ProgramToken


def token_add(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Make a token; its secret is in this answer and nowhere else."""
    # a word alone is about studies: `list` is `study:list`
    may = {one if ":" in one else f"study:{one}" for one in args.texts("may")}
    lasts = timedelta(days=args.number("days", low=1, high=366, default=90))
    made = desk.worker.people.add_token(asking.actor, args.text("name", most=64), may, lasts)
    return {"id": made.id, "secret": made.secret, "ends_at": to_text(made.ends_at)}


def token_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List tokens: one's own, or all."""
    people, now = desk.worker.people, desk.worker.rooms.clock.now()
    logins = {one.id: one.login for one in people.list()}
    return {"tokens": [_row(one, logins, now) for one in people.list_tokens(asking.actor)]}


def token_revoke(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """End one."""
    desk.worker.people.revoke_token(asking.actor, args.text("id", most=64))
    return {"lines": ["revoked: whoever still has it is a stranger"]}


def _row(one: ProgramToken, logins: dict[str, str], now: datetime) -> dict[str, str]:
    state = "revoked" if one.revoked_at is not None else "ended" if one.ends_at <= now else "good"
    return {
        "id": one.id,
        "name": one.name,
        "login": logins.get(one.person_id, ""),
        "may": " ".join(sorted(name.removeprefix("study:") for name in one.may)),
        "ends_at": to_text(one.ends_at),
        "used_at": to_text(one.used_at) if one.used_at else "never",
        "state": state,
    }


VERBS: dict[str, Verb] = {"token_add": token_add, "token_list": token_list, "token_revoke": token_revoke}
