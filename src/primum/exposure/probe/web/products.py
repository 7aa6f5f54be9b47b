"""The lists of what is asked over HTTP, as values: products with their evidence, roots of DICOMweb, credentials."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any, Final

from primum.exposure.probe.speaking import Route


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A path, and by what one knows that the answer is a product's own. All that is given must hold."""

    path: str
    title: tuple[str, ...] = ()
    body: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    type: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    status: tuple[int, ...] = (200,)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPath:
    """A product's own list with a limit of one. `reads`: as what its answer is read."""

    path: str
    reads: str
    keys: tuple[str, ...] = ()
    of: str = ""
    """Counts only where this product was recognised: the answer alone could be anybody's."""


@dataclass(frozen=True, slots=True)
class MethodPath:
    """A route that writes, and the method that shows whether it would: one that cannot write."""

    path: str
    method: str = "OPTIONS"


@dataclass(frozen=True, slots=True)
class ObjectPath:
    """Where one object is had, by the identifier that `list` names."""

    list: str
    path: str


@dataclass(frozen=True, slots=True)
class Counter:
    """Where a product says how many studies it has, under which key."""

    path: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """What one product shows. `seen`: names it and is no hole."""

    name: str
    page: tuple[Evidence, ...] = ()
    seen: tuple[Evidence, ...] = ()
    search: tuple[ListPath, ...] = ()
    retrieve: tuple[ObjectPath, ...] = ()
    store: tuple[MethodPath, ...] = ()
    run: tuple[str, ...] = ()
    count: Counter | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DICOMweb:
    """Routes of PS3.18 and the roots under which they are looked for."""

    roots: tuple[str, ...]
    searches: tuple[str, ...]
    stores: tuple[str, ...]
    retrieves: tuple[str, ...]
    wado: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Paths:
    """The whole list, with its date."""

    as_of: date
    products: tuple[Product, ...]
    dicomweb: DICOMweb
    administration: tuple[Evidence, ...]
    administrations: tuple[str, ...]
    """Names, in the order of `administration`."""


@dataclass(frozen=True, slots=True)
class Credential:
    """What a product comes with."""

    user: str
    password: str
    products: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Public:
    """What a Primum may answer to everybody."""

    sign_in: tuple[str, ...]
    refused: frozenset[int]
    routes: frozenset[tuple[str, str]]
    beginnings: tuple[str, ...]

    def may_be_seen(self, method: str, path: str) -> bool:
        """Tell whether everybody may be answered this."""
        return ("GET" if method == "HEAD" else method, path) in self.routes or path.startswith(self.beginnings)


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(resources.files("primum.exposure.probe.lists").joinpath(name).read_text("utf-8"))


@cache
def paths() -> Paths:
    """Return the list of paths."""
    table = _read("paths.toml")
    web, administration = table["dicomweb"], table["administration"]
    return Paths(
        table["as_of"],
        tuple(_product(one) for one in table["products"]),
        DICOMweb(**{name: tuple(values) for name, values in web.items()}),
        tuple(Evidence(path=administration["path"], title=tuple(one["title"])) for one in administration["names"]),
        tuple(one["name"] for one in administration["names"]),
    )


@cache
def credentials() -> tuple[Credential, ...]:
    """Return the credentials that products come with."""
    table = _read("credentials.toml")
    return tuple(Credential(one["user"], one["password"], tuple(one["products"])) for one in table["credentials"])


@cache
def public() -> Public:
    """Return what a Primum may answer to everybody."""
    table = _read("public.toml")
    return Public(
        tuple(table["sign_in"]),
        frozenset(table["refused"]),
        frozenset((one["method"], one["path"]) for one in table["routes"]),
        tuple(table["beginnings"]),
    )


@cache
def primum_routes() -> tuple[Route, ...]:
    """Return every route of a Primum, with identifiers that exist nowhere."""
    lines = [one.split(" ", 1) for one in _read("routes.toml")["routes"]]
    return tuple(Route(method, _PARAMETER.sub(_filled, path)) for method, path in lines)


_PARAMETER: Final = re.compile(r"\{(\w+)\}")
_NOWHERE: Final = "2.25.179424673982451653"
"""A UID that nobody has given to anything."""
_FILLED: Final = {
    "study": _NOWHERE,
    "series": _NOWHERE,
    "instance": _NOWHERE,
    "workitem": _NOWHERE,
    "aetitle": "PRIMUM-PROBE",
    "frames": "1",
    "path": "7FE00010",
}


def _filled(parameter: re.Match[str]) -> str:
    return _FILLED.get(parameter.group(1), "nothing")


def _product(table: Mapping[str, Any]) -> Product:
    return Product(
        name=table["name"],
        page=tuple(_evidence(one) for one in table.get("page", ())),
        seen=tuple(_evidence(one) for one in table.get("seen", ())),
        search=tuple(ListPath(**_tuples(one)) for one in table.get("search", ())),
        retrieve=tuple(ObjectPath(**one) for one in table.get("retrieve", ())),
        store=tuple(MethodPath(**one) for one in table.get("store", ())),
        run=tuple(one["path"] for one in table.get("run", ())),
        count=Counter(**table["count"]) if "count" in table else None,
    )


def _evidence(table: Mapping[str, Any]) -> Evidence:
    return Evidence(**_tuples(table))


def _tuples(table: Mapping[str, Any]) -> dict[str, Any]:
    return {name: tuple(value) if isinstance(value, list) else value for name, value in table.items()}
