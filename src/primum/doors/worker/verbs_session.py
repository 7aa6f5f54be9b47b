"""Signing in and out at a terminal, the daemon's status, the first person's link."""

from __future__ import annotations

from typing import Any

from primum import __version__
from primum.doors.worker.control import Handler
from primum.doors.worker.desk import ADDRESS, Args, Desk
from primum.ground.clock import to_text
from primum.ground.closed import read_closed
from primum.identity import Invitation, NoSession, PeopleExist
from primum.imaging.confirmations.outcomes import tally


def open_verbs(desk: Desk) -> dict[str, Handler]:
    """List the verbs that need no session."""
    return {
        "sign_in": lambda _token, args, _progress: sign_in(desk, Args(args)),
        "sign_out": lambda token, _args, _progress: sign_out(desk, token),
        "step_up": lambda token, args, _progress: step_up(desk, token, Args(args)),
        "status": lambda _token, _args, _progress: status(desk),
        "first_link": lambda _token, _args, _progress: {"url": first_link(desk)},
    }


def sign_in(desk: Desk, args: Args) -> dict[str, Any]:
    """Open a terminal's session."""
    people = desk.worker.people
    session = people.sign_in(args.text("login"), args.text("password"), args.text("code"), ADDRESS, "terminal")
    return {
        "token": session.token,
        "login": people.person(session.person_id).login,
        "ends_at": to_text(session.ends_at),
    }


def sign_out(desk: Desk, token: str | None) -> dict[str, Any]:
    """End the session."""
    if token:
        desk.worker.people.sign_out(token)
    return {}


def step_up(desk: Desk, token: str | None, args: Args) -> dict[str, Any]:
    """Take password and code again."""
    if not token:
        raise NoSession
    desk.worker.people.step_up(token, args.text("password"), args.text("code"), ADDRESS)
    return {}


def status(desk: Desk) -> dict[str, Any]:
    """Say what runs: nothing about a patient, nothing about anybody."""
    rooms = desk.worker.rooms
    settings = rooms.settings
    made, tested = desk.worker.backups.standing(rooms.clock.now())
    return {
        "version": __version__,
        "home": rooms.home.id,
        "kind": rooms.home.kind,
        "pages": f"https://{settings.web_name}:{settings.web_port}/",
        "dicom": f"{settings.dicom_address}:{settings.dicom_port}",
        "aet": settings.dicom_aet,
        "plain_dicom": f"127.0.0.1:{settings.dicom_plain_port}" if settings.dicom_plain_port else "off",
        "doors": _doors(desk),
        "last_backup": made,
        "restore_tested": tested,
        "now": to_text(rooms.clock.now()),
        "erasures": _erasures(desk),
        "sendings": _sendings(desk),
    }


def _doors(desk: Desk) -> str:
    """Say whether the doors are open, as containment has it."""
    closed = read_closed(desk.worker.rooms.home.folder)
    if closed is None:
        return "open"
    return f"closed since {closed.at or 'an unknown moment'} ({closed.incident or 'unknown file'})"


def _erasures(desk: Desk) -> str:
    """Count what waits for a decision: nothing about whom."""
    standing = desk.worker.retention.standing()
    told = f"{standing.waiting} wait for a decision" if standing.waiting else "none"
    told += f", {standing.undecided} of them for 90 days or more" if standing.undecided else ""
    return told + (f"; {standing.returned} studies came back after erasure" if standing.returned else "")


def _sendings(desk: Desk) -> str:
    """Count what is to be sent, and what went wrong: nothing about what."""
    found = tally(desk.worker.records)
    told = [f"{found.waiting} wait"] if found.waiting else []
    told += [f"{found.retried} of them failed and are tried again"] if found.retried else []
    told += [f"{found.given_up} given up"] if found.given_up else []
    told += [f"{found.not_committed} not committed"] if found.not_committed else []
    return ", ".join(told) or "none"


def first_link(desk: Desk) -> str:
    """Make the first person's link anew, for who `init` named. Raises PeopleExist, NoSession."""
    people = desk.worker.people
    if people.anybody_enrolled():
        raise PeopleExist
    named = [one for one in people.list() if one.state.value == "invited"]
    if not named:
        raise NoSession
    first = named[0]
    controller = next(one for one in people.controllers() if one.id == first.controller_id)
    link = people.invite_first(
        full_name=first.full_name, login=first.login, controller_name=controller.name, mail=first.mail
    )
    return url_of(desk, link)


def url_of(desk: Desk, link: Invitation) -> str:
    """Write an enrolment link: the token is in the fragment, which browsers do not send."""
    settings = desk.worker.rooms.settings
    return f"https://{settings.web_name}:{settings.web_port}/enrol#{link.token}"
