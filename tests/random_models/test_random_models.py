"""Random valid models and random ways through them: what they show is what BPMN says, however they are kept.

A failure names its seed; `Grower(seed).model()` is the model, and the test's id runs it again.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable

import pytest

from engine.errors import DefinitionRefused
from tests.random_models.models import Grower, Model
from tests.random_models.mutations import mutated
from tests.random_models.walks import prove
from tests.soaking import rounds, seed_of_this_run

STEPS = 20
SMALL, LARGE = 6, 24
"""Blocks of a model."""
DRAWN = re.compile(rb"<((?:inter|bound|exclu|incl|paral|user|serv|call|sub|multi|term|end)\w+)[ />]")


def drawn(model: Model) -> Counter[str]:
    """How often each kind of element is drawn."""
    return Counter(kind.decode() for body in model.files.values() for kind in DRAWN.findall(body))


@pytest.mark.parametrize("seed", range(8))
def test_a_small_random_model_goes_the_way_that_bpmn_says(seed: int) -> None:
    prove(Grower(seed, SMALL).model(), seed, STEPS)


@pytest.mark.parametrize("seed", [100, 101, 102])
def test_a_large_random_model_goes_the_way_that_bpmn_says(seed: int) -> None:
    prove(Grower(seed, LARGE).model(), seed, STEPS)


def test_a_seed_gives_the_same_model_and_the_same_way_again() -> None:
    first, second = (prove(Grower(3, SMALL).model(), 3, STEPS) for _ in range(2))
    assert Grower(3).model() == Grower(3).model()
    assert first.acts == second.acts
    assert Grower(3).model() != Grower(4).model()


def test_random_models_hold_everything_that_may_be_drawn() -> None:
    found = sum((drawn(Grower(seed, LARGE).model()) for seed in range(40)), Counter())
    assert set(found) >= {
        "userTask",
        "serviceTask",
        "callActivity",
        "subProcess",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "boundaryEvent",
        "intermediateCatchEvent",
        "multiInstanceLoopCharacteristics",
        "terminateEventDefinition",
    }


@pytest.mark.parametrize("seed", range(12))
def test_what_the_rules_let_pass_of_a_changed_model_goes_the_way_that_bpmn_says(seed: int) -> None:
    """A random change makes most models wrong; refused or right, there is nothing between."""
    _tried(changed(seed), f"changed-{seed}")


def test_some_changed_models_are_refused_and_some_are_not() -> None:
    verdicts = [_tried(changed(seed), f"changed-{seed}", steps=0) for seed in range(12)]
    assert {bool(each) for each in verdicts} == {True, False}


def changed(seed: int) -> Model:
    chances = random.Random(seed)
    grown = Grower(seed, chances.choice([2, 4, 8])).model()
    return mutated(grown, chances, chances.choice([1, 1, 2]))


def _tried(model: Model, seed: str, steps: int = STEPS) -> int:
    """How many steps it went; 0 when it was refused."""
    try:
        return len(prove(model, seed, steps).acts)
    except DefinitionRefused:
        return 0


def _grown(seed: int) -> Model:
    return Grower(seed, random.Random(seed).choice([SMALL, SMALL, LARGE])).model()


@pytest.mark.soak
@pytest.mark.timeout(5400)
@pytest.mark.parametrize(("make", "share"), [(_grown, 0.6), (changed, 0.4)], ids=["grown", "changed"])
def test_random_models_go_the_way_that_bpmn_says_for_minutes(make: Callable[[int], Model], share: float) -> None:
    """SOAK_SEED is the first seed; each model after it has the next one."""
    first = seed_of_this_run()
    walked, refused, acts, kinds = 0, 0, 0, Counter[str]()
    print(f"\nrandom models from seed {first} on")
    for number in rounds(share):
        model = make(first + number)
        steps = _tried(model, f"{make.__name__.strip('_')}-{first + number}", STEPS * 2)
        acts += steps
        walked += steps > 0
        refused += steps == 0
        kinds += drawn(model)
    print(f"{walked} random models, {acts} steps, each in five manners; {refused} refused; drawn: {dict(kinds)}")
    assert walked > 0
    assert make is changed or refused <= walked / 50, "the generator draws what the rules refuse"
