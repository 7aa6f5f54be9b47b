"""What each line makes of what it is told."""

# ruff: noqa: E501 (one case, one line: the page is read as a table)

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.unit.exposure.checks.kit import (
    DATED,
    DEVICE,
    NOW,
    OTHER,
    PARTS,
    PERSON,
    ago,
    but,
    declaration,
    finding,
    good,
    state,
)

from primum.exposure.checks.advisories import Advisories, Advisory
from primum.exposure.checks.errors import NotTold
from primum.exposure.checks.gathering.clear_text import Seen
from primum.exposure.checks.gathering.clocks import Synchronised
from primum.exposure.checks.gathering.discs import Kind, Medium, SwapArea
from primum.exposure.checks.gathering.parts import Part, System
from primum.exposure.checks.gathering.sockets import Listener
from primum.exposure.checks.gathering.usage import Usage
from primum.exposure.checks.sources import (
    Copies,
    Deletions,
    Door,
    Host,
    Human,
    Intervention,
    Interventions,
    Inventory,
    LastProbe,
    Machine,
    Media,
    Own,
    Scanned,
    Shown,
    Station,
    TlsGrade,
    Verified,
)

LAN = [Listener("192.168.1.5", 8443, 1000), Listener("127.0.0.1", 2762, 1000)]
ON_LAN = {"doors": [Door("web", "192.168.1.5", 8443), Door("dicom", "127.0.0.1", 2762)], "listening": LAN}
SYSTEM = System("3.11.2", "3.0.17", "debian 12", True, ago(days=3), False)
COPIES = Copies("/backup", ago(hours=5), 0, "", ago(days=20), 100, False)
DISC = Medium(Kind.PLAIN, "sda1")


def ahead(**span: float):
    return NOW + timedelta(**span)


def inventory(**facts: object) -> Inventory:
    return Inventory(PARTS, 0, replace(SYSTEM, **facts))  # type: ignore[arg-type]


def advisories(*found: Advisory, **facts: object) -> Advisories:
    covered = frozenset((one.ecosystem, one.name) for one in PARTS)
    return replace(Advisories(ago(days=1), 9, DATED, covered, found), **facts)  # type: ignore[arg-type]


JINJA = Advisory("GHSA-aaaa-bbbb-cccc", "PyPI", "jinja2", (), ((("introduced", "0"), ("fixed", "3.1.7")),))

SINCE = "2026-11-22T22:40:00.000Z"
CASES = [
    ("own-listeners", {}, "as-configured", "good"),
    ("own-listeners", {"listening": []}, "closed", "attention"),
    ("own-listeners", {"listening": [Listener("0.0.0.0", 8443, 1000), Listener("127.0.0.1", 2762, 1000)]}, "wider", "bad"),
    ("own-listeners", ON_LAN, "as-configured", "good"),
    ("own-listeners", {"own": Own((), (), 1001)}, "foreign", "bad"),
    ("own-listeners", {"contained": SINCE, "listening": [Listener("127.0.0.1", 8443, 1000)]}, "contained", "attention"),
    ("own-listeners", ON_LAN | {"contained": SINCE}, "not-contained", "bad"),
    ("own-listeners", {"doors": [Door("web", "::", 8443)], "listening": [Listener("::", 8443, 1000)]}, "as-configured", "good"),
    ("other-listeners", {}, "none", "good"),
    ("other-listeners", {"listening": [Listener("127.0.0.1", 4242, 0)]}, "none", "good"),
    ("other-listeners", {"listening": [Listener("0.0.0.0", 22, 0)]}, "others", "attention"),
    ("other-listeners", {"listening": [Listener("::", 4242, 0), Listener("0.0.0.0", 22, 0)]}, "risky", "bad"),
    ("sign-in-reachable", {}, "this-machine", "good"),
    ("sign-in-reachable", ON_LAN, "lan-verified", "good"),
    ("sign-in-reachable", ON_LAN | {"last_outside": None}, "lan-unverified", "not-determined"),
    ("sign-in-reachable", ON_LAN | {"last_outside": NotTold(reason="x")}, "lan-unverified", "not-determined"),
    ("sign-in-reachable", ON_LAN | {"last_outside": LastProbe(ago(days=91), "closed", 0)}, "lan-unverified", "not-determined"),
    ("sign-in-reachable", ON_LAN | {"last_outside": LastProbe(ago(days=1), "open", 1)}, "lan-unverified", "not-determined"),
    ("sign-in-reachable", ON_LAN | {"own": Own(("2a01::5",), ("2a01::5",))}, "routable-address", "attention"),
    ("sign-in-reachable", ON_LAN | {"usage": Usage(since=ago(days=9), routable={"9.9.9.9"})}, "called-from-outside", "attention"),
    ("tls", {}, "strict", "good"),
    ("tls", {"tls": [TlsGrade("dicom", 2762, "B.10", ("1.2",))]}, "old-suites", "attention"),
    ("tls", {"tls": [TlsGrade("dicom", 2762, "B.12", ("1.2",), (), ("cbc",))]}, "old-suites", "attention"),
    ("tls", {"tls": [TlsGrade("dicom", 2762, "AES", ("1.2", "1.0"))]}, "weak", "bad"),
    ("tls", {"tls": [TlsGrade("web", 8443, "B.12", ("1.2",), ("3des",))]}, "weak", "bad"),
    ("tls", {"tls": [TlsGrade("web", 8443, "", ())]}, "weak", "bad"),
    ("tls", {"tls": []}, "no-door", "not-determined"),
    ("certificates", {}, "good", "good"),
    ("certificates", {"certificates": [Shown("web", NOW, ago(days=30))]}, "ended", "bad"),
    ("certificates", {"certificates": [Shown("web", ahead(days=10), ago(days=15))]}, "late", "attention"),
    ("certificates", {"certificates": [Shown("web", ahead(days=10), ago(days=13))]}, "good", "good"),
    ("certificates", {"certificates": [Shown("device-ca", ahead(days=179), None)]}, "late", "attention"),
    ("unused-grants", {}, "all-used", "good"),
    ("unused-grants", {"usage": Usage(since=ago(days=300))}, "unused", "attention"),
    ("unused-grants", {"usage": Usage(since=ago(days=300)),
                       "machines": [Machine(DEVICE, "new", frozenset({"find"}), ago(days=59))]}, "all-used", "good"),
    ("plain-grants", {}, "none", "good"),
    ("plain-grants", {"machines": [Machine(DEVICE, "old", frozenset(), ago(days=1), plain=True)]}, "clear-here", "attention"),
    ("plain-grants", {"machines": [Machine(DEVICE, "w", frozenset(), ago(days=1), host="127.0.0.1", host_plain=True)]},
     "clear-here", "attention"),
    ("plain-grants", {"doors": [Door("dicom-plain", "127.0.0.1", 11112, plain=True)]}, "clear-here", "attention"),
    ("plain-grants", {"doors": [Door("dicom-plain", "127.0.0.1", 11112, plain=True)],
                      "listening": [Listener("0.0.0.0", 11112, 0)]}, "clear-on-network", "bad"),
    ("second-factor", {}, "all-have", "good"),
    ("second-factor", {"humans": [Human(OTHER, True, False, (), ago(days=1), None)]}, "missing", "bad"),
    ("second-factor", {"humans": [Human(OTHER, False, False, (), ago(days=1), None, ahead(days=1))]}, "all-have", "good"),
    ("stale-rights", {}, "in-use", "good"),
    ("stale-rights", {"humans": [Human(OTHER, True, True, ("dpo",), ago(days=400), ago(days=91))]}, "stale", "attention"),
    ("stale-rights", {"humans": [Human(OTHER, True, True, ("dpo",), ago(days=89), None)]}, "in-use", "good"),
    ("stale-rights", {"humans": [Human(OTHER, False, False, (), ago(days=9), None, ago(days=2))]}, "stale", "attention"),
    ("failed-sign-ins", {}, "few", "good"),
    ("failed-sign-ins", {"usage": Usage(since=ago(days=60), refused=Counter({PERSON: 15}))}, "many", "attention"),
    ("failed-sign-ins", {"usage": Usage(since=ago(days=60), refused=Counter({str(n): 6 for n in range(10)}))}, "many", "attention"),
    ("failed-sign-ins", {"usage": Usage(since=ago(days=60), strangers=500)}, "strangers", "attention"),
    ("patch-level", {}, "mended", "good"),
    ("patch-level", {"inventory": inventory(changed_at=ago(days=46))}, "not-mended-lately", "attention"),
    ("patch-level", {"inventory": inventory(restart_waits=True)}, "restart-waits", "attention"),
    ("patch-level", {"inventory": inventory(changed_at=None)}, "not-known-when", "not-determined"),
    ("patch-level", {"inventory": inventory(kind="slackware 15")}, "unknown-support", "not-determined"),
    ("patch-level", {"inventory": inventory(own_python=False, python="3.9.1")}, "unknown-support", "not-determined"),
    ("patch-level", {"inventory": inventory(own_python=False)}, "mended", "good"),
    ("patch-level", {"inventory": inventory(kind="debian 11")}, "unsupported", "bad"),
    ("vulnerabilities", {}, "none-known", "good"),
    ("vulnerabilities", {"advisories": None}, "no-database", "not-determined"),
    ("vulnerabilities", {"advisories": advisories(JINJA)}, "vulnerable", "bad"),
    ("vulnerabilities", {"advisories": advisories(dated={"PyPI": "2026-10-23"})}, "old-database", "not-determined"),
    ("vulnerabilities", {"advisories": advisories(JINJA, dated={"PyPI": "2020-10-23"})}, "vulnerable", "bad"),
    ("vulnerabilities", {"advisories": advisories(covered=frozenset())}, "partly-known", "not-determined"),
    ("vulnerabilities", {"inventory": Inventory((Part("PyPI", "jinja2", "weird"),), 0, SYSTEM),
                         "advisories": advisories(JINJA)}, "partly-known", "not-determined"),
    ("disc-encryption", {}, "sealed", "good"),
    ("disc-encryption", {"media": Media(DISC, ())}, "plain", "bad"),
    ("disc-encryption", {"media": Media(Medium(Kind.VIRTUAL, "vda"), ())}, "virtual", "not-determined"),
    ("disc-encryption", {"media": Media(Medium(Kind.UNKNOWN, "zfs"), ())}, "unknown", "not-determined"),
    ("disc-encryption", {"media": Media(Medium(Kind.MEMORY, "tmpfs"), ())}, "memory", "good"),
    ("swap", {}, "none", "good"),
    ("swap", {"media": Media(DISC, (SwapArea("zram0", Medium(Kind.MEMORY, "zram")), SwapArea("/dev/sda2", DISC)))}, "plain", "bad"),
    ("swap", {"media": Media(DISC, (SwapArea("/dev/dm-1", Medium(Kind.SEALED, "luks2")),))}, "sealed", "good"),
    ("swap", {"media": Media(DISC, (SwapArea("/dev/vdb", Medium(Kind.VIRTUAL, "vdb")),))}, "virtual", "not-determined"),
    ("clear-text", {}, "none", "good"),
    ("clear-text", {"clear_text": Scanned({"/tmp": Seen(looked=5, count=1, found=["dicom 7"])})}, "found", "bad"),
    ("clear-text", {"clear_text": Scanned({"/tmp": Seen(looked=5, whole=False)})}, "not-all-seen", "not-determined"),
    ("clear-text", {"clear_text": Scanned({"vault": Seen(looked=5, whole=False, sample=True)})}, "none", "good"),
    ("backup", {}, "fresh", "good"),
    ("backup", {"copies": replace(COPIES, made_at=None)}, "never", "bad"),
    ("backup", {"copies": replace(COPIES, made_at=None, refused="backup.no-room")}, "refused", "bad"),
    ("backup", {"copies": replace(COPIES, made_at=ago(hours=37))}, "late", "bad"),
    ("backup", {"copies": replace(COPIES, illnesses=1)}, "ill", "bad"),
    ("backup", {"copies": replace(COPIES, same_disc=True)}, "same-disc", "attention"),
    ("restore-test", {}, "whole", "good"),
    ("restore-test", {"copies": replace(COPIES, tested_part=10)}, "in-part", "good"),
    ("restore-test", {"copies": replace(COPIES, tested_at=ago(days=181))}, "late", "attention"),
    ("restore-test", {"copies": replace(COPIES, tested_at=None)}, "never", "bad"),
    ("key-guard", {}, "passphrase", "good"),
    ("key-guard", {"guards": ["passphrase", "key-file", "recovery"]}, "key-file", "not-determined"),
    ("key-guard", {"guards": ["recovery"]}, "none", "attention"),
    ("recovery-key", {}, "undeclared", "not-determined"),
    ("recovery-key", {"guards": ["passphrase"]}, "missing", "bad"),
    ("journal", {}, "sound", "good"),
    ("journal", {"journal": Verified(ago(days=4), 0, 1, None, None)}, "late", "attention"),
    ("journal", {"journal": Verified(None, 0, 0, None, None)}, "never", "attention"),
    ("journal", {"journal": Verified(ago(days=1), 2, 5, None, None)}, "ill", "bad"),
    ("witness", {}, "witnessed", "good"),
    ("witness", {"journal": Verified(ago(days=1), 0, 5, ago(days=1), ago(days=9), "s3")}, "late", "attention"),
    ("witness", {"journal": Verified(ago(days=1), 0, 5, ago(days=1), None)}, "never", "attention"),
    ("clock", {}, "kept", "good"),
    ("clock", {"clock": Synchronised(False, 5)}, "alone", "attention"),
    ("clock", {"clock": Synchronised(True, 1001)}, "unsure", "attention"),
    ("deletions", {}, "none", "good"),
    ("deletions", {"deletions": Deletions(3, 0, 0, ago(days=9))}, "waiting", "good"),
    ("deletions", {"deletions": Deletions(3, 1, 0, ago(days=95))}, "undecided", "attention"),
    ("deletions", {"deletions": Deletions(0, 0, 1, None)}, "returned", "attention"),
    ("interventions", {}, "none", "good"),
    ("interventions", {"interventions": Interventions((Intervention("int_1", ago(hours=2)),))}, "under-way", "attention"),
    ("interventions", {"interventions": Interventions((Intervention("int_1", ago(hours=25)),))}, "too-long", "attention"),
    ("interventions", {"interventions": Interventions((), (Intervention("int_1", ago(hours=25), 1),))}, "left-open", "bad"),
    ("homologation", {}, "undeclared", "not-determined"),
    ("third-parties", {}, "nobody", "good"),
    ("third-parties", {"hosts": [Host("192.168.1.9", "ws"), Host("nas.local", "nas"), Host("pacs", "p")]}, "nobody", "good"),
    ("third-parties", {"hosts": [Host("s3.example.com", "backup")]}, "undeclared", "not-determined"),
    ("third-parties", {"hosts": [Host("9.9.9.9", "ws")]}, "undeclared", "not-determined"),
    ("probe", {}, "closed", "good"),
    ("probe", {"last_probe": None}, "never", "not-determined"),
    ("probe", {"last_probe": LastProbe(ago(days=31), "closed", 0)}, "old", "not-determined"),
    ("probe", {"last_probe": LastProbe(ago(days=310), "open", 2)}, "open", "bad"),
    ("probe", {"last_probe": LastProbe(ago(days=1), "void", 0)}, "undetermined", "not-determined"),
    ("outside", {}, "closed", "good"),
    ("outside", {"last_outside": None}, "never", "not-determined"),
    ("outside", {"last_outside": LastProbe(ago(days=1), "inside-only", 0)}, "undetermined", "not-determined"),
    ("outside", {"last_outside": LastProbe(ago(days=91), "closed", 0)}, "old", "not-determined"),
    ("outside", {"last_outside": LastProbe(ago(days=91), "open", 1)}, "open", "bad"),
    ("station", {}, "good", "good"),
    ("station", {"stations": []}, "never", "not-determined"),
    ("station", {"stations": [Station("sta_1", ago(days=91), 0)]}, "late", "not-determined"),
    ("station", {"stations": [Station("sta_1", ago(days=91), 0), Station("sta_2", ago(days=1), 1)]}, "bad", "bad"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "facts", "code", "meaning"), CASES, ids=[f"{one[0]}-{one[2]}" for one in CASES])
def test_what_a_line_answers(name, facts, code, meaning):
    assert state(name, but(**facts)) == (code, meaning)


def test_what_the_end_of_support_makes_of_a_line():
    told = but(inventory=inventory(python="3.11.2", own_python=False, kind="debian 12"))
    assert finding("patch-level", told).facts["what"] == "python 3.11", "the first to end is told"
    gone = but(inventory=inventory(kind="debian 12", own_python=True))
    assert finding("patch-level", gone).facts["until"] == "2028-06-30"


def test_a_journal_that_was_not_read_in_time_answers_nothing():
    for name in ("unused-grants", "failed-sign-ins"):
        with pytest.raises(NotTold):
            finding(name, but(usage=Usage(since=None, whole=False)))
        with pytest.raises(NotTold):
            finding(name, but(usage=Usage(since=ago(days=5), whole=False)))


def test_each_third_party_is_declared_by_itself():
    hosts = [Host("s3.example.com", "backup"), Host("results.example.com", "results")]
    both = [declaration("third-parties", "hds", one.host) for one in hosts]
    found = finding("third-parties", but(hosts=hosts), *both)
    assert (found.code, found.way.value, str(found.until)) == ("certified", "declared", "2027-01-01")
    one = finding("third-parties", but(hosts=hosts), both[0])
    assert (one.code, one.items) == ("undeclared", ["results.example.com (results)"])
    without = declaration("third-parties", "none", "results.example.com")
    assert state("third-parties", but(hosts=hosts), both[0], without) == ("without", "bad")


def test_items_name_what_is_concerned_and_no_person_by_name():
    found = finding("second-factor", but(humans=[Human(OTHER, True, False, (), ago(days=1), None)]))
    assert found.items == [OTHER]
    risky = finding(
        "other-listeners", but(listening=[Listener("0.0.0.0", 4242, 0, "Orthanc"), Listener("::", 4242, 0)])
    )
    assert risky.items == ["4242/tcp DICOM Orthanc (0.0.0.0, ::)"]


def test_nothing_is_asked_that_a_line_does_not_need():
    told = good()
    finding("clock", told)
    assert set(told.asked) == {"clock"}
