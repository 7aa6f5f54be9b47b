"""The ladder of the web in one mode as one identity: page, search, retrieve, store, run (docs/design/exposure.md)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from primum.exposure.probe.dialling import Unanswered
from primum.exposure.probe.gate import NotProven
from primum.exposure.probe.model import Outcome, Rung, Service, Step
from primum.exposure.probe.web import notes
from primum.exposure.probe.web.attributes import KEYWORDS, names_of
from primum.exposure.probe.web.evidence import (
    asks_for_password,
    code_of,
    found,
    found_dicom,
    is_page,
    shown,
    shows,
)  # fmt: skip
from primum.exposure.probe.web.http import NO_CONTENT, OK, Answer, Pages, Request
from primum.exposure.probe.web.json_scan import JSONScan
from primum.exposure.probe.web.products import ListPath, MethodPath, Product, paths
from primum.exposure.probe.web.routes import is_primum
from primum.exposure.probe.web.tally import Tally

if TYPE_CHECKING:
    from primum.exposure.probe.model import Identity, Mode
    from primum.exposure.probe.speaking import Asking

_DICOM_JSON: Final = "application/dicom+json, application/json;q=0.9"
_OBJECTS: Final = 'multipart/related; type="application/dicom", application/dicom, */*;q=0.1'
_WADO: Final = (
    "requestType=WADO&studyUID={study}&seriesUID={series}&objectUID={instance}&contentType=application%2Fdicom"
)
"""PS3.18 9.1.2."""
_STUDY, _SERIES, _INSTANCE = "0020000D", "0020000E", "00080018"
_SILENCES: Final = 2
"""Requests in a row that nothing answers, before a mode is given up: a third costs as long and says no more."""
_MISDIRECTED: Final = 421
_NOT_SERVED: Final = frozenset({400, _MISDIRECTED, 426})
"""Said to plain HTTP on a port of TLS, to another name than the server's own, to who should speak another way."""
_METHOD_NOT_ALLOWED: Final = 405
_WRITES: Final = frozenset({"POST", "PUT"})
_DICOM_TYPES: Final = ("multipart/related", "application/dicom", "image/", "application/octet-stream")
_RUNGS: Final = (Rung.PAGE, Rung.SEARCH, Rung.RETRIEVE, Rung.STORE, Rung.RUN)


_SHARES: Final = {Rung.PAGE: 0.4, Rung.SEARCH: 0.6, Rung.RETRIEVE: 0.5, Rung.STORE: 0.6, Rung.RUN: 1.0}
"""Of the time that is left, what a rung may take: a slow box is asked of each rung what there is time for."""


class RungOver(Exception):
    """The time of this rung is over."""


class LeftAlone(Exception):
    """This mode gives nothing more: silent again and again, or no time left."""


class Ladder:
    """One mode, one identity."""

    def __init__(
        self,
        asking: Asking,
        service: Service,
        mode: Mode,
        identity: Identity,
        *,
        deadline: float,
        fields: Iterable[tuple[str, str]] = (),
    ) -> None:
        """`deadline`: of the service, monotonic. `fields`: credentials, as header fields."""
        self._asking = asking
        self._service = service
        self.mode, self.identity = mode, identity
        self.pages = Pages(asking, mode, identity, fields)
        self._tallies = {rung: Tally() for rung in _RUNGS}
        self._impossible = Answer(0)
        self._silences = 0
        self._deadline = deadline
        self._until = deadline
        self._asked: dict[str, Answer] = {}
        self._roots: list[str] = []
        """Roots of DICOMweb that answered a search."""
        self.served = False
        """Whether HTTP is spoken in this mode, and anything served."""
        self.challenged = ""
        """A path that asked for HTTP Basic."""

    def climb(self) -> None:
        """Try every rung; add the steps to the service."""
        with self.pages:
            try:
                if not self._begins():
                    return
                self._rungs()
            except (LeftAlone, RungOver):
                self._tell_silence()
        steps = (self._tallies[rung].step(self.mode, self.identity, rung) for rung in _RUNGS)
        self._service.steps += [one for one in steps if one is not None]

    def _rungs(self) -> None:
        """Try each rung in its share of the time that is left."""
        ways = (self._page, self._search, self._retrieve, self._store, self._run)
        for rung, way in zip(_RUNGS, ways, strict=True):
            now = time.monotonic()
            self._until = now + (self._deadline - now) * _SHARES[rung]
            try:
                way()
            except RungOver:
                self._tallies[rung].over = True

    def _begins(self) -> bool:
        """Ask for what cannot exist; return whether HTTP is spoken in this mode."""
        left = self._deadline - time.monotonic()
        soon = replace(self._asking, dialler=self._asking.dialler.within(left, self._asking.limits.recognise_seconds))
        request = Request(f"/{secrets.token_hex(8)}")
        try:
            # the first word alone is given less time: who does not speak this mode may say nothing at all
            self._impossible = self.pages.ask(
                request, Rung.PAGE, "what it says of a path that cannot exist", asking=soon
            )
        except Unanswered as over:
            self._service.steps.append(_connect(self.mode, self.identity, over))
            return False
        self.served = self._impossible.status not in _NOT_SERVED or not self._turned_away()
        return self.served

    def _turned_away(self) -> bool:
        """Tell whether nothing is served in this mode or under this name: then the rungs were refused together."""
        root = self._get(Rung.PAGE, "/", "is anything served")
        if root is None or root.status != self._impossible.status:
            return False
        if root.status == _MISDIRECTED:
            notes.add(self._service, "web.other-name")
        self._service.steps += [
            Step(self.mode, self.identity, rung, Outcome.REFUSED, str(root.status)) for rung in _RUNGS
        ]
        return True

    def ask(self, rung: Rung, request: Request, purpose: str) -> Answer | None:
        """Ask; None where no answer came, which is noted. Raises LeftAlone, RungOver."""
        tally = self._tallies[rung]
        if time.monotonic() >= self._until:
            raise RungOver
        asked_as = Rung.SEARCH if rung is Rung.STORE else rung
        try:
            answer = self.pages.ask(request, asked_as, purpose)
        except Unanswered as over:
            tally.unanswered(over)
            self._silences += over.how == "silent"
            if self._silences >= _SILENCES or over.how == "budget":
                raise LeftAlone from None
            return None
        except NotProven as refusal:
            tally.not_tried = refusal.code
            return None
        self._silences = 0
        if answer.status == 401 and "basic" in answer.value("www-authenticate").lower():  # noqa: PLR2004
            self.challenged = self.challenged or request.path
        return answer

    def _get(self, rung: Rung, path: str, purpose: str) -> Answer | None:
        """Ask for a page of the list once, however many blocks name it."""
        if path not in self._asked:
            answer = self.ask(rung, Request(path), purpose)
            if answer is None:
                return None
            self._asked[path] = answer
        return self._asked[path]

    # page

    def _page(self) -> None:
        for product in paths().products:
            for evidence in product.page:
                answer = self._get(Rung.PAGE, evidence.path, "pages of products")
                if answer is None:
                    continue
                if shown(evidence, answer, self._impossible):
                    self._grant(Rung.PAGE, product)
                else:
                    self._tallies[Rung.PAGE].refused(code_of(answer))
            self._name(product)
        self._administration()
        self._note()
        self._asked.clear()

    def _name(self, product: Product) -> None:
        for evidence in product.seen:
            answer = self._get(Rung.PAGE, evidence.path, "pages of products")
            if answer is None or not shows(evidence, answer):
                continue
            # who refuses by name does so everywhere; who shows a page must not show it everywhere
            if OK not in evidence.status or not shows(evidence, self._impossible):
                self._call(product.name)

    def _administration(self) -> None:
        for name, evidence in zip(paths().administrations, paths().administration, strict=True):
            answer = self._get(Rung.PAGE, evidence.path, "administration of routers and NAS")
            if answer is not None and shows(evidence, answer):
                self._call(name)
                notes.add(self._service, "web.administration-seen")
                return

    def _note(self) -> None:
        root = self._asked.get("/")
        for answer in (root, self._impossible):
            if answer is not None:
                notes.of_answer(self._service, answer, self.mode, self._asking.known.host)
                if self.pages.leads_to_tls(answer):
                    notes.add(self._service, "web.redirects-to-tls")
                elif self.pages.leads_away(answer):
                    notes.add(self._service, "web.redirects-elsewhere")
        if root is not None and is_page(root) and asks_for_password(root):
            notes.of_sign_in(self._service, self.mode)

    # search

    def _search(self) -> None:
        for root in paths().dicomweb.roots:
            for search in paths().dicomweb.searches:
                if not self._searched(f"{root}/{search}") and not self._has(root, search):
                    break  # no such root: its other routes are not there either
            self._capabilities(root)
        for product in paths().products:
            for wanted in product.search:
                self._product_search(product, wanted)
            self._count(product)

    def _has(self, root: str, search: str) -> bool:
        """Tell whether the route is there for somebody, by what it answered."""
        answer = self._asked.get(f"{root}/{search}")
        return answer is not None and answer.status in {400, 401, 403, 406, 429}

    def _searched(self, path: str) -> bool:
        scan = JSONScan(take=(_STUDY,))
        answer = self.ask(Rung.SEARCH, _scanned(path, scan), "a search with a limit of one (QIDO-RS)")
        if answer is None:
            return False
        self._asked[path] = answer
        if not found_dicom(answer, scan) or self._is_said_to_all(ListPath(path=path, reads="dicom")):
            self._tallies[Rung.SEARCH].refused(code_of(answer))
            return False
        self._grant(Rung.SEARCH)
        self._roots.append(path.rsplit("/", 1)[0])
        self._readable(scan, answer)
        return True

    def _is_said_to_all(self, wanted: ListPath) -> bool:
        """Ask beside it for what cannot exist: a site that finds that too finds everything."""
        path, _, query = wanted.path.partition("?")
        beside = f"{path.rsplit('/', 1)[0]}/{secrets.token_hex(8)}?{query}"
        scan = JSONScan(keys=wanted.keys)
        answer = self.ask(Rung.SEARCH, _scanned(beside, scan), "what it says of a search that cannot exist")
        return answer is None or found(wanted, answer, scan, self._service.product)

    def _readable(self, scan: JSONScan, answer: Answer) -> None:
        names = [one for one in names_of(scan.valued) if one not in self._service.readable]
        self._service.readable += names
        if scan.elements and self._service.studies is None:
            self._service.studies, self._service.studies_at_least = 1, True
        if answer.cut:
            notes.add(self._service, "web.more-than-asked")

    def _capabilities(self, root: str) -> None:
        if root in self._roots:
            self.ask(Rung.SEARCH, Request(root or "/", "OPTIONS"), "capabilities (PS3.18 8.9)")

    def _product_search(self, product: Product, wanted: ListPath) -> None:
        take = {"orthanc": ("*",), "dicom": (_STUDY,)}.get(wanted.reads, ())
        scan = JSONScan(keys=wanted.keys, take=take, words=KEYWORDS.values() if wanted.reads == "words" else ())
        answer = self.ask(Rung.SEARCH, _scanned(wanted.path, scan), f"a list of {product.name} with a limit of one")
        if answer is None:
            return
        if found(wanted, answer, scan, self._service.product) and not self._is_said_to_all(wanted):
            self._grant(Rung.SEARCH, product)
            self._readable(scan, answer)
        else:
            self._tallies[Rung.SEARCH].refused(code_of(answer))

    def _count(self, product: Product) -> None:
        if product.count is None or self._tallies[Rung.SEARCH].granted is None:
            return
        scan = JSONScan(counters=(product.count.key,))
        answer = self.ask(Rung.SEARCH, _scanned(product.count.path, scan), f"how many studies {product.name} has")
        if answer is not None and answer.status == OK and product.count.key in scan.numbers and not scan.broken:
            self._service.studies, self._service.studies_at_least = scan.numbers[product.count.key], False

    # retrieve

    def _retrieve(self) -> None:
        tally = self._tallies[Rung.RETRIEVE]
        if not self._may_retrieve():
            return
        for request in self._objects():
            answer = self.ask(Rung.RETRIEVE, request, "one object: header fields of the answer alone")
            if answer is None:
                continue
            if answer.status == OK and answer.media_type().startswith(_DICOM_TYPES):
                tally.granted = Outcome.OPEN
                return
            tally.refused(code_of(answer))
        if tally.step(self.mode, self.identity, Rung.RETRIEVE) is None:
            self._nothing_to_retrieve(tally)

    def _may_retrieve(self) -> bool:
        """Ask for an object that cannot exist: shows whether the rung may be asked at all, and who is sent away."""
        made_up = Request(f"{self._root()}/studies/2.25.{secrets.randbits(120)}", accept=_OBJECTS, head_only=True)
        answer = self.ask(Rung.RETRIEVE, made_up, "an object that cannot exist")
        if answer is not None and answer.status in {401, 403, 407}:
            self._tallies[Rung.RETRIEVE].refused(str(answer.status))
        return not self._tallies[Rung.RETRIEVE].not_tried

    def _nothing_to_retrieve(self, tally: Tally) -> None:
        if self._tallies[Rung.SEARCH].granted is not None:
            tally.unsettled.append("nothing-to-retrieve")
        else:
            tally.refused("404")

    def _root(self) -> str:
        return self._roots[0] if self._roots else paths().dicomweb.roots[0]

    def _objects(self) -> list[Request]:
        requests = []
        for root in dict.fromkeys(self._roots):
            requests += self._of_dicomweb(root)
        for product in paths().products:
            for wanted in product.retrieve:
                scan = JSONScan(take=("*",))
                self.ask(Rung.RETRIEVE, _scanned(wanted.list, scan), "the number of one object")
                if "*" in scan.taken:
                    path = wanted.path.format(id=scan.taken["*"])
                    requests.append(Request(path, accept=_OBJECTS, head_only=True, shown=wanted.path))
        return requests

    def _of_dicomweb(self, root: str) -> list[Request]:
        uids = self._one_object(root)
        if not uids:
            return []
        web = paths().dicomweb
        known = {"study": uids[_STUDY], "series": uids.get(_SERIES, ""), "instance": uids.get(_INSTANCE, "")}
        usable = [one for one in web.retrieves if all(value for name, value in known.items() if f"{{{name}}}" in one)]
        requests = [
            Request(f"{root}/{one.format(**known)}", accept=_accept(one), head_only=True, shown=f"{root}/{one}")
            for one in usable
        ]
        if all(known.values()):
            query = _WADO.format(**known)
            requests += [Request(f"{one}?{query}", head_only=True, shown=one) for one in web.wado]
        return requests

    def _one_object(self, root: str) -> dict[str, str]:
        """Ask a search again for the UIDs of one object, or of the canary alone where the target is a Primum."""
        canary = self._asking.known.canary
        if is_primum(self._asking, self._service) and not canary:
            return {}
        study = f"&StudyInstanceUID={quote(canary, safe='.')}" if canary else ""
        for level in ("instances", "studies"):
            scan = JSONScan(take=(_STUDY, _SERIES, _INSTANCE))
            request = _scanned(f"{root}/{level}?limit=1{study}", scan, shown=f"{root}/{level}?limit=1")
            self.ask(Rung.RETRIEVE, request, "the UIDs of one object")
            if _STUDY in scan.taken:
                return scan.taken
        return {_STUDY: canary} if canary else {}

    # store and run

    def _store(self) -> None:
        tally = self._tallies[Rung.STORE]
        for wanted in self._stores():
            answer = self.ask(Rung.STORE, Request(wanted.path, wanted.method), "whether it would take an object")
            if answer is None:
                continue
            allowed = answer.status in {OK, NO_CONTENT, _METHOD_NOT_ALLOWED} and answer.allowed() & _WRITES
            if not allowed or self._impossible.allowed() & _WRITES:
                tally.refused(code_of(answer))
            elif self._tallies[Rung.SEARCH].granted is not None:
                tally.granted = Outcome.NEGOTIATED
                return
            else:
                tally.refused(self._search_refused())

    def _stores(self) -> list[MethodPath]:
        web = paths().dicomweb
        roots = dict.fromkeys(self._roots) or dict.fromkeys((self._root(),))
        routes = [MethodPath(f"{root}/{one}") for root in roots for one in web.stores]
        return routes + [one for product in paths().products for one in product.store]

    def _search_refused(self) -> str:
        """Return by which code a search was refused: who may not read is not told to be able to write."""
        step = self._tallies[Rung.SEARCH].step(self.mode, self.identity, Rung.SEARCH)
        return step.code if step is not None and step.code else "404"

    def _run(self) -> None:
        tally = self._tallies[Rung.RUN]
        for path in (one for product in paths().products for one in product.run):
            answer = self.ask(Rung.RUN, Request(path, "POST", body=b""), "an empty script, which runs nothing")
            if answer is None:
                continue
            beside = self.ask(Rung.RUN, Request(f"{path}-{secrets.token_hex(4)}", "POST", body=b""), "beside it")
            if answer.status == OK and beside is not None and beside.status != OK:
                tally.granted = Outcome.OPEN
                return
            tally.refused(code_of(answer))

    # both

    def _grant(self, rung: Rung, product: Product | None = None) -> None:
        self._tallies[rung].granted = Outcome.OPEN
        if product is not None:
            self._call(product.name)

    def _call(self, name: str) -> None:
        if not self._service.product:
            self._service.product = name[: self._asking.limits.shown_characters]

    def _tell_silence(self) -> None:
        """Rungs that could no more be asked are not known."""
        for tally in self._tallies.values():
            if tally.granted is None and not tally.not_tried:
                tally.silent = True


def _scanned(path: str, scan: JSONScan, *, shown: str = "") -> Request:
    return Request(path, accept=_DICOM_JSON, bodies=scan.feed, shown=shown)


def _accept(route: str) -> str:
    if route.endswith("metadata"):
        return _DICOM_JSON
    if route.endswith(("rendered", "thumbnail")):
        return "image/jpeg, image/png"
    return 'multipart/related; type="application/octet-stream"' if "frames" in route or "bulk" in route else _OBJECTS


def _connect(mode: Mode, identity: Identity, over: Unanswered) -> Step:
    """Say what became of a mode in which no HTTP came."""
    outcomes = {"silent": Outcome.SILENT, "budget": Outcome.UNDETERMINED, "cut": Outcome.UNDETERMINED}
    if over.code == "no-foreign-certificate":
        return Step(mode, identity, Rung.CONNECT, Outcome.NOT_TRIED, over.code)
    return Step(mode, identity, Rung.CONNECT, outcomes.get(over.how, Outcome.REFUSED), over.code or over.how)
