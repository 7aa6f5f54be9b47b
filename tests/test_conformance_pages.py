"""docs/conformance is what the code says, and the code says what other implementations know."""

import importlib.util
from pathlib import Path

import pytest
from pydicom.uid import UID
from pynetdicom import sop_class

ROOT = Path(__file__).parent.parent
SPEC = importlib.util.spec_from_file_location("conformance", ROOT / "tools" / "conformance.py")
assert SPEC is not None
assert SPEC.loader is not None
MADE = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(MADE)


@pytest.mark.parametrize("name", sorted(MADE.PAGES))
def test_a_page_is_what_the_code_says(name):
    written = (ROOT / "docs" / "conformance" / name).read_text("utf-8")
    assert written == MADE.PAGES[name](), "python tools/conformance.py"


def test_every_service_is_a_sop_class_that_others_know():
    offered = {uid for one in MADE.SERVICES for uid in one.grants}
    known = {
        uid for group in dir(sop_class) if group.endswith("_CLASSES") for uid in getattr(sop_class, group).values()
    }
    assert offered <= known | {"1.2.840.10008.5.1.4.1.2.3.1"}
    assert offered


def test_every_transfer_syntax_has_the_name_of_the_standard():
    assert {one.uid for one in MADE.SYNTAXES if not UID(one.uid).is_transfer_syntax} == set()


def test_the_resources_of_a_whole_origin_server_are_there():
    page = MADE.dicomweb()
    for needed in (
        "| GET | `/studies` |", "| GET | `/studies/{study}/metadata` |", "| POST | `/dicom-web/studies` |",
        "| GET | `/studies/{study}/series/{series}/instances/{instance}/rendered` |", "`/wado`",
    ):  # fmt: skip
        assert needed in page
