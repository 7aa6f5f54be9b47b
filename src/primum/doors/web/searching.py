"""What was typed into the worklist's search, and the query that says it (PS3.18 8.3.4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Final

from primum.doors.http.forms import field
from primum.doors.http.limits import Limits
from primum.ground.errors import PrimumError

MODALITIES: Final = ("CR", "CT", "DX", "IO", "MG", "MR", "NM", "OP", "OT", "PT", "PX", "RF", "SR", "US", "XA")
"""What the list offers to choose from; the archive itself keeps any."""
_WILD: Final = str.maketrans("", "", "*?\\=")


class SearchUnclear(PrimumError):
    """A field of the search cannot be understood."""

    code: ClassVar[str] = "web.search-unclear"


@dataclass(frozen=True, slots=True)
class Search:
    """The fields as typed."""

    name: str = ""
    patient_id: str = ""
    accession: str = ""
    since: str = ""
    until: str = ""
    modality: str = ""
    page: int = 1

    @property
    def narrows(self) -> bool:
        """Tell whether anything was asked for."""
        return bool(self.name or self.patient_id or self.accession or self.since or self.until or self.modality)

    def parameters(self) -> list[tuple[str, str]]:
        """Return the query. Raises SearchUnclear on a date that is not one."""
        asked = []
        if self.name:
            # every word begins a word of the name: the order in which people type it does not matter
            asked += [("PatientName", self.name.translate(_WILD)), ("fuzzymatching", "true")]
        if self.patient_id:
            asked.append(("PatientID", f"*{self.patient_id.translate(_WILD)}*"))
        if self.accession:
            asked.append(("AccessionNumber", f"*{self.accession.translate(_WILD)}*"))
        if self.since or self.until:
            asked.append(("StudyDate", f"{_da(self.since)}-{_da(self.until)}"))
        if self.modality in MODALITIES:
            asked.append(("ModalitiesInStudy", self.modality))
        return asked


def read_search(form: Mapping[str, str], today: date, limits: Limits) -> Search:
    """Read the form. A button of whole days (`days`) replaces the dates. Raises SearchUnclear, FormUnreadable."""
    since, until = (field(form, name, limits.field_characters) for name in ("since", "until"))
    days = form.get("days", "")
    if days in {"0", "1", "7"}:
        back = today - timedelta(days=int(days))
        since, until = back.isoformat(), (back if days == "1" else today).isoformat()
    return Search(
        name=field(form, "name", limits.field_characters),
        patient_id=field(form, "patient_id", limits.field_characters),
        accession=field(form, "accession", limits.field_characters),
        since=since,
        until=until,
        modality=field(form, "modality", limits.field_characters),
        page=_page(form.get("page", "1"), limits),
    )


def _page(text: str, limits: Limits) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > len(str(limits.page_number)):
        raise SearchUnclear
    return max(1, min(int(text), limits.page_number))


def _da(day: str) -> str:
    if not day:
        return ""
    try:
        return date.fromisoformat(day).strftime("%Y%m%d")
    except ValueError:
        raise SearchUnclear from None
