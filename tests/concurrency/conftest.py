"""A cast on PostgreSQL only: SQLite has one writer, so what is tested here cannot happen there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.orm import close_all_sessions

from engine.clock import SimulatedClock
from engine.db import Base, Store
from engine.environment import Environment
from tests.cast import Cast, settle_in
from tests.postgres import Postgres


@pytest.fixture
def postgres_cast(postgres: Postgres, env: Environment, clock: SimulatedClock) -> Iterator[Cast]:
    """Everybody at work, on PostgreSQL."""
    name = postgres.create_database()
    opened = Store(postgres.url(name), env)
    Base.metadata.create_all(opened.engine)
    yield settle_in(opened, clock)
    opened.dispose()
    close_all_sessions()
    postgres.drop_database(name)
