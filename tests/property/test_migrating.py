"""Another version with the same content changes nothing, wherever an instance has got to on its way."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine.actors import system
from engine.deadlines.book import Deadline
from engine.definitions import migrating_runs
from engine.definitions.bundle import bundles_of
from engine.definitions.deploy import read_directory
from engine.definitions.migrating_runs import Wanted
from engine.spiff.compiler import Compiled, compile_bundle
from engine.spiff.instance import Instance
from engine.spiff.migrating import migrate
from engine.trail.verify import verify
from processes import models_folder
from processes.cases.models import Case
from processes.codes import ENDED, State
from processes.reconcile import reconcile
from processes.simulation.staff import Crew
from tests.cast import Cast
from tests.property.test_codec import STEPS, Host, act, compiled, seen
from tests.property.test_walks import _work, bring_to_an_end, check_invariants
from tests.redrawing import REMINDER, model, put, redrawn
from tests.soaking import rounds, seed_of_this_run


def copied() -> Compiled:
    """The same models under another hash."""
    files = read_directory(models_folder())
    files = {name: body + b"<!-- copied -->" if name.endswith(".bpmn") else body for name, body in files.items()}
    return compile_bundle(next(bundle for bundle in bundles_of(files) if bundle.key == "case"))


@pytest.mark.parametrize("seed", range(25))
def test_moving_to_a_copy_at_every_wait_changes_nothing(seed: int) -> None:
    versions = (compiled(), copied())
    assert versions[0].id != versions[1].id
    host, other = Host(seed), Host(seed)
    data = {"case_no": "1", "settled": seed % 5 == 0, "outcome": None, "target": None}
    standing, moving = (Instance.start(versions[0], each, data) for each in (host, other))
    standing.run()
    moving.run()
    for turn in range(STEPS):
        state = moving.dump()
        source, target = versions[turn % 2], versions[1 - turn % 2]
        moved = migrate(state, source, target, {})
        assert moved == state  # the same tokens with the same ids
        moving = Instance.load(target, other, moved)
        assert seen(moving) == seen(standing)
        if standing.ended:
            break
        host.turn = other.turn = turn
        act(standing, host, random.Random(f"{seed}:{turn}"))
        act(moving, other, random.Random(f"{seed}:{turn}"))


def walk(cast: Cast, seed: int, steps: int = 25) -> int:
    """A case that changes its version between any two steps; how often it did."""
    chances = random.Random(seed)
    crew = Crew(chances)
    cast.store.env.registry.operations["op.remind"] = lambda _step, _data: True
    number = cast.report(kind=chances.choice(["dispute", "hazard", "criminal"])).case.number
    put(cast, {"handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    put(cast, {"case.bpmn": model("case.bpmn") + b"<!-- copied -->"})
    moves = 0
    for _ in range(steps):
        items = cast.items(number)
        if not items or chances.random() < 0.3:
            cast.pass_time(timedelta(hours=chances.choice([3, 20, 60, 200])))
        else:
            _work(cast, crew, chances.choice(items))
        if State(cast.case(number).state) in ENDED:
            break
        before = seen_by_people(cast, number)
        moves += moved(cast, chances.choice([1, 2, 3]))
        assert seen_by_people(cast, number) == before
        check_invariants(cast, number)
    bring_to_an_end(cast, number)
    with cast.store.read() as session:
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []
    return moves


def seen_by_people(cast: Cast, number: str) -> list[tuple[object, ...]]:
    """The open items of a case with who holds them, and its clocks."""
    with cast.store.read() as session:
        case = session.scalars(select(Case).where(Case.number == number)).one()
        clocks = select(Deadline).where(Deadline.subject_id == case.id, Deadline.closed_at.is_(None))
        items = [(i.id, i.element, i.unit_id, i.role, i.form, i.holder_id) for i in cast.items(number)]
        return sorted(
            [*items, *((row.id, row.stage, row.due_at, row.grace_at) for row in session.scalars(clocks))], key=repr
        )


def moved(cast: Cast, version: int) -> int:
    """Every case to this version; how many moved."""
    actor = system(cast.district_id, "cli")
    with cast.store.write() as session:
        run = migrating_runs.plan(session, actor, Wanted("case", version)).id
    states = [result.state for result in migrating_runs.go_on(cast.store, actor, run)]
    assert set(states) <= {"moved"}
    return len(states)


@pytest.mark.parametrize("seed", [1, 5])
def test_a_case_may_change_its_version_between_any_two_steps(sqlite_cast: Cast, seed: int) -> None:
    assert walk(sqlite_cast, seed) >= 1


@pytest.mark.soak
def test_cases_that_change_their_version_all_the_time_end_like_others(sqlite_cast: Cast) -> None:
    seed = seed_of_this_run()
    moves = 0
    for number in rounds(0.1):
        print(f"seed {seed + number}")
        moves += walk(sqlite_cast, seed + number, steps=60)
    print(f"seed {seed}: {number + 1} walks with {moves} changes of version")
