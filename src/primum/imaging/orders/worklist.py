"""The modality worklist (PS3.4 K): the identifier of a C-FIND as a question, a scheduled step as its answer. Pure.

Both are in the DICOM JSON model (PS3.18 F). An answer holds what was asked for (K.4.1.1.3.2): an attribute that we know
and have no value for comes empty, one that we do not know is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from primum.imaging.errors import BadQuery
from primum.imaging.matching import like
from primum.imaging.names import fold, fold_group, parse_name
from primum.imaging.orders.model import Code, Entry, StepState
from primum.imaging.orders.values import Json, element, has, items, sequence, text, texts

SPS: Final = "00400100"
_DATE, _TIME = "00400002", "00400003"
_BIRTH_DATE: Final = "00100030"
_CHARSET: Final = frozenset({"00080005", "00080201"})
_MOST_KEYS = 128
"""Elements of a question: the largest seen in conformance statements is about 60."""
_MOST_VALUES = 256

MATCHED: Final = {
    "00080050": "text", "00080090": "name", "00100010": "name", "00100020": "text", "00100021": "text",
    "00100030": "date", "00100040": "text", "0020000D": "uid", "00321032": "name", "00380010": "text",
    "00401001": "text", "00402016": "text", "00402017": "text",
}  # fmt: skip
"""Matching keys of the top level, and how each is compared (table K.6-1)."""

MATCHED_IN_STEP: Final = {
    "00080060": "text", "00400001": "text", "00400006": "name", "00400009": "text", "00400010": "text",
    "00400011": "text", "00400020": "text",
}  # fmt: skip
"""Matching keys inside the Scheduled Procedure Step Sequence; its date and time are `Period`."""


@dataclass(frozen=True, slots=True)
class Period:
    """From one local moment to another, both included, as `YYYYMMDDHHMMSS`; empty ends are open."""

    low: str = ""
    high: str = ""
    low_time: str = ""
    high_time: str = ""
    """Where a time range stands alone, on any day."""

    def holds(self, date: str, time: str) -> bool:
        """Tell whether a step is in it; one without an hour is in every hour of its day."""
        if not time:
            return (not self.low or date >= self.low[:8]) and (not self.high or date <= self.high[:8])
        at, hour = date + time.ljust(6, "0"), time.ljust(6, "0")
        on_day = (not self.low or at >= self.low) and (not self.high or at <= self.high)
        return (
            on_day and (not self.low_time or hour >= self.low_time) and (not self.high_time or hour <= self.high_time)
        )


@dataclass(frozen=True, slots=True)
class Question:
    """What a modality asks for."""

    identifier: Json
    step: Json
    """The item of the Scheduled Procedure Step Sequence; empty when all of it is wanted."""
    period: Period
    whole_step: bool
    partly: bool
    """A key with a value that is not compared here: answers have status FF01H."""

    @property
    def since(self) -> str:
        """The first day asked for; empty when open."""
        return self.period.low[:8]

    @property
    def until(self) -> str:
        """The last day asked for; empty when open."""
        return self.period.high[:8]


def question(identifier: Json) -> Question:
    """Read an identifier. Raises BadQuery."""
    wanted = items(identifier, SPS)
    if len(wanted) > 1:
        raise BadQuery(why="the scheduled procedure step sequence has more than one item")
    step = wanted[0] if wanted else {}
    if len(identifier) + len(step) > _MOST_KEYS:
        raise BadQuery(why="it has too many keys")
    for data in (identifier, step):
        if any(len(texts(data, tag)) > _MOST_VALUES for tag in data):
            raise BadQuery(why="a key has too many values")
    _range(text(identifier, _BIRTH_DATE).replace(".", ""), _DAY, "a date")
    valued = {
        tag
        for tag in identifier
        if tag != SPS and tag not in _CHARSET and (texts(identifier, tag) or items(identifier, tag))
    }
    in_step = {tag for tag in step if texts(step, tag) or items(step, tag)}
    partly = bool(valued - MATCHED.keys() or in_step - MATCHED_IN_STEP.keys() - {_DATE, _TIME})
    return Question(identifier, step, _period(text(step, _DATE), text(step, _TIME)), not step, partly)


def _period(date: str, time: str) -> Period:
    first, last = _range(date.replace(".", ""), _DAY, "a date")
    early, late = _range(_seconds(time), _HOUR, "a time")
    if (first and last and first > last) or (early and late and early.ljust(6, "0") > late and not (first or last)):
        raise BadQuery(why="a range runs backwards")
    if "-" not in time or not (first or last):
        low, high = (first + "000000" if first else ""), (last + "999999" if last else "")
        return Period(low, high, early.ljust(6, "0") if early else "", late)
    # K.6-1: a range of dates and one of times are one period, from the first moment to the last
    low, high = (first + early.ljust(6, "0") if first else ""), (last + late.ljust(6, "9") if last else "")
    if low and high and low > high:
        raise BadQuery(why="a range runs backwards")
    return Period(low, high)


def _seconds(time: str) -> str:
    """Write a time or a range of them without colons and fractions: a schedule has minutes."""
    return "-".join(one.strip().replace(":", "").partition(".")[0] for one in time.split("-"))


_DAY = re.compile(r"[0-9]{8}")
_HOUR = re.compile(r"(?:[0-9]{2}){1,3}")


def _range(given: str, form: re.Pattern[str], what: str) -> tuple[str, str]:
    """Read a value or a range of them: both ends, empty when open; the end of an hour is its last second."""
    if given in {"", "*"}:
        return "", ""
    low, dash, high = (one.strip() for one in given.partition("-"))
    if not all(form.fullmatch(end) for end in (low, high) if end):
        raise BadQuery(why=f"{what} is not one")
    return low, ((high if dash else low).ljust(6, "9") if high or not dash else "")


def matches(asked: Question, entry: Entry, aet: str) -> bool:
    """Tell whether a step is an answer."""
    if not asked.period.holds(entry.step.date, entry.step.time):
        return False
    whole = attributes(entry, aet)
    (step,) = items(whole, SPS)
    return _same(asked.identifier, whole, MATCHED) and _same(asked.step, step, MATCHED_IN_STEP)


def _same(asked: Json, known: Json, keys: Mapping[str, str]) -> bool:
    return all(_COMPARE[how](wanted, text(known, tag)) for tag, how in keys.items() if (wanted := texts(asked, tag)))


def _text(wanted: list[str], value: str) -> bool:
    return any(like(one.strip(), value) for one in wanted)


def _name(wanted: list[str], value: str) -> bool:
    name = parse_name(value).folded()
    return any(_group(pattern, name) for one in wanted for pattern in [parse_name(one)])


def _group(pattern: tuple[str, str, str], name: tuple[str, str, str]) -> bool:
    asked = [_pattern(one) for one in pattern if one]
    return all(any(like(one, group) for group in name if group) for one in asked) if asked else True


def _pattern(group: str) -> str:
    return fold_group(group) if "*" not in group and "?" not in group else fold_group(fold(group))


def _date(wanted: list[str], value: str) -> bool:
    low, high = _range(wanted[0].replace(".", ""), _DAY, "a date")
    return (not low or value >= low) and (not high or value <= high) and bool(value or not (low or high))


def _uid(wanted: list[str], value: str) -> bool:
    return value in wanted or wanted == ["*"]


_COMPARE: Final[Mapping[str, Callable[[list[str], str], bool]]] = {
    "text": _text, "name": _name, "date": _date, "uid": _uid,
}  # fmt: skip


def answer(asked: Question, entry: Entry, aet: str) -> dict[str, Any]:
    """Give of a step what was asked for."""
    whole = attributes(entry, aet)
    given = {tag: whole[tag] for tag in asked.identifier if tag in whole and tag != SPS}
    if has(asked.identifier, SPS):
        (step,) = items(whole, SPS)
        kept = step if asked.whole_step else {tag: step[tag] for tag in asked.step if tag in step}
        given[SPS] = sequence(kept)
    return given


_STATUS: Final = {StepState.STARTED: "STARTED"}
_PREGNANCY: Final = {"no": 1, "possible": 2, "yes": 3, "unknown": 4}


def attributes(entry: Entry, aet: str) -> dict[str, Any]:
    """Write a step with all that we know (table K.6-1). A step for any station is shown as one for who asks."""
    patient, order, step = entry.patient, entry.order.facts, entry.step
    return {
        "00080050": element("SH", order.accession),
        "00080090": element("PN", order.referrer),
        "00081110": {"vr": "SQ"},
        "00081120": {"vr": "SQ"},
        "00100010": element("PN", patient.name),
        "00100020": element("LO", patient.identifier.value),
        "00100021": element("LO", patient.identifier.issuer),
        "00100030": element("DA", patient.birth_date),
        "00100040": element("CS", patient.sex),
        "00101002": sequence(*_others(entry)),
        "00101005": element("PN", patient.birth_name),
        "00101030": {"vr": "DS"},
        "00102000": element("LO", order.alerts),
        "00102110": {"vr": "LO"},
        "001021C0": element("US", _PREGNANCY.get(order.pregnancy)),
        "0020000D": element("UI", order.study_uid),
        "00321032": element("PN", order.asker),
        "00321060": element("LO", order.procedure.text),
        "00321064": coded(order.procedure),
        "00380010": element("LO", order.visit),
        "00380050": {"vr": "LO"},
        "00380300": {"vr": "LO"},
        "00380500": {"vr": "LO"},
        SPS: sequence(
            {
                "00080060": element("CS", step.facts.modality),
                "00321070": element("LO", step.facts.contrast),
                "00400001": element("AE", step.facts.station_aet or aet),
                _DATE: element("DA", step.date),
                _TIME: element("TM", (step.time or "0000").ljust(6, "0")),
                "00400006": element("PN", step.facts.performer),
                "00400007": element("LO", step.facts.protocol.text or order.procedure.text),
                "00400008": coded(step.facts.protocol),
                "00400009": element("SH", step.facts.number),
                "00400010": element("SH", step.facts.station_name),
                "00400011": element("SH", step.facts.location),
                "00400012": element("LO", step.facts.preparation),
                "00400020": element("CS", _STATUS.get(step.state, "SCHEDULED")),
            }
        ),
        "00401001": element("SH", order.procedure_id),
        "00401002": element("LO", order.reason[:64]),
        "00401003": element("SH", order.priority),
        "00401004": {"vr": "LO"},
        "00402016": element("LO", order.placer_number),
        "00402017": element("LO", order.filler_number),
        "00403001": {"vr": "LO"},
    }


def coded(code: Code) -> dict[str, Any]:
    """Write a code sequence; empty where only a text is known."""
    if not code.value:
        return {"vr": "SQ"}
    return sequence(
        {
            "00080100": element("SH", code.value),
            "00080102": element("SH", code.scheme),
            "00080104": element("LO", code.text or code.value),
        }
    )


def _others(entry: Entry) -> list[dict[str, Any]]:
    """Write the other identifiers; the INS with its OID as the issuer's (PS3.3 10.14)."""
    told = [
        {"00100020": element("LO", one.value), "00100021": element("LO", one.issuer), "00100022": element("CS", "TEXT")}
        for one in entry.patient.others
    ]
    if entry.patient.ins:
        issuer = {"00400032": element("UT", entry.patient.ins_oid), "00400033": element("CS", "ISO")}
        ins = {"00100020": element("LO", entry.patient.ins), "00100022": element("CS", "TEXT")}
        told.append({**ins, "00100021": element("LO", "INS"), "00100024": sequence(issuer)})
    return told
