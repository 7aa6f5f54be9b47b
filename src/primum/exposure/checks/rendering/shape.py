"""What HTML and PDF both show of a report: the answer, what changed, the lines from the gravest, the texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from primum.exposure.checks.model import Json, State
from primum.exposure.checks.rendering.words import word, written

ORDER: Final = tuple(State)


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line as it is read."""

    state: str
    state_word: str
    title: str
    says: str
    do: str
    how: str
    """`measured, 2026-11-22 17:00`, and until when a declaration counts."""
    items: Sequence[str]
    evidence: str
    answers_to: str


@dataclass(frozen=True, slots=True)
class Shown:
    """A report as it is read."""

    title: str
    answer: str
    state: str
    made: str
    counts: str
    changes_title: str
    changes: Sequence[str]
    lines_title: str
    lines: Sequence[ShownLine]
    sources: Sequence[str]


def shape(report: Json, language: str) -> Shown:
    """Choose the words."""
    count = report["summary"]
    facts = {
        "good": count["good"], "attention": count["attention"], "bad": count["bad"],
        "undetermined": count["not-determined"],
    }  # fmt: skip
    worst = next((one.value for one in ORDER if count[one.value]), State.GOOD.value)
    lines = sorted(report["lines"], key=lambda line: [one.value for one in ORDER].index(line["state"]))
    previous = report["previous"]
    return Shown(
        title=word(language, "title"),
        answer=word(language, f"answer.{worst}", **facts),
        state=worst,
        made=word(language, "made", at=written(report["made_at"]), home=report["home"], version=report["version"]),
        counts=word(language, "counts", **facts),
        changes_title=word(language, "changes", at=written(previous["made_at"]))
        if previous
        else word(language, "first"),
        changes=_changes(report, language) if previous else (),
        lines_title=word(language, "lines", count=len(lines)),
        lines=[_line(line, language) for line in lines],
        sources=[f"{one['title']} ({one['date']})" for _, one in sorted(report["sources"].items())],
    )


def way_of(line: Json, language: str) -> str:
    """Write how a line is known; one that somebody has yet to declare says so."""
    return word(language, "way." + ("undeclared" if line["code"] == "undeclared" else line["way"]))


def change(one: Json, language: str) -> str:
    """Write one line of a difference."""
    title = str(one["title"][language])
    colon = " : " if language == "fr" else ": "
    if one["from"] is None or one["to"] is None:
        return title + colon + word(language, "new" if one["from"] is None else "gone")
    was, now = (f"{word(language, 'state.' + side['state'])} ({side['code']})" for side in (one["from"], one["to"]))
    return f"{title}{colon}{was} > {now}"


def _changes(report: Json, language: str) -> list[str]:
    return [change(one, language) for one in report["changes"]] or [word(language, "no_changes")]


def _line(line: Json, language: str) -> ShownLine:
    how = f"{way_of(line, language)}, {written(line['at'])}"
    if line["until"]:
        how += f", {word(language, 'until', until=line['until'])}"
    items = [*line["items"], *([word(language, "more", count=line["more"])] if line["more"] else [])]
    return ShownLine(
        line["state"], word(language, "state." + line["state"]), line["title"][language], line["says"][language],
        line["do"][language], how, items, "; ".join(line["evidence"]), answers_to(line, language),
    )  # fmt: skip


def answers_to(line: Json, language: str) -> str:
    """Write what a line answers to; what is not sure is said to be."""
    unsure = f" ({word(language, 'unsure')})"

    def sure(said: str, one: Json) -> str:
        return said + (unsure if one["confidence"] == "to-be-confirmed" else "")

    told = line["answers_to"]
    found = [sure(word(language, "sheet", number=one["sheet"]), one) for one in told["cnil"]]
    found += [sure(word(language, "article", letter=one["letter"]), one) for one in told["article_32"]]
    found += [sure(one["decision"] + _paragraphs(one["paragraphs"]), one) for one in told["decisions"]]
    return "; ".join(found)


def _paragraphs(numbers: Sequence[int]) -> str:
    return " §" + ", ".join(str(number) for number in numbers) if numbers else ""
