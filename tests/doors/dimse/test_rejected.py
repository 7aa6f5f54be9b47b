"""A device granted `rejected` finds and gets what was rejected for quality; that it did is written down as such."""

import dataclasses

import pytest
from tests.doors.dimse.library import Library
from tests.doors.dimse.test_retrieving import asked, get, study

from primum.identity.device_model import Service
from primum.imaging.amendments import RejectionCode
from primum.imaging.corrections import By, Corrections

BY = By("per_" + "a" * 26, "other")


@pytest.fixture
def library(tmp_path):
    library = Library(tmp_path)
    library.keep(*study(4))
    ref = library.vault.study_ref(library.reader.controller_id, "2.25.1")
    corrections = Corrections(library.engine, library.records, library.vault, library.clock, library.indexer)
    corrections.reject(ref, RejectionCode.QUALITY, BY, sop_uids=["2.25.1000.1"])
    corrections.reject(ref, RejectionCode.PATIENT_SAFETY, BY, sop_uids=["2.25.1000.2"])
    yield library
    library.close()


def shown(library):
    return [fact["details"] for fact in library.facts() if fact["kind"] == "study:rejected:shown"]


def images(came):
    return {uid for uid in came if uid.startswith("2.25.1000.")}


def test_only_the_grant_shows_it_and_only_what_was_rejected_for_quality(library):
    with library.open() as port:
        _, came = get(port, asked(StudyInstanceUID="2.25.1"))
        assert images(came) == {"2.25.1000.3", "2.25.1000.4"}
        assert shown(library) == []
        library.enrol(dataclasses.replace(library.reader, may=library.reader.may | {Service.REJECTED}))
        _, came = get(port, asked(StudyInstanceUID="2.25.1"))
        assert images(came) == {"2.25.1000.1", "2.25.1000.3", "2.25.1000.4"}
        _, came = get(port, asked("IMAGE", StudyInstanceUID="2.25.1", SOPInstanceUID="2.25.1000.2"))
        assert images(came) == set()
    told = [(one["instances"], one["channel"]) for one in shown(library)]
    assert told == [(2, "get")], "the image and the note about it"
