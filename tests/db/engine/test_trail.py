"""The trail finds every change of what it recorded."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from engine.db import Store
from engine.trail import entries
from engine.trail.entries import Draft, NotACode
from engine.trail.verify import verify

ORIGIN = "511302"


@pytest.fixture
def log(store: Store) -> Store:
    with store.write() as session:
        entries.open_log(session, 1, ORIGIN)
        now = session.env.clock.now()
        for number in range(7):
            draft = Draft("case:case:note", f"staff:{number}", f"no-{number}", {"n": number, "who": ["a", None, True]})
            entries.append(session, 1, now, [draft])
    return store


def findings(store: Store) -> list[str]:
    with store.read() as session:
        return verify(session, 1).findings


def tamper(store: Store, statement: str) -> None:
    """Change the table as somebody with the database's password could."""
    with store.write() as session:
        connection = session.connection()
        if session.is_sqlite:
            connection.execute(text("DROP TRIGGER IF EXISTS trail_entry_no_UPDATE"))
            connection.execute(text("DROP TRIGGER IF EXISTS trail_entry_no_DELETE"))
        else:
            connection.execute(text("ALTER TABLE trail_entry DISABLE TRIGGER ALL"))
        connection.execute(text(statement))


def test_an_untouched_log_verifies(log: Store) -> None:
    assert findings(log) == []
    with log.read() as session:
        assert verify(session, 1).size == 7


@pytest.mark.parametrize("statement", ["UPDATE trail_entry SET actor = 'x'", "DELETE FROM trail_entry"])
def test_the_database_refuses_to_change_entries(log: Store, statement: str) -> None:
    with pytest.raises(DatabaseError, match="append-only"), log.write() as session:
        session.execute(text(statement))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trail_entry SET actor = 'staff:x' WHERE seq = 3",
        "UPDATE trail_entry SET action = 'a:b:c' WHERE seq = 3",
        "UPDATE trail_entry SET subject = 'x' WHERE seq = 3",
        "UPDATE trail_entry SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3",
        "UPDATE trail_entry SET leaf_hash = (SELECT leaf_hash FROM trail_entry WHERE seq = 2) WHERE seq = 3",
        "UPDATE trail_entry SET body = (SELECT body FROM trail_entry WHERE seq = 2) WHERE seq = 3",
        "DELETE FROM trail_entry WHERE seq = 3",
        "DELETE FROM trail_entry WHERE seq = 6",
        "UPDATE trail_entry SET seq = 99 WHERE seq = 6",
        "UPDATE trail_head SET size = 6",
        "UPDATE trail_head SET root = edge",
        "INSERT INTO trail_entry SELECT district_id, 7, at, action, actor, subject, leaf_hash, body FROM trail_entry "
        "WHERE seq = 6",
    ],
)
def test_every_kind_of_tampering_is_found(log: Store, statement: str) -> None:
    tamper(log, statement)
    assert findings(log) != []


@pytest.mark.parametrize("value", [1.5, {"a": 1}, "x" * 129, [["a"]], b"x"])
def test_free_text_and_nested_values_never_get_in(log: Store, value: object) -> None:
    with pytest.raises(NotACode), log.write() as session:
        entries.append(session, 1, session.env.clock.now(), [Draft("a:b:c", "x", "y", {"v": value})])
