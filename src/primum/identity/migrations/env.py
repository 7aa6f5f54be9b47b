"""Alembic's entry."""

from primum.ground.db import run_migrations

run_migrations()
