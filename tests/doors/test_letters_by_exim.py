"""Letters of a breach through Debian's mail server: half are refused, exactly those put off are retried, none twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from primum.ground.outbound import MailRefused, Submission
from primum.incidents.telling.model import Channel
from tests.twins.exim import ACCOUNT, running_exim
from tests.unit.incidents.kit import DOCTOR
from tests.unit.incidents.telling.kit import TellingScene, a_list

TAKEN, REFUSED, LATER, UNWANTED = (
    [f"{kind}{at}@example.org" for at in range(count)]
    for kind, count in (("zoe", 10), ("refused", 6), ("later", 3), ("unwanted", 1))
)


def scene_of(tmp_path, exim):
    way = Submission("127.0.0.1", exim.port, *ACCOUNT, "cabinet@example.org", exim.keys.trusting())
    rows = [f"P{at};Personne {at};{to};;;;" for at, to in enumerate([*TAKEN, *REFUSED, *LATER, *UNWANTED])]
    return TellingScene(tmp_path, way).ready(a_list(*rows))


def fates(scene):
    return {fate.value: number for fate, number in scene.standing().fates.items()}


@pytest.mark.programs("exim4")
def test_a_real_mail_server_that_refuses_half_of_the_letters(tmp_path):
    with running_exim() as exim:
        scene = scene_of(tmp_path, exim)
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        assert scene.sweep() == 20
        assert fates(scene) == {"accepted": 10, "refused": 7, "deferred": 3}
        exim.take_those_put_off()
        assert scene.sweep() == 0
        scene.clock.advance(timedelta(minutes=30))
        assert scene.sweep() == 3
        scene.clock.advance(timedelta(days=6))
        assert scene.sweep() == 0
        exim.wait_for(13)
        delivered = exim.delivered()
    assert sorted(to for _, to in delivered) == sorted([*TAKEN, *LATER])
    assert len(set(delivered)) == 13
    assert fates(scene) == {"accepted": 13, "refused": 7}
    (sent,) = scene.letters("sent")
    assert sent["counts"] == {"accepted": 13, "refused": 7}


@pytest.mark.programs("exim4")
def test_a_password_that_the_server_does_not_know_sends_nothing_and_spends_no_attempt(tmp_path):
    with running_exim() as exim:
        scene = scene_of(tmp_path, exim)
        scene.telling.start_batch(DOCTOR, scene.file.id, Channel.MAIL)
        wrong = Submission("127.0.0.1", exim.port, "primum", "wrong", "cabinet@example.org", exim.keys.trusting())
        with pytest.raises(MailRefused), wrong.conversation():
            pass
        scene.telling = scene.again(wrong)
        assert scene.sweep() == 0
    assert scene.standing().batches[0].batch.trouble == "sign-in"
    assert fates(scene) == {"waiting": 20}
