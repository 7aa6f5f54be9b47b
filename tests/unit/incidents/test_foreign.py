"""What to keep first and how to close, in somebody else's product; and nothing is ever to be removed."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from primum.incidents.containment.foreign import procedures

WANTED = {"orthanc", "dcm4chee", "nas", "box", "router", "cloud-share", "mailbox", "laptop"}
DELETION = re.compile(
    r"supprim|effac|détrui|destruct|purg|vid(?:er|ez|é)\b|corbeille|formater|réinitialis|écras|broy|nettoy|jete[rz]"
    r"|delet|eras|wip(?:e|ing)|remov|destroy|trash|reformat|factory|reset|overwrit|discard|shred|clean|get rid"
    r"|empty the|\bempt(?:y|ied) (?:it|them)",
    re.IGNORECASE,
)
PACKAGES = ("primum.incidents.containment", "primum.incidents.evidence")


def sentences():
    found = procedures()
    for one in (found.said, *found.always):
        yield from one.values()
    for kind in found.kinds.values():
        for one in (*kind.first, *kind.close):
            yield from one.values()


def test_every_kind_is_there_with_what_to_keep_before_what_to_close():
    assert set(procedures().kinds) == WANTED
    for kind in procedures().kinds.values():
        assert len(kind.first) >= 3
        assert len(kind.close) >= 3


def test_it_is_dated_and_says_how_sure_it_is():
    found = procedures()
    assert found.in_force.year >= 2026
    assert found.source
    assert found.confidence == "to-be-confirmed"
    assert "confirmer" in found.said["fr"]


@pytest.mark.parametrize("text", list(sentences()))
def test_no_step_proposes_to_delete_anything(text):
    assert DELETION.search(text) is None


@pytest.mark.parametrize("package", PACKAGES)
def test_no_text_that_is_shown_proposes_to_delete_anything(package):
    """Errors, their hints and the readme of a bundle are shown too."""
    folder = Path(str(files(package)))
    shown = [
        one
        for file in folder.glob("*.py")
        for one in re.findall(r'(?:hint: ClassVar\[str\] = "|what=")([^"]+)', file.read_text())
    ]
    shown += [file.read_text() for file in folder.glob("readme.txt")]
    assert all(DELETION.search(one) is None for one in shown)


@pytest.mark.parametrize("text", ["Supprimez le partage", "Delete the share", "vider la corbeille", "wipe the disc"])
def test_the_test_itself_finds_them(text):
    assert DELETION.search(text)


def test_nothing_of_another_product_is_said_in_one_language_alone():
    assert all(len(one.strip()) > 8 for one in sentences())
