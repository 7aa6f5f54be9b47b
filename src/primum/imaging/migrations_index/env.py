"""Alembic's entry: see primum.ground.db.migrate."""

from primum.ground.db import run_migrations

run_migrations()
