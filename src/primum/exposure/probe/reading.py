"""Reading a report of somebody else: bounded, every field of its kind, and nothing believed that can be computed.

Holes, gaps, verdict, exit status and first lines are made anew from the services and compared.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import StrEnum
from ipaddress import ip_address
from typing import Any, ClassVar, Final, NoReturn, TypeVar

from primum.exposure.probe.limits import LIMITS, Limits
from primum.exposure.probe.model import Family, Hole, Identity, Mode, Outcome, Place, Rung, Service, Step
from primum.exposure.probe.report import Address, Allowed, AskedFor, Log, Report, Since
from primum.exposure.probe.writing import KIND, VERSION, as_json
from primum.ground.errors import PrimumError

_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)

_LONGEST: Final = 1024
_NOTE: Final = 4096
_PORTS: Final = 65_535
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_CODE: Final = re.compile(r"[\w.:+/ ()=,-]{0,120}", re.ASCII)
_DEEPEST: Final = 6
"""Of the free facts: vantage, control, its ports, and what they answered."""


class ReportRefused(PrimumError):
    """This is not a report of a probe ({what})."""

    code: ClassVar[str] = "probe.report-refused"
    hint: ClassVar[str] = "give the file that the probe wrote, as it is"


def read_report(data: bytes, limits: Limits = LIMITS) -> Report:
    """Read a report. Raises ReportRefused."""
    if len(data) > limits.report_bytes:
        _refuse("too long")
    try:
        told = json.loads(data.decode("ascii"), object_pairs_hook=_once, parse_constant=_constant)
    except (ValueError, RecursionError):
        raise ReportRefused(what="not JSON in ASCII") from None
    return _Reader(limits).report(told, "", deep=False)


def _refuse(what: str) -> NoReturn:
    raise ReportRefused(what=what)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def _constant(_text: str) -> NoReturn:
    raise ValueError("not a number of JSON")


class _Fields:
    """The fields of one object, each taken once by its kind; at the end none may be left."""

    def __init__(self, value: object, at: str, limits: Limits) -> None:
        if not isinstance(value, dict):
            _refuse(at or "object")
        self._left: dict[str, Any] = dict(value)
        self._at, self._limits = at, limits

    def take(self, name: str) -> object:
        """Take a field of any kind."""
        if name not in self._left:
            _refuse(f"{self._at}{name}")
        return self._left.pop(name)

    def at(self, name: str) -> str:
        """Say where a field is."""
        return f"{self._at}{name}."

    def text(self, name: str, most: int = _LONGEST) -> str:
        """Take a text: bounded, printable."""
        value = self.take(name)
        if not isinstance(value, str) or len(value) > most or not (value.isprintable() or most == _NOTE):
            _refuse(f"{self._at}{name}")
        return value

    def code(self, name: str) -> str:
        """Take a code, ours or a protocol's."""
        value = self.text(name)
        if not _CODE.fullmatch(value):
            _refuse(f"{self._at}{name}")
        return value

    def instant(self, name: str, *, may_be_empty: bool = False) -> str:
        """Take an instant as reports write it."""
        value = self.text(name)
        if may_be_empty and not value:
            return value
        try:
            datetime.strptime(value, "%Y-%m-%dT%H:%M:%S%z")
        except ValueError:
            _refuse(f"{self._at}{name}")
        if not value.endswith("Z"):
            _refuse(f"{self._at}{name}")
        return value

    def whole(self, name: str, low: int = 0, high: int = 1 << 40) -> int:
        """Take a whole number."""
        value = self.take(name)
        if type(value) is not int or not low <= value <= high:
            _refuse(f"{self._at}{name}")
        return value

    def truth(self, name: str) -> bool:
        """Take true or false."""
        value = self.take(name)
        if not isinstance(value, bool):
            _refuse(f"{self._at}{name}")
        return value

    def one_of(self, name: str, kind: type[_E]) -> _E:
        """Take a value of a closed list."""
        try:
            return kind(self.text(name))
        except ValueError:
            _refuse(f"{self._at}{name}")

    def each(self, name: str, read: Callable[[Any, str], _T]) -> tuple[_T, ...]:
        """Take a list, each item read."""
        value = self.take(name)
        if not isinstance(value, list) or len(value) > self._limits.report_items:
            _refuse(f"{self._at}{name}")
        return tuple(read(one, f"{self._at}{name}.") for one in value)

    def ip(self, name: str) -> str:
        """Take an address, written as we write it."""
        return _ip(self.take(name), f"{self._at}{name}")

    def end(self) -> None:
        """Refuse what nobody took."""
        if self._left:
            _refuse(f"{self._at}{'unknown field'}")


def _ip(value: object, at: str) -> str:
    try:
        if isinstance(value, str) and str(ip_address(value)) == value:
            return value
    except ValueError:
        pass
    _refuse(at)


def _port(value: object, at: str) -> int:
    if type(value) is not int or not 1 <= value <= _PORTS:
        _refuse(at)
    return value


def _range(value: object, at: str) -> tuple[int, int]:
    if not isinstance(value, list) or len(value) != 2:  # noqa: PLR2004 (both ends)
        _refuse(at)
    low, high = _port(value[0], at), _port(value[1], at)
    if low > high:
        _refuse(at)
    return low, high


def _string(value: object, at: str) -> str:
    if not isinstance(value, str) or len(value) > _LONGEST or not value.isprintable():
        _refuse(at)
    return value


def _hole(value: object, at: str) -> Hole:
    if not isinstance(value, list) or len(value) != len(Hole._fields):
        _refuse(at)
    address, port, mode, identity, rung = value
    try:
        return Hole(_ip(address, at), _port(port, at), Mode(mode), Identity(identity), Rung(rung))
    except ValueError:
        _refuse(at)


def _no_views(_value: object, at: str) -> NoReturn:
    _refuse(at)


class _Reader:
    """Reads one report; a view within it may have no views of its own."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def _fields(self, value: object, at: str) -> _Fields:
        return _Fields(value, at, self._limits)

    def report(self, value: object, at: str, *, deep: bool) -> Report:
        fields = self._fields(value, at)
        if fields.take("kind") != KIND or fields.take("version") != VERSION:
            _refuse(f"{at}kind or version")
        computed = {
            name: fields.take(name) for name in ("first_line", "verdict", "exit_status", "holes", "not_determined")
        }
        vantage = self._fields(fields.take("vantage"), fields.at("vantage"))
        report = Report(
            program=fields.text("program", 64),
            began_at=fields.instant("began_at"),
            ended_at=fields.instant("ended_at"),
            place=vantage.one_of("place", Place),
            outside=vantage.truth("outside"),
            nonce=vantage.code("nonce"),
            facts=self._facts(vantage.take("facts"), vantage.at("facts"), 1),
            limits=self._facts(fields.take("limits"), fields.at("limits"), _DEEPEST),
            sound=fields.truth("sound"),
            fixtures=self._facts(fields.take("fixtures"), fields.at("fixtures"), 1),
            targets=fields.each("targets", self._asked),
            mandates=fields.each("mandates", self._allowed),
            addresses=fields.each("addresses", self._address),
            services=fields.each("services", self._service),
            since=fields.each("since", self._since),
            views=fields.each("views", _no_views if deep else lambda one, where: self.report(one, where, deep=True)),
            purposes=self._log(fields.take("purposes"), fields.at("purposes")),
            signature=fields.text("signature", _NOTE),
        )
        vantage.end()
        fields.end()
        if not report.sound and (report.services or report.addresses):
            _refuse(f"{at}services")
        self._same(report, computed, at)
        return report

    def _same(self, report: Report, computed: Mapping[str, object], at: str) -> None:
        """Refuse a report that says of itself what its own services do not say."""
        ours = as_json(report)
        for name, theirs in computed.items():
            # sentences may be another version's; facts are not
            if name != "first_line" and json.dumps(ours[name]) != json.dumps(theirs):
                _refuse(f"{at}{name}: not what its services say")

    def _facts(self, value: object, at: str, depth: int) -> dict[str, Any]:
        if not isinstance(value, dict):
            _refuse(at)
        self._plain(value, at, depth)
        return value

    def _plain(self, value: object, at: str, depth: int) -> None:
        match value:
            case None | bool() | int() | float():
                return
            case str():
                _string(value, at)
            case list() if depth < _DEEPEST and len(value) <= self._limits.report_items:
                for one in value:
                    self._plain(one, at, depth + 1)
            case dict() if depth <= _DEEPEST and len(value) <= _LONGEST:
                for name, one in value.items():
                    _string(name, at)
                    self._plain(one, at, depth + 1)
            case _:
                _refuse(at)

    def _asked(self, value: object, at: str) -> AskedFor:
        fields = self._fields(value, at)
        found = AskedFor(
            asked=fields.text("asked"),
            addresses=fields.whole("addresses"),
            ports=fields.each("ports", _range),
            mandates=fields.each("mandates", _string),
            left_out=fields.whole("left_out"),
        )
        fields.end()
        return found

    def _allowed(self, value: object, at: str) -> Allowed:
        fields = self._fields(value, at)
        found = Allowed(
            id=fields.text("id"),
            given_by=fields.text("given_by"),
            quality=fields.text("quality"),
            starts_at=fields.instant("starts_at"),
            ends_at=fields.instant("ends_at"),
        )
        fields.end()
        return found

    def _address(self, value: object, at: str) -> Address:
        fields = self._fields(value, at)
        found = Address(
            address=fields.ip("address"),
            own=fields.truth("own"),
            named=fields.truth("named"),
            absent=fields.truth("absent"),
            asked=fields.each("asked", _range),
            open=fields.each("open", _port),
            closed=fields.whole("closed", 0, _PORTS),
            silent=fields.each("silent", _range),
            unreachable=fields.whole("unreachable", 0, _PORTS),
            not_tried=fields.each("not_tried", _range),
        )
        fields.end()
        return found

    def _service(self, value: object, at: str) -> Service:
        fields = self._fields(value, at)
        studies = fields.take("studies")
        if studies is not None and (type(studies) is not int or studies < 0):
            _refuse(f"{at}studies")
        service = Service(
            fields.ip("address"),
            _port(fields.take("port"), f"{at}port"),
            fields.one_of("family", Family),
            product=fields.text("product"),
            banner=fields.text("banner"),
            steps=list(fields.each("steps", self._step)),
            readable=list(fields.each("readable", _string)),
            studies=studies,
            studies_at_least=fields.truth("studies_at_least"),
            notes=list(fields.each("notes", _string)),
            tls=self._facts(fields.take("tls"), fields.at("tls"), 1),
        )
        fields.take("first_refused")  # both are made of the steps
        fields.take("refusals")
        fields.end()
        return service

    def _step(self, value: object, at: str) -> Step:
        fields = self._fields(value, at)
        found = Step(
            fields.one_of("mode", Mode),
            fields.one_of("identity", Identity),
            fields.one_of("rung", Rung),
            fields.one_of("outcome", Outcome),
            fields.code("code"),
        )
        fields.end()
        return found

    def _since(self, value: object, at: str) -> Since:
        fields = self._fields(value, at)
        found = Since(
            _hole(fields.take("hole"), at), fields.instant("not_before", may_be_empty=True), fields.instant("seen_at")
        )
        fields.end()
        return found

    def _log(self, value: object, at: str) -> Log:
        fields = self._fields(value, at)
        found = Log(fields.text("file", 255), fields.whole("count"), fields.text("sha256", 64))
        if not _HASH.fullmatch(found.sha256):
            _refuse(f"{at}sha256")
        fields.end()
        return found
