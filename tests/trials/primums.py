"""Two real Primums that stand for a whole session of trials, each in a namespace: starting one takes seconds.

One has its DICOM door on the network and its pages on loopback, and has a plain device that may store and query; the
other has its pages on the network too. Nothing is set that a user could not set.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tests.running import RunningPrimum, make_real_home
from tests.trials import spaces

DICOM_PORT: Final = 2762
WEB_PORT: Final = 8443
PLAIN_PORT: Final = 11_119
CARELESS_TITLE: Final = "HOROS"
"""Title of the plain device: the one that its viewer comes with."""


@contextmanager
def standing(folder: Path) -> Iterator[dict[str, str]]:
    """Run both until left; return the namespace of each setting of the table."""
    quiet, shown = spaces.name_of("primum"), spaces.name_of("primum-web")
    spaces.add([quiet, shown])
    home = make_real_home(folder)
    shutil.copytree(home.folder, folder / "shown")
    common: dict[str, str | int] = {"dicom_address": "0.0.0.0", "dicom_port": DICOM_PORT, "web_port": WEB_PORT}
    first = RunningPrimum(home.folder, key_file=home.key_file, settings={**common, "dicom_plain_port": PLAIN_PORT})
    second = RunningPrimum(folder / "shown", key_file=home.key_file, settings={**common, "web_address": "0.0.0.0"})
    try:
        for one, space in ((first, quiet), (second, shown)):
            with spaces.inside(space):
                one.start()
        first.wait_ready()
        second.wait_ready()
        with spaces.inside(quiet):
            person = first.enrol_first_person()
            first.sign_in(person)
            add = ["device", "add", "poste", "--aet", CARELESS_TITLE, "--may", "store,find", "--plain", "127.0.0.1"]
            first.cli(*add, "--out", str(folder / "pack"))
        yield {"closed": quiet, "careless": quiet, "web": shown}
    finally:
        for one in (first, second):
            one.stop()
        spaces.remove([quiet, shown])
