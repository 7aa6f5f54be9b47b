"""A disc that refuses: each call in turn, and the process lives on (docs/design/durability.md §4)."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy.exc import OperationalError

from primum.ground.disc import RealDisc
from primum.ground.errors import PrimumError
from primum.imaging import Stored
from tests.faults.homes import Home, home_in
from tests.faults.survivor import Judgement, judge
from tests.faults.workload import SCENES, Scene
from tests.twins.refusing_disc import MODES, Refusal, RefusingDisc
from tests.unit.imaging.conftest import Device

SCENES_REFUSED: Final = ("studies", "streams", "erasure", "rewriting", "journal", "keyring")

REFUSED: Final = (PrimumError, OSError, OperationalError)


@dataclass
class Enduring(Scene):
    """A scene that goes on when something was refused, as doors and worker do."""

    refused: list[str] = field(default_factory=list)

    def store(self, uid: str, number: int, size: int = 3000, device: Device | None = None) -> Stored:
        return self._tried(super().store, uid, number, size, device)  # type: ignore[no-any-return]

    def index(self, *hints: Stored) -> None:
        self._tried(super().index, *(one for one in hints if one is not None))

    def approve(self, uid: str, *gone: int, part: object = None) -> None:
        for _ in range(3):  # a person tries again
            if self._tried(super().approve, uid, *gone, part=part) is not None:
                return

    def erase(self, uid: str, *gone: int) -> None:
        for _ in range(4):  # a job runs again
            if self.home.keeping.run():
                self.mark(erased=uid, gone=[f"{uid}.1.{number}" for number in gone])
                return

    def fact(self, journal: object = None) -> None:
        self._tried(super().fact, journal)

    def _tried(self, step: Callable[..., object], *args: object, **more: object) -> object:
        try:
            return step(*args, **more) or True
        except REFUSED as refusal:
            self.refused.append(f"{step.__name__}: {type(refusal).__name__} {getattr(refusal, 'code', refusal)}")
            return None


def play(home: Path, name: str, disc: RealDisc | None) -> tuple[list[dict[str, object]], list[str]]:
    """Play a scene on a disc; give what had returned, and what was refused."""
    returned: list[dict[str, object]] = []
    refused: list[str] = []
    with suppress(*REFUSED), home_in(home, disc) as one:
        refused = endure(one, name, lambda **facts: returned.append(facts))
    return returned, refused


def endure(one: Home, name: str, mark: Callable[..., None]) -> list[str]:
    """Play a scene in an open home, going on after what is refused; give what was."""
    scene = Enduring(one, mark)
    try:
        SCENES[name](scene)
    except REFUSED as refusal:
        scene.refused.append(f"{name}: {type(refusal).__name__} {getattr(refusal, 'code', refusal)}")
    return scene.refused


@dataclass
class Refusals:
    """Rounds of one refusal each, over the calls that each scene makes."""

    template: Path
    place: Path
    chance: random.Random
    _calls: dict[str, int] = field(default_factory=dict)

    def calls(self, name: str) -> int:
        """How many calls a scene makes when nothing is refused."""
        if name not in self._calls:
            disc = RefusingDisc()
            with self._home() as home:
                play(home, name, disc)
            self._calls[name] = disc.calls
        return self._calls[name]

    def draw(self) -> tuple[str, Refusal]:
        """Choose a scene and a refusal."""
        name = self.chance.choice(SCENES_REFUSED)
        full = self.chance.random() < 0.4
        count = self.chance.choice((1, 1, 3, 10)) if full else self.chance.choice((1, 1, 2))
        code = errno.ENOSPC if full else errno.EIO
        return name, Refusal(self.chance.randrange(self.calls(name)), count, self.chance.choice(MODES), code)

    def round(self, name: str, refusal: Refusal) -> tuple[Judgement, list[str]]:
        """Play a scene with a refusal; judge what is there."""
        with self._home() as home:
            returned, refused = play(home, name, RefusingDisc(refusal))
            return judge(home, returned, empty_index=self.template / "index.db"), refused

    @contextmanager
    def _home(self) -> Iterator[Path]:
        home = self.place / "refused"
        shutil.copytree(self.template, home)
        try:
            yield home
        finally:
            shutil.rmtree(home)


@contextmanager
def small_disc(place: Path, mib: int) -> Iterator[Path | None]:
    """Give an ext4 file system of so many MiB where a loop device may be mounted, else None."""
    image, folder = place / "image", place / "disc"
    folder.mkdir()
    with image.open("wb") as file:
        file.truncate(mib << 20)
    commands = (["mkfs.ext4", "-q", "-N", "2048", str(image)], ["mount", "-o", "loop", str(image), str(folder)])
    mounted = os.geteuid() == 0 and all(
        subprocess.run(one, capture_output=True, check=False).returncode == 0 for one in commands
    )
    try:
        yield folder if mounted else None
    finally:
        if mounted:
            subprocess.run(["umount", "--lazy", str(folder)], check=True)
        image.unlink()
