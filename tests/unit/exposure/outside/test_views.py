"""A report from outside counts only where everything that could have deceived is ruled out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from primum.exposure.outside.announced import read_announcements
from primum.exposure.outside.limits import LIMITS
from primum.exposure.outside.model import SENTENCES, Judged, MadeProbe, Returned, Standing
from primum.exposure.outside.service import Outside, ReportTooLong, TooManyAnnounced
from primum.exposure.outside.store import prepare_outside
from primum.exposure.probe.model import Hole, Identity, Mode, Rung
from primum.exposure.probe.outside.control import Reached, _mac
from primum.ground.clock import FixedClock
from primum.ground.db import open_database
from primum.ground.disc import RealDisc
from primum.ground.ids import new_id
from primum.journal import Fact, Filter, Journal, Kind, entries

KEY = bytes(range(32))
TARGET, PHONE = "93.184.216.34", "92.184.100.9"
BY = new_id("per")
BASE = datetime(2026, 11, 22, 10, 0, 0, tzinfo=UTC)


class House:
    """What the worker has, with a clock of ours."""

    def __init__(self, folder: Path) -> None:
        self.clock = FixedClock(BASE)
        (folder / "journal").mkdir()
        (folder / "run").mkdir()
        self.folder = folder
        self.journal = Journal(folder / "journal", "worker", self.clock, RealDisc(), new_id("hom"))
        self.engine = open_database(folder / "records.db", bytes(32), durability="full")
        prepare_outside(self.engine)
        self.outside = Outside(
            self.engine, self.clock, self.journal.record, disc=RealDisc(), run=folder / "run",
            journal=folder / "journal",
        )  # fmt: skip

    def make(self, **plan: Any) -> tuple[MadeProbe, str]:
        return self.outside.announce(BY, plan, KEY, lambda *parts: hashlib.sha256(repr(parts).encode()).hexdigest())

    def see(self, made: MadeProbe, address: str = PHONE) -> None:
        details: dict[str, str | int] = {"address": address, "door": "web", "port": 443, "channel": "server-name"}
        self.journal.record(Fact(Kind.PROBE_SEEN, "stranger", made.id, details))
        self.journal.flush()

    def read(self, returned: Returned, own: tuple[str, ...] = ()) -> Judged:
        return self.outside.read_back(BY, returned, b"{}", own)[1]

    def announced(self) -> list[str]:
        path = self.folder / "run" / "probes"
        return [one.digest for one in read_announcements(path.read_bytes())] if path.exists() else []


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.journal.close()
    made.engine.dispose()


def _answer(port: int = 443, seen_as: str = PHONE, at: datetime | None = None, key: bytes = KEY) -> Reached:
    instant = int((at or BASE + timedelta(minutes=11)).timestamp())
    return Reached(port, "0" * 32, instant, seen_as, _mac(key, port, "0" * 32, instant, seen_as))


def _returned(made: MadeProbe, nonce: str, **other: Any) -> Returned:
    one = Returned(
        nonce=nonce, plan_digest=made.plan_digest, started_at=BASE + timedelta(minutes=10),
        ended_at=BASE + timedelta(minutes=12), void=False, undetermined=False, holes=(),
        asked=frozenset({(TARGET, 443)}), controls=(_answer(),),
    )  # fmt: skip
    return replace(one, **other)


def _later(house: House) -> None:
    house.clock.advance(timedelta(minutes=20))


def test_a_report_whose_nonce_our_doors_saw_counts(house: House) -> None:
    made, nonce = house.make()
    house.clock.advance(timedelta(minutes=11))
    house.see(made)
    _later(house)
    judged = house.read(_returned(made, nonce))
    assert (judged.standing, judged.reached_us, judged.rewritten) == (Standing.ACCEPTED, True, False)
    view = house.outside.view()
    assert view is not None
    assert view.asked == {(TARGET, 443)}
    assert not view.undetermined


def test_a_report_that_reached_nothing_counts_where_the_address_is_known_to_be_ours(house: House) -> None:
    made, nonce = house.make(own_addresses=[TARGET])
    _later(house)
    judged = house.read(_returned(made, nonce))
    assert (judged.standing, judged.reached_us) == (Standing.ACCEPTED, False)


def test_a_report_that_reached_nothing_of_an_address_that_may_be_anybodys_does_not_count(house: House) -> None:
    made, nonce = house.make()
    _later(house)
    assert house.read(_returned(made, nonce)).standing is Standing.NOT_THIS_TARGET
    assert house.outside.view() is None


def test_a_router_that_hides_who_calls_is_told(house: House) -> None:
    made, nonce = house.make()
    house.clock.advance(timedelta(minutes=11))
    house.see(made, "192.168.1.1")
    _later(house)
    assert house.read(_returned(made, nonce)).rewritten


@pytest.mark.parametrize(
    ("change", "standing"),
    [
        ({"nonce": "aaaaaaaaaaaaaaaa"}, Standing.UNKNOWN),
        ({"nonce": "é"}, Standing.UNKNOWN),
        ({"plan_digest": "0" * 64}, Standing.CHANGED),
        ({"started_at": BASE - timedelta(hours=1)}, Standing.WRONG_TIME),
        ({"ended_at": BASE + timedelta(hours=3)}, Standing.WRONG_TIME),
        ({"ended_at": BASE}, Standing.WRONG_TIME),
        ({"started_at": BASE + timedelta(hours=25)}, Standing.EXPIRED),
        ({"void": True}, Standing.VOID),
        ({"controls": ()}, Standing.CONTROL_UNREACHED),
        ({"controls": (_answer(key=bytes(32)),)}, Standing.CONTROL_UNREACHED),
        ({"controls": (_answer(at=BASE - timedelta(hours=1)),)}, Standing.CONTROL_UNREACHED),
        ({"controls": (_answer(seen_as=TARGET),)}, Standing.NOT_OUTSIDE),
        ({"controls": (_answer(seen_as="192.168.1.7"),)}, Standing.NOT_OUTSIDE),
        ({"asked": frozenset({("192.168.1.20", 443)})}, Standing.NOT_OUTSIDE),
        ({"controls": (_answer(port=80),)}, Standing.PORTS_BLOCKED),
        ({"asked": frozenset({(TARGET, 443), (TARGET, 104)})}, Standing.PORTS_BLOCKED),
    ],
)
def test_what_makes_a_report_not_count_is_told(house: House, change: dict[str, Any], standing: Standing) -> None:
    made, nonce = house.make()
    house.clock.advance(timedelta(minutes=11))
    house.see(made)
    _later(house)
    judged = house.read(replace(_returned(made, nonce), **change))
    assert judged.standing is standing
    for language in ("fr", "en"):
        assert judged.says(language)


def test_a_probe_on_ones_own_line_is_not_outside_over_ipv6_either(house: House) -> None:
    made, nonce = house.make()
    _later(house)
    house.see(made, "2a01:e0a:1:2::7")
    asked = frozenset({("2a01:e0a:1:2::20", 443)})
    judged = house.read(_returned(made, nonce, asked=asked, controls=(_answer(seen_as="2a01:e0a:1:3::7"),)))
    assert judged.standing is Standing.NOT_OUTSIDE


def test_a_control_reached_over_ipv4_proves_nothing_of_ports_over_ipv6(house: House) -> None:
    made, nonce = house.make()
    _later(house)
    house.see(made)
    judged = house.read(_returned(made, nonce, asked=frozenset({("2a01:e0a:1:2::20", 443)})))
    assert (judged.standing, judged.blocked) == (Standing.PORTS_BLOCKED, ((6, 443),))


def test_a_report_counts_once(house: House) -> None:
    made, nonce = house.make()
    _later(house)
    house.see(made)
    assert house.read(_returned(made, nonce)).standing is Standing.ACCEPTED
    assert house.read(_returned(made, nonce)).standing is Standing.SPENT
    assert len(house.outside.latest()) == 1


def test_a_nonce_is_announced_until_its_report_is_read(house: House) -> None:
    made, nonce = house.make()
    assert house.announced() == [made.digest]
    _later(house)
    house.read(_returned(made, nonce))
    assert house.announced() == []
    assert nonce.encode() not in (house.folder / "records.db").read_bytes()


def test_a_nonce_is_announced_for_a_day(house: House) -> None:
    house.make()
    house.clock.advance(timedelta(hours=25))
    house.outside.sweep(house.clock.now())
    assert house.announced() == []


def test_no_more_probes_are_announced_than_the_bound(house: House) -> None:
    for _ in range(LIMITS.announced):
        house.make()
    with pytest.raises(TooManyAnnounced):
        house.make()
    assert len(house.announced()) == LIMITS.announced


def test_a_view_counts_for_a_week(house: House) -> None:
    made, nonce = house.make()
    _later(house)
    house.see(made)
    house.read(_returned(made, nonce))
    house.clock.advance(timedelta(days=6))
    assert house.outside.view() is not None
    house.clock.advance(timedelta(days=2))
    assert house.outside.view() is None


def test_openings_that_a_report_found_are_kept_with_it(house: House) -> None:
    hole = Hole(TARGET, 443, Mode.TLS, Identity.NOBODY, Rung.SEARCH)
    made, nonce = house.make()
    _later(house)
    house.see(made)
    house.read(_returned(made, nonce, holes=(hole,)))
    view = house.outside.view()
    assert view is not None
    assert view.holes == (hole,)
    told = list(entries(house.folder / "journal", Filter(kinds=("probe:read",))))
    assert [one.details["count"] for one in told] == [1]


def test_a_report_that_is_too_long_is_not_kept(house: House) -> None:
    made, nonce = house.make()
    with pytest.raises(ReportTooLong):
        house.outside.read_back(BY, _returned(made, nonce), b"x" * (LIMITS.report_bytes + 1), ())


def test_every_standing_has_its_sentences_and_is_plain_values() -> None:
    assert set(SENTENCES) == set(Standing)
    assert json.dumps(Judged(standing=Standing.ACCEPTED).as_json())
