"""Every address of the pages and the viewer (docs/reference/routes.md has the same list)."""

from __future__ import annotations

import anyio
from starlette.routing import BaseRoute, Route

from primum.doors.http.disclosures import Disclosures
from primum.doors.http.reading import Reading
from primum.doors.http.services import WebServices
from primum.doors.http.uploads import UploadEndpoint
from primum.doors.http.visit import ANYONE, PERSON, SIGNED_IN, Endpoint, Handler, Standing
from primum.doors.web.about import About
from primum.doors.web.account import Account
from primum.doors.web.at_door import AtDoor
from primum.doors.web.bringing import Bringing
from primum.doors.web.check import CheckPages
from primum.doors.web.decisions import Decisions
from primum.doors.web.dose import DosePages
from primum.doors.web.enrolment import Enrolment
from primum.doors.web.erasures import Erasures
from primum.doors.web.exports import Exports
from primum.doors.web.incident_alert import AlertPages
from primum.doors.web.incident_authority_page import AuthorityPages
from primum.doors.web.incident_deciding import DecisionPages
from primum.doors.web.incident_evidence_page import EvidencePages
from primum.doors.web.incident_hour import HourPages
from primum.doors.web.incident_notifying import NoticePages
from primum.doors.web.incident_people_batch import BatchPages
from primum.doors.web.incident_people_page import TellingPages
from primum.doors.web.incident_sanction import SanctionPages
from primum.doors.web.incident_stories import StoryPages
from primum.doors.web.incidents import IncidentPages
from primum.doors.web.interventions import InterventionPages
from primum.doors.web.keeping import Keeping
from primum.doors.web.notices import Notices
from primum.doors.web.ohif import Ohif
from primum.doors.web.orders import OrderPages
from primum.doors.web.oversight import Oversight
from primum.doors.web.prints import Prints
from primum.doors.web.refused import RefusedPages
from primum.doors.web.render import Pages
from primum.doors.web.reports import ReportPages
from primum.doors.web.sendings import SendingPages
from primum.doors.web.static import Static
from primum.doors.web.step_up import StepUp
from primum.doors.web.to_read import ToReadPages
from primum.doors.web.viewer_files import Viewer
from primum.doors.web.worklist import Worklist


class WebRoutes:
    """The pages, built once."""

    def __init__(
        self, services: WebServices, reading: Reading, disclosures: Disclosures, viewer: Viewer | None
    ) -> None:
        """Build them on `services`."""
        self._services = services
        self._reading = reading
        self._disclosures = disclosures
        self._viewer = viewer
        self._static = Static(viewer)
        self._pages = Pages(self._static)
        self._costly = anyio.CapacityLimiter(services.limits.costly_at_once)
        self.refused = RefusedPages(self._pages)

    def routes(self) -> list[BaseRoute]:
        """List them."""
        return [
            *self._door(), *self._house(), *self._reports(), *self._retention(), *self._after(), *self._sendings(),
            *self._interventions(), *self._incidents(), *self._check(), *self._ohif(),
        ]  # fmt: skip

    def _door(self) -> list[BaseRoute]:
        door, enrolment = AtDoor(self._pages, self._disclosures), Enrolment(self._pages)
        return [
            self._get("/sign-in", door.sign_in_page, ANYONE),
            self._post("/sign-in", door.sign_in, ANYONE, costly=True),
            self._get("/enrol", enrolment.link_page, ANYONE),
            self._post("/enrol/begin", enrolment.begin, ANYONE),
            self._post("/enrol/finish", enrolment.finish, ANYONE, costly=True),
            self._get("/locked", door.locked_page, SIGNED_IN),
            self._post("/unlock", door.unlock, SIGNED_IN, costly=True),
            self._post("/lock", door.lock, PERSON),
            self._post("/sign-out", door.sign_out, SIGNED_IN),
            self._post("/active", door.active, PERSON),
            self._get("/static/{stamp}/{name}", self._static.answer, ANYONE),
        ]

    def _house(self) -> list[BaseRoute]:
        worklist, account = Worklist(self._pages, self._reading), Account(self._pages)
        step_up, decisions = StepUp(self._pages), Decisions(self._pages)
        exports = Exports(self._pages, self._reading)
        return [
            self._get("/step-up", step_up.page),
            self._post("/step-up", step_up.step_up, costly=True),
            self._get("/", worklist.page),
            self._post("/search", worklist.search),
            self._get("/bring", Bringing(self._pages).page),
            self._get("/export/{study}", exports.page),
            self._post("/export/{study}", exports.prepare),
            self._get("/export/{study}/{ticket}", exports.fetch),
            *self._prints(),
            *self._orders(),
            self._get("/patients/proposals", decisions.proposals),
            self._get("/patients/{patient}", decisions.patient),
            self._get("/studies/{study}/patient", decisions.of_study),
            self._get("/studies/{study}/decisions", decisions.study),
            self._post("/decisions", decisions.decide),
            self._get("/notices", Notices(self._pages).page),
            self._get("/account", account.page),
            self._post("/account/language", account.language),
            self._post("/account/password", account.password, costly=True),
            self._get("/about", About(self._pages, self._viewer).page),
        ]

    def _prints(self) -> list[BaseRoute]:
        prints = Prints(self._pages, self._reading)
        return [
            self._get("/print/{study}", prints.page),
            self._post("/print/{study}", prints.prepare),
            self._get("/print/{study}/{ticket}", prints.fetch),
        ]

    def _retention(self) -> list[BaseRoute]:
        erasures, keeping = Erasures(self._pages, self._reading), Keeping(self._pages, self._reading)
        return [
            self._get("/erasures", erasures.page),
            self._get("/oversight", Oversight(self._pages).page),
            self._post("/erasures/decide", erasures.decide),
            self._post("/erasures/return", erasures.decide_return),
            self._post("/erasures/release", erasures.release),
            self._get("/erasures/{erasure}", erasures.certificate),
            self._get("/erasures/{erasure}/certificate.json", erasures.certificate_data),
            self._get("/retention/{study}", keeping.page),
            self._post("/retention/{study}/hold", keeping.hold),
            self._post("/retention/{study}/erase", keeping.propose),
        ]

    def _after(self) -> list[BaseRoute]:
        """List what follows an examination: its dose, its reading."""
        doses, to_read = DosePages(self._pages, self._reading), ToReadPages(self._pages, self._reading)
        return [
            self._get("/dose", doses.page),
            self._get("/dose/table.csv", doses.table),
            self._get("/to-read", to_read.page),
            self._post("/to-read/act", to_read.act),
        ]

    def _reports(self) -> list[BaseRoute]:
        reports = ReportPages(self._pages, self._reading, self._disclosures)
        return [
            self._get("/studies/{study}/reports", reports.study),
            self._upload("/studies/{study}/reports", reports.write),
            self._get("/reports/{report}", reports.show),
            self._get("/reports/{report}/report.pdf", reports.document),
            self._get("/reports/{report}/download", reports.download),
            self._upload("/reports/{report}/change", reports.change),
            self._post("/reports/{report}/validate", reports.validate),
            self._post("/reports/{report}/withdraw", reports.withdraw),
        ]

    def _sendings(self) -> list[BaseRoute]:
        sendings = SendingPages(self._pages, self._reading)
        return [
            self._get("/studies/{study}/sendings", sendings.study),
            self._post("/studies/{study}/sendings", sendings.send),
            self._get("/sendings", sendings.page),
            self._post("/sendings/cancel", sendings.cancel),
            self._post("/sendings/again", sendings.again),
            self._post("/sendings/rules", sendings.add_rule),
            self._post("/sendings/rules/remove", sendings.remove_rule),
        ]

    def _interventions(self) -> list[BaseRoute]:
        interventions = InterventionPages(self._pages)
        return [
            self._get("/interventions", interventions.page),
            self._post("/interventions", interventions.open),
            self._get("/interventions/{intervention}", interventions.one),
            self._post("/interventions/{intervention}/close", interventions.close),
            self._upload("/interventions/{intervention}/attach", interventions.attach),
            self._get("/interventions/{intervention}/reports/{report}", interventions.report),
            self._get("/findings", interventions.findings),
        ]

    def _incidents(self) -> list[BaseRoute]:
        incidents, one = IncidentPages(self._pages), "/incidents/{incident}"
        evidence, authority = EvidencePages(self._pages), AuthorityPages(self._pages)
        deciding, notices = DecisionPages(incidents), NoticePages(incidents)
        people, batch = TellingPages(self._pages), one + "/people/{batch}"
        letters = BatchPages(self._pages, people)
        alerts = AlertPages(incidents)
        return [
            self._get("/incidents", incidents.page),
            self._post("/incidents/open", incidents.open),
            self._get("/incidents/register.{kind}", authority.register),
            *self._stories(),
            self._get(one, incidents.one),
            self._post(f"{one}/alert", alerts.draw),
            self._post(f"{one}/alerted", alerts.sent),
            self._post(f"{one}/answer", incidents.answer),
            self._post(f"{one}/instant", incidents.instant),
            self._post(f"{one}/assess", deciding.assess),
            self._post(f"{one}/decide", deciding.decide),
            self._upload(f"{one}/certificate", deciding.certificate),
            self._get(f"{one}/notice/preview", notices.preview),
            self._post(f"{one}/notice/draw", notices.draw),
            self._get(one + "/notice/{notice}", notices.file),
            self._upload(one + "/notice/{notice}/receipt", notices.receipt),
            self._get(f"{one}/sanction", SanctionPages(self._pages).page),
            self._post(f"{one}/note", incidents.note),
            self._post(f"{one}/merge", incidents.merge),
            self._post(f"{one}/close", incidents.close),
            self._upload(f"{one}/attach", incidents.attach),
            self._get(one + "/documents/{document}", incidents.document),
            self._get(f"{one}/contain", evidence.page),
            self._get(f"{one}/contain/progress", evidence.progress),
            self._post(f"{one}/contain", evidence.contain),
            self._post(f"{one}/freeze", evidence.freeze),
            self._post(one + "/bundles/{bundle}", evidence.bundle),
            self._get(f"{one}/authority", authority.page),
            self._upload(f"{one}/authority/letter", authority.letter),
            self._upload(f"{one}/authority/order", authority.order),
            self._post(f"{one}/authority/pack", authority.pack),
            self._get(f"{one}/people", people.page),
            self._upload(f"{one}/people/list", people.take),
            self._upload(f"{one}/people/letter", people.letter),
            self._post(f"{one}/people/send", people.send),
            self._upload(f"{one}/people/publish", people.publish),
            self._post(f"{one}/people/returned", people.returned),
            self._get(batch, letters.page),
            self._post(f"{batch}/stop", letters.stop),
            self._post(f"{batch}/settle", letters.settle),
            self._post(f"{batch}/print", letters.printed),
            self._upload(f"{batch}/posted", letters.posted),
        ]

    def _stories(self) -> list[BaseRoute]:
        """List how a breach is told, and what to do in the next hour."""
        stories, hours = StoryPages(self._pages), HourPages(self._pages)
        return [
            self._get("/incidents/tell/{story}", stories.page),
            self._upload("/incidents/tell/{story}", stories.tell),
            self._get("/incidents/hour/{story}.html", hours.story_html),
            self._get("/incidents/hour/{story}.pdf", hours.story_pdf),
            self._get("/incidents/hour/{story}", hours.story),
            self._get("/incidents/{incident}/hour.html", hours.file_html),
            self._get("/incidents/{incident}/hour.pdf", hours.file_pdf),
        ]

    def _orders(self) -> list[BaseRoute]:
        orders = OrderPages(self._pages, self._reading)
        return [
            self._get("/orders", orders.page),
            self._post("/orders/day", orders.day),
            self._get("/orders/new", orders.new),
            self._post("/orders/patient", orders.patient),
            self._post("/orders/draft", orders.draft),
            self._post("/orders/place", orders.place),
            self._post("/orders/results", orders.send_again),
            self._get("/orders/{order_id}", orders.order),
            self._post("/orders/{order_id}/change", orders.change),
            self._post("/orders/{order_id}/cancel", orders.cancel),
        ]

    def _check(self) -> list[BaseRoute]:
        check = CheckPages(self._pages)
        return [
            self._get("/check", check.page),
            self._post("/check", check.make),
            self._post("/check/declare", check.declare),
            self._get("/check/progress", check.progress),
            self._get("/check/{run}/report.html", check.as_html),
            self._get("/check/{run}/report.pdf", check.as_pdf),
            self._get("/check/{run}/report.json", check.as_json),
        ]

    def _ohif(self) -> list[BaseRoute]:
        ohif = Ohif(self._pages, self._viewer)
        return [
            self._get("/ohif/viewer", ohif.page),
            self._get("/ohif/app-config.js", ohif.configuration),
            self._get("/ohif/{stamp}/{name:path}", ohif.file),
        ]

    def _upload(self, path: str, handler: Handler) -> Route:
        return Route(path, UploadEndpoint(self._services, handler, self.refused), methods=["POST"])

    def _get(self, path: str, handler: Handler, admits: frozenset[Standing] = PERSON) -> Route:
        return Route(path, Endpoint(self._services, handler, self.refused, admits=admits), methods=["GET"])

    def _post(
        self, path: str, handler: Handler, admits: frozenset[Standing] = PERSON, *, costly: bool = False
    ) -> Route:
        limiter = self._costly if costly else None
        endpoint = Endpoint(self._services, handler, self.refused, admits=admits, costly=limiter)
        return Route(path, endpoint, methods=["POST"])
