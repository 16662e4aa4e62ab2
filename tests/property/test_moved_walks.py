"""Random walks through the real models while an administrator moves tokens: every rule of a case holds, and it ends."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest
from sqlalchemy import select

from engine import moving
from engine.errors import UserError
from engine.instances import RUNNING, ProcessInstance
from engine.moving import Wanted
from engine.trail.verify import verify
from processes.codes import ENDED, State
from processes.reconcile import reconcile
from processes.simulation.staff import Crew
from tests.cast import Cast, D
from tests.property.test_walks import _work, bring_to_an_end, check_invariants, cold
from tests.soaking import rounds, seed_of_this_run

ADMIN = "QH-" + D
STEPS = 30


def move_something(cast: Cast, number: str, chances: random.Random) -> str:
    """Put a random token of the case, or of what runs beside it, at a random element; what came of it."""
    with cast.store.read() as session:
        running = select(ProcessInstance).where(ProcessInstance.subject_no == number, ProcessInstance.status == RUNNING)
        instance_id = chances.choice(session.scalars(running.order_by(ProcessInstance.id)).all()).id
        choice = chances.choice(moving.choices(session, cast(ADMIN), instance_id))
    target = chances.choice(choice.place.targets)
    wanted = Wanted(choice.place.element, target, choice.place.scope)
    try:
        with cast.store.write() as session:
            moving.move(session, cast(ADMIN), instance_id, wanted, "随机移动")
    except UserError as refused:
        came = refused.code
    else:
        came = "moved"
    assert (came == "moved") == (target in choice.possible), f"{wanted}: offered {choice.possible}, and then {came}"
    return came


def walk(given: Cast, seed: int) -> Counter[str]:
    """One case from its report to its end, seen cold before every step."""
    chances = random.Random(seed)
    crew, done = Crew(chances), Counter[str]()
    number = given.report(kind=chances.choice(["dispute", "hazard", "criminal"])).case.number
    for turn in range(STEPS):
        cast = cold(given)
        items = cast.items(number)
        if turn == 0 or chances.random() < 0.35:
            done[move_something(cast, number, chances)] += 1
        elif chances.random() < 0.3:
            cast.pass_time(timedelta(hours=chances.choice([3, 20, 60, 200])))
        else:
            _work(cast, crew, chances.choice(items))
        check_invariants(cast, number)
        ended = State(cast.case(number).state) in ENDED
        cast.store.dispose()
        if ended:
            break
    bring_to_an_end(given, number)
    with given.store.read() as session:
        assert verify(session, given.district_id).findings == []
        assert reconcile(session, given.district_id) == []
    return done


@pytest.mark.parametrize("seed", [1])
def test_a_walk_with_moved_tokens_keeps_every_rule_and_ends(sqlite_cast: Cast, seed: int) -> None:
    assert walk(sqlite_cast, seed)["moved"] >= 1


@pytest.mark.soak
def test_many_walks_with_moved_tokens(sqlite_cast: Cast) -> None:
    first, done = seed_of_this_run(), Counter[str]()
    for number in rounds(share=0.1):
        print(f"walk with moved tokens, seed {first + number}")
        done += walk(sqlite_cast, first + number)
    print(f"walks with moved tokens: {dict(done)}")
