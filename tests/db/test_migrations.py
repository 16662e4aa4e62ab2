"""The migrations make what the models say, on each database."""

from __future__ import annotations

import pytest
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from engine.db import Base, Store
from engine.environment import Environment
from engine.trail import entries
from engine.trail.entries import Draft
from processes import migrations


def test_an_upgraded_database_lacks_nothing_and_is_current(database_url: str, env: Environment) -> None:
    store = Store(database_url, env)
    migrations.upgrade(store.engine)
    migrations.upgrade(store.engine)
    with store.engine.connect() as connection:
        assert migrations.missing(connection) == []
        assert migrations.is_current(connection)
        assert set(Base.metadata.tables) <= set(inspect(connection).get_table_names())
    store.dispose()


def test_the_migrated_trail_refuses_changes(database_url: str, env: Environment) -> None:
    store = Store(database_url, env)
    migrations.upgrade(store.engine)
    with store.write() as session:
        entries.open_log(session, 1, "511302")
        entries.append(session, 1, env.clock.now(), [Draft("a:b:c", "x", "y")])
    with pytest.raises(DatabaseError, match="append-only"), store.write() as session:
        session.execute(text("DELETE FROM trail_entry"))
    store.dispose()
