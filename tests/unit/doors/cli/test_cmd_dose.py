import pytest

from primum.doors.cli.command import run


@pytest.mark.parametrize("asked", [["dose"], ["dose", "1.2.3", "--practice"]])
def test_a_study_or_the_practice_and_not_both(capsys, tmp_path, asked):
    assert run(["--home", str(tmp_path), *asked]) == 1
    said = capsys.readouterr().err
    assert "[cli.what-dose]" in said
    assert "primum: hint: primum dose STUDY, or primum dose --practice" in said
