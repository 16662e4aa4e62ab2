"""The migrations make what the models say, only add, and leave the code from before them working."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    DefaultClause,
    Engine,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    String,
    Table,
    UniqueConstraint,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DatabaseError

from engine.backup.tables import tables_of
from engine.db import Base, Store
from engine.environment import Environment
from engine.timers import Timer
from engine.trail import entries
from engine.trail.entries import Draft
from processes import migrations
from processes.migrations import additive, shape

TIMER = Timer.__table__
assert isinstance(TIMER, Table)


@pytest.fixture
def empty(database_url: str, env: Environment) -> Iterator[Store]:
    opened = Store(database_url, env)
    yield opened
    opened.dispose()


def test_an_upgraded_database_lacks_nothing_and_is_current(empty: Store) -> None:
    migrations.upgrade(empty.engine)
    migrations.upgrade(empty.engine)
    with empty.engine.connect() as connection:
        assert migrations.missing(connection) == []
        assert migrations.is_current(connection)
        assert set(Base.metadata.tables) <= set(inspect(connection).get_table_names())


def test_the_migrated_trail_refuses_changes(empty: Store) -> None:
    migrations.upgrade(empty.engine)
    with empty.write() as session:
        entries.open_log(session, 1, "511302")
        entries.append(session, 1, empty.env.clock.now(), [Draft("a:b:c", "x", "y")])
    with pytest.raises(DatabaseError, match="append-only"), empty.write() as session:
        session.execute(text("DELETE FROM trail_entry"))


@contextmanager
def set_to(thing: object, name: str, value: object) -> Iterator[None]:
    was = getattr(thing, name)
    setattr(thing, name, value)
    yield
    setattr(thing, name, was)


@contextmanager
def constrained(constraint: CheckConstraint | UniqueConstraint | ForeignKeyConstraint) -> Iterator[None]:
    TIMER.append_constraint(constraint)
    yield
    TIMER.constraints.discard(constraint)


@contextmanager
def a_new_table() -> Iterator[None]:
    table = Table("novel", Base.metadata, Column("id", Integer, primary_key=True))
    yield
    Base.metadata.remove(table)


def index_of(name: str):
    return next(each for each in TIMER.indexes if each.name == name)


def check_of(name: str) -> CheckConstraint:
    return next(each for each in TIMER.constraints if isinstance(each, CheckConstraint) and str(each.name) == name)


CHANGES: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "novel: is missing": a_new_table,
    "timer: column element": lambda: set_to(TIMER.c.element, "type", String(65)),
    "timer: column mark": lambda: set_to(TIMER.c.mark, "nullable", True),
    "timer: column attempts": lambda: set_to(TIMER.c.attempts, "server_default", DefaultClause("1")),
    "timer: check ck_timer_state_known": lambda: set_to(
        check_of("ck_timer_state_known"), "sqltext", text("state in ('armed', 'fired', 'lost')")
    ),
    "timer: check ck_timer_tried": lambda: constrained(CheckConstraint("attempts >= 0", name="tried")),
    "timer: unique uq_timer_deadline_id": lambda: constrained(UniqueConstraint(TIMER.c.deadline_id)),
    "timer: foreign key fk_timer_unit": lambda: constrained(
        ForeignKeyConstraint([TIMER.c.district_id], ["unit.id"], name="fk_timer_unit")
    ),
    "timer: index uq_timer_token": lambda: set_to(index_of("uq_timer_token"), "unique", False),
    "timer: index ix_timer_armed": lambda: set_to(
        index_of("ix_timer_armed"), "expressions", [TIMER.c.wake_at, TIMER.c.due_at]
    ),
}


def test_changes_of_the_models_without_a_migration_are_named(empty: Store) -> None:
    migrations.upgrade(empty.engine)
    with empty.engine.connect() as connection, ExitStack() as changed:
        for change in CHANGES.values():
            changed.enter_context(change())
        found = migrations.missing(connection)
    for said in CHANGES:
        assert [line for line in found if line.startswith(said)], said
    more = [line for line in found if not line.startswith(tuple(CHANGES))]
    assert all("uq_timer_deadline_id" in line for line in more)  # PostgreSQL keeps an index for it


@contextmanager
def statements_of(engine: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def shape_of(engine: Engine) -> shape.Shape:
    with engine.connect() as connection:
        return shape.read(connection)


def test_every_revision_only_adds_or_says_why_not(empty: Store) -> None:
    for revision in migrations.revisions():
        before = shape_of(empty.engine)
        with statements_of(empty.engine) as statements:
            migrations.upgrade(empty.engine, revision)
        found = additive.findings(before, shape_of(empty.engine), statements)
        assert bool(found) == (revision in additive.CONTRACTS), found
    assert additive.CONTRACTS.keys() <= set(migrations.revisions())


def test_a_database_newer_than_the_code_is_left_alone_and_serves(empty: Store) -> None:
    migrations.upgrade(empty.engine)
    with empty.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = shape_of(empty.engine)
    migrations.upgrade(empty.engine)
    assert shape_of(empty.engine) == before
    with empty.engine.connect() as connection:
        assert migrations.is_current(connection)
        assert migrations.current(connection) == "9999"


def test_a_database_behind_the_code_or_without_tables_does_not_serve(empty: Store) -> None:
    with empty.engine.connect() as connection:
        assert not migrations.is_current(connection)
    migrations.upgrade(empty.engine, migrations.revisions()[-2])
    with empty.engine.connect() as connection:
        assert not migrations.is_current(connection)


def names_of(connection: Connection) -> list[str]:
    return [str(each["name"]) for each in inspect(connection).get_indexes("cases")]


def test_an_index_that_is_missing_is_built_by_the_next_upgrade(empty: Store) -> None:
    migrations.upgrade(empty.engine)
    with empty.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_cases_closed"))
    migrations.upgrade(empty.engine)
    with empty.engine.connect() as connection:
        assert "ix_cases_closed" in names_of(connection)


def rows_of(engine: Engine, table: Table) -> list[dict[str, Any]]:
    """Read as the code of the table's revision does: its columns, nothing else."""
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table)).mappings()]


def tables_at(engine: Engine, revision: str) -> list[Table]:
    """The tables as the code of a revision knows them."""
    migrations.upgrade(engine, revision)
    with engine.connect() as connection:
        names = [each.name for each in tables_of(connection)]
        return [Table(name, MetaData(), autoload_with=connection, resolve_fks=False) for name in names]


def test_the_code_from_before_a_migration_goes_on_with_the_database_after_it(
    empty: Store, lived_in_file: Path, env: Environment
) -> None:
    before, after = migrations.revisions()[-2:]
    assert after not in additive.CONTRACTS, "name here how the code from before goes on"
    old = tables_at(empty.engine, before)
    migrations.upgrade(empty.engine)
    source = Store(f"sqlite:///{lived_in_file}", env)
    filled = 0
    for table in old:
        rows = rows_of(source.engine, on_sqlite(source.engine, table))
        filled += bool(rows)
        with empty.engine.begin() as connection:
            if rows:
                connection.execute(table.insert(), rows)
            if table.name != "trail_entry":  # append-only
                connection.execute(table.update().values({column.name: column for column in table.columns}))
        assert len(rows_of(empty.engine, table)) == len(rows)
    source.dispose()
    assert filled > 20
    with empty.read() as session:
        for mapper in Base.registry.mappers:  # and the new code reads what the old one wrote
            session.scalars(select(mapper.class_)).all()


def on_sqlite(engine: Engine, table: Table) -> Table:
    """The same columns with the types of SQLite."""
    with engine.connect() as connection:
        columns = [column.name for column in table.columns]
        return Table(table.name, MetaData(), autoload_with=connection, resolve_fks=False, include_columns=columns)
