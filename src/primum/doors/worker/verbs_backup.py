"""Backups, at the terminal: make one, list generations, test a restore, seal credentials."""

from __future__ import annotations

from typing import Any

from primum.app.backup.destination import Credentials
from primum.app.backup.generations import instant_of
from primum.app.backup.service import Asked, Listener
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.ground.clock import to_text
from primum.ground.errors import PrimumError
from primum.identity import Permission, Thing
from primum.journal import Kind

_MOST_MIB = 100_000


def backup_make(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Make a backup."""
    desk.require(asking, Permission.BACKUP_RUN, Thing("backup"))
    made = desk.worker.backups.make(_asked(asking, args), _listener(progress))
    manifest = made.manifest
    sentence = f"generation {manifest.generation} of {made.studies} studies in {made.to}: {_mib(made.sent)} MiB copied"
    sentence += f", {manifest.illnesses} illnesses" if manifest.illnesses else ""
    lines = []
    if made.pruned.generations:
        lines.append(f"{made.pruned.generations} generations removed; the oldest left is {made.pruned.oldest}")
    if made.pruned.refused:
        lines.append("the destination lets nothing be removed: keys erased since stay in old generations")
    if made.same_disc:
        lines.append("the destination is on the same disc as the home: it does not survive the loss of that disc")
    return {"illnesses": manifest.illnesses, "sentence": sentence, "lines": lines}


def backup_list(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """List the generations at a destination, oldest first."""
    desk.require(asking, Permission.BACKUP_RUN, Thing("backup"))
    listed = desk.worker.backups.generations(args.text("to"))
    return {"lines": [f"{one}  {to_text(instant_of(one))}" for one in listed] or ["there is none"]}


def backup_test(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Restore into a scratch folder and compare with the living home."""
    desk.require(asking, Permission.BACKUP_RUN, Thing("backup"))
    percent = args.number("percent", low=1, high=100, default=100)
    trial = desk.worker.backups.test(
        _asked(asking, args), args.text("scratch"), args.text("generation", most=64), percent, _listener(progress)
    )
    part = "" if percent == 100 else f" ({percent} % of them)"  # noqa: PLR2004
    sentence = f"generation {trial.generation} restores: {trial.studies} studies{part}, {trial.instances} instances,"
    return {"sentence": sentence + " every record opened, the same rows, the same bytes"}


def backup_credentials(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Seal what a destination asks for."""
    desk.require(asking, Permission.CONFIGURATION_CHANGE, Thing("house"))
    credentials = Credentials(args.text("secret", most=1024), args.text("key_id", most=256))
    place = desk.worker.backups.keep_credentials(args.text("to"), credentials)
    details: dict[str, str | int] = {"setting": "backup-credentials", "before": "sealed", "after": "sealed"}
    desk.record(Kind.CONFIGURATION_CHANGED, asking.actor.person_id, "", details)
    return {"lines": [f"sealed in the home, for {place}"]}


def _asked(asking: Asking, args: Args) -> Asked:
    return Asked(
        to=args.text("to"),
        actor=asking.actor.person_id,
        mib_a_second=args.number("mib_a_second", low=0, high=_MOST_MIB, default=0),
        new=args.flag("new"),
    )


def _listener(progress: Progress) -> Listener:
    def tell(one: PrimumError) -> None:
        progress({"code": one.code, "fact": str(one)})

    return Listener(lambda done, total: progress({"done": done, "total": total}), tell)


def _mib(count: int) -> int:
    return -(-count // (1 << 20))


VERBS: dict[str, Verb] = {
    "backup_make": backup_make,
    "backup_list": backup_list,
    "backup_test": backup_test,
    "backup_credentials": backup_credentials,
}
