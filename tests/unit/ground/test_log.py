"""Logs carry facts from a list, and never the words of an exception or of a library."""

import gc
import json
import logging
import sys
import threading

import pytest

from primum.ground.log import Log, start_logging


@pytest.fixture
def logged(capsys):
    root = logging.getLogger()
    before = root.handlers[:]
    hooks = sys.excepthook, threading.excepthook, sys.unraisablehook
    start_logging("test")
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    root.handlers[:] = before
    root.setLevel(logging.WARNING)
    logging.raiseExceptions = True
    sys.excepthook, threading.excepthook, sys.unraisablehook = hooks


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


def test_what_nobody_caught_in_a_thread_is_logged_without_its_message(logged):
    def broken():
        try:
            {}["Canari"]
        except KeyError:
            raise RuntimeError("Éloïse")  # noqa: B904 (the chained one must not be told either)

    thread = threading.Thread(target=broken, name="Canari")
    thread.start()
    thread.join()
    assert (logged_line := logged()[-1])["event"] == "thread.uncaught"
    assert logged_line["error"] == "RuntimeError"
    assert "Canari" not in json.dumps(logged_line)


def test_what_nobody_caught_at_all_is_logged_without_its_message(logged):
    try:
        raise RuntimeError("Éloïse Canari")  # noqa: TRY301
    except RuntimeError as error:
        sys.excepthook(type(error), error, error.__traceback__)
    line = logged()[-1]
    assert (line["event"], line["error"]) == ("process.uncaught", "RuntimeError")
    assert "Canari" not in json.dumps(line)


def test_what_broke_in_a_destructor_is_logged_without_its_message(logged):
    class Broken:
        def __del__(self):
            raise RuntimeError("Éloïse Canari")

    Broken()
    gc.collect()
    line = logged()[-1]
    assert (line["event"], line["error"]) == ("process.unraisable", "RuntimeError")
    assert "Canari" not in json.dumps(line)
