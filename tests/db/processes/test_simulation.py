"""The same seed and date on new databases give the same trail."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from engine.keys import KeyRing
from processes.simulation.run import NotNew, Plan, simulate


def test_two_runs_of_one_plan_have_one_root_and_another_seed_has_another(tmp_path: Path) -> None:
    keys = KeyRing.from_bytes(b"k" * 32)
    roots, days = [], []
    for number, seed in enumerate((7, 7, 8)):
        plan = Plan(days=2, cases_per_day=6, seed=seed, until=date(2026, 10, 9))
        result = simulate(f"sqlite:///{tmp_path / f'{number}.db'}", keys, plan, days.append)
        assert result.cases > 0
        roots.append(result.root_hex)
    assert roots[0] == roots[1] != roots[2]
    assert days == [1] * 6
    with pytest.raises(NotNew):
        simulate(f"sqlite:///{tmp_path / '0.db'}", keys, plan, days.append)
