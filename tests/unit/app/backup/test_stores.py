"""What a destination must be able to do, asked of a folder and of a real bucket."""

from __future__ import annotations

import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.unit.app.backup.bucket_server import BUCKET, KEY_ID, SECRET, s3_server
from tests.unit.app.backup.house import House, key_file, open_house

from primum.app.backup.destination import (
    Credentials,
    S3Service,
    open_bucket,
    parse_destination,
)
from primum.app.backup.generations import generations
from primum.app.backup.recovery import recover
from primum.app.backup.refusals import BadDestination, NoCredentials, StoreRefused
from primum.app.backup.service import Asked, Listener
from primum.app.backup.stores.bucket import BucketStore
from primum.app.backup.stores.folder import FolderStore
from primum.app.backup.stores.model import CHUNK, Absent, Store
from primum.ground.disc import RealDisc
from primum.ground.outbound import EndpointUnfit, s3_client


@pytest.fixture(scope="module")
def endpoint() -> Iterator[str]:
    with s3_server() as address:
        yield address


@pytest.fixture(scope="module")
def client(endpoint: str) -> object:
    return s3_client(endpoint, "us-east-1", KEY_ID, SECRET)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, to: Path) -> Store:
    if request.param == "folder":
        return FolderStore(to, RealDisc())
    return BucketStore(request.getfixturevalue("client"), BUCKET, secrets.token_hex(4))


def test_what_is_put_is_got_and_counted(store: Store) -> None:
    store.put("pieces/ab/one", b"first")
    store.put("pieces/ab/one", b"second")
    store.put("empty", b"")
    assert store.get("pieces/ab/one", 6) == b"second"
    assert (store.size("pieces/ab/one"), store.size("empty")) == (6, 0)


def test_what_is_put_and_got_bit_by_bit_is_the_same(store: Store) -> None:
    data = secrets.token_bytes(3 * CHUNK + 17)
    source = io.BytesIO(data)
    source.seek(100)
    store.put_file("generations/one", source)
    store.put_file("empty", io.BytesIO())
    assert b"".join(store.chunks("generations/one", len(data))) == data == store.get("generations/one", len(data))
    assert b"".join(store.chunks("empty", 0)) == b""


def test_what_is_not_there_is_absent(store: Store) -> None:
    assert store.size("nothing") is None
    with pytest.raises(Absent):
        store.get("nothing", 1)
    with pytest.raises(Absent):
        list(store.chunks("nothing", 1))
    store.remove("nothing")


def test_names_are_listed_below_a_prefix(store: Store) -> None:
    for name in ("pieces/ab/one", "pieces/cd/two", "keyring/three", "last.json"):
        store.put(name, b"x")
    assert sorted(store.names("pieces/")) == ["pieces/ab/one", "pieces/cd/two"]
    assert sorted(store.names("")) == ["keyring/three", "last.json", "pieces/ab/one", "pieces/cd/two"]
    store.remove("pieces/ab/one")
    assert sorted(store.names("pieces/")) == ["pieces/cd/two"]


def test_more_than_was_expected_is_refused(store: Store) -> None:
    store.put("large", b"x" * 100)
    with pytest.raises(StoreRefused):
        store.get("large", 99)
    with pytest.raises(StoreRefused):
        list(store.chunks("large", 99))


@pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a//b", "A", "a b", ".hidden", "a/../b", "é", ""])
def test_a_name_that_is_none_of_ours_is_not_used(store: Store, name: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        store.put(name, b"")


def test_halves_of_interrupted_writes_are_not_listed_and_go(to: Path) -> None:
    store = FolderStore(to, RealDisc())
    store.put("pieces/ab/one", b"x")
    (to / "pieces" / "ab" / ".two.0123.new").write_bytes(b"half")
    assert list(store.names("")) == ["pieces/ab/one"]
    store.tidy()
    assert [one.name for one in (to / "pieces" / "ab").iterdir()] == ["one"]


def test_only_the_owner_can_read_a_folder(to: Path) -> None:
    FolderStore(to, RealDisc()).put("pieces/ab/one", b"x")
    assert (to / "pieces" / "ab" / "one").stat().st_mode & 0o077 == 0
    assert (to / "pieces").stat().st_mode & 0o077 == 0


# -- a bucket --


def bucket_house(house: House, endpoint: str) -> tuple[House, str]:
    where = f"s3://{BUCKET}/{secrets.token_hex(4)}/site"
    house.close()
    return open_house(house.folder, house.root, house.clock, backup_s3_endpoint=endpoint), where


def test_a_home_goes_to_a_bucket_and_comes_back(house: House, endpoint: str, tmp_path: Path) -> None:
    there, where = bucket_house(house, endpoint)
    try:
        with pytest.raises(NoCredentials):
            there.backup(where)
        there.backups.keep_credentials(where, Credentials(SECRET, KEY_ID))
        assert SECRET.encode() not in (there.folder / "backup.sealed").read_bytes()
        there.backup(where)
        there.store(study=3, size=50_000)
        again = there.backup(where)
        assert len(there.backups.generations(where)) == 2
        trial = there.backups.test(Asked(where), "", "", 100, Listener())
        assert (trial.studies, trial.instances, trial.differences) == (3, 4, [])
        credentials = Credentials(SECRET, KEY_ID)
        place = tmp_path / "again"
        recover(
            parse_destination(where), S3Service(endpoint), credentials, key_file(tmp_path), place, "", lambda *_: None
        )
        restored = open_house(place, house.root, house.clock)
        try:
            assert restored.dump() == there.dump()
            assert again.manifest.generation in generations(
                open_bucket(parse_destination(where), S3Service(endpoint), credentials)
            )
        finally:
            restored.close()
    finally:
        there.close()


def test_a_bucket_that_is_not_there_is_a_refusal_without_words_of_the_service(house: House, endpoint: str) -> None:
    there, _ = bucket_house(house, endpoint)
    try:
        where = "s3://somebody-elses"
        there.backups.keep_credentials(where, Credentials(SECRET, KEY_ID))
        with pytest.raises(StoreRefused) as refused:
            there.backup(where)
        assert refused.value.facts == {"place": where, "reason": "NoSuchBucket"}
    finally:
        there.close()


def test_a_service_that_does_not_answer_is_a_refusal(to: Path) -> None:
    where = parse_destination(f"s3://{BUCKET}")
    dead = open_bucket(where, S3Service("http://127.0.0.1:9"), Credentials(SECRET, KEY_ID))
    with pytest.raises(StoreRefused) as refused:
        dead.size("anything")
    assert refused.value.facts["reason"] == "EndpointConnectionError"


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://s3.example.org",
        "ftp://127.0.0.1",
        "https://key:secret@s3.example.org",
        "https://s3.example.org/path",
        "https://s3.example.org?x=1",
        "https://",
        "s3.example.org",
        "https://[::1",
        "http://127.0.0.1.example.org",
    ],
)
def test_an_endpoint_in_clear_or_with_a_secret_in_it_is_never_dialled(endpoint: str) -> None:
    with pytest.raises(EndpointUnfit):
        s3_client(endpoint, "us-east-1", KEY_ID, SECRET)


def test_no_credentials_or_proxies_of_the_environment_are_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[default]\nendpoint_url = https://evil.example\nregion = mars-1\n")
    for name, value in {
        "AWS_ACCESS_KEY_ID": "AKIAENVIRONMENT0", "AWS_SECRET_ACCESS_KEY": "x", "AWS_SESSION_TOKEN": "x",
        "AWS_PROFILE": "nobody", "AWS_CONFIG_FILE": str(tmp_path / "config"), "HTTPS_PROXY": "http://evil.example:3128",
        "AWS_ENDPOINT_URL": "https://evil.example", "AWS_ENDPOINT_URL_S3": "https://evil.example",
        "AWS_CA_BUNDLE": str(tmp_path / "config"),
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    client = s3_client("https://s3.example.org", "gra", KEY_ID, SECRET)
    given = client._request_signer._credentials.get_frozen_credentials()
    assert (given.access_key, given.secret_key, given.token) == (KEY_ID, SECRET, None)
    assert client.meta.endpoint_url == "https://s3.example.org"
    assert client.meta.config.proxies == {}
    assert client._endpoint.http_session._proxy_config._proxies == {}
    assert client._endpoint.http_session._verify != os.environ["AWS_CA_BUNDLE"]
    assert client.meta.region_name == "gra"


@pytest.mark.parametrize(
    "text",
    ["", "relative", "s3://", "s3://AB", "s3://bucket/../up", "s3://bucket/a b", "restic:relative", "sftp:host:/x",
     "restic:sftp:host:/x", "s3://user:pw@bucket/x", "/nul\0"],
)  # fmt: skip
def test_what_is_no_destination_is_refused(text: str) -> None:
    with pytest.raises(BadDestination):
        parse_destination(text)


@pytest.mark.parametrize("text", ["/mnt/usb", "s3://bucket", "s3://bucket/pre/fix", "restic:/mnt/repo"])
def test_a_destination_is_called_as_it_was_typed(text: str) -> None:
    assert parse_destination(text).text == text
