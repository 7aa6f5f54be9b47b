"""The one-file probe: of the standard library alone, the same bytes for a plan, and run from a real other line."""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import io
import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st
from tests.doors.exposure.street import CONTROL, HOME, OUTER, PHONE, Street, require_namespaces, street
from tests.programs import free_port, stop, wait_until
from tests.running import Person, make_real_home, write_settings
from tests.unit.exposure.probe.outside.router_twin import dialler

from primum.exposure import one_file
from primum.exposure.mandates.folder import MandateFolder
from primum.exposure.mandates.making import Wish
from primum.exposure.probe.plan import BadPlan, Plan, read_plan, write_plan
from primum.exposure.probe.proving import Token, prove_by_helper
from primum.ground.clock import SystemClock
from primum.journal import Filter, entries

SYSTEM = "/usr/bin/python3"
"""The system's own Python, which has none of our libraries (-I -S: not even its own site-packages)."""
KEY = "ab" * 32


def _plan(**other: Any) -> Plan:
    plan = Plan(
        id="prb_" + "a" * 26, nonce="abcdefghij234567", language="en", program="0", targets=("127.0.0.1",),
        expires_at=(datetime.now(UTC) + timedelta(hours=1)).isoformat(), ports=((1, 2),),
    )  # fmt: skip
    return dataclasses.replace(plan, **other)


def _entries(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_everything_in_the_file_imports_the_standard_library_and_itself_alone() -> None:
    inside = _entries(one_file.build(_plan()))
    modules = {
        name.removesuffix(".py").replace("/", ".").removesuffix(".__init__") for name in inside if name.endswith(".py")
    }
    foreign = set()
    for name, data in inside.items():
        if not name.endswith(".py"):
            continue
        for node in ast.walk(ast.parse(data)):
            found = []
            if isinstance(node, ast.Import):
                found = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, name
                found = [node.module or ""]
            foreign |= {one for one in found if one.split(".")[0] not in sys.stdlib_module_names and one not in modules}
    assert foreign == set()
    assert "primum.exposure.probe.run" in modules


def test_the_same_plan_makes_the_same_bytes_which_only_their_owner_may_read(tmp_path: Path) -> None:
    plan = _plan()
    first, second = tmp_path / "a.pyz", tmp_path / "b.pyz"
    for one in (first, second):
        one_file.write(one, plan)
    assert first.read_bytes() == second.read_bytes()
    assert first.stat().st_mode & 0o077 == 0
    assert _entries(first.read_bytes()).keys() >= {"__main__.py", "plan.json", "primum/ground/errors.py"}


def test_a_plan_is_read_as_it_was_written_and_in_no_other_spelling() -> None:
    plan = _plan(mandates=("x",), titles=("A",), routes=(("GET", "/"),))
    data = write_plan(plan)
    assert read_plan(data) == plan
    for broken in (b"", b"{}", data + b" ", data.replace(b'"format":1', b'"format":2'), b"[" * 5000):
        with pytest.raises(BadPlan):
            read_plan(broken)


_VALUES = st.recursive(
    st.none() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


@given(
    st.dictionaries(st.sampled_from([one.name for one in dataclasses.fields(Plan)]), _VALUES), st.binary(max_size=40)
)
def test_whatever_stands_in_a_plan_is_refused_in_one_way(change: dict[str, Any], noise: bytes) -> None:
    data = write_plan(_plan())
    for changed in (json.dumps({**json.loads(data), **change}).encode(), noise, data[:20] + noise):
        if changed != data:
            with contextlib.suppress(BadPlan):
                assert write_plan(read_plan(changed)) == changed


def test_a_file_that_has_expired_sends_nothing(tmp_path: Path) -> None:
    place = tmp_path / "probe.pyz"
    one_file.write(place, _plan(expires_at="2026-01-01T00:00:00+00:00"))
    done = subprocess.run([SYSTEM, "-I", "-S", place], capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 2
    assert "probe.plan-expired" in done.stderr
    assert not list(tmp_path.glob("*.json"))


def test_the_file_proves_control_on_a_target_too(tmp_path: Path) -> None:
    place, token, port = tmp_path / "probe.pyz", Token("mdt_" + "a" * 26, bytes(range(32))), free_port()
    one_file.write(place, _plan())
    secret = tmp_path / "token"
    secret.touch(0o600)
    secret.write_text(token.text(), "ascii")
    command = [SYSTEM, "-I", "-S", place, "prove", "--token", secret, "--port", str(port), "--listen", "127.0.0.1"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as helper:
        try:
            assert helper.stderr is not None
            assert token.mandate in helper.stderr.readline()
            proof = prove_by_helper(dialler(), token, ip_address("127.0.0.1"), port)
        finally:
            stop(helper)
    assert (proof.mandate, str(proof.address)) == (token.mandate, "127.0.0.1")


# -- from a real other network --


class House:
    """A Primum at home on the street, a router before it, a control elsewhere, a phone."""

    def __init__(self, one: Street, folder: Path) -> None:
        self.street, self.folder = one, folder
        made = make_real_home(folder)
        self.home = made.folder
        self.settings: dict[str, str | int] = {
            "web_port": 8443, "web_address": "0.0.0.0", "web_name": "localhost", "dicom_port": 11112,
            "dicom_address": HOME, "dicom_plain_port": 0,
        }  # fmt: skip
        write_settings(self.home, self.settings)
        self.log = self.home.with_name("home.log")
        runtime = self.home.with_name("home.runtime")
        runtime.mkdir(mode=0o700)
        self.environment = {**os.environ, "XDG_RUNTIME_DIR": str(runtime)}
        with self.log.open("wb") as output:
            up = one.command(
                "home", sys.executable, "-m", "primum", "--home", self.home, "up", "--key-file", made.key_file
            )
            self.process = subprocess.Popen(
                up, stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=self.environment
            )
        one.started.append(self.process)
        one.wait_for("home", HOME, 8443, 60)
        one.wait_for("home", HOME, 11112, 60)
        words = "une phrase de passe assez longue"
        self.permissions = MandateFolder.create(
            folder / "mandates", name="Dre Ève Essai", passphrase=words, clock=SystemClock()
        )
        self.opened = self.permissions.unlocked(words)
        self.mandates = [self.mandate(OUTER), self.mandate(CONTROL)]
        one_file.write(folder / "control.pyz", _plan())
        one.start(
            "control", SYSTEM, "-I", "-S", folder / "control.pyz", "control", "--ports", "104,443,8042", "--key", KEY,
            "--listen", CONTROL,
        )  # fmt: skip
        one.wait_for("home", CONTROL, 443)

    def sign_in(self) -> None:
        root = Path(__file__).parents[3]  # where `tests` is imported from, whoever runs them
        told = self.street.run(
            "home", "env", f"PYTHONPATH={root}", sys.executable, Path(__file__).with_name("house_inside.py"),
            self.home, json.dumps(self.settings),
        )  # fmt: skip
        person = Person(**json.loads(told))
        self.cli("sign-in", typed=f"{person.login}\n{person.password}\n{person.code()}\n")

    def cli(self, *arguments: object, typed: str = "", status: int = 0, home: str = "home") -> str:
        folder = self.home.with_name(home)
        command = self.street.command("home", sys.executable, "-m", "primum", "--home", folder, *arguments)
        done = subprocess.run(
            command, input=typed, capture_output=True, text=True, env=self.environment, check=False, timeout=120
        )
        assert done.returncode == status, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def make(self, name: str, home: str = "home", ports: str = "104,443,8042") -> Path:
        place = self.folder / f"{name}.pyz"
        options = [option for one in self.mandates for option in ("--mandate", one)]
        self.cli(
            "probe", OUTER, "--ports", ports, "--one-file", place, "--control", f"{CONTROL}:{KEY}",
            "--language", "en", *options, home=home,
        )  # fmt: skip
        return place

    def follow(self, who: str, place: Path) -> tuple[Path, str]:
        done = self.street.tried(who, "env", "-i", SYSTEM, "-I", "-S", place, "--quiet", "--budget", "60")
        assert done.returncode in {1, 3}, (done.stdout, done.stderr)
        return place.with_name(f"{place.stem}-report.json"), done.stdout

    def seen(self) -> list[tuple[Any, Any, Any]]:
        found = entries(self.home / "journal", Filter(kinds=("probe:seen",)))
        return sorted({(one.details["door"], one.details["port"], one.details["channel"]) for one in found})

    def mandate(self, address: str) -> Path:
        """Allow what these tests ask of an address; a port of a control is held by whoever runs it."""
        ports = ((104, 104), (443, 443), (8042, 8042))
        wish = Wish(
            networks=(ip_network(address),), ports=ports, held=tuple((low, high, "mapping") for low, high in ports),
            given_by="Dre Ève Essai", quality="controller", reason="essai",
        )  # fmt: skip
        return self.permissions.path / "mandates" / f"{self.opened.give(wish).id}.mandate"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    require_namespaces()
    with street() as one:
        made = House(one, tmp_path_factory.mktemp("house"))
        made.sign_in()
        yield made


@pytest.fixture(scope="module")
def forwarded(house: House) -> dict[str, tuple[Path, str]]:
    """What a phone and the home see at once of a router that forwards, hides who calls, and answers from inside."""
    house.street.rules(forward=[(443, 8443), (104, 11112)], source_nat=True)
    house.street.wait_for("home", OUTER, 443)
    made = {who: house.make(f"open-{who}") for who in ("phone", "home")}
    made["nobody's"] = house.make("alone", "none")  # where there is no archive
    made["closed"] = house.make("closed", ports="8042")  # what the router does not forward
    places = {"phone": "phone", "home": "home", "nobody's": "phone", "closed": "phone"}
    with ThreadPoolExecutor() as together:
        done = together.map(house.follow, places.values(), made.values())
        return dict(zip(made, done, strict=True))


@pytest.mark.programs("ip", "nft")
def test_what_the_router_forwards_is_seen_from_a_phone_and_in_the_targets_own_journal(
    house: House, forwarded: dict[str, tuple[Path, str]]
) -> None:
    report, shown = forwarded["phone"]
    told = json.loads(report.read_text("ascii"))
    assert {one["address"] for one in told["addresses"]} == {OUTER}
    assert [one["open"] for one in told["addresses"]] == [[104, 443]]
    assert "not verified from outside" in shown.splitlines()[0]
    assert "primum probe --read" in shown
    assert {one["seen_as"] for one in told["vantage"]["facts"]["controls"]} == {PHONE}
    # forwarded, and yet closed: nobody who has no certificate and no account is granted anything
    said = house.cli("probe", "--read", report, "--language", "en")
    assert f"Seen from outside: from {PHONE}" in said
    assert "replaces the address of whoever calls" in said
    wait_until(lambda: {one[:2] for one in house.seen()} == {("web", 8443), ("dicom", 11112)}, seconds=30)
    assert {one[2] for one in house.seen()} >= {"server-name"}


@pytest.mark.programs("ip", "nft")
def test_without_an_archive_a_report_is_judged_by_what_was_kept_beside_the_file(
    house: House, forwarded: dict[str, tuple[Path, str]]
) -> None:
    report, _ = forwarded["nobody's"]
    kept = house.folder / "alone.pyz.made.json"
    assert kept.stat().st_mode & 0o077 == 0
    said = house.cli("probe", "--read", report, "--made", kept, "--language", "en", home="none")
    assert f"Seen from outside: from {PHONE}" in said
    assert "outside.nothing-made" in house.cli("probe", "--read", report, home="none", status=2)


@pytest.mark.programs("ip", "nft")
def test_a_run_from_the_home_itself_is_not_outside_although_hairpin_answers(
    house: House, forwarded: dict[str, tuple[Path, str]]
) -> None:
    """NAT hairpin: the router answers from inside under its outer address, whatever it lets in from outside."""
    report, _ = forwarded["home"]
    told = json.loads(report.read_text("ascii"))
    assert [one["open"] for one in told["addresses"]] == [[104, 443]]
    said = house.cli("probe", "--read", report, "--language", "en", status=3)
    assert "was not outside" in said


@pytest.mark.programs("ip", "nft")
def test_what_the_router_keeps_is_closed_from_a_phone_although_nothing_reached_us(
    house: House, forwarded: dict[str, tuple[Path, str]]
) -> None:
    report, _ = forwarded["closed"]
    assert json.loads(report.read_text("ascii"))["addresses"][0]["open"] == []
    said = house.cli("probe", "--read", report, "--language", "en")
    assert "Seen from outside" in said
    again = house.cli("probe", "--read", report, "--language", "en", status=3)
    assert "was read before" in again
    # the next probe of this machine joins that view: closed from here and from outside
    whole = house.cli("probe", f"{HOME}:8443", "--language", "en")
    assert whole.splitlines()[0].startswith("CLOSED: ")
    assert "no mandate names it" in whole


@pytest.mark.programs("ip", "nft")
def test_a_vantage_looks_back_at_who_asks_and_its_look_counts(house: House) -> None:
    """The vantage is another machine, with a control of its own (the phone's line here); the home asks from inside."""
    house.street.rules(forward=[(443, 8443)])
    folder, ticket = house.folder / "vantage", house.folder / "invitation"
    primum = (sys.executable, "-m", "primum", "--home", house.folder / "none", "vantage")
    house.street.run("control", *primum, "invite", "Cabinet d'essai", "--out", ticket, "--folder", folder)
    house.street.start(
        "phone", SYSTEM, "-I", "-S", house.folder / "control.pyz", "control", "--ports", "104,443,8042", "--key", KEY,
        "--listen", PHONE,
    )  # fmt: skip
    house.street.start(
        "control", *primum, "serve", "--folder", folder, "--listen", CONTROL, "--control", f"{PHONE}:{KEY}",
        "--mandate", house.mandate(PHONE),
    )  # fmt: skip
    house.street.wait_for("home", CONTROL, 4433, 30)
    asked = ("vantage", "ask", CONTROL, "--invitation", ticket, "--ports", "104,443,8042", "--language", "en")
    said = house.cli(*asked, "--mandate", house.mandates[0])
    assert f"sees this connection as {OUTER}" in said
    assert f"Seen from outside: from {CONTROL}" in said
    # without a mandate it asks nobody, and is not asked
    assert "probe.not-mandated" in house.cli(*asked, status=2)
