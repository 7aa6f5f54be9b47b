"""Refusals: each a class, its docstring the sentence, its `code` stable.

A refusal tells the fact, then the way out. Its attributes carry facts that a program may read; none of
them may ever hold anything about a patient. Doors map codes to HTTP, DIMSE and exit statuses.
"""

from __future__ import annotations

import inspect
from typing import ClassVar


class PrimumError(Exception):
    """Something was refused."""

    code: ClassVar[str] = "primum.refused"
    hint: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        """Keep `facts` as attributes; the docstring and the hint are formatted with them."""
        super().__init__()
        self.facts = facts

    def __getattr__(self, name: str) -> object:
        """Give back one of the facts by its name."""
        facts = self.__dict__.get("facts", {})
        if name in facts:
            return facts[name]
        raise AttributeError(name)

    def __str__(self) -> str:
        """Say the fact, as one sentence."""
        sentence = inspect.cleandoc(type(self).__doc__ or "").split("\n\n")[0].replace("\n", " ")
        return sentence.format(**self.facts)

    def way_out(self) -> str:
        """Say what to do about it; empty where there is nothing to suggest."""
        return type(self).hint.format(**self.facts)

    def __reduce__(self) -> tuple[object, ...]:
        """Survive a pickle, facts included."""
        return (_rebuild, (type(self), self.facts))


def _rebuild(kind: type[PrimumError], facts: dict[str, object]) -> PrimumError:
    return kind(**facts)


def every_refusal(kind: type[PrimumError] = PrimumError) -> list[type[PrimumError]]:
    """List every class of refusal that is imported now, in order of code."""
    found = {kind}
    for child in kind.__subclasses__():
        found.update(every_refusal(child))
    return sorted(found, key=lambda one: (one.code, one.__qualname__))
