"""The probe that interventions go by, run whole on a network with nobody else in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from primum.exposure.probe.model import Place, Verdict
from primum.exposure.ran import read_report

SCRIPT = """
import json
from types import SimpleNamespace
from primum.app.probing import prober
from primum.ground.clock import SystemClock

mandates = SimpleNamespace(in_force=lambda now: [])
probe = prober(SimpleNamespace(clock=SystemClock()), mandates, lambda: ["ARCHIVE"])
print(json.dumps(probe(lambda *_: None)))
"""


@pytest.mark.programs("unshare", "ip")
def test_a_machine_on_which_nothing_listens_is_closed_as_seen_from_itself():
    alone = f'ip link set lo up && exec {sys.executable} -c "$0"'
    done = subprocess.run(
        ["unshare", "--net", "sh", "-c", alone, SCRIPT], capture_output=True, text=True, timeout=200, check=False,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    (ran,) = read_report(json.loads(done.stdout))
    assert (ran.sound, ran.place, ran.verdict, ran.holes) == (True, Place.HERE, Verdict.INSIDE_ONLY, ())
    assert "127.0.0.1" in ran.asked
