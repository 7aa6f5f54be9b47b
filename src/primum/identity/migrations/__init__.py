"""How the tables of people came to their shape (Alembic)."""
