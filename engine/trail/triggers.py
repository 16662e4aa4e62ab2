"""Triggers that refuse to change or delete trail entries: against accidents; the evidence is the Merkle root."""

from __future__ import annotations

_SQLITE = """CREATE TRIGGER trail_entry_no_{verb} BEFORE {verb} ON trail_entry
BEGIN SELECT RAISE(ABORT, 'the trail is append-only'); END"""

_POSTGRESQL_FUNCTION = """CREATE OR REPLACE FUNCTION trail_entry_append_only() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the trail is append-only'; END $$"""

_POSTGRESQL = """CREATE TRIGGER trail_entry_no_{verb} BEFORE {verb} ON trail_entry
FOR EACH ROW EXECUTE FUNCTION trail_entry_append_only()"""


def statements(dialect: str) -> list[str]:
    """The DDL for "sqlite" or "postgresql"."""
    if dialect == "sqlite":
        return [_SQLITE.format(verb=verb) for verb in ("UPDATE", "DELETE")]
    return [_POSTGRESQL_FUNCTION, *(_POSTGRESQL.format(verb=verb) for verb in ("UPDATE", "DELETE"))]
