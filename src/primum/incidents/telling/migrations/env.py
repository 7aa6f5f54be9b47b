"""Alembic's entry: see primum.ground.db.migrate."""  # noqa: INP001 (found by Alembic, not imported)

from primum.ground.db import run_migrations

run_migrations()
