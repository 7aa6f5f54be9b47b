"""Databases: SQLite sealed whole by SQLCipher, reached through SQLAlchemy Core, shaped by Alembic.

`index.db` is derived and syncs lazily; `records.db` is truth and syncs at each commit. Both are in
write-ahead mode: many readers, one writer at a time, and a writer waits for the other.
"""

from __future__ import annotations

import errno
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.pool import QueuePool
from sqlcipher3 import dbapi2

from primum.ground.errors import PrimumError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sqlalchemy.engine import Engine

KEY_BYTES = 32
BUSY_MS = 10_000
"""How long a writer waits for the other one before it gives up."""

READERS_CACHE_KIB = 8192
"""Pages that a reading connection keeps open: the upper levels of a million rows are 4 MiB, and SQLite's own 2 MiB lose
them from one row to the next. It fills as it is read."""
_STEPS = 50_000
"""Steps of SQLite's machine between two looks at the clock: under a millisecond."""

Durability = Literal["full", "normal"]


class TookTooLong(Exception):
    """A reading was stopped: it took longer than it was given."""


class Rows(Protocol):
    """What a statement found."""

    def fetchall(self) -> list[tuple[Any, ...]]:
        """Give all rows that are left."""
        ...

    def fetchone(self) -> tuple[Any, ...] | None:
        """Give the next row, None where there is none."""
        ...


class Reader:
    """One view of a database, read past SQLAlchemy (`bounded_reading`). Statements run before are kept prepared."""

    def __init__(self, raw: Any, until: float) -> None:  # noqa: ANN401 (the driver is not typed)
        """Read by a connection of the driver, until a moment of the monotonic clock."""
        self._raw = raw
        self._over = lambda: time.monotonic() > until
        raw.set_progress_handler(self._over, _STEPS)

    def execute(self, sql: str, values: Sequence[object] = ()) -> Rows:
        """Run one statement."""
        found: Rows = self._raw.execute(sql, values)
        return found

    def glance(self, sql: str, values: Sequence[object], steps: int) -> list[tuple[Any, ...]] | None:
        """Run one statement for so many steps of SQLite's machine; None where it is not done by then."""
        self._raw.set_progress_handler(_at_once, steps)
        try:
            found: list[tuple[Any, ...]] = self._raw.execute(sql, values).fetchall()
        except dbapi2.OperationalError as error:
            if "interrupted" in str(error):
                return None
            raise
        finally:
            self._raw.set_progress_handler(self._over, _STEPS)
        return found


def _at_once() -> bool:
    return True


class WrongDatabaseKey(PrimumError):
    """The database {name} cannot be opened with this home's key, or it is damaged."""

    code: ClassVar[str] = "db.unreadable"
    hint: ClassVar[str] = "restore it from a backup; index.db may simply be removed: it is rebuilt from the packs"


def open_database(path: Path, key: bytes, *, durability: Durability, read_only: bool = False) -> Engine:
    """Open (or create) a sealed database with its raw 32-byte key.

    Raises WrongDatabaseKey when the key does not fit.
    """
    if len(key) != KEY_BYTES:
        raise ValueError("a database key has 32 bytes")
    pragmas = [
        f"PRAGMA key = \"x'{key.hex()}'\"",
        "PRAGMA cipher_memory_security = OFF",
        "PRAGMA cipher_log_level = NONE",
        "PRAGMA temp_store = MEMORY",
        "PRAGMA foreign_keys = ON",
        "PRAGMA secure_delete = ON",
        f"PRAGMA busy_timeout = {BUSY_MS}",
        "PRAGMA trusted_schema = OFF",
    ]
    if read_only:
        pragmas += ["PRAGMA query_only = ON", f"PRAGMA cache_size = -{READERS_CACHE_KIB}"]
    else:
        pragmas += ["PRAGMA journal_mode = WAL", f"PRAGMA synchronous = {durability.upper()}"]

    def connect() -> Any:  # noqa: ANN401 (the driver is not typed)
        raw = dbapi2.connect(str(path), check_same_thread=False, isolation_level=None)
        try:
            for pragma in pragmas:
                raw.execute(pragma)
            raw.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except dbapi2.DatabaseError:
            raw.close()
            raise WrongDatabaseKey(name=path.name) from None
        return raw

    engine = sqlalchemy.create_engine(
        "sqlite://", module=dbapi2, creator=connect, poolclass=QueuePool, pool_size=8, hide_parameters=True,
        # who was used last is used next: its pages are there, and the others do not come to hold the same ones
        pool_use_lifo=True,
    )  # fmt: skip
    event.listen(engine, "begin", _begin if not read_only else _begin_reading)
    engine.connect().close()
    if not read_only:
        path.chmod(0o600)
    return engine


@contextmanager
def durable(engine: Engine) -> Iterator[sqlalchemy.Connection]:
    """Give a transaction of a lazily synced database that is on disc when it is over, and all before it.

    It always changes something: SQLite does not sync what changed nothing, though a process that was killed may have
    left changes that were not synced.
    """
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute("PRAGMA synchronous = FULL")
        try:
            with connection.begin():
                yield connection
                (version,) = raw.execute("PRAGMA user_version").fetchone()
                raw.execute(f"PRAGMA user_version = {(version + 1) % _VERSIONS}")
        finally:
            raw.execute("PRAGMA synchronous = NORMAL")


_VERSIONS = 1 << 31
"""user_version has 32 bits, and no meaning here."""


def snapshot(engine: Engine, path: Path) -> None:
    """Write a consistent copy of a sealed database to `path`, sealed under the same key; writers need not wait.

    Raises OSError when the disc refuses, or when what was written would not be sealed.
    """
    pooled = engine.raw_connection()
    try:
        with _frugal(pooled.driver_connection) as raw:
            raw.execute("VACUUM INTO ?", (str(path),))
    except dbapi2.OperationalError as error:
        raise OSError(errno.EIO, "the snapshot was refused", str(path)) from error
    finally:
        pooled.close()
    path.chmod(0o600)
    with path.open("rb") as file:
        if file.read(len(_IN_CLEAR)) == _IN_CLEAR:
            path.unlink()
            raise OSError(errno.EIO, "the snapshot would not be sealed", str(path))


@contextmanager
def _frugal(raw: Any) -> Iterator[Any]:  # noqa: ANN401 (the driver is not typed)
    """Let a connection hold few pages for now, and none afterwards: who goes through all of them needs none twice."""
    (usual,) = raw.execute("PRAGMA cache_size").fetchone()
    raw.execute(f"PRAGMA cache_size = -{_FRUGAL_KIB}")
    try:
        yield raw
    finally:
        raw.execute(f"PRAGMA cache_size = {usual}")
        raw.execute("PRAGMA shrink_memory")


_FRUGAL_KIB = 1024
"""Pages that a snapshot holds of what it reads, and as much again of what it writes: else the whole of a small one."""


def reseal(path: Path, old: bytes, new: bytes) -> None:
    """Seal a database that nobody has open (a copy) under another key, and look that it opens with it.

    Raises WrongDatabaseKey, OSError.
    """
    if {len(old), len(new)} != {KEY_BYTES}:
        raise ValueError("a database key has 32 bytes")
    raw = dbapi2.connect(str(path), isolation_level=None)
    try:
        raw.execute(f"PRAGMA key = \"x'{old.hex()}'\"")
        raw.execute("PRAGMA cipher_log_level = NONE")
        raw.execute("PRAGMA journal_mode = DELETE")
        raw.execute(f"PRAGMA rekey = \"x'{new.hex()}'\"")
    except dbapi2.DatabaseError:
        raise WrongDatabaseKey(name=path.name) from None
    finally:
        raw.close()
    raw = dbapi2.connect(str(path), isolation_level=None)
    try:
        raw.execute(f"PRAGMA key = \"x'{new.hex()}'\"")
        raw.execute("PRAGMA cipher_log_level = NONE")
        (verdict,) = raw.execute("PRAGMA quick_check(1)").fetchone()
    except dbapi2.DatabaseError:
        raise WrongDatabaseKey(name=path.name) from None
    finally:
        raw.close()
    if verdict != "ok":
        raise OSError(errno.EIO, "the copy is not whole", str(path))


@contextmanager
def bounded_reading(engine: Engine, seconds: float) -> Iterator[Reader]:
    """Give one view of a database, past SQLAlchemy: of a question that takes a third of a millisecond, it takes two.

    Raises TookTooLong when a statement goes on for longer than this.
    """
    pooled = engine.raw_connection()
    raw: Any = pooled.driver_connection
    try:
        raw.execute("BEGIN")
        yield Reader(raw, time.monotonic() + seconds)
    except dbapi2.OperationalError as error:
        if "interrupted" in str(error):
            raise TookTooLong from None
        raise
    finally:
        raw.set_progress_handler(None, _STEPS)
        pooled.close()  # which ends the transaction


@contextmanager
def attached(engine: Engine, path: Path, key: bytes, name: str) -> Iterator[sqlalchemy.Connection]:
    """Give a transaction on a database to which another sealed one is attached under `name`, to copy from it."""
    if not name.isidentifier() or len(key) != KEY_BYTES:
        raise ValueError("a name of ours, and a key of 32 bytes")
    with engine.connect() as connection:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"ATTACH DATABASE ? AS {name} KEY \"x'{key.hex()}'\"", (str(path),))
        try:
            with connection.begin():
                yield connection
        finally:
            raw.execute(f"DETACH DATABASE {name}")


_IN_CLEAR = b"SQLite format 3\0"


def _begin(connection: sqlalchemy.Connection) -> None:
    # IMMEDIATE: a transaction that will write takes its lock at once, and never fails half-way
    options = connection.get_execution_options()
    connection.exec_driver_sql("BEGIN" if options.get("reading") else "BEGIN IMMEDIATE")


def _begin_reading(connection: sqlalchemy.Connection) -> None:
    connection.exec_driver_sql("BEGIN")


def migrate(engine: Engine, scripts: Path, version_table: str) -> None:
    """Bring the tables of one room to the newest shape (Alembic scripts in `scripts`).

    A script's file is named `NNNN_what.py` and its revision ends with `NNNN`: when the newest one has run already,
    Alembic is not even loaded, and a start stays quick.
    """
    newest = max(file.name[:4] for file in (scripts / "versions").glob("[0-9]*.py"))
    if (_version(engine, version_table) or "").endswith(newest):
        return
    from alembic import command  # noqa: PLC0415 (only needed at start, and heavy)
    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(scripts))
    with engine.begin() as connection:
        configuration.attributes["connection"] = connection
        configuration.attributes["version_table"] = version_table
        command.upgrade(configuration, "head")


def _version(engine: Engine, version_table: str) -> str | None:
    with engine.connect() as connection:
        # not by SQLAlchemy's own means: compiling its first statements takes longer than all the rest of a start
        known = connection.exec_driver_sql("SELECT 1 FROM sqlite_master WHERE name = ?", (version_table,)).first()
        if known is None:
            return None
        return connection.exec_driver_sql(f"SELECT version_num FROM {version_table}").scalar()  # noqa: S608 (ours)


def run_migrations() -> None:
    """Run what `migrate` asked for: the whole body of each room's `env.py`."""
    from alembic import context  # noqa: PLC0415

    attributes = context.config.attributes
    context.configure(connection=attributes["connection"], version_table=attributes["version_table"])
    with context.begin_transaction():
        context.run_migrations()
