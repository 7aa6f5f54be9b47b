"""A configuration key that does not exist is refused; so is a value that cannot be meant."""

import pytest

from primum.ground.settings import SETTINGS, BadSetting, UnknownSetting, UnreadableSettings, read_settings


def write(tmp_path, text):
    file = tmp_path / "primum.toml"
    file.write_text(text, "utf-8")
    return file


def test_no_file_means_all_defaults_and_loopback(tmp_path):
    settings = read_settings(tmp_path / "primum.toml")
    assert settings.web_address == settings.dicom_address == "127.0.0.1"
    assert settings.dicom_plain_port == 0


def test_every_setting_of_the_table_is_an_attribute(tmp_path):
    settings = read_settings(tmp_path / "primum.toml")
    assert {one.name: getattr(settings, one.name) for one in SETTINGS} == {one.name: one.default for one in SETTINGS}


def test_an_unknown_key_is_refused_by_name(tmp_path):
    with pytest.raises(UnknownSetting, match="'dicom_prot'"):
        read_settings(write(tmp_path, "dicom_prot = 104"))


@pytest.mark.parametrize(
    "line",
    [
        'web_port = "8443"',
        "web_port = 0",
        "web_port = true",
        "access_months = 13",
        'language = "de"',
        'dicom_aet = "SEVENTEEN-LETTERS"',
        'dicom_aet = " X"',
        'dicom_aet = "A\\\\B"',
    ],
)
def test_a_value_that_cannot_be_meant_is_refused(tmp_path, line):
    with pytest.raises(BadSetting):
        read_settings(write(tmp_path, line))


def test_a_zone_that_no_table_has_is_refused(tmp_path):
    file = tmp_path / "primum.toml"
    file.write_text('time_zone = "Europe/Nowhere"\n')
    with pytest.raises(BadSetting, match="time_zone"):
        read_settings(file)
    file.write_text('time_zone = "Indian/Reunion"\n')
    assert read_settings(file).time_zone == "Indian/Reunion"


def test_what_is_not_toml_is_refused(tmp_path):
    with pytest.raises(UnreadableSettings):
        read_settings(write(tmp_path, "web_port 8443"))
