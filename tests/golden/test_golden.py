"""What every release left loads in this one and goes on to its end; nothing that its models ask for has gone."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import select, update
from sqlalchemy.orm import close_all_sessions

from engine import runtime, timers
from engine.actors import system
from engine.db import Store
from engine.definitions import migrating_runs
from engine.definitions.migrating_runs import Wanted
from engine.definitions.models import Definition
from engine.incidents import Incident
from engine.instances import ProcessInstance
from engine.network.people import Role
from engine.network.units import Unit
from engine.spiff import codec
from engine.step import CLOCK_READERS
from engine.trail.verify import verify
from processes import migrations
from processes.codes import ENDED, State
from processes.reconcile import reconcile
from processes.registry import build
from tests.cast import Cast, D
from tests.golden import make, shelf
from tests.golden.looks import look
from tests.golden.scenes import SCENES, own_timers
from tests.postgres import Postgres
from tests.property.test_walks import WILLING
from tests.redrawing import REMINDER, model, put, redrawn

RELEASES = shelf.releases()
LIMIT_KB = 300

Go = Callable[[Cast, str], None]


def every(_place: int) -> bool:
    return True


def some(release: str, turn: int, newest: int = 2) -> Callable[[int], bool]:
    """In the default run one scene in `newest` of the newest release goes on, one in six of the others; soak: all."""
    pace = newest if release == RELEASES[-1] else 6
    return lambda place: place % pace == turn


def restored(release: str, url: str) -> Cast:
    """The database that a release left, at its own schema, then upgraded as an installation is."""
    env = make.environment()
    store = Store(url, env)
    with store.engine.begin() as connection:
        command.upgrade(migrations.config(connection), shelf.manifest(release)["revision"])
        shelf.put_back(connection, shelf.rows(release))
    migrations.upgrade(store.engine)
    with store.read() as session:
        district = session.scalars(select(Unit).where(Unit.code == D)).one()
    return Cast(store, env.clock, district.id)


@pytest.fixture(scope="session")
def left(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Release → the SQLite file that it left, upgraded once; to be copied, not opened."""
    folder, made = tmp_path_factory.mktemp("golden"), {}

    def file(release: str) -> Path:
        if release not in made:
            made[release] = folder / f"{release}.db"
            restored(release, f"sqlite:///{made[release]}").store.dispose()
        return made[release]

    return file


@pytest.fixture
def golden(left: Callable[[str], Path], tmp_path: Path) -> Callable[[str], Cast]:
    """Release → its cases on SQLite, untouched."""

    def opened(release: str) -> Cast:
        file = shutil.copy(left(release), tmp_path / "golden.db")
        env = make.environment()
        store = Store(f"sqlite:///{file}", env)
        with store.read() as session:
            district = session.scalars(select(Unit).where(Unit.code == D)).one()
        return Cast(store, env.clock, district.id)

    return opened


def go_through(cast: Cast, release: str, go: Go | None = None, which: Callable[[int], bool] = every) -> dict[str, str]:
    """Look at every scene at its moment, then let those go on whose place is one of `which`; what went wrong."""
    wrong = {}
    for place, (name, scene) in enumerate(shelf.manifest(release)["scenes"].items()):
        cast.clock.set(datetime.fromisoformat(scene["at"]))
        try:
            assert look(cast, scene["number"]) == {key: scene[key] for key in ("state", "instances")}
            if go is not None and which(place):
                go(cast, scene["number"])
        except Exception as error:  # noqa: BLE001 # whatever goes wrong in a scene is told with its name
            wrong[name] = f"{type(error).__name__}: {error}"
    return wrong


def people(cast: Cast, number: str) -> None:
    """People of good will bring a case to its end, and what hangs on it first."""
    for _ in range(40):
        items = sorted(cast.items(number), key=lambda item: item.element not in {"reply", "judge", "decide"})
        if not items:
            break
        item = items[0]
        form = (
            {"target": unit_code(cast, item), "reason": "职责所在"} if item.element == "rule" else WILLING[item.element]
        )
        if item.element == "act" and cast.case(number).kind == "criminal" and "police" not in unit_code(cast, item):
            form = {"outcome": "transfer", "target": f"{D}-police", "reason": "刑事线索"}
        cast.do(number, item.element, **form)
    assert State(cast.case(number).state) in ENDED
    assert not running(cast, number)


def unit_code(cast: Cast, item: Any) -> str:
    with cast.store.read() as session:
        return session.get_one(Unit, item.unit_id).code


def running(cast: Cast, number: str) -> list[str]:
    with cast.store.read() as session:
        query = select(ProcessInstance.key).where(ProcessInstance.subject_no == number)
        return list(session.scalars(query.where(ProcessInstance.status == "running")))


def time(cast: Cast, number: str) -> None:
    """Nobody does anything until three timers have fired; then people end the case."""
    waits = State(cast.case(number).state) not in ENDED
    fired = own_timers(cast, number, cast.clock.now() + timedelta(days=60), most=3)
    assert bool(fired) == waits
    people(cast, number)


def withdrawal(cast: Cast, number: str) -> None:
    """The reporter takes the case back where that is waited for; all that hangs on it ends with it."""
    with cast.store.write() as session:
        query = select(ProcessInstance.id).where(ProcessInstance.subject_no == number, ProcessInstance.key == "case")
        taken = runtime.deliver(session, system(cast.district_id), session.scalars(query).one(), "withdraw", {})
    if taken:
        assert cast.case(number).state == "withdrawn"
        assert not running(cast, number)


def whole(cast: Cast) -> None:
    with cast.store.read() as session:
        assert timers.drift(session) == []
        assert session.scalars(select(Incident.reason)).all() == []
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []


def on_sqlite(cast: Cast, release: str, go: Go, which: Callable[[int], bool] = every) -> None:
    try:
        assert go_through(cast, release, go, which) == {}
        whole(cast)
    finally:
        cast.store.dispose()


def on_postgresql(server: Postgres, release: str, go: Go, which: Callable[[int], bool] = every) -> None:
    name = server.create_database()
    cast = restored(release, server.url(name))
    try:
        assert go_through(cast, release, go, which) == {}
        whole(cast)
    finally:
        cast.store.dispose()
        close_all_sessions()
        server.drop_database(name)


Golden = Callable[[str], Cast]


@pytest.mark.parametrize("release", RELEASES)
def test_every_case_of_every_release_is_as_it_was_and_some_are_ended_by_people(golden: Golden, release: str) -> None:
    on_sqlite(golden(release), release, people, some(release, 0))


@pytest.mark.parametrize("release", RELEASES)
def test_timers_of_others_fire_before_people_end_them(golden: Golden, release: str) -> None:
    on_sqlite(golden(release), release, time, some(release, 1))


@pytest.mark.parametrize("release", RELEASES)
def test_cases_can_be_taken_back_where_that_was_waited_for(golden: Golden, release: str) -> None:
    on_sqlite(golden(release), release, withdrawal, some(release, 0, newest=1))


@pytest.mark.parametrize("release", RELEASES)
def test_every_case_is_as_it_was_on_postgresql_and_some_go_on(postgres: Postgres, release: str) -> None:
    on_postgresql(postgres, release, people, some(release, 0, newest=6))


@pytest.mark.parametrize("release", RELEASES)
def test_cases_of_every_release_can_be_moved_to_another_version(golden: Golden, release: str) -> None:
    """Also those whose states are of a format that is only read any more."""
    cast = golden(release)
    scenes = list(shelf.manifest(release)["scenes"].values())
    cast.clock.set(max(datetime.fromisoformat(scene["at"]) for scene in scenes))
    cast.store.env.registry.operations["op.remind"] = lambda _step, _data: True
    copies = {f"{key}.bpmn": model(f"{key}.bpmn") + b"<!-- 2 -->" for key in ("case", "request", "supervision")}
    put(cast, {**copies, "handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    actor = system(cast.district_id, "cli")
    for key in ("case", "request", "supervision"):
        with cast.store.write() as session:
            version = session.scalars(select(Definition.version).where(Definition.key == key, Definition.active)).one()
            run = migrating_runs.plan(session, actor, Wanted(key, version)).id
        states = {result.state for result in migrating_runs.go_on(cast.store, actor, run)}
        assert states == {"moved"}
    for scene in scenes[::8]:
        people(cast, scene["number"])
    whole(cast)
    cast.store.dispose()


@pytest.mark.soak
@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("go", [people, time, withdrawal])
def test_every_case_of_every_release_goes_on_in_every_way(
    golden: Golden, postgres: Postgres, release: str, go: Go
) -> None:
    on_sqlite(golden(release), release, go)
    on_postgresql(postgres, release, go)
    print(f"{len(shelf.manifest(release)['scenes'])} cases of {release} went on by {go.__name__}, on both databases")


@pytest.mark.parametrize("release", RELEASES)
def test_nothing_that_a_deployed_model_asks_for_has_gone(release: str) -> None:
    assert missing(release, build()) == {}


def missing(release: str, registry: Any) -> dict[str, set[str]]:
    """Words that the models of a release use and `registry` does not know."""
    said = shelf.manifest(release)
    known = {
        "operations": set(registry.operations),
        "functions": set(registry.functions) | set(CLOCK_READERS),
        "names": set(registry.names),
        "roles": {role.value for role in Role},
        "forms": set(registry.forms),
        "inbox": set(registry.inbox),
    }
    return {kind: set(said[kind]) - words for kind, words in known.items() if set(said[kind]) - words}


def test_states_are_written_in_a_format_that_the_last_release_reads() -> None:
    """So that old and new processes can work side by side while an installation is upgraded.

    A new format is read by one release and written by the next. 0.1.0 came before this rule.
    """
    assert codec.FORMAT in codec.READABLE
    assert codec.FORMAT in shelf.manifest(RELEASES[-1])["reads"]


# -- the check itself can fail


def test_a_set_covers_every_wait_and_is_kept_by_hash() -> None:
    assert RELEASES
    for release in RELEASES:
        said = shelf.manifest(release)
        digests = [row["sha256"] for row in shelf.rows(release)["definition_file"]]
        files = {digest: shelf.file(digest) for digest in digests}
        assert all(hashlib.sha256(content).hexdigest() == digest for digest, content in files.items())
        words = make.vocabulary(files.values(), build())
        assert {kind: said[kind] for kind in ("tasks", "timers", "messages", "operations")} == {
            kind: words[kind] for kind in ("tasks", "timers", "messages", "operations")
        }
        make.check_whole(words, said["scenes"])
    newest = shelf.manifest(RELEASES[-1])
    assert len(newest["scenes"]) >= 40


def test_the_sets_stay_small() -> None:
    assert make.size_kb() <= LIMIT_KB


def test_a_set_is_never_written_again() -> None:
    with pytest.raises(FileExistsError):
        make.make(RELEASES[-1])


def test_a_format_without_a_reader_is_noticed(golden: Callable[[str], Cast], monkeypatch: pytest.MonkeyPatch) -> None:
    """As if a release wrote states another way and forgot the old one."""
    monkeypatch.setattr(codec, "READABLE", (codec.FORMAT + 1,))
    cast = golden(RELEASES[-1])
    wrong = go_through(cast, RELEASES[-1])
    cast.store.dispose()
    assert all("UnknownStateFormat" in each for each in wrong.values())
    assert len(wrong) == len(shelf.manifest(RELEASES[-1])["scenes"]) - 1  # the archived case is not loaded


def test_a_timer_that_is_no_longer_armed_is_noticed(golden: Callable[[str], Cast]) -> None:
    cast = golden(RELEASES[-1])
    with cast.store.write() as session:
        query = select(ProcessInstance).where(ProcessInstance.key == "case", ProcessInstance.status == "running")
        row = session.scalars(query.order_by(ProcessInstance.id)).first()
        assert row is not None
        compiled = cast.store.env.catalogue.get(session, row.definition_id)
        workflow = codec.load(row.state, compiled.spec, compiled.called, None)
        lost = next(task for task in workflow.event_manager.tasks.values() if task.task_spec.name == "verify_due")
        lost.parent._children.remove(lost.id)
        row.state = codec.dump(workflow)
    assert list(go_through(cast, RELEASES[-1])) == ["verify"]
    cast.store.dispose()


def test_a_model_that_is_not_what_was_deployed_is_noticed(golden: Callable[[str], Cast]) -> None:
    cast = golden(RELEASES[-1])
    with cast.store.write() as session:
        session.execute(update(Definition).where(Definition.key == "request").values(manifest={"files": {"x": "0"}}))
    wrong = go_through(cast, RELEASES[-1])
    cast.store.dispose()
    assert {"extension_asked", "suspension_asked"} <= set(wrong)
    assert all("DefinitionDamaged" in each for each in wrong.values())


def test_an_operation_that_has_gone_is_named() -> None:
    registry = build()
    del registry.operations["op.hop"], registry.names["ruler"]
    assert missing(RELEASES[-1], registry) == {"operations": {"op.hop"}, "names": {"ruler"}}


def test_a_scene_that_is_missing_stops_the_maker() -> None:
    said = shelf.manifest(RELEASES[-1])
    scenes = {name: scene for name, scene in said["scenes"].items() if "callback" not in str(scene)}
    with pytest.raises(SystemExit, match="callback"):
        make.check_whole(said, scenes)
    assert set(said["scenes"]) <= set(SCENES)
