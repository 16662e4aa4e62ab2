"""A PostgreSQL server that syncs, and may be stopped at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import Postgres, find_binaries


@pytest.fixture(scope="session")
def durable_postgres() -> Iterator[Postgres]:
    binaries = find_binaries()
    if binaries is None:
        pytest.skip("PostgreSQL's initdb is not installed: this was not tested")
    server = Postgres(binaries, durable=True)
    server.start()
    yield server
    server.stop()
