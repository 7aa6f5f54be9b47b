"""What the web doors need from the rooms below, as narrow as they need it.

`primum.app` builds a `WebServices`; each Protocol names the part of a room that a browser can reach.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from primum.doors.http.limits import LIMITS, Limits
from primum.ground.clock import Clock
from primum.ground.settings import Settings
