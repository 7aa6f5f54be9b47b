"""Nonces made and announced, reports judged and kept, and the view from outside that counts now."""

from __future__ import annotations

import base64
import contextlib
import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from primum.exposure.outside import store
from primum.exposure.outside.announced import FILE, Announcement, digest_of, write_announcements
from primum.exposure.outside.judging import judge
from primum.exposure.outside.limits import LIMITS, Limits
from primum.exposure.outside.model import COUNTS, Judged, Kept, MadeProbe, Returned, Sighting, Standing, View
from primum.exposure.probe.model import Hole, Identity, Mode, Rung
from primum.ground.clock import from_text
from primum.ground.disc import Disc, write_durably
from primum.ground.errors import PrimumError
from primum.ground.ids import new_id
from primum.ground.jobs import Job
from primum.journal import Fact, Filter, Kind, Ledger, entries

if TYPE_CHECKING:
    from sqlalchemy.engine import Engine

    from primum.ground.clock import Clock


class TooManyAnnounced(PrimumError):
    """{most} probes are announced already, and none of them has expired."""

    code: ClassVar[str] = "outside.too-many"
    hint: ClassVar[str] = "read the reports of those that were run (primum probe --read), or wait until tomorrow"


class ReportTooLong(PrimumError):
    """The report has more than {most} bytes."""

    code: ClassVar[str] = "outside.report-too-long"


class NoSuchReport(PrimumError):
    """No such report from outside is kept."""

    code: ClassVar[str] = "outside.no-such-report"


class Outside:
    """Used by the worker alone; its doors read what `publish` wrote."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        record: Callable[[Fact], None],
        *,
        disc: Disc,
        run: Path,
        journal: Path,
        limits: Limits = LIMITS,
    ) -> None:
        """Keep in records.db, announce in `run`, read sightings in `journal`."""
        self._engine, self._clock, self._record = engine, clock, record
        self._disc, self._run, self._journal, self._limits = disc, run, journal, limits

    def publish(self) -> None:
        """Write the file that the doors look at; none where nothing is announced. Call it at each start."""
        with self._engine.begin() as tx:
            announced = store.live(tx, self._clock.now())[: self._limits.announced]
        path = self._run / FILE
        if not announced:
            with contextlib.suppress(FileNotFoundError):
                self._disc.unlink(path)
            return
        listed = [Announcement(one.id, one.digest, one.expires_at) for one in announced]
        write_durably(self._disc, path, write_announcements(listed))

    def announce(
        self, by: str, plan: dict[str, Any], control_key: bytes, digest_plan: Callable[[str, str, datetime], str]
    ) -> tuple[MadeProbe, str]:
        """Make a nonce and announce it to the doors; return the probe and the nonce, which is kept nowhere.

        `digest_plan` is given id, nonce and expiry, and returns the hash of the plan that has them. Raises
        TooManyAnnounced.
        """
        now = self._clock.now()
        nonce = base64.b32encode(secrets.token_bytes(10)).decode("ascii").lower()
        probe_id, expires_at = new_id("prb"), now + self._limits.nonce_lasts
        made = MadeProbe(
            id=probe_id,
            digest=digest_of(nonce),
            made_by=by,
            made_at=now,
            expires_at=expires_at,
            plan_digest=digest_plan(probe_id, nonce, expires_at),
            control_key=control_key,
            plan=plan,
        )
        with self._engine.begin() as tx:
            if len(store.live(tx, now)) >= self._limits.announced:
                raise TooManyAnnounced(most=self._limits.announced)
            store.add(tx, made)
        self._record(Fact(Kind.PROBE_ANNOUNCED, by, made.id, {"expires_at": _to_the_second(expires_at)}))
        self.publish()
        return made, nonce

    def sightings(self, probe: MadeProbe) -> list[Sighting]:
        """Read in the journal what our doors saw of a probe."""
        wanted = Filter(
            ledgers=(Ledger.ACCESS,),
            kinds=(Kind.PROBE_SEEN.value.name,),
            subject=probe.id,
            since=probe.made_at - timedelta(seconds=1),
        )
        return [
            Sighting(
                from_text(one.at),
                str(one.details.get("door", "")),
                one.count("port"),
                str(one.details.get("address", "")),
                str(one.details.get("channel", "")),
            )
            for one in entries(self._journal, wanted)
        ]

    def read_back(
        self, by: str, returned: Returned, report: bytes, own_addresses: Collection[str]
    ) -> tuple[Kept, Judged]:
        """Judge a report and keep it; its nonce is spent. Raises ReportTooLong.

        What is of no probe of ours is judged and not kept.
        """
        if len(report) > self._limits.report_bytes:
            raise ReportTooLong(most=self._limits.report_bytes)
        now = self._clock.now()
        with self._engine.begin() as tx:
            made = store.by_digest(tx, digest_of(returned.nonce)) if returned.nonce.isascii() else None
        seen = self.sightings(made) if made is not None else []
        own = {*own_addresses, *(made.plan.get("own_addresses", ()) if made is not None else ())}
        judged = judge(made, returned, seen, own, now=now, limits=self._limits)
        kept = Kept(
            id=new_id("rpt"),
            probe_id=made.id if made is not None else "",
            read_by=by,
            read_at=now,
            run_at=returned.started_at,
            standing=judged.standing.value,
            judged={**judged.as_json(), **_found(returned, judged)},
        )
        if made is not None and judged.standing is not Standing.SPENT:
            with self._engine.begin() as tx:
                store.keep(tx, kept, report)
                store.spend(tx, made.id, now)
            details: dict[str, str | int] = {
                "report": kept.id, "reason": judged.standing.value, "count": len(returned.holes),
            }  # fmt: skip
            self._record(Fact(Kind.PROBE_READ, by, made.id, details))
            self.publish()
        return kept, judged

    def latest(self, limit: int = 20) -> list[Kept]:
        """List the reports that were read, the newest run first."""
        with self._engine.begin() as tx:
            return store.latest(tx, limit)

    def view(self) -> View | None:
        """Return the newest view from outside that counts now; None where there is none, or it is too old."""
        now = self._clock.now()
        for one in self.latest():
            if now - one.run_at > self._limits.view_lasts:
                break
            if one.standing in COUNTS:
                return _view(one)
        return None

    def last(self) -> View | None:
        """Return the newest view from outside that ever counted, however old."""
        return next((_view(one) for one in self.latest(self._limits.reports) if one.standing in COUNTS), None)

    def report_of(self, report_id: str) -> bytes:
        """Return a report as it came. Raises NoSuchReport."""
        with self._engine.begin() as tx:
            found = store.report_of(tx, report_id)
        if found is None:
            raise NoSuchReport
        return found

    def sweep(self, now: datetime) -> int:
        """Forget what is over, and announce it no more."""
        with self._engine.begin() as tx:
            gone = store.forget(tx, now, self._limits.reports)
        self.publish()
        return gone

    def jobs(self) -> list[Job]:
        """List what is done by itself."""
        return [Job("exposure.forget-probes", timedelta(hours=1), self.sweep)]


def _found(returned: Returned, judged: Judged) -> dict[str, Any]:
    return {
        "holes": [list(one) for one in returned.holes],
        "asked": sorted([address, port] for address, port in returned.asked),
        "undetermined": returned.undetermined or bool(judged.blocked),
    }


def _view(one: Kept) -> View:
    holes = tuple(
        Hole(address, port, Mode(mode), Identity(identity), Rung(rung))
        for address, port, mode, identity, rung in one.judged["holes"]
    )
    asked = frozenset((address, port) for address, port in one.judged["asked"])
    return View(
        report_id=one.id,
        run_at=one.run_at,
        holes=holes,
        asked=asked,
        undetermined=bool(one.judged["undetermined"]),
        judged=one.judged,
    )


def _to_the_second(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
