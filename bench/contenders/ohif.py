"""OHIF before Orthanc: the very files that Primum carries, served by nginx on one origin with Orthanc's DICOMweb root.

nginx serves the viewer as well as it can: precompressed, immutable, from memory. What is configured of OHIF is what
Primum configures, but for the roots.
"""

from __future__ import annotations

import json
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.programs import free_port

from bench.contenders.proxy import Proxy, nginx
from bench.trust import Identity
from primum.doors.web.ohif import configuration
from primum.doors.web.viewer_files import Viewer

_CONFIGURATION = """
{user}daemon off; worker_processes auto; pid {folder}/pid; error_log stderr;
events {{ worker_connections 256; }}
http {{
  access_log off; sendfile on; tcp_nodelay on; tcp_nopush on;
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  types {{
    text/html html; text/css css; text/javascript js; application/wasm wasm; font/woff2 woff2;
    image/svg+xml svg; image/png png;
  }}
  server {{
    listen 127.0.0.1:{port}{secured};
    {certificate}
    location = /ohif/viewer {{ default_type text/html; alias {folder}/page/viewer.html; }}
    location = /ohif/app-config.js {{ alias {folder}/page/app-config.js; }}
    location /ohif/{stamp}/ {{
      alias {viewer}/; gzip_static always; gunzip on; add_header Cache-Control "private, max-age=31536000, immutable";
    }}
    location /dicom-web/ {{
      proxy_pass http://127.0.0.1:{behind}; proxy_http_version 1.1; proxy_set_header Connection "";
      proxy_buffering on; proxy_max_temp_file_size 0;
      proxy_buffer_size 256k; proxy_buffers 16 256k; proxy_busy_buffers_size 1m;
      gzip on; gzip_types application/dicom+json; gzip_comp_level 3; gzip_proxied any;
      proxy_set_header Host $http_host;
    }}
  }}
}}
"""
_PAGE = """<!doctype html>
<html lang="fr">
<head>
  <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>OHIF</title>
  <link rel="stylesheet" href="{css}">
  <script src="{boot}"></script>
  <script src="/ohif/app-config.js"></script>
  <script src="{script}" defer></script>
  <link rel="stylesheet" href="{style}">
</head>
<body><div id="react-portal"></div><div id="root"></div></body>
</html>
"""
ROOT = "/dicom-web"


@contextmanager
def ohif_before(port: int, folder: Path, viewer: Viewer, identity: Identity | None) -> Iterator[Proxy]:
    """Serve OHIF and the DICOMweb root at `port` on one origin until the end of the block; TLS with an identity."""
    (folder / "page").mkdir(parents=True)
    (folder / "page" / "viewer.html").write_text(
        _PAGE.format(
            css=viewer.address("viewer.css"),
            boot=viewer.address("boot.js"),
            script=viewer.address(viewer.script),
            style=viewer.address(viewer.style),
        )
    )
    (folder / "page" / "app-config.js").write_text(f"window.config = {json.dumps(_configured(), indent=1)};\n")
    own = free_port()
    certificate = f"ssl_certificate {identity.certificate}; ssl_certificate_key {identity.key};" if identity else ""
    text = _CONFIGURATION.format(
        user=_user(),
        folder=folder,
        port=own,
        behind=port,
        secured=" ssl" if identity else "",
        certificate=certificate,
        stamp=viewer.stamp,
        viewer=viewer.folder / "ohif",
    )
    with nginx(folder, text, own) as site:
        yield site


def _user() -> str:
    """Have nginx's workers read the folders that are ours, where they would be another user's by default."""
    return f"user {pwd.getpwuid(0).pw_name}; " if os.getuid() == 0 else ""


def _configured() -> dict[str, object]:
    """Take Primum's configuration, with Orthanc's roots in the place of ours."""
    text = json.dumps(configuration("fr"))
    return dict(json.loads(text.replace('"/ohif/dicom-web"', f'"{ROOT}"')))
