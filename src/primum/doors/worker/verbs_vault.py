"""The vault and its keys, at the terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from primum.app.mail import keep_mail_password
from primum.doors.worker.control import Progress
from primum.doors.worker.desk import Args, Asking, Desk, Verb
from primum.identity import Permission, Thing
from primum.imaging import tails_on_disc
from primum.journal import Kind
from primum.vault import Leftover, list_guards


def vault_check(desk: Desk, asking: Asking, args: Args, progress: Progress) -> dict[str, Any]:
    """Look at every pack and key, against the tails that were recorded."""
    desk.require(asking, Permission.VAULT_CHECK, Thing("vault"))
    vault = desk.worker.rooms.vault
    expected = tails_on_disc(desk.worker.records, desk.worker.rooms.home.folder / "run")
    illnesses = leftovers = 0
    found = vault.check(
        expected, deep=args.flag("deep"), progress=lambda done, total: progress({"done": done, "total": total})
    )
    for one in found:
        progress({"code": one.code, "fact": str(one)})
        leftovers += isinstance(one, Leftover)
        illnesses += not isinstance(one, Leftover)
    studies = packs = size = 0
    for study in vault.studies():
        there = vault.packs(study)
        studies, packs, size = studies + 1, packs + len(there), size + sum(pack.size for pack in there)
    details: dict[str, str | int] = {
        "studies": studies, "packs": packs, "bytes": size,
        "illnesses": illnesses, "deep": "yes" if args.flag("deep") else "no",
    }  # fmt: skip
    desk.record(Kind.VAULT_CHECKED, asking.actor.person_id, "", details)
    sentence = f"{studies} studies in {packs} packs: "
    sentence += f"{illnesses} illnesses" if illnesses else "nothing is wrong"
    sentence += f" ({leftovers} unfinished writes of a crash, harmless)" if leftovers else ""
    return {"illnesses": illnesses, "sentence": sentence}


def keyring_list(desk: Desk, asking: Asking, _args: Args, _progress: Progress) -> dict[str, Any]:
    """Say what guards the root key, and how many keys there are."""
    desk.require(asking, Permission.VAULT_CHECK, Thing("vault"))
    keyring = desk.worker.rooms.home.folder / "keyring"
    count = sum(1 for _ in keyring.glob("[0-9a-f][0-9a-f]/*.key"))
    lines = [f"guard: {kind}" for kind in list_guards(keyring)]
    return {"lines": [*lines, f"study keys: {count}"]}


def keyring_export(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Copy the wrapped keys elsewhere."""
    desk.require(asking, Permission.KEYRING_EXPORT, Thing("vault"))
    generation = desk.worker.rooms.vault.export_keyring(Path(args.text("folder")))
    details: dict[str, str | int] = {"count": generation.files, "what": "folder"}
    desk.record(Kind.KEYRING_EXPORTED, asking.actor.person_id, "", details)
    return {"lines": [f"{generation.files} files (guards and wrapped keys) in {generation.folder}"]}


def mail_password(desk: Desk, asking: Asking, args: Args, _progress: Progress) -> dict[str, Any]:
    """Seal the password of the submission server that the settings name; used from the next start on."""
    desk.require(asking, Permission.CONFIGURATION_CHANGE, Thing("house"))
    rooms = desk.worker.rooms
    keep_mail_password(rooms.disc, rooms.home, desk.worker.secrets, args.text("password", most=1024))
    details: dict[str, str | int] = {"setting": "smtp-password", "before": "sealed", "after": "sealed"}
    desk.record(Kind.CONFIGURATION_CHANGED, asking.actor.person_id, "", details)
    return {"lines": ["sealed in the home; used from the next start on"]}


VERBS: dict[str, Verb] = {
    "vault_check": vault_check,
    "keyring_list": keyring_list,
    "keyring_export": keyring_export,
    "mail_password": mail_password,
}
