from tests.unit.incidents.kit import DOCTOR, Scene

from primum.incidents.carried import as_json, read
from primum.incidents.model import EntryKind, Which


def test_a_file_is_the_same_where_it_is_read(tmp_path):
    scene = Scene(tmp_path)
    first, second = scene.opened(), scene.opened()
    scene.files.answer(DOCTOR, first.id, "people", {"count": 3})
    scene.files.answer(DOCTOR, second.id, "recipients", None)
    scene.files.instant(DOCTOR, second.id, Which.AWARE, scene.clock.now(), "lu ce matin")
    scene.files.write(DOCTOR, first.id, EntryKind.DECISION, {"about": "notify", "choice": "notify", "reason": "santé"})
    scene.files.merge(DOCTOR, second.id, first.id, "le même")
    for one in (first, second):
        dossier = scene.files.dossier(DOCTOR, one.id)
        assert read(as_json(dossier)) == dossier
