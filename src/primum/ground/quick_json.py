"""JSON where there is much of it: a page of a search is a hundred texts read and written (decision 0118).

Elsewhere the standard library's is as good.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec.json import Decoder, Encoder

read: Final[Callable[[str | bytes], Any]] = Decoder().decode
"""Read a text."""
write_sorted: Final[Callable[[Any], bytes]] = Encoder(order="sorted").encode
"""Write a text in UTF-8, keys in order."""
