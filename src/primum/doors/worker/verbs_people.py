"""People and their rights, at the terminal."""

from __future__ import annotations

from typing import Any

from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.doors.worker.protocol import BadRequest
from primum.doors.worker.verbs_session import url_of
from primum.ground.clock import to_text
from primum.identity import Grant, Permission, Proposal, Role, Scope, Thing, Wish


def person_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List everybody, and what each holds."""
    people = desk.worker.people
    desk.require(asking, Permission.PERSON_LIST, people.house())
    controllers = {one.id: one.name for one in people.controllers()}
    now = desk.worker.rooms.clock.now()
    return {
        "people": [
            {
                "id": one.id,
                "login": one.login,
                "name": one.full_name,
                "controller": controllers.get(one.controller_id, ""),
                "state": one.state.value,
                "grants": " ".join(
                    f"{_grant(held.grant)}[{held.id}]" for held in people.grants(one.id) if held.in_force(now)
                ),
            }
            for one in people.list()
        ]
    }


def person_invite(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Invite somebody with the roles they are to hold."""
    controller_id = desk.controller_id(args.text("controller"), asking)
    link = desk.worker.people.invite(
        asking.actor,
        full_name=args.text("name"),
        login=args.text("login"),
        wishes=_wishes(args, controller_id),
        controller_id=controller_id,
    )
    return {
        "url": url_of(desk, link),
        "expires_at": to_text(link.expires_at),
        "lines": [_proposal_line(one) for one in link.proposals],
    }


def grant(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Propose roles for somebody."""
    people = desk.worker.people
    person = people.person(args.text("login"))
    made = [people.propose(asking.actor, person.id, wish) for wish in _wishes(args, person.controller_id)]
    return {"lines": [_proposal_line(one) for one in made]}


def proposal_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """List what waits for a second person, or for its hour."""
    people = desk.worker.people
    desk.require(asking, Permission.PERSON_LIST, people.house())
    now = desk.worker.rooms.clock.now()
    logins = {one.id: one.login for one in people.list()}
    return {
        "proposals": [
            {
                "id": one.id,
                "login": logins.get(one.person_id, ""),
                "role": one.wish.role.value if one.wish else "new factors",
                "scope": one.wish.settled_scope().value if one.wish else "",
                "by": logins.get(one.proposed_by, "operator"),
                "effective_at": to_text(one.effective_at) if one.effective_at else "when approved",
                "state": one.way.value,
            }
            for one in people.proposals()
            if one.waits(now)
        ]
    }


def grant_approve(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Approve a proposal."""
    return {"lines": [_proposal_line(desk.worker.people.approve(asking.actor, args.text("id")))]}


def grant_cancel(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Cancel a proposal."""
    desk.worker.people.cancel(asking.actor, args.text("id"))
    return {"lines": ["cancelled"]}


def grant_revoke(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """End a grant, at once."""
    desk.worker.people.revoke(asking.actor, args.text("id"))
    return {"lines": ["revoked, from now on"]}


def why(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Explain what would be decided for somebody about the site or one study."""
    people = desk.worker.people
    who, what = people.person(args.text("who")), args.text("what")
    if who.id != asking.actor.person_id:
        desk.require(asking, Permission.PERSON_LIST, people.house())
    thing = people.house() if what == "site" else _study(desk, what)
    explained = people.why(who.id, args.text("action"), thing)
    return {"allowed": explained.decision.allowed, "sentence": "\n".join(explained.lines())}


def _study(desk: Desk, uid: str) -> Thing:
    entry = desk.worker.archive.any_study(uid)
    return Thing("study", entry.controller_id, entry.referrer, entry.confidential)


def _wishes(args: Args, controller_id: str) -> list[Wish]:
    try:
        roles = [Role(one) for one in args.texts("roles")]
        scope = Scope(args.text("scope") or "own")
    except ValueError:
        raise BadRequest from None
    confidential = args.flag("confidential")
    return [
        Wish(role, None if role in {Role.DPO, Role.ADMINISTRATOR} else scope, controller_id, confidential=confidential)
        for role in roles
    ]


def _grant(grant: Grant) -> str:
    return f"{grant.role}:{grant.scope}" + ("+confidential" if grant.confidential else "")


def _proposal_line(one: Proposal) -> str:
    what = one.wish.role.value if one.wish else "new factors"
    match one.way.value:
        case "at-once":
            return f"{what}: in force"
        case "delay":
            when = to_text(one.effective_at) if one.effective_at else ""
            return f"{what}: in force at {when}, unless somebody cancels it ({one.id})"
        case _ if one.effective_at is not None:
            return f"{what}: approved, in force ({one.id})"
        case _:
            return f"{what}: waits for a second person's approval ({one.id})"


VERBS: dict[str, Verb] = {
    "person_list": person_list,
    "person_invite": person_invite,
    "grant": grant,
    "proposal_list": proposal_list,
    "grant_approve": grant_approve,
    "grant_cancel": grant_cancel,
    "grant_revoke": grant_revoke,
    "why": why,
}
