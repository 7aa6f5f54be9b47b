from pathlib import Path

import pytest

from primum.exposure.probe.station import discs
from primum.exposure.probe.station.discs import disc
from primum.exposure.probe.station.model import State

MOUNTS = """\
22 28 0:21 / /proc rw,nosuid - proc proc rw
28 1 253:1 / / rw,relatime shared:1 - ext4 /dev/mapper/vg-root rw
30 28 253:2 / /home rw,relatime shared:2 - ext4 /dev/mapper/vg-home rw
33 28 259:1 / /boot rw,relatime shared:3 - ext4 /dev/nvme0n1p1 rw
"""


class Machine:
    """A /sys and /proc of a machine, laid out by hand: block devices with what lies below each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "sys/dev/block").mkdir(parents=True)
        (root / "sys/class/block").mkdir(parents=True)
        (root / "proc/self").mkdir(parents=True)
        self.mounts(MOUNTS)

    def mounts(self, text: str) -> None:
        (self.root / "proc/self/mountinfo").write_text(text)

    def device(self, name: str, number: str, *below: str, uuid: str = "", mapped: str = "") -> None:
        at = self.root / "sys/class/block" / name
        (at / "slaves").mkdir(parents=True)
        (at / "dev").write_text(f"{number}\n")
        if uuid:
            (at / "dm").mkdir()
            (at / "dm/uuid").write_text(f"{uuid}\n")
            (at / "dm/name").write_text(f"{mapped}\n")
        for one in below:
            (at / "slaves" / one).symlink_to(self.root / "sys/class/block" / one)
        (self.root / "sys/dev/block" / number).symlink_to(at)

    def point(self):
        return disc("linux", lambda _: None, home=Path("/home/anne"), root=self.root)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


def test_volumes_on_luks_are_encrypted(machine):
    machine.device("nvme0n1p3", "259:3")
    machine.device("dm-0", "253:0", "nvme0n1p3", uuid="CRYPT-LUKS2-0a1b-nvme0n1p3_crypt", mapped="crypt")
    machine.device("dm-1", "253:1", "dm-0", uuid="LVM-aaa", mapped="vg-root")
    machine.device("dm-2", "253:2", "dm-0", uuid="LVM-bbb", mapped="vg-home")
    assert (machine.point().state, machine.point().why) == (State.GOOD, "encrypted")


def test_a_home_in_clear_beside_an_encrypted_system_is_not(machine):
    machine.device("nvme0n1p3", "259:3")
    machine.device("dm-0", "253:1", "nvme0n1p3", uuid="CRYPT-LUKS2-0a1b-crypt", mapped="vg-root")
    machine.device("sda1", "253:2")
    assert machine.point().state is State.BAD


def test_a_volume_of_which_half_is_encrypted_is_not(machine):
    machine.device("sda1", "8:1")
    machine.device("sdb1", "8:17")
    machine.device("dm-0", "253:0", "sda1", uuid="CRYPT-LUKS1-0a1b-x", mapped="crypt")
    for name, number in (("dm-1", "253:1"), ("dm-2", "253:2")):
        machine.device(name, number, "dm-0", "sdb1", uuid="LVM-aaa", mapped=name)
    assert machine.point().state is State.BAD


def test_btrfs_is_found_by_its_source(machine):
    machine.device("sda2", "8:2")
    machine.device("dm-0", "253:0", "sda2", uuid="CRYPT-LUKS2-0a1b-luks", mapped="luks-1")
    line = "28 1 0:31 /root / rw,relatime shared:1 - btrfs /dev/mapper/luks-1 rw\n"
    machine.mounts(line + "30 28 0:31 /home /home rw shared:2 - btrfs /dev/mapper/luks-1 rw\n")
    assert machine.point().state is State.GOOD


@pytest.mark.parametrize("text", ["", "not mounts\n", "28 1 0:31 / / rw - overlay overlay rw\n"])
def test_what_cannot_be_told_is_not_told(machine, text):
    machine.mounts(text)
    assert machine.point().state is State.NOT_DETERMINED


@pytest.mark.parametrize(
    ("said", "found"),
    [
        ("FileVault is On.\n", True),
        ("FileVault is Off.\n", False),
        ("FileVault is On.\nDecryption in progress: Percent completed = 12\n", False),
        ("FileVault is Off.\nDeferred enablement appears to be active for user 'x'.\n", False),
        ("Error: something\n", None),
        (None, None),
    ],
)
def test_what_fdesetup_prints(said, found):
    assert discs.macos(said) is found


@pytest.mark.parametrize(
    ("said", "found"),
    [("1\r\n", True), ("6", True), ("2\n", False), ("3", False), ("5", False), ("", None), (None, None)],
)  # fmt: skip
def test_what_the_shell_of_windows_says_of_its_drive(said, found):
    assert discs.shell(said) is found


VOLUME = """\
Volume {letter}: [{label}]
[{kind} Volume]

    Size:                 475.69 GB
    Conversion Status:    {status}
    Percentage Encrypted: {percent}
    Protection Status:    {protection}
    Lock Status:          Unlocked
"""


def volume(letter="C", percent="100.0%", protection="Protection On"):
    return VOLUME.format(
        letter=letter, label="OS", kind="OS", status="Used Space Only Encrypted", percent=percent, protection=protection
    )


@pytest.mark.parametrize(
    ("said", "found"),
    [
        (volume(), True),
        (volume(percent="100%"), True),
        (volume(percent="61.3%"), False),
        (volume(protection="Protection Off"), False),
        (volume() + volume("D", protection="Protection Off"), False),
        (volume(protection="État inconnu"), None),
        ("ERROR: an attempt to access a required resource was denied.", None),
        (None, None),
    ],
)
def test_what_manage_bde_prints(said, found):
    assert discs.manage_bde(said) is found


def test_windows_is_asked_without_rights_first():
    asked = []

    def ask(command):
        asked.append(command[0])
        return {"powershell": "", "manage-bde": volume()}[command[0]]

    assert disc("windows", ask, home=Path("C:/x")).state is State.GOOD
    assert asked == ["powershell", "manage-bde"]
