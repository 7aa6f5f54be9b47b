"""The attack surface and its like, as exact lists: a new entry is a decision, made here in sight of everybody."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from primum.app.payload import CHILDREN
from primum.doors.cli.command import COMMANDS
from primum.doors.cli.worker_serving import all_verbs
from primum.doors.worker.door_verbs import DOOR_VERBS
from primum.ground.log import KEYS
from primum.ground.outbound import DIALS
from primum.vault import Label

SOURCES = Path(__file__).parent.parent / "src" / "primum"
PACKAGES = {
    "app": {"sqlalchemy"},
    "doors": {
        "anyio",
        "cryptography",
        "h11",
        "jinja2",
        "markupsafe",
        "platformdirs",
        "python_multipart",
        "segno",
        "starlette",
        "uvicorn",
        "wsproto",
    },
    "exposure": {"alembic", "sqlalchemy"},
    "ground": {"alembic", "botocore", "msgspec", "platformdirs", "sqlalchemy", "sqlcipher3"},
    "identity": {"argon2", "cryptography", "jwt", "sqlalchemy", "alembic"},
    "imaging": {"alembic", "imagecodecs", "jpeg_ls", "numpy", "pydicom", "sqlalchemy"},
    "incidents": {"alembic", "sqlalchemy"},
    "journal": {"cryptography"},
    "vault": {"argon2", "blake3", "cryptography", "pyrage"},
}
"""Third-party packages by the room that may import them (imaging: NumPy in the demo and in the codec
process, pydicom in the demo alone)."""


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def third_party(room: str) -> set[str]:
    import sys

    found = set().union(*(imports(file) for file in (SOURCES / room).rglob("*.py")))
    return found - sys.stdlib_module_names - {"primum", "__future__", "typing_extensions"}


def test_third_party_packages():
    assert {room: third_party(room) for room in PACKAGES} == PACKAGES


def test_rooms():
    assert {one.name for one in SOURCES.iterdir() if one.is_dir() and one.name != "__pycache__"} == set(PACKAGES)


def test_keys_of_each_process():
    """dimse reads the index and has no key to records.db; web cannot sign, certify or write the list of devices."""
    assert {child: {label.value for label in labels} for child, labels in CHILDREN.items()} == {
        "dimse": {"keyring", "names", "devices", "index"},
        "hl7": {"devices"},
        "web": {"keyring", "names", "index", "records", "secrets"},
        "worker": {
            "keyring",
            "names",
            "index",
            "records",
            "secrets",
            "devices",
            "journal-signer",
            "certificates",
            "backup",
        },
        "demo": {"keyring", "names", "records"},
    }


def test_labels():
    assert {label.value for label in Label} == {
        "keyring", "names", "index", "records", "devices", "journal-signer", "certificates", "home", "secrets",
        "backup",
    }  # fmt: skip


def test_what_is_dialled():
    assert set(DIALS) == {"smtp", "dicom", "s3", "mllp", "vantage"}
    assert "notices to staff; letters to people of a breach" in DIALS["smtp"]


def test_listeners():
    """Every place in the source that binds or listens: the DICOM and HL7 doors, the worker's Unix socket, uvicorn.

    The probe's helper, control and fixtures are no doors of the archive: a person starts them by name, they end with
    their command, and fixtures are on loopback alone.
    """
    pattern = re.compile(r"(?<!event)\.listen\(|create_server\(|uvicorn\.Config\(|start_server\(")
    found = {
        str(file.relative_to(SOURCES))
        for file in SOURCES.rglob("*.py")
        if any(pattern.search(line) for line in file.read_text("utf-8").splitlines())
    }
    assert found == {
        "doors/dimse/listening.py", "doors/hl7/listening.py", "doors/worker/control.py", "doors/origin.py",
        "exposure/probe/answering.py",
        "exposure/probe/fixtures/dimse.py", "exposure/probe/outside/control.py",
        "exposure/vantage/serving.py",
    }  # fmt: skip


def test_commands():
    assert list(COMMANDS) == [
        "init", "up", "status", "sign-in", "sign-out", "person", "token", "device", "commitment", "import",
        "export", "print", "migrate", "check", "backup", "restore", "find", "patient", "study", "report", "forward",
        "dose", "to-read", "send",
        "erase", "retention",
        "probe", "vantage",
        "finding", "incident", "intervention", "mandate",
        "why", "journal", "vault", "keyring", "version",
    ]  # fmt: skip


def test_verbs_of_the_socket():
    assert set(all_verbs(None)) == {
        "sign_in", "sign_out", "step_up", "status", "first_link",
        "person_list", "person_invite", "grant", "proposal_list", "grant_approve", "grant_cancel",
        "grant_revoke", "why", "token_add", "token_list", "token_revoke",
        "device_list", "device_add", "device_destination", "device_identity", "device_renew", "device_revoke",
        "export", "print", "migrate_orthanc", "migrate_device",
        "erase", "erase_approve", "erase_refuse", "erase_certificate", "retention_list", "retention_show",
        "retention_hold", "retention_release", "retention_return", "retention_kind", "retention_death",
        "find", "import", "send", "sending_list", "sending_study", "sending_search", "sending_cancel", "sending_again",
        "journal_list", "journal_verify", "vault_check", "keyring_list",
        "keyring_export", "mail_password", "commitment_list", "forward_add", "forward_list", "forward_remove",
        "patient_show", "patient_correct", "patient_merge", "patient_unmerge", "patient_identify", "patient_add",
        "patient_undo", "study_show", "study_correct", "study_move", "study_reject", "study_choose_version",
        "study_undo",
        "patient_proposals", "patient_refuse_proposal", "patient_note_proposal", "retention_facts",
        "dose_study", "dose_practice", "to_read_list",
        "report_list", "report_show", "report_add", "report_write", "report_change", "report_withdraw",
        "report_validate", "result_list", "result_again",
        "backup_make", "backup_list", "backup_test", "backup_credentials",
        "probe_ready", "probe_known", "probe_known_end", "probe_sign",
        "mandate_give", "mandate_list", "mandate_show", "mandate_withdraw", "mandate_export", "mandate_token",
        "mandate_in_force",
        "outside_announce", "outside_read", "outside_view", "outside_list",
        "incident_list", "incident_show", "incident_open", "incident_answer", "incident_instant", "incident_decide",
        "incident_note", "incident_merge", "incident_close", "incident_attach", "incident_document",
        "incident_freeze", "incident_contain", "incident_bundle", "incident_compare",
        "incident_letter", "incident_order", "incident_pack", "incident_register",
        "incident_tell", "incident_alerted",
        "incident_verify",
        "incident_notice_preview", "incident_notice_draw", "incident_notice_file", "incident_notice_receipt",
        "incident_people", "incident_people_list", "incident_people_preview", "incident_people_preview_pdf",
        "incident_people_approve", "incident_people_send", "incident_people_stop", "incident_people_print",
        "incident_people_posted", "incident_people_returned", "incident_people_settle", "incident_people_waiting",
        "incident_people_notice", "incident_people_publish",
        "intervention_open", "intervention_close", "intervention_list", "intervention_show", "intervention_attach",
        "intervention_report", "finding_list", "finding_show",
        "station_issue", "station_read", "station_list", "station_remove",
        "check_make", "check_last", "check_runs", "check_declare", "check_declarable", "check_advisories",
    }  # fmt: skip


def test_what_the_doors_may_ask_of_the_worker():
    assert set(DOOR_VERBS) == {
        "check",
        "commitment.ask", "commitment.result", "commitment.delivered", "decide", "retention.facts",
        "report", "sending", "interventions", "incidents",
        "worklist.find", "mpps.create", "mpps.set", "mpps.get", "hl7.message",
        "identity.judge", "identity.still", "confirmation.report",
    }  # fmt: skip


def test_no_key_of_a_log_line_could_hold_a_patient():
    assert not {"patient", "name_of_patient", "uid", "birth", "accession", "path", "query", "message"} & KEYS
