"""nginx in front of an archive that cannot do TLS itself: what its makers tell practices to do."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.programs import accepts, find_program, free_port, wait_until

from bench.contenders.base import children_of, end
from bench.trust import Identity

_CONFIGURATION = """
daemon off; worker_processes auto; pid {folder}/pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nodelay on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {certificate}; ssl_certificate_key {key}; ssl_protocols TLSv1.2 TLSv1.3;
    location / {{
      proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1;
      proxy_buffering on; proxy_max_temp_file_size 0;
      proxy_buffer_size 256k; proxy_buffers 16 256k; proxy_busy_buffers_size 1m;
      proxy_request_buffering off; proxy_set_header Host $http_host;
    }}
  }}
}}
"""


def there() -> bool:
    """Tell whether nginx is on this machine (`make bench` has it installed, and does not let Debian start it)."""
    return find_program("nginx") is not None


@dataclass(frozen=True, slots=True)
class Proxy:
    """Where it listens."""

    port: int
    process: subprocess.Popen[bytes]

    def processes(self) -> Sequence[int]:
        """Return nginx's master and workers."""
        return children_of(self.process.pid)


@contextmanager
def in_front_of(port: int, folder: Path, identity: Identity) -> Iterator[Proxy]:
    """Serve `port` of loopback over TLS until the end of the block."""
    own = free_port()
    files = {"certificate": identity.certificate, "key": identity.key}
    with nginx(folder, _CONFIGURATION.format(folder=folder, port=own, behind=port, **files), own) as proxy:
        yield proxy


@contextmanager
def nginx(folder: Path, configuration: str, own: int) -> Iterator[Proxy]:
    """Run nginx with a configuration that listens on the port `own`, until the end of the block."""
    program = find_program("nginx")
    if program is None:
        raise FileNotFoundError("nginx is missing (Debian: apt-get install nginx-light)")
    folder.mkdir(exist_ok=True)
    (folder / "nginx.conf").write_text(configuration)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [str(program), "-p", str(folder), "-c", str(folder / "nginx.conf")], stdout=log, stderr=log
        )
    try:
        wait_until(lambda: accepts(own), seconds=10, running=process)
        yield Proxy(own, process)
    finally:
        end(process)
