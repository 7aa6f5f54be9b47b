import pytest

from primum.journal.note import Checkpoint, NoteKey, open_text
from primum.journal.verify import _Key

ORIGIN = "journal.primum.invalid/hom_aaaaaaaaaaaaaaaaaaaaaaaaaa"
KEY = NoteKey(ORIGIN, bytes(range(32)))
CHECKPOINT = Checkpoint(ORIGIN, 58, bytes(range(32)))


def test_a_checkpoint_has_the_bytes_of_the_specification():
    assert CHECKPOINT.text() == f"{ORIGIN}\n58\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    note = KEY.sign(CHECKPOINT)
    assert note.startswith(CHECKPOINT.text() + f"\n\N{EM DASH} {ORIGIN} ")
    assert note.endswith("\n")
    assert note.count("\n") == 5


def test_what_is_signed_is_opened_by_the_verifier_with_the_published_key():
    size, root = _Key(KEY.verifier_key).open(KEY.sign(CHECKPOINT))
    assert (size, root) == (58, bytes(range(32)))
    assert KEY.open(KEY.sign(CHECKPOINT)) == CHECKPOINT


def test_a_note_made_by_the_go_implementation_is_verified():
    """The example of golang.org/x/mod/sumdb/note: keys and signatures are those of signed-note, not ours alone."""
    key = _Key("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    line = f"\N{EM DASH} PeterNeumann {signature}"
    with pytest.raises(ValueError, match="not a checkpoint"):  # the signature fits; the text is no tree head
        key.open(f"{text}\n{line}\n")
    with pytest.raises(ValueError, match="does not fit"):
        key.open(f"{text.replace('know', 'knew')}\n{line}\n")


@pytest.mark.parametrize("change", [("58", "59"), ("AAEC", "AAED"), (ORIGIN + "\n5", "x" + ORIGIN + "\n5")])
def test_a_changed_checkpoint_is_not_opened(change):
    note = KEY.sign(CHECKPOINT).replace(*change, 1)
    for key in (KEY, _Key(KEY.verifier_key)):
        with pytest.raises(ValueError, match=r"signature|signed|key"):
            key.open(note)


@pytest.mark.parametrize(
    "text", ["", "a", "a+b", "a+00000000+AAAA", KEY.verifier_key.replace("+", "+0", 1), KEY.verifier_key[:-4]]
)
def test_what_is_no_verifier_key_is_refused(text):
    with pytest.raises(ValueError, match="verifier key"):
        _Key(text)


def test_another_document_is_signed_by_the_same_key_and_never_taken_for_a_checkpoint():
    note = KEY.sign_text("document.invalid/1\n{}\n")
    assert open_text(note, KEY.verifier_key) == "document.invalid/1\n{}\n"
    with pytest.raises(ValueError, match="document"):
        KEY.sign_text(CHECKPOINT.text())
    for text in ("no line end", "two\n\nparts\n"):
        with pytest.raises(ValueError, match="document"):
            KEY.sign_text(text)


def test_a_document_signed_by_the_go_implementation_is_opened():
    """The same example: here its text is a document like any other."""
    key = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    line = f"\N{EM DASH} PeterNeumann {signature}"
    assert open_text(f"{text}\n{line}\n", key) == text
    for note in (f"{text.replace('know', 'knew')}\n{line}\n", text, f"{text}\n", ""):
        with pytest.raises(ValueError, match="sign"):
            open_text(note, key)


def test_a_key_whose_id_is_not_its_own_opens_nothing():
    note = KEY.sign_text("document.invalid/1\n{}\n")
    origin, key_id, raw = KEY.verifier_key.split("+", 2)
    for wrong in (f"{origin}+{'0' * 8}+{raw}", f"other+{key_id}+{raw}", origin, ""):
        with pytest.raises(ValueError, match="key"):
            open_text(note, wrong)
