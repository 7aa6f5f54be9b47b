"""The form: its fields, sections and bands (form.toml), the EDPB's blocks (edpb.toml). Dated data, read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from primum.incidents.dated import read_dated

Words = Mapping[str, str]
"""One sentence or name by language: `fr`, `en`."""

CONFIRMED: Final = "confirmed"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a field takes something: `kind` is fact, instant or derived; `part` names a part of a fact."""

    kind: str
    name: str
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A field of the form. What each name means is said at the head of form.toml."""

    number: int
    name: str
    section: str
    label: Words
    confirmed: bool
    takes: tuple[Source, ...]
    beside: tuple[Source, ...]
    asks: Words
    asks_late: Words
    rank: int
    needs: tuple[str, ...]
    unknown: str
    cnil: bool
    alert: bool


@dataclass(frozen=True, slots=True)
class Section:
    """A heading of the form, or a block of the EDPB's template, with the numbers of its fields."""

    name: str
    label: Words
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Band:
    """A number of people as it is published; `most` is None for the last."""

    most: int | None
    text: str


@dataclass(frozen=True, slots=True)
class Form:
    """A form as it was on a day."""

    in_force: str
    name: Words
    source: str
    fields: tuple[Asked, ...]
    sections: tuple[Section, ...]
    bands: tuple[Band, ...]


@dataclass(frozen=True, slots=True)
class Blocks:
    """The EDPB's template: its blocks, and what of ours stands in none."""

    in_force: str
    source: str
    note: Words
    blocks: tuple[Section, ...]


_LAST: Final = 99


def _table(name: str) -> dict[str, Any]:
    return read_dated("primum.incidents.notices", name)


def _source(text: str) -> Source:
    kind, _, rest = text.partition(":")
    name, _, part = rest.partition("/")
    return Source(kind, name, part)


def _asked(one: Mapping[str, Any]) -> Asked:
    return Asked(
        number=one["number"], name=one["name"], section=one["section"], label=one["label"],
        confirmed=one["confidence"] == CONFIRMED, takes=tuple(map(_source, one["takes"])),
        beside=tuple(map(_source, one.get("beside", ()))), asks=one.get("asks", {}), asks_late=one.get("asks_late", {}),
        rank=one.get("rank", _LAST), needs=tuple(one.get("needs", ())), unknown=one.get("unknown", ""),
        cnil=one.get("cnil", False), alert=one.get("alert", False),
    )  # fmt: skip


def _form() -> Form:
    table = _table("form.toml")
    fields = tuple(_asked(one) for one in table["field"])
    sections = tuple(
        Section(one["name"], one["label"], tuple(each.number for each in fields if each.section == one["name"]))
        for one in table["section"]
    )
    return Form(
        in_force=table["in_force"].isoformat(), name=table["name"], source=table["source"], fields=fields,
        sections=sections, bands=tuple(Band(one.get("most"), one["text"]) for one in table["band"]),
    )  # fmt: skip


def _blocks(form: Form) -> Blocks:
    table = _table("edpb.toml")
    number = {one.name: one.number for one in form.fields}

    def of(names: list[str]) -> tuple[int, ...]:
        return tuple(number[name] for name in names)

    blocks = [Section(one["name"], one["label"], of(one["fields"])) for one in table["block"]]
    blocks.append(Section("outside", table["outside_label"], of(table["outside"])))
    return Blocks(table["in_force"].isoformat(), table["source"], table["note"], tuple(blocks))


FORM: Final = _form()
"""The CNIL's form, as far as it is known."""
EDPB: Final = _blocks(FORM)
"""The EDPB's template for consultation."""
