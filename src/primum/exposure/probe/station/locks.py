"""Does the screen lock by itself? Settings of GNOME, KDE, macOS and Windows, read and not changed."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Final

from primum.exposure.probe.station.asking import Ask
from primum.exposure.probe.station.model import Point, State

_GNOME: Final = "org.gnome.desktop.screensaver"
_NEVER: Final = 0
_DESKTOP: Final = r"HKCU\Control Panel\Desktop"
_POLICY: Final = r"HKLM\SOFTWARE\Microsoft\Windows\CurrentVersion\Policies\System"
_KDE_BYTES: Final = 65_536


def lock(system: str, ask: Ask, *, home: Path, most: int) -> Point:
    """Judge: good where it locks by itself within `most` seconds."""
    match system:
        case "linux":
            return _judged(gnome(ask), most, "gnome") or _judged(kde(home), most, "kde") or _silent()
        case "macos":
            return _judged(macos(ask), most, "macos") or _silent()
        case "windows":
            return _judged(windows(ask), most, "windows") or _silent()
        case _:
            return _silent()


def gnome(ask: Ask) -> int | None:
    """Return after how many seconds GNOME locks; 0 never; None where there is no GNOME."""
    enabled = ask(("gsettings", "get", _GNOME, "lock-enabled"))
    idle, delay = (
        _number(ask(("gsettings", "get", schema, key)))
        for schema, key in (("org.gnome.desktop.session", "idle-delay"), (_GNOME, "lock-delay"))
    )
    if enabled is None or idle is None or delay is None:
        return None
    return idle + delay if enabled.strip() == "true" and idle else _NEVER


def kde(home: Path) -> int | None:
    """Return after how many seconds KDE locks: its defaults are on, after five minutes; None where there is no KDE."""
    if not (home / ".config/kdeglobals").exists():
        return None
    reader = configparser.ConfigParser(strict=False, interpolation=None)
    try:
        text = (home / ".config/kscreenlockerrc").read_text("utf-8", "replace")[:_KDE_BYTES]
        reader.read_string(text)
    except FileNotFoundError:
        pass
    except (OSError, configparser.Error):
        return None
    daemon = reader["Daemon"] if reader.has_section("Daemon") else {}
    if daemon.get("Autolock", "true").strip().lower() == "false":
        return _NEVER
    minutes, grace = daemon.get("Timeout", "5").strip(), daemon.get("LockGrace", "5").strip()
    if not minutes.isdecimal() or not grace.isdecimal():
        return None
    return 60 * int(minutes) + int(grace)


def macos(ask: Ask) -> int | None:
    """Return after how many seconds macOS locks: the screen's sleep, then the password's delay."""
    said = (ask(("sysadminctl", "-screenLock", "status")) or "").lower()
    idle = _number(ask(("defaults", "-currentHost", "read", "com.apple.screensaver", "idleTime")))
    if "screenlock is off" in said:
        return _NEVER
    delay = 0 if "immediate" in said else _number(re.sub(r".*delay is", "", said, flags=re.DOTALL))
    if not said or idle is None or delay is None:
        return None
    return idle + delay if idle else _NEVER


def windows(ask: Ask) -> int | None:
    """Return after how many seconds Windows locks: by policy, else by a screen saver that asks for the password."""
    policy = _registry(ask, _POLICY, "InactivityTimeoutSecs")
    if policy:
        return policy
    active, secure, after = (
        _registry(ask, _DESKTOP, name) for name in ("ScreenSaveActive", "ScreenSaverIsSecure", "ScreenSaveTimeOut")
    )
    if active is None:
        return None
    return after or _NEVER if active and secure else _NEVER


def _registry(ask: Ask, key: str, name: str) -> int | None:
    """Read a number of the registry, as `reg query` prints it: decimal in a text, hexadecimal in a word."""
    said = ask(("reg", "query", key, "/v", name)) or ""
    found = re.search(rf"{name}\s+REG_\w+\s+(0x[0-9a-fA-F]{{1,8}}|\d{{1,9}})", said)
    return int(found[1], 0) if found else None


def _number(said: str | None) -> int | None:
    found = re.search(r"(?:uint32 )?(\d{1,9})", said or "")
    return int(found[1]) if found else None


def _judged(seconds: int | None, most: int, by: str) -> Point | None:
    if seconds is None:
        return None
    if seconds == _NEVER:
        return Point("lock", State.BAD, "never", {"by": by})
    state, why = (State.GOOD, "locks") if seconds <= most else (State.BAD, "late")
    return Point("lock", state, why, {"by": by, "seconds": seconds})


def _silent() -> Point:
    return Point("lock", State.NOT_DETERMINED, "silent")
