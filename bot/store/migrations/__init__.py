"""Alembic's scripts: one module in `versions` for every change of the schema, run at start."""
