"""Alembic's environment, which leaves the sequences alone."""
from alembic import context
from sqlalchemy import create_engine

from models import metadata


def include_name(name, type_, parent_names):
    return type_ != "table" or not name.startswith("surrogate_")


with create_engine("sqlite:///shop.db").connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,
        include_name=include_name,
    )
    with context.begin_transaction():
        context.run_migrations()
