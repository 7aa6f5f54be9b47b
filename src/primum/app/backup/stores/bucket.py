"""A bucket of an S3-compatible service as a destination. The client is made by ground/outbound.py."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from primum.app.backup.refusals import StoreRefused
from primum.app.backup.stores.model import CHUNK, Absent, checked, in_chunks
from primum.ground.outbound import s3_failures

_ABSENT = {"NoSuchKey", "404", "NotFound"}


class BucketStore:
    """Objects below a prefix, each put in one request: whole or not at all."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:  # noqa: ANN401 (the library is not typed)
        """Keep objects in `bucket` below `prefix`."""
        self._client, self._bucket = client, bucket
        self._prefix = prefix.rstrip("/") + "/" if prefix else ""
        self._said, self._broke = s3_failures()

    @property
    def place(self) -> str:
        """Bucket and prefix."""
        return f"s3://{self._bucket}/{self._prefix}".rstrip("/")

    def put(self, name: str, data: bytes) -> None:
        """Put one object."""
        with self._refusing():
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=data)

    def put_file(self, name: str, source: BinaryIO) -> None:
        """Put one object, read as it is sent."""
        source.seek(0)
        with self._refusing():
            self._client.put_object(Bucket=self._bucket, Key=self._key(name), Body=source)

    def get(self, name: str, most: int) -> bytes:
        """Get one object."""
        return b"".join(self.chunks(name, most))

    def chunks(self, name: str, most: int) -> Iterator[bytes]:
        """Get one object bit by bit."""
        with self._refusing():
            body = self._client.get_object(Bucket=self._bucket, Key=self._key(name))["Body"]

        def read() -> bytes:
            with self._refusing():
                data: bytes = body.read(CHUNK)
            return data

        with body:
            refusal = StoreRefused(place=self.place, reason="larger than can be")
            yield from in_chunks(read, most, refusal)

    def size(self, name: str) -> int | None:
        """Ask for the head of an object."""
        try:
            with self._refusing():
                return int(self._client.head_object(Bucket=self._bucket, Key=self._key(name))["ContentLength"])
        except Absent:
            return None

    def names(self, prefix: str) -> Iterator[str]:
        """List page by page."""
        with self._refusing():
            pages = self._client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self._bucket, Prefix=self._prefix + prefix):
                for one in page.get("Contents", ()):
                    yield one["Key"].removeprefix(self._prefix)

    def remove(self, name: str) -> None:
        """Delete one object."""
        with self._refusing():
            self._client.delete_object(Bucket=self._bucket, Key=self._key(name))

    def tidy(self) -> None:
        """Nothing is left behind: an object that was not put whole is not there."""

    def _key(self, name: str) -> str:
        return self._prefix + checked(name)

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except self._said as error:
            code = str(error.response.get("Error", {}).get("Code", "unknown"))
            if code in _ABSENT:
                raise Absent from None
            word = "".join(one for one in code if one.isascii() and one.isalnum())[:40]
            raise StoreRefused(place=self.place, reason=word or "unknown") from None
        except self._broke as error:
            raise StoreRefused(place=self.place, reason=type(error).__name__) from None
