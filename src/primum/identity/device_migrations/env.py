"""How Alembic runs the scripts of this folder."""  # noqa: INP001 (Alembic reads it by its path)

from primum.ground.db import run_migrations

run_migrations()
