"""The auditor: whether the trail holds, entries to take away, refused to everybody else."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from sqlalchemy import select, text

from engine.access_log import Access
from engine.trail import merkle
from engine.trail.entries import TrailHead
from processes import auditing
from tests.cast import Cast, D, V
from tests.story.server import Client, Town, serving

AUDITOR = "QI-" + D


@pytest.fixture
def town(cast: Cast) -> Iterator[Town]:
    with serving(cast.store) as opened:
        yield opened


@pytest.fixture
def auditor(town: Town) -> Client:
    return town.client(AUDITOR)


def walk(auditor: Client) -> tuple[list[dict], dict]:
    parts, part = [], {"size": 0, "edge": "", "done": False}
    while not part["done"]:
        answer = auditor.get("/audit/verification", size=part["size"], edge=part["edge"])
        assert answer.status_code == 200, answer.text
        part = answer.json()
        parts.append(part)
    return parts, part


def test_the_trail_is_verified_part_by_part(cast: Cast, auditor: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "PART", 4)
    for _ in range(3):
        cast.do(cast.report().case.number, "verify", result="accept")
    parts, last = walk(auditor)
    with cast.store.read() as session:
        head = session.scalars(select(TrailHead)).one()
    assert len(parts) == head.size // 4 + 1
    assert (last["size"], last["root"], last["findings"]) == (head.size, head.root.hex(), [])
    assert auditor.get("/audit/verification", size=3, edge="00").status_code == 422
    assert auditor.get("/audit/verification", size=3, edge="00" * 32).status_code == 422


def test_a_forged_entry_ends_the_verification(sqlite_cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(auditing, "PART", 2)
    sqlite_cast.report()
    with sqlite_cast.store.write() as session:
        session.execute(text("DROP TRIGGER trail_entry_no_UPDATE"))
        session.execute(text("UPDATE trail_entry SET actor = 'staff:x' WHERE seq = 3"))
    with serving(sqlite_cast.store) as town:
        parts, last = walk(town.client(AUDITOR))
    assert len(parts) == 2
    assert last["findings"] == ["seq 3: the columns differ from the body"]


def test_tables_and_trail_are_compared(cast: Cast, auditor: Client) -> None:
    number = cast.report().case.number
    assert auditor.get("/audit/reconciliation").json() == {"findings": []}
    with cast.store.write() as session:
        session.execute(text("UPDATE cases SET owner_id = (SELECT min(id) FROM unit)"))
    found = auditor.get("/audit/reconciliation").json()["findings"]
    assert [each.partition(":")[0] for each in found] == [number]


def test_the_entries_are_taken_away_as_they_were_hashed_and_that_is_recorded(cast: Cast, auditor: Client) -> None:
    number = cast.report().case.number
    lines = auditor.get("/audit/entries").content.splitlines()
    root = merkle.root([merkle.leaf_hash(line) for line in lines])
    with cast.store.read() as session:
        assert session.scalars(select(TrailHead.root)).one() == root
    own = auditor.get("/audit/entries", subject=number)
    assert {json.loads(line)["subject"] for line in own.content.splitlines()} == {number}
    assert own.headers["Content-Disposition"] == f'attachment; filename="{number}.jsonl"'
    assert "围墙" not in auditor.get("/audit/entries").text
    with cast.store.read() as session:
        seen = session.scalars(select(Access.subject).where(Access.action == "trail:download").order_by(Access.id))
        assert list(seen) == ["trail", number, "trail"]


def test_nobody_else_may_look(cast: Cast, town: Town) -> None:
    paths = ("/audit/verification", "/audit/reconciliation", "/audit/entries")
    for staff_no in ("VA-" + V, "QH-" + D, "QF-" + D):
        assert [town.client(staff_no).get(path).status_code for path in paths] == [403, 403, 403]
    assert [town.nobody.get(path).status_code for path in paths] == [401, 401, 401]
