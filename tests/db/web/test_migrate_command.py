"""`gridgov definitions migrate` says for each case what maps and what does not, and can be taken up again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.definitions import migrating_runs as runs
from engine.definitions.migrating_runs import Wanted
from engine.keys import KeyRing
from tests.cast import Cast
from tests.db.test_migrating import in_hand, operator, remind
from tests.redrawing import REMINDER, model, put, redrawn
from web.cli import cli

Run = Callable[..., Result]


@pytest.fixture
def run(sqlite_cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs `gridgov definitions …` on the database of the cast."""
    KeyRing.create(tmp_path / "key", b"k" * 32)
    monkeypatch.setenv("GRIDGOV_DATABASE_URL", str(sqlite_cast.store.url))
    monkeypatch.setenv("GRIDGOV_KEY_FILE", str(tmp_path / "key"))
    return lambda *arguments: CliRunner().invoke(cli, ["definitions", *arguments])


@pytest.fixture
def two(sqlite_cast: Cast) -> tuple[str, str]:
    """A case that waits to be verified and one in hand; the new version lacks the task of the first."""
    remind(sqlite_cast)
    waiting, at_work = sqlite_cast.report().case.number, in_hand(sqlite_cast)
    gone = redrawn(model("case.bpmn"), {'"verify"': '"look"', 'value="look"': 'value="verify"'})
    put(sqlite_cast, {"case.bpmn": gone, "handling.bpmn": redrawn(model("handling.bpmn"), {}, REMINDER)})
    return waiting, at_work


def test_a_dry_run_says_what_would_happen_to_each_case_and_changes_nothing(run: Run, two: tuple[str, str]) -> None:
    done = run("migrate", "case", "--to", "2", "--dry-run")
    assert done.exit_code == 1
    lines = done.output.splitlines()
    assert f"{two[0]}  refused" in lines
    assert "    verify: is not in case any more; say where its tokens go: --map verify=NEW" in lines
    at = lines.index(f"{two[1]}  would move")
    assert lines[at + 1] == "    at case/stay, handling/act"
    assert lines[at + 2].startswith("    + timer act_remind 20")
    assert lines[-1] == "dry run: 1 would move, 1 refused; nothing was changed"
    listed = run("list").output.splitlines()
    assert [line.split()[:5] for line in listed if " case " in line] == [
        ["case", "version", "1", "2", "running"],
        ["*", "case", "version", "2", "0"],
    ]


def test_the_real_run_moves_what_maps_and_the_rest_with_a_map(run: Run, two: tuple[str, str]) -> None:
    done = run("migrate", "case", "--to", "2")
    assert (done.exit_code, done.output.splitlines()[-1]) == (1, "migration 1: 1 moved, 1 refused")
    assert f"{two[0]}  refused" in done.output
    mapped = run("migrate", "case", "--to", "2", "--map", "verify=look", "--case", two[0], "--batch", "1")
    assert (mapped.exit_code, mapped.output.splitlines()[-1]) == (0, "migration 2: 1 moved")
    assert "1 of 1: 1 moved" in mapped.output
    again = run("migrate", "case", "--to", "2")
    assert (again.exit_code, again.output.splitlines()[-1]) == (0, "migration 3: 0 moved")


def test_what_was_broken_off_is_finished(run: Run, sqlite_cast: Cast, two: tuple[str, str]) -> None:
    with sqlite_cast.store.write() as session:
        number = runs.plan(session, operator(sqlite_cast), Wanted("case", 2, mapping={"verify": "look"})).id
    next(runs.go_on(sqlite_cast.store, operator(sqlite_cast), number))
    done = run("migrate", "--resume", str(number))
    assert (done.exit_code, done.output.splitlines()[-1]) == (0, f"migration {number}: 1 moved")


@pytest.mark.parametrize("arguments", [("case",), ("--to", "2"), ("case", "--to", "2", "--map", "verify")])
def test_what_is_not_said_is_asked_for(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("migrate", *arguments).exit_code == 2
