"""What the command line prints: refusals in two lines, tables, and nothing that drives the terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import select

import pytest

from primum.doors.cli import speech
from primum.doors.cli.client import pretty
from primum.ground.home import NoHome


def test_a_refusal_is_the_fact_with_its_code_and_then_the_way_out(capsys):
    speech.complain(NoHome(folder="/a"))
    assert capsys.readouterr().err == (
        "primum: error: There is no Primum home in /a. [home.missing]\nprimum: hint: primum --home /a init\n"
    )


def test_a_refusal_without_a_way_out_is_one_line(capsys):
    speech.complain(speech.Refused(fact="No.", way_out_text="", remote_code="x.y"))
    assert capsys.readouterr().err == "primum: error: No. [x.y]\n"


def test_a_refusal_of_the_daemon_keeps_its_words_and_its_code_braces_included(capsys):
    speech.complain(speech.Refused(fact="{a} is no {b}.", way_out_text="try {c}", remote_code="vault.odd"))
    assert capsys.readouterr().err == "primum: error: {a} is no {b}. [vault.odd]\nprimum: hint: try {c}\n"


CONTROLS = ["\x1b[2J", "\x07", "\r", "\x9b31m", "\u202e", "\x00", "\u2028", "\x7f"]


@pytest.mark.parametrize("control", CONTROLS)
def test_no_cell_of_a_table_drives_the_terminal(control, capsys):
    speech.table([{"patient": f"A{control}B", "date": None}], ["patient", "date"])
    printed = capsys.readouterr().out
    assert control not in printed
    assert "A\N{REPLACEMENT CHARACTER}" in printed
    assert len(printed.splitlines()) == 2


@pytest.mark.parametrize("control", [*CONTROLS, "\n", "\t"])
def test_no_refusal_and_no_note_drives_the_terminal(control, capsys):
    speech.complain(NoHome(folder=f"/a{control}b"))
    speech.note(f"{speech.printable(f'/a{control}b')}: odd")
    told = capsys.readouterr().err
    assert control == "\n" or control not in told
    assert len(told.split("\n")) == 4


@pytest.mark.parametrize("control", [*CONTROLS, "\U000e0001", "\ud800"])
def test_json_holds_the_very_value_and_does_not_drive_the_terminal(control):
    text = pretty({"patient": f"Ménard{control}"})
    assert control not in text
    assert "Ménard" in text
    assert json.loads(text) == {"patient": f"Ménard{control}"}


def test_the_spaces_of_french_are_left_alone(capsys):
    speech.say("1\u202f200 images\u00a0: terminé")
    assert capsys.readouterr().out == "1\u202f200 images\u00a0: terminé\n"


def test_columns_are_as_wide_as_their_widest_cell(capsys):
    speech.table([{"a": "x", "b": "1"}, {"a": "longer", "b": "2"}, {"b": "3"}], ["a", "b"])
    assert capsys.readouterr().out == "a       b\nx       1\nlonger  2\n        3\n"


def test_an_empty_table_has_its_headings(capsys):
    speech.table([], ["a", "b"])
    assert capsys.readouterr().out == "a  b\n"


def test_a_bar_that_nobody_watches_prints_its_sentence_only(capsys):
    bar = speech.Bar("files")
    for done in range(5):
        bar.show(done, 4)
    bar.end("4 images stored")
    assert capsys.readouterr().err == "4 images stored\n"


def _read_until(terminal, end):
    """What a terminal shows, up to ``end``: one read may return a part of what was written."""
    shown = b""
    while not shown.endswith(end):
        assert select.select([terminal], [], [], 10)[0], shown
        shown += os.read(terminal, 4096)
    return shown.decode()


def test_a_bar_at_a_terminal_is_drawn_over_and_over_and_then_replaced(monkeypatch):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        monkeypatch.setattr("sys.stderr", terminal)
        bar = speech.Bar("files")
        bar.show(2, 4)
        bar.show(4, 4)
        bar.end("4 images stored")
        terminal.flush()
        seen = _read_until(ours, b"stored\r\n")
    os.close(ours)
    assert "files" in seen
    assert "█" * speech.Bar.WIDTH + " 4/4" in seen
    assert seen.endswith("\r\x1b[K4 images stored\r\n")


def test_a_bar_of_nothing_is_drawn_without_complaint(monkeypatch):
    monkeypatch.setattr("sys.stderr", io.StringIO())
    bar = speech.Bar("files")
    bar._live = True
    bar.show(0, 0)
