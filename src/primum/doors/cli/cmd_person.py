"""`primum person list|invite|grant|approve|cancel|revoke|proposals`."""

from __future__ import annotations

import argparse

from primum.doors.cli import speech
from primum.doors.cli.client import Client

ROLES = ["physician", "technologist", "secretary", "dpo", "administrator"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Take one of the verbs."""
    verbs = parser.add_subparsers(
        dest="verb", required=True, metavar="list|invite|grant|proposals|approve|cancel|revoke|link"
    )
    verbs.add_parser("list", help="who there is, and what each may")
    invite = verbs.add_parser("invite", help="make a one-time link for a new person")
    invite.add_argument("login")
    invite.add_argument("--name", required=True, help="the person's full name")
    _grant_options(invite, required=True)
    invite.add_argument(
        "--controller", default="", metavar="NAME", help="the controller they belong to (yours by default)"
    )
    grant = verbs.add_parser("grant", help="propose a role; a second person, or 24 hours, may be needed")
    grant.add_argument("login")
    _grant_options(grant, required=True)
    verbs.add_parser("proposals", help="what awaits a second person or its hour")
    for verb, sentence in (
        ("approve", "approve a proposal"),
        ("cancel", "cancel a proposal"),
        ("revoke", "end a grant"),
    ):
        verbs.add_parser(verb, help=sentence).add_argument("id")
    verbs.add_parser("link", help="a new link for the first person, where there is nobody yet")


def _grant_options(parser: argparse.ArgumentParser, *, required: bool) -> None:
    parser.add_argument("--role", action="append", choices=ROLES, required=required, dest="roles")
    parser.add_argument("--scope", choices=["site", "own", "referrer"], default="own", help="which studies (own)")
    parser.add_argument("--confidential", action="store_true", help="confidential studies besides")


def run(options: argparse.Namespace) -> int:
    """Do as asked."""
    client = Client(options.home)
    match options.verb:
        case "list":
            speech.table(
                client.call_signed_in("person_list")["people"], ["login", "name", "controller", "grants", "state"]
            )
        case "proposals":
            answer = client.call_signed_in("proposal_list")
            speech.table(answer["proposals"], ["id", "login", "role", "scope", "by", "effective_at", "state"])
        case "invite":
            _invite(client, options)
        case "grant":
            answer = client.call_signed_in(
                "grant",
                login=options.login,
                roles=options.roles,
                scope=options.scope,
                confidential=options.confidential,
            )
            _say_all(answer)
        case "link":
            speech.say(client.call("first_link")["url"])
        case verb:
            _say_all(client.call_signed_in(f"grant_{verb}", id=options.id))
    return 0


def _invite(client: Client, options: argparse.Namespace) -> None:
    answer = client.call_signed_in(
        "person_invite",
        login=options.login,
        name=options.name,
        roles=options.roles,
        scope=options.scope,
        confidential=options.confidential,
        controller=options.controller,
    )
    speech.say(f"One use, until {answer['expires_at']}. Give it to {options.login} only:")
    speech.say(answer["url"])
    _say_all(answer)


def _say_all(answer: dict[str, list[str]]) -> None:
    for line in answer.get("lines", []):
        speech.say(line)
