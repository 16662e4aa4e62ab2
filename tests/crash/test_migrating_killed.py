"""A migration that is killed with -9 and taken up again moves every case exactly once."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter

import pytest
from sqlalchemy import select

from engine import timers
from engine.actors import system
from engine.definitions import migrating_runs as runs
from engine.definitions.migrating_runs import MOVED, PLANNED, Migration, Wanted
from engine.instances import ProcessInstance
from engine.trail.entries import TrailEntry
from engine.trail.verify import verify
from processes.reconcile import reconcile
from tests.cast import Cast
from tests.redrawing import model, put
from tests.soaking import rounds, seed_of_this_run

pytestmark = pytest.mark.crash
CASES = 4
POINTS = ("state-written", "before-trail", "before-commit", "after-commit")


def killed(cast: Cast, run: int, point: str, time: int) -> None:
    url = cast.store.url.render_as_string(hide_password=False)
    arguments = [url, point, str(time), cast.clock.now().isoformat(), str(run), str(cast.district_id)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash.migrating", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == -9, done.stderr


def planned(cast: Cast, version: int) -> int:
    """A migration of all cases to a copy of the model; its number."""
    put(cast, {"case.bpmn": model("case.bpmn") + f"<!-- {version} -->".encode()})
    with cast.store.write() as session:
        return runs.plan(session, system(cast.district_id, "cli"), Wanted("case", version)).id


def check(cast: Cast, run: int) -> Counter[str]:
    """The rows, the instances and the trail say the same; what they say."""
    with cast.store.read() as session:
        found = runs.counts(session, run)
        target = session.get_one(Migration, run).target_id
        of = session.scalars(select(ProcessInstance.definition_id).where(ProcessInstance.key == "case"))
        assert sum(each == target for each in of) == found[MOVED]
        entries = select(TrailEntry.subject, TrailEntry.body).where(TrailEntry.action == "instance:version:migrate")
        told = Counter(subject for subject, body in session.execute(entries) if f'"to":"{target}"'.encode() in body)
        assert (len(told), set(told.values())) == (found[MOVED], {1} if found[MOVED] else set())
        assert timers.drift(session) == []
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []
        return found


def finish(cast: Cast, run: int, left: int) -> None:
    rest = list(runs.go_on(cast.store, system(cast.district_id, "cli"), run))
    assert [result.state for result in rest] == [MOVED] * left
    assert check(cast, run) == {MOVED: CASES}
    with cast.store.read() as session:
        assert session.get_one(Migration, run).state == "finished"


def test_a_migration_killed_in_the_middle_finishes_exactly_the_rest(cast: Cast) -> None:
    for _ in range(CASES):
        cast.report()
    run = planned(cast, 2)
    killed(cast, run, "before-commit", 2)
    assert check(cast, run) == {MOVED: 1, PLANNED: CASES - 1}
    killed(cast, run, "after-commit", 2)
    assert check(cast, run) == {MOVED: 3, PLANNED: CASES - 3}
    finish(cast, run, left=1)


@pytest.mark.soak
def test_migrations_killed_anywhere_lose_and_double_nothing(cast: Cast) -> None:
    seed = seed_of_this_run()
    chances = random.Random(seed)
    for _ in range(CASES):
        cast.report()
    kills = 0
    for number in rounds(0.1):
        run = planned(cast, number + 2)
        left = CASES
        while left > 1 and chances.random() < 0.8:
            point, time = chances.choice(POINTS), chances.randint(1, left - 1)
            print(f"seed {seed} round {number}: killed at {point}, time {time}")
            killed(cast, run, point, time)
            left = check(cast, run)[PLANNED]
            kills += 1
        finish(cast, run, left)
    print(f"seed {seed}: {kills} kills in {number + 1} migrations of {CASES} cases")
