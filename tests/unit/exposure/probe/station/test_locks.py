import pytest

from primum.exposure.probe.station.locks import lock
from primum.exposure.probe.station.model import State


def asking(answers):
    return lambda command: answers.get(command[-1])


def point(system, answers, home, most=900):
    return lock(system, asking(answers), home=home, most=most)


GNOME = {"lock-enabled": "true\n", "idle-delay": "uint32 300\n", "lock-delay": "uint32 30\n"}


@pytest.mark.parametrize(
    ("answers", "state", "why"),
    [
        (GNOME, State.GOOD, "locks"),
        (GNOME | {"lock-enabled": "false\n"}, State.BAD, "never"),
        (GNOME | {"idle-delay": "uint32 0\n"}, State.BAD, "never"),
        (GNOME | {"idle-delay": "uint32 3600\n"}, State.BAD, "late"),
        ({}, State.NOT_DETERMINED, "silent"),
    ],
)
def test_gnome(tmp_path, answers, state, why):
    found = point("linux", answers, tmp_path)
    assert (found.state, found.why) == (state, why)


@pytest.mark.parametrize(
    ("text", "state", "seconds"),
    [
        (None, State.GOOD, 305),
        ("[Daemon]\nTimeout=10\n", State.GOOD, 605),
        ("[Daemon]\nAutolock=false\n", State.BAD, None),
        ("[Daemon]\nTimeout=60\nLockGrace=0\n", State.BAD, 3600),
        ("[Daemon]\nTimeout=soon\n", State.NOT_DETERMINED, None),
        ("no section\n", State.NOT_DETERMINED, None),
    ],
)
def test_kde(tmp_path, text, state, seconds):
    (tmp_path / ".config").mkdir()
    (tmp_path / ".config/kdeglobals").touch()
    if text is not None:
        (tmp_path / ".config/kscreenlockerrc").write_text(text)
    found = point("linux", {}, tmp_path)
    assert (found.state, found.facts.get("seconds")) == (state, seconds)


@pytest.mark.parametrize(
    ("said", "idle", "state"),
    [
        ("screenLock delay is immediate\n", "600\n", State.GOOD),
        ("screenLock delay is 300 seconds\n", "300\n", State.GOOD),
        ("screenLock delay is 3600 seconds\n", "300\n", State.BAD),
        ("screenLock is off\n", "300\n", State.BAD),
        ("screenLock delay is immediate\n", "0\n", State.BAD),
        ("screenLock delay is immediate\n", None, State.NOT_DETERMINED),
        (None, "300\n", State.NOT_DETERMINED),
    ],
)
def test_macos(tmp_path, said, idle, state):
    assert point("macos", {"status": said, "idleTime": idle}, tmp_path).state is state


def registry(**values):
    return {
        name: f"\r\nHKEY_CURRENT_USER\\Control Panel\\Desktop\r\n    {name}    {one}\r\n"
        for name, one in values.items()
    }


@pytest.mark.parametrize(
    ("answers", "state"),
    [
        (registry(ScreenSaveActive="REG_SZ    1", ScreenSaverIsSecure="REG_SZ    1", ScreenSaveTimeOut="REG_SZ    600"),
         State.GOOD),
        (registry(ScreenSaveActive="REG_SZ    1", ScreenSaverIsSecure="REG_SZ    0", ScreenSaveTimeOut="REG_SZ    600"),
         State.BAD),
        (registry(ScreenSaveActive="REG_SZ    0"), State.BAD),
        (registry(InactivityTimeoutSecs="REG_DWORD    0x384"), State.GOOD),
        (registry(InactivityTimeoutSecs="REG_DWORD    0xe10"), State.BAD),
        ({}, State.NOT_DETERMINED),
    ],
)  # fmt: skip
def test_windows(tmp_path, answers, state):
    assert point("windows", answers, tmp_path).state is state


def test_an_unknown_system_is_not_judged(tmp_path):
    assert point("other", GNOME, tmp_path).state is State.NOT_DETERMINED
