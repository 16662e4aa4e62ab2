"""Alembic's entry: always on a given connection."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlalchemy import DefaultClause, false, true

from engine.db import Base
from processes.migrations import indexes

connection = context.config.attributes["connection"]
if connection.dialect.name == "postgresql":
    for limit, value in (("lock_timeout", "4s"), ("statement_timeout", "0")):
        connection.exec_driver_sql(f"SET LOCAL {limit} = '{value}'")
_BOOLEANS = {str(true()): "sa.true()", str(false()): "sa.false()"}


def as_written(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A Boolean's default as every database writes it, not as the one at hand does; False: Alembic's own way."""
    if kind != "server_default" or not isinstance(item, DefaultClause):
        return False
    return _BOOLEANS.get(str(item.arg), False)


context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_server_default=True,
    render_item=as_written,
    process_revision_directives=indexes.leave_out,
)
with context.begin_transaction():
    context.run_migrations()
