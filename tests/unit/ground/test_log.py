"""Logs carry facts from a list, and never the words of an exception or of a library."""

import json
import logging

import pytest

from primum.ground.log import Log, start_logging


@pytest.fixture
def logged(capsys):
    root = logging.getLogger()
    before = root.handlers[:]
    start_logging("test")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers[:] = before
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = True


def test_a_key_that_is_not_on_the_list_is_refused():
    with pytest.raises(ValueError, match="patient"):
        Log("test").info("x", patient="Éloïse")


def test_an_exception_is_logged_without_its_message(logged):
    try:
        raise RuntimeError("Éloïse Canari")  # noqa: TRY301
    except RuntimeError as error:
        Log("test").failure("it.broke", error)
    line = logged()[-1]
    assert line["error"] == "RuntimeError"
    assert "Canari" not in json.dumps(line)


def test_a_library_is_heard_without_its_words(logged):
    logging.getLogger("pydicom").warning("value Éloïse Canari is odd")
    line = logged()[-1]
    assert (line["event"], line["name"]) == ("library.message", "pydicom")
    assert "Canari" not in json.dumps(line)
