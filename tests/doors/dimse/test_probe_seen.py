"""An announced probe is written down at the DICOM door, before it is refused; it costs nothing per instance."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.doors.dimse.caller import Caller
from tests.doors.dimse.instances import RELEASE_RQ, associate, encoded, instance, item, message, store_command
from tests.doors.dimse.running import House

from primum.exposure.outside.announced import Announced, Announcement, digest_of, write_announcements
from primum.ground.ids import new_id

NONCE = "abcdefghij234567"


def _named(version: str, calling: str = "STRANGER") -> bytes:
    return associate(calling=calling, more=item(0x55, version.encode("ascii")))


@pytest.fixture
def announced(house: House, tmp_path: Path) -> Announced:
    one = Announcement(new_id("prb"), digest_of(NONCE), house.clock.now() + timedelta(hours=1))
    (tmp_path / "probes").write_bytes(write_announcements([one]))
    return Announced(tmp_path, house.journal, house.clock, "dicom")


def test_a_probe_is_written_down_although_nobody_enrolled_it(house: House, announced: Announced) -> None:
    with house.open(noticed=announced.version_name) as port:
        for _ in range(3):
            with Caller(port) as caller:
                caller.say(_named(NONCE.upper()))
                assert caller.hear() is not None
    (seen,) = [one for one in house.facts() if one["kind"] == "probe:seen"]
    assert seen["details"] == {"address": "127.0.0.1", "channel": "version-name", "door": "dicom", "port": port}
    assert seen["actor"] == "stranger"


def test_an_association_is_looked_at_once_however_many_instances_it_sends(house: House) -> None:
    looked: list[str] = []
    with house.open(noticed=lambda name, _address, _port: looked.append(name)) as port, Caller(port) as caller:
        caller.associated(_named("SCANNER_1", "SCANNER"))
        for number in range(1, 6):
            caller.say(message(1, store_command(f"2.25.1000.{number}", message=number), encoded(instance(number))))
            assert caller.status() == 0
        caller.say(RELEASE_RQ)
        assert caller.hear() is not None
    assert looked == ["SCANNER_1"]
