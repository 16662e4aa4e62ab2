"""A backup is one moment of the database, taken while people work; it comes back whole, on either kind of database."""

from __future__ import annotations

import hashlib
import json
import shutil
import tracemalloc
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from engine import runtime
from engine.backup.archive import Archive, Damaged, DestinationExists, Manifest, NotABackup
from engine.backup.checking import check
from engine.backup.loading import DoesNotFit
from engine.backup.making import NothingToBackUp, back_up
from engine.clock import SimulatedClock
from engine.db import Store
from engine.environment import Environment
from engine.keys import KeyRing
from engine.sign_in.sessions import SignIn
from engine.trail.entries import TrailHead
from engine.trail.verify import verify
from processes import attachments, migrations
from processes.attachments import Attachment
from processes.cases.models import Case
from processes.restoring import KeyDoesNotFit, NewerBackup, NotEmpty, restore
from tests.cast import Cast
from tests.lived_in import settled
from tests.postgres import Postgres


def quiet(_table: str, _done: int, _total: int) -> None:
    """Nobody watches."""


@pytest.fixture(params=["sqlite", "postgres"])
def lived_in(request: pytest.FixtureRequest, env: Environment, clock: SimulatedClock) -> Iterator[Cast]:
    """A migrated database of each kind with people, a case and a picture in it."""
    if request.param == "sqlite":
        yield request.getfixturevalue("lived_in_sqlite")
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create_database()
    yield from settled(server.url(name), env, clock)
    server.drop_database(name)


@pytest.fixture
def lived_in_sqlite(lived_in_file: Path, tmp_path: Path, env: Environment, clock: SimulatedClock) -> Iterator[Cast]:
    shutil.copy(lived_in_file, tmp_path / "gridgov.db")
    store = Store(f"sqlite:///{tmp_path / 'gridgov.db'}", env)
    with store.read() as session:
        district_id = session.scalars(select(TrailHead.district_id)).one()
    yield Cast(store, clock, district_id)
    store.dispose()


@contextmanager
def a_new_place(request: pytest.FixtureRequest, kind: str, folder: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{folder / 'restored' / 'gridgov.db'}"
        return
    server: Postgres = request.getfixturevalue("postgres")
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def other_kind(request: pytest.FixtureRequest, lived_in: Cast, tmp_path: Path) -> Iterator[str]:
    """An empty database of the other kind than the one that is backed up."""
    there = {"sqlite": "postgres", "postgresql": "sqlite"}
    with a_new_place(request, there[lived_in.store.engine.dialect.name], tmp_path) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    with a_new_place(request, request.param, tmp_path) as url:
        yield url


def counts(store: Store) -> dict[str, int]:
    with store.read() as session:
        return {
            name: session.scalar(select(func.count()).select_from(kind)) or 0
            for name, kind in {"cases": Case, "files": Attachment, "sign-ins": SignIn}.items()
        }


def test_a_backup_made_while_people_work_comes_back_whole_and_the_same_on_either_database(
    lived_in: Cast, other_kind: str, tmp_path: Path
) -> None:
    cast, archive = lived_in, tmp_path / "backup.zip"
    with cast.store.read() as session:
        head = session.scalars(select(TrailHead)).one()
    before = counts(cast.store)

    def work_on(table: str, _done: int, _total: int) -> None:
        if table in {"cases", "staff", "trail_entry"}:
            cast.report()

    manifest = back_up(cast.store, archive, work_on)
    assert counts(cast.store)["cases"] > before["cases"]
    assert [(log.size, log.root) for log in manifest.logs] == [(head.size, head.root.hex())]

    with Archive(archive) as opened:
        done = restore(other_kind, cast.store.env, opened, quiet)
    assert done.findings == []
    restored = Store(other_kind, cast.store.env)
    try:
        again = back_up(restored, tmp_path / "again.zip", quiet)
        assert again.logs == manifest.logs
        hashes = [{part.name: part.sha256 for part in each.tables} for each in (manifest, again)]
        assert {name for name in hashes[0] if hashes[0][name] != hashes[1][name]} == {"sign_in"}  # nobody is
        assert counts(restored) == {**before, "sign-ins": 0}
        goes_on(replace(cast, store=restored))
    finally:
        restored.dispose()


def goes_on(cast: Cast) -> None:
    """The models, the people, the files and the clocks are there, and new rows do not meet old ones."""
    with cast.store.read() as session:
        case = session.scalars(select(Case)).one()
        assert attachments.content_of(session, case, session.scalars(select(Attachment)).one())[:2] == b"\xff\xd8"
        assert migrations.is_current(session.connection())
    cast.do(case.number, "act", outcome="refer_up", reason="办不了")
    assert cast.report().case.id > case.id
    with cast.store.read() as session:
        assert verify(session, cast.district_id).findings == []
        assert runtime.inspect(session, case.instance_id or 0).timers


@pytest.fixture
def backup(lived_in_sqlite: Cast, tmp_path: Path) -> Path:
    path = tmp_path / "backup.zip"
    back_up(lived_in_sqlite.store, path, quiet)
    return path


@contextmanager
def rewritten(path: Path) -> Iterator[dict[str, bytes]]:
    """The members of an archive, to be changed."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    yield members
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def in_manifest(members: dict[str, bytes], change: Callable[[dict[str, Any]], None]) -> None:
    data = json.loads(members["manifest.json"])
    change(data)
    members["manifest.json"] = json.dumps(data).encode()


def refusal(path: Path, env: Environment, tmp_path: Path) -> str:
    """What `verify` finds; and `restore` writes nothing."""
    place = tmp_path / "elsewhere" / "gridgov.db"
    with Archive(path) as archive:
        found = check(archive, quiet)
        with pytest.raises(Damaged):
            restore(f"sqlite:///{place}", env, archive, quiet)
    assert list(place.parent.iterdir()) == []
    return "; ".join(found)


def test_whatever_is_wrong_with_a_backup_is_named_and_nothing_is_written(
    backup: Path, env: Environment, tmp_path: Path
) -> None:
    whole = backup.read_bytes()
    with Archive(backup) as archive:
        assert check(archive, quiet) == []

    with rewritten(backup) as members:
        members["rows/cases.jsonl"] = members["rows/cases.jsonl"].replace(b"dispute", b"hazard_", 1)
    assert "rows/cases.jsonl: 1 rows are not the 1" in refusal(backup, env, tmp_path)

    backup.write_bytes(whole)
    with rewritten(backup) as members:
        members["rows/stay.jsonl"] = b""
    assert "rows/stay.jsonl: 0 rows are not the 1" in refusal(backup, env, tmp_path)

    backup.write_bytes(whole)
    with rewritten(backup) as members:
        del members["rows/unit.jsonl"]
        members["rows/extra.jsonl"] = b"[]\n"
    found = refusal(backup, env, tmp_path)
    assert "rows/unit.jsonl, after row 0" in found
    assert "rows/extra.jsonl: does not belong" in found

    backup.write_bytes(whole)
    with rewritten(backup) as members:  # somebody clever, who also makes the hashes right
        lines = members["rows/trail_entry.jsonl"].splitlines(keepends=True)
        members["rows/trail_entry.jsonl"] = b"".join(lines[:-1])
        in_manifest(members, lambda data: recount(data, "trail_entry", members["rows/trail_entry.jsonl"]))
    assert "trail of 511302" in refusal(backup, env, tmp_path)


def recount(data: dict[str, Any], table: str, content: bytes) -> None:
    for part in data["tables"]:
        if part["name"] == table:
            part["rows"], part["sha256"] = content.count(b"\n"), hashlib.sha256(content).hexdigest()


def test_a_flipped_bit_anywhere_is_found_or_changes_nothing(backup: Path, tmp_path: Path) -> None:
    whole = bytearray(backup.read_bytes())
    with Archive(backup) as archive:
        wanted = archive.manifest
    found = 0
    for position in range(7, len(whole), len(whole) // 25):
        spoiled = bytearray(whole)
        spoiled[position] ^= 0x10
        (tmp_path / "spoiled.zip").write_bytes(spoiled)
        found += is_spoiled(tmp_path / "spoiled.zip", wanted)
    assert found > 15


def is_spoiled(path: Path, wanted: Manifest) -> bool:
    try:
        with Archive(path) as archive:
            if check(archive, quiet):
                return True
            assert archive.manifest == wanted  # dates of the archive's members say nothing about rows
    except NotABackup:
        return True
    return False


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.99])
def test_a_backup_that_is_cut_off_is_none(backup: Path, kept: float) -> None:
    content = backup.read_bytes()
    backup.write_bytes(content[: int(kept if kept > 1 else kept * len(content))])
    with pytest.raises(NotABackup):
        Archive(backup)


def test_what_does_not_fit_is_refused_before_anything_is_written(
    backup: Path, lived_in_sqlite: Cast, tmp_path: Path
) -> None:
    env, place = lived_in_sqlite.store.env, f"sqlite:///{tmp_path / 'new' / 'gridgov.db'}"
    with Archive(backup) as archive:
        with pytest.raises(NotEmpty):
            restore(lived_in_sqlite.store.url.render_as_string(), env, archive, quiet)
        other = replace(env, keys=KeyRing.from_bytes(b"o" * 32))
        with pytest.raises(KeyDoesNotFit, match=f"{env.keys.check_value}.*{other.keys.check_value}"):
            restore(place, other, archive, quiet)
        archive.manifest = replace(archive.manifest, revision="9999")
        with pytest.raises(NewerBackup):
            restore(place, env, archive, quiet)
    assert not (tmp_path / "new").exists()
    with pytest.raises(DestinationExists):
        back_up(lived_in_sqlite.store, backup, quiet)


def test_a_server_that_holds_rows_is_not_restored_into(backup: Path, env: Environment, postgres: Postgres) -> None:
    name = postgres.create_database()
    store = Store(postgres.url(name), env)
    migrations.upgrade(store.engine, migrations.revisions()[0])
    with store.write() as session:
        session.execute(text("INSERT INTO case_counter (district_id, day, last) VALUES (9, '20261124', 41)"))
    with Archive(backup) as archive, pytest.raises(NotEmpty):
        restore(postgres.url(name), env, archive, quiet)
    store.dispose()
    postgres.drop_database(name)


def test_a_restore_that_fails_half_way_leaves_no_rows_and_can_be_repeated(
    backup: Path, env: Environment, new_place: str
) -> None:
    class Interrupted(Exception):
        pass

    def interrupt(table: str, done: int, total: int) -> None:
        if table == "work_item" and done > total // 2:
            raise Interrupted

    with Archive(backup) as archive:
        with pytest.raises(Interrupted):
            restore(new_place, env, archive, interrupt)
        assert restore(new_place, env, archive, quiet).findings == []


def test_a_backup_that_fails_half_way_leaves_no_file(lived_in_sqlite: Cast, tmp_path: Path) -> None:
    def fail(table: str, _done: int, _total: int) -> None:
        if table == "unit":
            raise OSError(28, "No space left on device")

    folder = tmp_path / "backups"
    folder.mkdir()
    with pytest.raises(OSError, match="No space"):
        back_up(lived_in_sqlite.store, folder / "b.zip", fail)
    assert list(folder.iterdir()) == []


def test_a_database_without_tables_is_not_backed_up(database_url: str, env: Environment, tmp_path: Path) -> None:
    store = Store(database_url, env)
    with pytest.raises(NothingToBackUp):
        back_up(store, tmp_path / "b.zip", quiet)
    store.dispose()


def test_a_backup_from_before_an_upgrade_is_brought_to_this_release(
    postgres: Postgres, env: Environment, tmp_path: Path
) -> None:
    name = postgres.create_database()
    store = Store(postgres.url(name), env)
    first = migrations.revisions()[0]
    migrations.upgrade(store.engine, first)
    with store.engine.begin() as connection:
        connection.execute(text("INSERT INTO case_gram (gram, case_id, district_id) VALUES (7, 8, 9)"))
        connection.execute(text("INSERT INTO case_counter (district_id, day, last) VALUES (9, '20261124', 41)"))
    assert back_up(store, tmp_path / "old.zip", quiet).revision == first
    store.dispose()
    postgres.drop_database(name)
    place = f"sqlite:///{tmp_path / 'new' / 'gridgov.db'}"
    with Archive(tmp_path / "old.zip") as archive:
        assert restore(place, env, archive, quiet).findings == []
    restored = Store(place, env)
    with restored.read() as session:
        assert migrations.is_current(session.connection())
        assert session.execute(text("SELECT last FROM case_counter")).scalars().all() == [41]
    restored.dispose()


def test_a_value_that_the_other_database_refuses_is_named(
    lived_in_sqlite: Cast, postgres: Postgres, tmp_path: Path
) -> None:
    with lived_in_sqlite.store.write() as session:
        session.execute(text("UPDATE staff SET staff_no = :long WHERE id = 1"), {"long": "x" * 99})  # SQLite lets it
    back_up(lived_in_sqlite.store, tmp_path / "b.zip", quiet)
    name = postgres.create_database()
    with Archive(tmp_path / "b.zip") as archive, pytest.raises(DoesNotFit, match=r"staff.*too long"):
        restore(postgres.url(name), lived_in_sqlite.store.env, archive, quiet)
    postgres.drop_database(name)


def test_memory_stays_small_whatever_is_backed_up(database_url: str, env: Environment, tmp_path: Path) -> None:
    store = Store(database_url, env)
    migrations.upgrade(store.engine)
    blob, count = bytes(2**20), 40
    with store.write() as session:
        for number in range(count):
            session.execute(
                text("INSERT INTO definition_file (sha256, content) VALUES (:name, :content)"),
                {"name": f"{number:064}", "content": blob},
            )
    tracemalloc.start()
    back_up(store, tmp_path / "b.zip", quiet)
    assert tracemalloc.get_traced_memory()[1] < count * len(blob) / 2
    tracemalloc.stop()
    store.dispose()
