"""Tokens moved at random: one in each process, everything armed anew, cold as in memory, and every walk ends."""

from __future__ import annotations

import random
from functools import cache

import pytest

from engine.spiff.compiler import Compiled
from engine.spiff.instance import Instance
from engine.spiff.moving import CannotMove, Place
from tests.property.test_codec import Host, act, compiled, seen

STEPS, MOVES_UNTIL = 60, 45


def armed_on(instance: Instance, element: str) -> set[str]:
    """The timers that are drawn on an element and stand in the state."""
    known = compiled_once().attached
    return {timer.element for timer in instance.timers() if known.get(timer.element) == element}


def drawn_on(element: str) -> set[str]:
    models = compiled_once()
    specs = [models.spec, *models.called.values()]
    timers = {name for spec in specs for name, each in spec.task_specs.items() if "Timer" in _waits_for(each)}
    return {name for name, at in models.attached.items() if at == element and name in timers}


def _waits_for(spec: object) -> str:
    return type(getattr(spec, "event_definition", None)).__name__


@cache
def compiled_once() -> Compiled:
    return compiled()


@pytest.mark.parametrize("seed", range(25))
def test_a_walk_with_moved_tokens_keeps_one_token_in_each_process_and_ends(seed: int) -> None:
    host, chances = Host(seed), random.Random(seed)
    cold = (compiled_once(), compiled())
    data = {"case_no": "1", "settled": False, "outcome": None, "target": None}
    instance = Instance.start(cold[0], host, data)
    instance.run()
    for turn in range(STEPS):
        host.turn = turn
        if instance.ended:
            break
        if turn == 0 or (turn < MOVES_UNTIL and chances.random() < 0.35):
            place = chances.choice(instance.places())
            target = chances.choice(place.targets)
            instance.move(place.scope, place.element, target)
            instance.run()
            assert armed_on(instance, target) == drawn_on(target)
        else:
            act(instance, host, chances)
        kept = seen(instance)
        instance = Instance.load(cold[turn % 2], host, instance.dump())
        assert seen(instance) == kept
        assert len(instance.places()) == len(instance.tokens())
        assert instance.task_count() <= 60
    assert instance.ended


def standing() -> tuple[Instance, Place]:
    host = Host(1)
    data = {"case_no": "1", "settled": False, "outcome": None, "target": None}
    instance = Instance.start(compiled_once(), host, data)
    instance.run()
    return instance, instance.places()[0]


@pytest.mark.parametrize(
    ("scope", "element", "target", "why"),
    [
        ("", "check", "verify", "no token stands there"),
        ("9", "verify", "check", "no token stands there"),
        ("", "verify", "act", "no human task or call"),  # another process
        ("", "verify", "closed", "no human task or call"),  # a service task
        ("", "verify", "nowhere", "no human task or call"),
    ],
)
def test_what_cannot_be_moved_is_refused_and_nothing_is_changed(
    scope: str, element: str, target: str, why: str
) -> None:
    instance, place = standing()
    assert (place.process, place.element) == ("case", "verify")
    before = instance.dump()
    with pytest.raises(CannotMove, match=why):
        instance.move(scope, element, target)
    assert instance.dump() == before
