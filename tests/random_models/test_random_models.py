"""Random valid models and random ways through them: what they show is what BPMN says, however they are kept.

A failure names its seed; `Grower(seed).model()` is the model, and the test's id runs it again.
"""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from tests.random_models.models import Grower, Model
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


@pytest.mark.soak
@pytest.mark.timeout(5400)
def test_random_models_go_the_way_that_bpmn_says_for_minutes() -> None:
    """SOAK_SEED is the first seed; each model after it has the next one."""
    first = seed_of_this_run()
    models, acts, kinds = 0, 0, Counter()
    print(f"\nrandom models from seed {first} on")
    for number in rounds(0.7):
        seed = first + number
        model = Grower(seed, random.Random(seed).choice([SMALL, SMALL, LARGE])).model()
        acts += len(prove(model, seed, STEPS * 2).acts)
        kinds += drawn(model)
        models += 1
    print(f"{models} random models, {acts} steps, each in five manners; drawn: {dict(kinds.most_common())}")
    assert acts > models
