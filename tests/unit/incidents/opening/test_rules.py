from dataclasses import replace
from datetime import UTC, datetime

import pytest

from primum.exposure.checks.catalogue import catalogue
from primum.exposure.findings.model import Finding, Source, read_hole
from primum.exposure.probe.model import LADDERS, Family, Place, Rung
from primum.incidents.facts.catalogue import VOCABULARIES
from primum.incidents.opening.rules import opening_rules, opens

AT = datetime(2026, 11, 24, tzinfo=UTC)


def finding(rung: str, address: str = "192.168.1.7") -> Finding:
    return Finding(
        id="fnd_a", source=Source.PROBE, place=Place.INSIDE, hole=read_hole(address, 104, "plain", "nobody", rung),
        detected_at=AT, last_closed_at=None, first_open_at=AT, last_open_at=AT,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("family", "rungs"),
    [
        (Family.DICOM, {"find", "get", "move", "store", "mpps"}), (Family.WEB, {"search", "retrieve", "store", "run"}),
        (Family.HL7, set()), (Family.SMB, {"list"}), (Family.FTP, {"list"}), (Family.RSYNC, {"list"}),
        (Family.NFS, {"list"}), (Family.DATABASE, {"session"}), (Family.DESKTOP, {"session"}),
        (Family.CONSOLE, {"session"}), (Family.UNKNOWN, set()),
    ],
)  # fmt: skip
def test_these_rungs_open_a_file_and_no_others(family, rungs):
    assert {one.value for one in LADDERS[family] if opens(finding(one), family)} == rungs


def test_a_rung_whose_run_is_not_kept_opens_where_it_might_be_one():
    assert opens(finding("session")) is not None
    assert opens(finding("echo")) is None


def test_a_database_of_this_machine_for_this_machine_opens_nothing_and_an_archive_does():
    assert opens(finding("session", "127.0.0.1"), Family.DATABASE) is None
    assert opens(finding("find", "::1"), Family.DICOM) is not None


def test_no_line_of_a_check_opens_a_file_by_itself():
    """Each says what is weak; a practice may have chosen to talk in clear to an old device on its own network."""
    bare = replace(finding("find"), hole=None)
    known = [opens(replace(bare, line=name)) for name in catalogue().rules]
    assert [one.nature for one in known if one] == [("confidentiality",)]
    assert not any(one.by_itself for one in known if one)


def test_what_it_shows_is_never_a_loss_and_is_said_in_both_languages():
    rules = opening_rules()
    for one in (*rules.rungs.values(), *rules.lines.values()):
        assert set(one.nature) <= set(VOCABULARIES["nature"]) - {"availability"}
        assert one.nature
        assert set(one.says) == {"fr", "en"}
    assert all(isinstance(rung, Rung) for _, rung in rules.rungs)
