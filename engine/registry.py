"""What `processes` teaches the engine: operations of service tasks, meanings of names in models, writers of forms.

The engine calls these by name and knows nothing of what they do. A registry is built once by
`processes.registry.build()` and travels in the environment; there is no global one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from engine.errors import Bug

if TYPE_CHECKING:
    from datetime import datetime

    from engine.db import Session, Store
    from engine.spiff.moving import Place
    from engine.step import Step
    from engine.worklist import WorkItem

Operation = Callable[["Step", Mapping[str, Any]], Any]
"""A service task's work: (step, process data) → a small value for its result variable."""

FormWriter = Callable[["Step", "WorkItem", Mapping[str, Any]], None]
"""Writes the facts of a validated form; raises a UserError when the state does not allow them."""


class UnknownOperation(Bug):
    """A model calls an operation that is not registered."""

    code = "unknown_operation"
    zh = "流程模型调用了未登记的操作。"


def _as_drawn(_step: Step, role: str) -> str:
    return role


def _at_once(_step: Step, _mark: str) -> datetime | None:
    return None


def _never(_step: Step) -> bool:
    return False


def _always(_step: Step, _place: Place, _target: str) -> None:
    return None


@dataclass
class Registry:
    """All hooks by name."""

    operations: dict[str, Operation] = field(default_factory=dict)
    forms: dict[str, FormWriter] = field(default_factory=dict)
    names: dict[str, Callable[[Step], Any]] = field(default_factory=dict)
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict)
    """Functions of expressions; each takes the step first: `parent(step, unit_id)`."""
    facts: Callable[[Step], Any] | None = None
    """Loads the rows a step's names and operations read; the result is `step.facts`."""
    inbox: dict[str, Callable[[Step, Mapping[str, Any]], None]] = field(default_factory=dict)
    """Messages that move no token: the processes change rows or end the instance, the engine derives what follows.

    By name, or by `model:name` where only the instances of one model are spoken to so.
    """
    role_of: Callable[[Step, str], str] = _as_drawn
    """Who really acts or is told where a model names a role; for cases that only some people may know of."""
    hold_back: Callable[[Step, str], datetime | None] = _at_once
    """Until when telling a mark is held back, as a reminder until offices open; None: it is told at once."""
    pressing: Callable[[Step], bool] = _never
    """Whether the timers of this step go before others when many are due at once."""
    settled: list[Callable[[Step], None]] = field(default_factory=list)
    """Called at the end of every step, when work items and timers are in place."""
    sound: list[Callable[[Step], tuple[str, str] | None]] = field(default_factory=list)
    """Rules that every step keeps by itself and an operator could break: what is wrong (English, Chinese), or None."""
    may_move: Callable[[Step, Place, str], tuple[str, str] | None] = _always
    """Why the token of a place may not go to an element (English, Chinese); None when it may."""
    moved: list[Callable[[Step], None]] = field(default_factory=list)
    """Called when an operator has put a token elsewhere, before the step is finished."""
    open_work_counters: list[Callable[[Session, Sequence[int]], int]] = field(default_factory=list)
    chores: list[Callable[[Store], object]] = field(default_factory=list)
    """What a worker does at every tick beside timers and effects; each commits for itself."""

    def operation(self, name: str) -> Callable[[Operation], Operation]:
        """Decorator: register a service operation, e.g. `@registry.operation("op.hop")`."""
        return _registering(self.operations, name)

    def form(self, name: str) -> Callable[[FormWriter], FormWriter]:
        """Decorator: register the writer of a form's facts."""
        return _registering(self.forms, name)

    def find_operation(self, name: str) -> Operation:
        try:
            return self.operations[name]
        except KeyError:
            raise UnknownOperation(name) from None


def _registering(table: dict[str, Any], name: str) -> Callable[[Any], Any]:
    def register(function: Any) -> Any:
        if name in table:
            raise Bug(f"{name} is registered twice")
        table[name] = function
        return function

    return register
