import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from tests.unit.journal.scene import VIEWED, a_journal, a_signer
from tests.vectors.journal import make

import primum
from primum.journal import JournalIll, latest_root, require_sound, say
from primum.journal.findings import SENTENCES
from primum.journal.verify import ILLNESSES, INFORMATION, main, verify

VECTORS = Path(make.__file__).parent
EACH = sorted(one.parent for one in VECTORS.glob("*/*/expected.json"))
VERIFIER = Path(primum.__file__).parent / "journal" / "verify.py"


def told(report):
    return (
        [[one.code, one.place, one.line] for one in report.illnesses],
        [[one.code, one.place] for one in report.information],
    )


@pytest.mark.parametrize("vector", EACH, ids=lambda one: f"{one.parent.name}-{one.name}")
def test_each_vector_gets_its_diagnosis_and_no_other(vector):
    expected = json.loads((vector / "expected.json").read_text())
    report = verify(vector / "journal", expected["key"], expected["checkpoints"])
    assert told(report) == (expected["illnesses"], expected["information"])
    assert bool(report.illnesses) == (vector.parent.name == "broken")


def test_there_is_a_vector_for_each_illness():
    found = {one[0] for vector in EACH for one in json.loads((vector / "expected.json").read_text())["illnesses"]}
    assert found == set(ILLNESSES)


def test_todays_writer_writes_the_vectors_byte_for_byte(tmp_path):
    make.make(tmp_path)
    made = {one.relative_to(tmp_path): one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    kept = {one.relative_to(VECTORS): one.read_bytes() for one in VECTORS.glob("*/**/*") if one.is_file()}
    kept = {name: data for name, data in kept.items() if name.parts[0] in {"good", "broken"}}
    assert made.keys() == kept.keys()
    assert [name for name in made if made[name] != kept[name]] == []


@pytest.mark.parametrize("vector", [one for one in EACH if one.parent.name == "good"], ids=lambda one: one.name)
def test_a_sound_journal_of_any_age_is_gone_on_with(vector, tmp_path):
    shutil.copytree(vector / "journal", tmp_path / "journal")
    at = make.FixedClock(make.START + timedelta(days=400))
    with a_journal(tmp_path / "journal", at=at) as journal:
        journal.record(VIEWED)
    signer = a_signer(tmp_path / "journal", at)
    signer.sign_heads()
    assert verify(tmp_path / "journal", signer.verifier_key).illnesses == []


def test_the_verifier_stands_alone(tmp_path):
    """Copied out of the product, in an isolated interpreter that cannot see it."""
    shutil.copy(VERIFIER, tmp_path / "verify.py")
    for vector, status in ((VECTORS / "good" / "sound", 0), (VECTORS / "broken" / "fork", 1)):
        expected = json.loads((vector / "expected.json").read_text())
        command = [sys.executable, "-I", str(tmp_path / "verify.py"), str(vector / "journal"), "--key", expected["key"]]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == status
        assert done.stdout.splitlines()[-1].startswith("ill:" if status else "sound:")


def test_the_verifier_imports_nothing_of_ours():
    text = VERIFIER.read_text("utf-8")
    assert "import primum" not in text
    assert "from primum" not in text


def test_the_program_takes_checkpoints_and_keys(tmp_path, capsys):
    vector = VECTORS / "broken" / "head-rolled-back"
    expected = json.loads((vector / "expected.json").read_text())
    (tmp_path / "root").write_text(expected["checkpoints"][0], "utf-8")
    given = [str(vector / "journal"), "--key", expected["key"]]
    assert main(given) == 0
    assert main([*given, "--checkpoint", str(tmp_path / "root")]) == 1
    assert "head-rolled-back" in capsys.readouterr().out
    assert main([str(vector / "journal"), "--key", "nonsense"]) == 2


def test_without_a_key_the_folders_own_is_used_and_the_report_says_so():
    report = verify(VECTORS / "good" / "sound" / "journal")
    assert "key-from-folder" in {one.code for one in report.information}


def test_a_replaced_key_is_seen_by_who_kept_the_right_one(tmp_path):
    shutil.copytree(VECTORS / "good" / "never-signed" / "journal", tmp_path / "journal")
    (tmp_path / "journal" / "signer.pub").unlink()
    a_signer(tmp_path / "journal", seed=b"\x09" * 32).sign_heads()
    assert verify(tmp_path / "journal").illnesses == []
    assert [one.code for one in verify(tmp_path / "journal", make.KEY).illnesses] == ["head-signature-wrong"]


def test_a_checkpoint_of_another_journal_is_not_taken_for_ours():
    other = make.NoteKey("journal.primum.invalid/hom_zzzzzzzzzzzzzzzzzzzzzzzzzz", make.SEED)
    note = other.sign(make.Checkpoint(other.origin, 1, bytes(32)))
    report = verify(VECTORS / "good" / "sound" / "journal", make.KEY, [note])
    assert [one.code for one in report.illnesses] == ["head-signature-wrong"]


def test_a_checkpoint_with_a_witness_below_ours_is_read():
    note = latest_root(VECTORS / "good" / "sound" / "journal") + "— witness.example/w AAAAAAAA\n"
    assert verify(VECTORS / "good" / "sound" / "journal", make.KEY, [note]).illnesses == []


@pytest.mark.parametrize("rubbish", ["", "\n", "\n\n", "a\n\nb\n", "—\n\n—\n", "\udcff\n\n— x y\n"])
def test_what_is_no_checkpoint_is_said_to_be_none(rubbish):
    report = verify(VECTORS / "good" / "sound" / "journal", make.KEY, [rubbish])
    assert [one.code for one in report.illnesses] == ["head-signature-wrong"]


def test_a_file_that_is_not_ours_is_named(tmp_path):
    shutil.copytree(VECTORS / "good" / "sound" / "journal", tmp_path / "journal")
    (tmp_path / "journal" / "access" / "notes.txt").write_text("hello")
    assert ["unknown-file", "access/notes.txt"] in told(verify(tmp_path / "journal", make.KEY))[1]


def test_rubbish_at_an_unsigned_end_is_a_crash_until_proven_otherwise(tmp_path):
    """Whoever reopens the chain will close it; had it been signed, its absence would be an illness."""
    shutil.copytree(VECTORS / "good" / "sound" / "journal", tmp_path / "journal")
    path = tmp_path / "journal" / "access/2026-10/web-1.chain"
    path.write_bytes(path.read_bytes() + bytes(3000) + b"\nrubbish\n")
    report = verify(tmp_path / "journal", make.KEY)
    assert report.illnesses == []
    assert "unfinished-write" in {one.code for one in report.information}


def test_every_single_byte_matters(tmp_path):
    """Any byte of a signed chain, leaf or note that is changed is seen."""
    for name in ("access/2026-10/web-1.chain", "heads/leaves", "heads/notes"):
        shutil.copytree(VECTORS / "good" / "sound" / "journal", tmp_path / "journal", dirs_exist_ok=True)
        path = tmp_path / "journal" / name
        data = path.read_bytes()
        for at in range(0, len(data), 41):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
            assert verify(tmp_path / "journal", make.KEY, [latest_root(VECTORS / "good/sound/journal")]).illnesses, at
        path.write_bytes(data)


def test_rubbish_in_place_of_a_journal_is_survived(tmp_path):
    shutil.copytree(VECTORS / "good" / "sound" / "journal", tmp_path / "journal")
    for path in (tmp_path / "journal").rglob("*"):
        if path.is_file() and path.name != "signer.pub":
            path.write_bytes(b'\xff\x00{"n":1,\n\n' * 50 + b"0" * 64 + b' {"n":99999999999999999999,"at":1}\n')
    assert verify(tmp_path / "journal", make.KEY).illnesses


def test_an_ill_journal_raises_where_soundness_is_required():
    require_sound(verify(VECTORS / "good" / "sound" / "journal", make.KEY))
    with pytest.raises(JournalIll, match="line-missing"):
        require_sound(verify(VECTORS / "broken" / "line-missing" / "journal", make.KEY))


def test_each_finding_has_a_sentence_in_both_languages():
    assert set(SENTENCES) == {*ILLNESSES, *INFORMATION}
    (found,) = verify(VECTORS / "broken" / "line-missing" / "journal", make.KEY).illnesses
    assert say(found, "fr") == "access/2026-10/web-1:4 — des lignes manquent (1 lines)"
    assert say(found, "en").endswith("lines are missing (1 lines)")


def test_a_journal_that_is_signed_while_it_is_read_is_not_called_ill(tmp_path):
    from threading import Event, Thread

    at, done = make.FixedClock(make.START), Event()
    signer = a_signer(tmp_path, at)
    found = []

    def look():
        while not done.is_set():
            found.extend(verify(tmp_path, signer.verifier_key).illnesses)

    with a_journal(tmp_path, "worker", at) as worker, a_journal(tmp_path, "web", at) as web:
        reader = Thread(target=look)
        reader.start()
        for _ in range(25):
            web.record(VIEWED)
            signer.sign_and_tell(worker)
            at.advance(timedelta(days=1))
        done.set()
        reader.join()
    assert found == []
