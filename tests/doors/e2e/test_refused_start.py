"""A start that cannot succeed ends, and says why, instead of trying for ever."""

from __future__ import annotations

import socket
import subprocess
import sys

import pytest

from tests.programs import free_port
from tests.running import make_real_home, write_settings


@pytest.mark.parametrize(("door", "code"), [("web_port", "web.address-taken"), ("dicom_port", "dimse.port")])
def test_a_port_that_is_taken_is_named_and_the_start_ends(tmp_path, door, code):
    home = make_real_home(tmp_path)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ports = {"web_port": free_port(), "dicom_port": free_port(), door: taken.getsockname()[1]}
        write_settings(home.folder, ports)
        command = [sys.executable, "-m", "primum", "--home", str(home.folder), "up", "--key-file", str(home.key_file)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 1
    assert f"[{code}]" in done.stderr
    assert "primum: hint: " in done.stderr
