"""Somebody's name and address go through every step, and through whatever can be refused or break on the way.

They are in no refusal, no log line, no journal line, no entry, no document, and not on the disc in clear.
"""

from __future__ import annotations

import io
import json
import logging
import pickle
import traceback
from datetime import timedelta

import pytest
from sqlalchemy.exc import DBAPIError
from tests.twins.faulty_smtp import FAULTS, FaultySmtp
from tests.unit.incidents.kit import DOCTOR, TUESDAY
from tests.unit.incidents.telling.kit import SOURCE, TellingScene, a_list, way_to

from primum.ground import log
from primum.ground.errors import PrimumError
from primum.incidents.telling import store
from primum.incidents.telling.model import Channel, Fate, Listed, Reach, Recipient, Taken

MARKS = ("canari", "zwyczaj", "ipp-471100", "rossignol", "tutrice")
"""Pieces of the name, the mail address, the patient's number, the street, the guardian."""


def row(fault: str) -> str:
    return f"IPP-471100-{fault};Zoé Canari;Mme Tutrice;zwyczaj.{fault}@example.org;7 rue du Rossignol;29200;Brest"


HEAD = "N° patient;Nom;Représentant légal;Email;Adresse;Code postal;Ville"


@pytest.fixture
def heard(monkeypatch):
    refusals, lines, original = [], io.StringIO(), PrimumError.__init__

    def witnessed(self, **facts):
        original(self, **facts)
        refusals.append(self)

    monkeypatch.setattr(PrimumError, "__init__", witnessed)
    handler = logging.StreamHandler(lines)
    handler.setFormatter(log._JsonLines())
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)

    def told():
        printed = [
            "\n".join(
                (str(one), one.way_out(), repr(one), "".join(traceback.format_exception(one)), repr(pickle.dumps(one)))
            )
            for one in refusals
        ]
        return "\n".join([lines.getvalue(), *printed])

    yield told
    root.removeHandler(handler)
    root.setLevel(before)


def marks_in(text: str) -> set[str]:
    return {one for one in MARKS if one in text.casefold()}


def everything_written(scene) -> str:
    entries = [dict(one.body) for one in scene.files.read(scene.file.id).entries]
    documents = [
        scene.files.document(DOCTOR, scene.file.id, one.id)[1].decode("latin-1")
        for one in scene.files.documents(DOCTOR, scene.file.id)
    ]
    return json.dumps([entries, documents, scene.told.facts], default=str, ensure_ascii=False)


def test_nobodys_name_or_address_is_heard_of_whatever_a_server_does(tmp_path, heard):
    script = {f"zwyczaj.{one}@example.org": [one] * 3 for one in FAULTS}
    with FaultySmtp(tmp_path, script) as twin:
        scene = TellingScene(tmp_path, way_to(twin)).ready(a_list(*(row(one) for one in FAULTS), head=HEAD))
        batch = scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        for _ in range(6):
            scene.sweep()
            scene.clock.advance(timedelta(hours=30))
        assert len(twin.taken) >= len(FAULTS) - 5
        scene.telling.settle(DOCTOR, batch.id, Fate.UNCERTAIN, "not-taken", "rien au journal")
        scene.telling.settle(DOCTOR, batch.id, Fate.REFUSED, "again", "adresses vérifiées")
        scene.sweep()
    scene.telling.mark_returned(DOCTOR, scene.file.id, address="zwyczaj.ok@example.org")
    posted = scene.telling.start_batch(DOCTOR, scene.file.id, Channel.POST)
    assert b"%PDF" in scene.telling.print_letters(DOCTOR, posted.id)
    shown = scene.telling.unsettled(DOCTOR, batch.id)
    assert marks_in(str([one.people[0].name for one in shown])) == {"canari"}
    assert marks_in(repr(shown)) == set()
    scene.telling.forget("IPP-471100-ok")
    scene.telling.publish(DOCTOR, scene.file.id, "site du cabinet", TUESDAY)
    assert marks_in(everything_written(scene)) == set()
    assert marks_in(heard()) == set()
    scene.engine.dispose()
    on_disc = b"".join(one.read_bytes() for one in tmp_path.glob("records.db*"))
    assert marks_in(on_disc.decode("latin-1")) == set()


def test_a_list_that_is_refused_in_every_way_names_nobody(tmp_path, heard):
    scene, good = TellingScene(tmp_path), row("x")
    spoiled = [good.replace(";", separator) for separator in (",", ";;", '"', "\t;", '";')]
    spoiled += [good.replace(one, one * 40) for one in ("Canari", "IPP", "Tutrice", "Rossignol", "zwyczaj")]
    spoiled += [good[:at] + "\x07" + good[at:] for at in range(0, len(good), 7)]
    spoiled += [good.replace("@", one) for one in ("", "@@", " @ ")]
    heads = [HEAD, HEAD.replace("Nom", "Zoé Canari"), good, HEAD.replace("Email", "Nom")]
    for head in heads:
        for one in spoiled:
            for encoding in ("utf-8", "cp1252", "utf-16"):
                body = a_list(good, one, head=head).decode().encode(encoding)
                try:
                    scene.telling.take_list(DOCTOR, scene.file.id, body, SOURCE)
                except PrimumError:
                    continue
    assert len(heard()) > 10_000
    assert marks_in(heard()) == set()


def test_a_database_that_refuses_a_row_does_not_say_which(tmp_path):
    scene = TellingScene(tmp_path)
    who = Recipient("IPP-471100", "Zoé Canari", mail="zwyczaj@example.org")
    taken = Taken("lst_x", scene.file.id, SOURCE, TUESDAY, "", 2)
    with pytest.raises(DBAPIError) as broken, scene.engine.begin() as tx:
        store.add_list(tx, taken, [Listed("rcp_x", "lst_x", Reach.MAIL, who)] * 2)
    assert marks_in(str(broken.value) + repr(broken.value)) == set()
    assert marks_in(repr(who)) == set()
