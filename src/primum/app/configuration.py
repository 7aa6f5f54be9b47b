"""What was configured, and when it changed: compared at each start, and written in the account.

The values that held at the last start are kept beside the settings (`run/settings.json`); the journal keeps
every change. Settings hold no secret.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict

from primum.ground.disc import Disc, write_durably
from primum.ground.home import Home
from primum.ground.settings import SETTINGS, Settings

Record = Callable[[str, str, str, Mapping[str, str | int]], None]


def record_changes(disc: Disc, home: Home, settings: Settings, record: Record) -> int:
    """Record each setting that differs from the last start (from the defaults, the first time); return how many."""
    file = home.folder / "run" / "settings.json"
    before = _read(file.read_bytes()) if file.exists() else {one.name: one.default for one in SETTINGS}
    after = asdict(settings)
    changed = [name for name in after if before.get(name) != after[name]]
    for name in changed:
        told: dict[str, str | int] = {"setting": name, "before": _shown(before.get(name)), "after": _shown(after[name])}
        record("configuration:changed", "system", home.id, told)
    if changed or not file.exists():
        # after the facts: a crash in between tells the change twice, never not at all
        write_durably(disc, file, json.dumps(after, indent=1).encode() + b"\n")
    return len(changed)


def _read(content: bytes) -> dict[str, object]:
    try:
        kept = json.loads(content)
    except ValueError:
        return {}  # every setting is then told anew
    return kept if isinstance(kept, dict) else {}


def _shown(value: object) -> str:
    return "unknown" if value is None else str(value) or "none"
