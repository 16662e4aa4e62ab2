"""What a migration may not do while code from before it is at work."""

from __future__ import annotations

import pytest

from processes.migrations.additive import findings

BEFORE = {
    "cases": {
        "column id": "BIGINT not null",
        "column number": "VARCHAR(16) not null",
        "column ended_at": "DATETIME null",
        "primary key": "id",
        "check ck_state": "state in ('a', 'b')",
        "index ix_state": "CREATE INDEX ix_state ON cases (state)",
        "index uq_number": "CREATE UNIQUE INDEX uq_number ON cases (number)",
    },
    "timer": {"column id": "BIGINT not null"},
}


def changed(**parts: str | None):
    table = {**BEFORE["cases"], **{name.replace("__", " "): value for name, value in parts.items()}}
    return {**BEFORE, "cases": {name: value for name, value in table.items() if value is not None}}


@pytest.mark.parametrize(
    "after",
    [
        BEFORE,
        {**BEFORE, "novel": {"column id": "BIGINT not null", "check ck_any": "id > 0"}},
        changed(column__note="TEXT null"),
        changed(column__count="INTEGER not null default 0"),
        changed(column__number="VARCHAR(32) not null"),
        changed(column__number="VARCHAR(16) not null default ''"),
        changed(index__ix_state=None),
        changed(check__ck_state="state in ('a', 'b', 'c')"),
        changed(
            column__part="BIGINT null",
            index__uq_number=None,
            index__uq_whole="CREATE UNIQUE INDEX uq_whole ON cases (number) WHERE part is null",
            index__uq_part="CREATE UNIQUE INDEX uq_part ON cases (number, part) WHERE part IS NOT NULL",
        ),
    ],
)
def test_what_only_adds_passes(after: dict[str, dict[str, str]]):
    assert findings(BEFORE, after) == []


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({"cases": BEFORE["cases"]}, "timer: dropped"),
        (changed(column__ended_at=None), "cases: column ended_at dropped"),
        (changed(column__ended_at=None, column__done_at="DATETIME null"), "cases: column ended_at dropped"),
        (changed(column__ended_at="DATETIME not null"), "cases: column ended_at was"),
        (changed(column__number="VARCHAR(8) not null"), "cases: column number was"),
        (changed(column__id="INTEGER not null"), "cases: column id was"),
        (changed(column__count="INTEGER not null"), "cases: column count must be filled"),
        (changed(check__ck_state="state in ('a')"), "cases: check ck_state was"),
        (changed(check__ck_state="state in ('a', 'c')"), "cases: check ck_state was"),
        (changed(check__ck_state="state not in ('a', 'b', 'c')"), "cases: check ck_state was"),
        (
            changed(index__uq_number=None, index__uq_x="CREATE UNIQUE INDEX uq_x ON cases (id) WHERE ended_at is null"),
            "cases: index uq_number dropped",
        ),
        (
            changed(index__uq_x="CREATE UNIQUE INDEX uq_x ON cases (id) WHERE ended_at is not null"),
            "cases: index uq_x forbids",
        ),
        (changed(check__ck_new="id > 0"), "cases: check ck_new forbids"),
        (changed(unique__uq_new="ended_at"), "cases: unique uq_new forbids"),
        (changed(index__uq_new="CREATE UNIQUE INDEX uq_new ON cases (id)"), "cases: index uq_new forbids"),
        (changed(index__uq_number=None), "cases: index uq_number dropped"),
        (changed(index__ix_new="CREATE INDEX ix_new ON cases (id)"), "cases: index ix_new is built while"),
        (changed(trigger__no_update="CREATE TRIGGER …"), "cases: trigger no_update forbids"),
        (changed(primary__key="number"), "cases: primary key was"),
    ],
)
def test_what_takes_away_or_forbids_is_named(after: dict[str, dict[str, str]], said: str):
    assert [line for line in findings(BEFORE, after) if line.startswith(said)]


@pytest.mark.parametrize(
    ("statement", "is_found"),
    [
        ("UPDATE cases SET number = 'x'", True),
        ('delete from "cases"', True),
        ("INSERT INTO cases (id) VALUES (1)", True),
        ("UPDATE alembic_version SET version_num = '3'", False),
        ("INSERT INTO novel (id) VALUES (1)", False),
        ("SELECT 1", False),
    ],
)
def test_rows_that_a_migration_changes_are_named(statement: str, *, is_found: bool):
    assert bool(findings(BEFORE, BEFORE, [statement])) == is_found
