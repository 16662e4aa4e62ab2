"""Another version with the same content changes nothing, wherever an instance has got to on its way."""

from __future__ import annotations

import random

import pytest

from engine.definitions.bundle import bundles_of
from engine.definitions.deploy import read_directory
from engine.spiff.compiler import Compiled, compile_bundle
from engine.spiff.instance import Instance
from engine.spiff.migrating import migrate
from processes import models_folder
from tests.property.test_codec import STEPS, Host, act, compiled, seen


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
