"""`gridgov report` as an operator types it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from engine.db import Store
from tests.cast import CENTRE, Cast
from web.cli import cli, report


@pytest.fixture
def gridgov(sqlite_cast: Cast, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliRunner:
    @contextmanager
    def opened() -> Iterator[Store]:
        yield sqlite_cast.store

    sqlite_cast.report(restricted=True)
    monkeypatch.setattr(report, "opened", opened)
    monkeypatch.chdir(tmp_path)
    return CliRunner()


def run(gridgov: CliRunner, *arguments: str) -> Result:
    return gridgov.invoke(cli, ["report", *arguments])


def test_the_name_of_the_file_says_what_is_written(gridgov: CliRunner) -> None:
    for name in ("b.docx", "b.xlsx", "b.pdf"):
        done = run(gridgov, name, "--period", "year", "--begin", "2026-11-24")
        assert done.exit_code == 0, done.output
        assert Path(name).read_bytes()[:2] in {b"PK", b"%P"}
    assert run(gridgov, "b.txt").exit_code == 2


def test_figures_as_json_hide_what_is_restricted(gridgov: CliRunner) -> None:
    done = run(gridgov, "b.json", "--unit", CENTRE, "--period", "range", "--begin", "2026-11-01", "--end", "2026-11-30")
    assert done.exit_code == 0, done.output
    found = json.loads(Path("b.json").read_text("utf-8"))
    assert (found["unit"], found["restricted"], found["begins_on"]) == (CENTRE, "<5", "2026-11-01")


def test_an_unknown_unit_is_not_found(gridgov: CliRunner) -> None:
    assert run(gridgov, "b.json", "--unit", "511399").exit_code != 0
