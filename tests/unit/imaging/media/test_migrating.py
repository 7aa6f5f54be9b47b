"""The order of a migration, on a twin of another archive."""

from __future__ import annotations

from dataclasses import dataclass, field

from primum.imaging.media.migrating import SourceFailed, Taken, migrate
from primum.imaging.media.pacing import Pace


@dataclass
class Twin:
    """Another archive and ours in one: what is fetched is here, but for what is lost on the way."""

    theirs: dict[str, frozenset[str]]
    ours: dict[str, set[str]] = field(default_factory=dict)
    lost: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    fetched: list[str] = field(default_factory=list)
    on_the_way: list[tuple[str, str]] = field(default_factory=list)

    def studies(self) -> list[str]:
        return [*self.theirs, *self.theirs]

    def instances(self, study_uid: str) -> frozenset[str]:
        if study_uid in self.silent:
            raise SourceFailed(reason="dimse.aborted")
        return self.theirs[study_uid]

    def fetch(self, study_uid: str) -> None:
        self.fetched.append(study_uid)
        self.on_the_way += [(study_uid, one) for one in self.theirs[study_uid] - self.lost]
        if self.theirs[study_uid] & self.lost:
            raise SourceFailed(reason="status b000h, 1 failed")

    def held(self, study_uid: str) -> frozenset[str]:
        return frozenset(self.ours.get(study_uid, ()))

    def conflicts(self, study_uid: str) -> int:
        return 0

    def arrived(self, study_uid: str) -> None:
        for study, one in self.on_the_way:
            self.ours.setdefault(study, set()).add(one)


def run(twin: Twin) -> list[Taken]:
    return list(migrate(twin, twin, pace=Pace(0)))


def test_each_study_is_asked_for_once_and_counted_when_it_has_arrived() -> None:
    twin = Twin({"1": frozenset({"a", "b"}), "2": frozenset({"c"})})
    assert [(one.theirs, one.ours, one.missing, one.known) for one in run(twin)] == [(2, 2, 0, False), (1, 1, 0, False)]
    assert twin.fetched == ["1", "2"]


def test_what_is_here_is_not_asked_for_again_and_what_grew_is() -> None:
    twin = Twin({"1": frozenset({"a", "b"}), "2": frozenset({"c"})})
    run(twin)
    twin.theirs["2"] = frozenset({"c", "d"})
    assert [(one.known, one.missing) for one in run(twin)] == [(True, 0), (False, 0)]
    assert twin.fetched == ["1", "2", "2"]


def test_what_is_lost_or_not_answered_is_told_and_the_others_come() -> None:
    twin = Twin({"1": frozenset({"a", "b"}), "2": frozenset(), "3": frozenset({"c"})}, lost=frozenset({"b"}),
                silent=frozenset({"2"}))  # fmt: skip
    taken = run(twin)
    assert [(one.missing, one.reason) for one in taken] == [
        (1, "status b000h, 1 failed"), (0, "dimse.aborted"), (0, ""),
    ]  # fmt: skip
