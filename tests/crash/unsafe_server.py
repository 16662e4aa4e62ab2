"""The command line with SQLite's syncs at the commit switched off: what the test of durability must notice.

Arguments: the value of `PRAGMA synchronous`, then those of `gridgov`.
"""

from __future__ import annotations

import sys
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

import web.cli


def main() -> None:
    level = sys.argv.pop(1)

    @event.listens_for(Engine, "engine_connect")
    def _weaken(connection: Any) -> None:
        connection.connection.dbapi_connection.execute(f"PRAGMA synchronous={level}")

    web.cli.main()


if __name__ == "__main__":
    main()
