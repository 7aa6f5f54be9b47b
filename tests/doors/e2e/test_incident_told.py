"""People told of a breach at the terminal of a running Primum: list, letter, batch; Debian's Exim takes what leaves."""

from __future__ import annotations

import json
import mailbox
import re
from pathlib import Path

import pytest

from tests.doors.e2e.conftest import Practice
from tests.doors.e2e.test_incident_decided import incident
from tests.programs import wait_until
from tests.running import RunningPrimum, make_real_home
from tests.twins.exim import ACCOUNT, running_exim
from tests.unit.incidents.telling.kit import DRAFT, SOURCE, a_list

LIST = a_list(
    "CANARI-1;Zoé Canari;zoe1@example.org;;;;fr",
    "CANARI-2;Yves Canari;zoe2@example.org;;;;en",
    "CANARI-3;Xavier Canari;refused1@example.org;1 rue de l'Essai;29200;Brest;fr",
    "CANARI-4;Ward Canari;later1@example.org;;;;fr",
    "CANARI-5;Vera Canari;;2 rue de l'Essai;29200;Brest;fr",
    "CANARI-6;Ugo Canari;;;;;fr",
)
REASON = "Risque élevé : données de santé lues par des inconnus."


def counted(primum: Practice, file: str) -> dict[str, int]:
    found = json.loads(incident(primum, "people", "standing", file, "--json"))
    return found["batches"][0]["letters"] if found["batches"] else {}


@pytest.mark.programs("exim4")
def test_a_list_a_letter_and_what_a_real_mail_server_took(tmp_path: Path) -> None:
    home = make_real_home(tmp_path)
    with running_exim() as exim:
        settings = {"smtp_host": "127.0.0.1", "smtp_port": exim.port, "smtp_user": ACCOUNT[0],
                    "smtp_from": "cabinet@example.org"}  # fmt: skip
        trusting = {"SSL_CERT_FILE": str(exim.keys.certificate)}
        primum = RunningPrimum(home.folder, key_file=home.key_file, settings=settings, environment=trusting)
        with primum:
            practice = Practice(primum, primum.enrol_first_person(), home)
            primum.sign_in(practice.person)
            primum.cli("keyring", "mail-password", typed=[ACCOUNT[1]])
        with primum:
            primum.sign_in(practice.person)
            _tell(practice, tmp_path, exim)


def _tell(practice: Practice, place: Path, exim) -> None:
    told = incident(practice, "tell", "laptop", "--at", "2026-11-20T18:00+01:00")
    file = re.findall(r"inc_[a-z2-7]{26}", told)[0]
    (place / "list.csv").write_bytes(LIST)
    (place / "letter.json").write_text(json.dumps(DRAFT.as_json()), "utf-8")
    assert "6 people" in incident(practice, "people", "list", file, str(place / "list.csv"), "--source", SOURCE)
    begun = json.loads(incident(practice, "people", "start", file))
    assert set(begun["words"]) == {"fr", "en"}
    shown = incident(practice, "people", "preview", file, str(place / "letter.json"), "--out", str(place / "one.pdf"))
    assert "Canari" not in shown
    assert (place / "one.pdf").read_bytes().startswith(b"%PDF")
    # nothing leaves before a person has decided and signed
    refused = practice.primum.cli("incident", "people", "send", file, check=False)
    assert refused.returncode == 1
    incident(practice, "decide", file, "tell", "tell", "--reason", REASON)
    incident(practice, "people", "approve", file, str(place / "letter.json"))
    incident(practice, "people", "send", file)
    wanted = {"accepted": 2, "refused": 1, "deferred": 1}
    wait_until(lambda: counted(practice, file) == wanted, seconds=150)
    exim.wait_for(2)
    _look_at_the_letters(exim)
    assert "published" in incident(practice, "people", "standing", file)
    assert "out of reach: 1" in incident(practice, "people", "standing", file)
    post = re.findall(r"bat_[a-z2-7]{26}", incident(practice, "people", "post", file))[0]
    assert "written" in incident(practice, "people", "print", post, "--out", str(place / "post.pdf"))
    assert (place / "post.pdf").read_bytes().startswith(b"%PDF")
    assert "posted: 2" in incident(practice, "people", "posted", post, "--count", "2", "--on", "2026-11-21")
    assert "Canari" not in practice.primum.said()


def _look_at_the_letters(exim) -> None:
    """The mail itself reveals no examination, and each person gets one."""
    kept = mailbox.mbox(exim.folder / "mailbox", create=False)
    letters = {one["Envelope-to"].strip("<>"): one for one in kept}
    kept.close()
    assert set(letters) == {"zoe1@example.org", "zoe2@example.org"}
    for one in letters.values():
        text = one.get_payload(decode=True)
        text = (text if isinstance(text, bytes) else str(one).encode()).decode("utf-8", "replace").lower()
        assert not [word for word in ("irm", "scanner", "radiolog", "examen de") if word in text]
