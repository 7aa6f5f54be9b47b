"""A real S3-compatible server on loopback (moto's), started by the tests that need a bucket."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.programs import accepts, free_port, stop, wait_until

from primum.ground.outbound import s3_client

KEY_ID, SECRET, BUCKET = "AKIATESTTESTTEST", "a-secret-of-forty-characters-000000000000", "practice-backups"


@contextmanager
def s3_server() -> Iterator[str]:
    """Start it, make the bucket; give its address."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: accepts(port), seconds=60, running=server)
        endpoint = f"http://127.0.0.1:{port}"
        s3_client(endpoint, "us-east-1", KEY_ID, SECRET).create_bucket(Bucket=BUCKET)
        yield endpoint
    finally:
        stop(server, 5)
