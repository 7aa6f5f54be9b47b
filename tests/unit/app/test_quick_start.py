"""A home whose tables have their newest shape opens without the library that changes shapes."""

import subprocess
import sys

_PROGRAM = """
import sys
from pathlib import Path
from primum.app.databases import migrate_records
from primum.ground.db import open_database

folder = Path(sys.argv[1])
migrate_records(open_database(folder / "records.db", bytes(32), durability="normal"))
print("alembic" in sys.modules)
"""


def test_tables_of_the_newest_shape_are_known_without_alembic(tmp_path) -> None:
    started = [sys.executable, "-c", _PROGRAM, str(tmp_path)]
    told = [subprocess.run(started, capture_output=True, text=True, check=True, timeout=60).stdout for _ in range(2)]
    assert [one.strip() for one in told] == ["True", "False"]
