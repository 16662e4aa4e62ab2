"""What a check is, and how a table of them is run: each by itself, so that one that fails hides no other."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.db import Session, Store

Pair = tuple[str, str]
"""Chinese, English."""


class State(StrEnum):
    """How something is; the worst one is the exit code of the command: 0, 1, 2."""

    OK = "ok"
    WARN = "warn"
    BAD = "bad"

    @property
    def rank(self) -> int:
        return list(State).index(self)


@dataclass(frozen=True)
class Finding:
    """What a check found. `figures` are for programs that read the answer."""

    state: State
    says: Pair
    figures: Mapping[str, int | float | str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Patient:
    """What is looked at. `full`: also what costs more the larger the database is; `backups`: where they lie."""

    session: Session
    full: bool = False
    backups: Path | None = None


@dataclass(frozen=True)
class Check:
    """One line of the table. `remedy`: what to do when it is not ok; `cost`: what it reads, at most."""

    name: str
    title: Pair
    run: Callable[[Patient], Finding]
    remedy: Pair
    cost: Pair


@dataclass(frozen=True)
class Result:
    """A check with what it found and how long it took."""

    check: Check
    finding: Finding
    seconds: float


def examine(
    store: Store, checks: Sequence[Check], *, full: bool = False, backups: Path | None = None
) -> Iterator[Result]:
    """Run every check in a transaction of its own; one that cannot be made is bad, and says by what it failed."""
    for check in checks:
        began = time.monotonic()
        try:
            with store.read() as session:
                found = check.run(Patient(session, full, backups))
        except Exception as error:  # noqa: BLE001 # whatever is wrong with a database must be told, not raised
            name = type(error).__name__
            found = Finding(State.BAD, (f"无法检查：{name}", f"could not be checked: {name}"), {"error": name})
        yield Result(check, found, time.monotonic() - began)


def worst(results: Sequence[Result]) -> State:
    return max((result.finding.state for result in results), key=lambda state: state.rank, default=State.OK)


def graded(value: float, warn: float, bad: float) -> State:
    """How bad a value is that should be small."""
    return State.BAD if value >= bad else State.WARN if value >= warn else State.OK


def as_data(results: Sequence[Result]) -> dict[str, Any]:
    """The results for programs; `do` only where something is to be done."""
    return {"state": worst(results).value, "checks": [_line(result) for result in results]}


def _line(result: Result) -> dict[str, Any]:
    check, found = result.check, result.finding
    return {
        "name": check.name,
        "state": found.state.value,
        "title": _both(check.title),
        "says": _both(found.says),
        "do": _both(check.remedy) if found.state is not State.OK else None,
        "figures": dict(found.figures),
        "milliseconds": round(result.seconds * 1000, 1),
    }


def _both(pair: Pair) -> dict[str, str]:
    return {"zh": pair[0], "en": pair[1]}
