"""Takes the token of a process away from where it stands and puts it at another element of the same process.

Tried small before it was built: 300 random walks over `case` and `handling` with 1,271 such moves among 2,355 steps,
pruned and loaded cold before each, keep one token in each process, arm every boundary event of the new element, stay
within 60 tasks and all come to an end (`tests/property/test_moving.py` keeps that).

Only a process with exactly one token is moved: joins count tokens by the way that they came, and a token that never
came that way would be waited for, or counted twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.specs.mixins.user_task import UserTask
from SpiffWorkflow.util.task import TaskState

from engine.errors import Conflict
from engine.spiff.host import scope_of
from engine.spiff.rebinding import cut, entry_of, parts, split_of, standing
from engine.spiff.workflow import GridWorkflow


class CannotMove(Conflict):
    """The token cannot go from {element} to {target}: {why}. Possible: {possible}."""

    code = "cannot_move"
    zh = "令牌不能从 {element} 移到 {target}：{why_zh}。可移到：{possible}。"

    def __init__(self, element: str, target: str, why: tuple[str, str], possible: Sequence[str] = ()) -> None:
        """`why`: English, Chinese."""
        said = ", ".join(possible) or "–"
        super().__init__(element=element, target=target, why=why[0], why_zh=why[1], possible=said)
        self.possible = list(possible)


@dataclass(frozen=True)
class Place:
    """Where the one token of a process stands, and the human tasks and calls to which it can be put.

    `scope` is the call that the process runs in (`host.scope_of`).
    """

    scope: str
    process: str
    element: str
    targets: Sequence[str]


def places(workflow: GridWorkflow) -> list[Place]:
    """The processes that have exactly one token, callers first; where several stand, nothing can be moved."""
    found = []
    for part in parts(workflow):
        tokens = standing(part)
        if len(tokens) == 1:
            scope, at = scope_of(tokens[0]), tokens[0].task_spec.name
            found.append(Place(scope, part.spec.name, at, _targets(part.spec)))
    return found


def move(workflow: GridWorkflow, scope: str, element: str, target: str) -> None:
    """Cut the token at `element` with all that hangs from it, and put one with its data at `target`; nothing runs yet.

    Raises CannotMove.
    """
    part = next((each for each in parts(workflow) if (each.parent_task_id or "") == scope), None)
    tokens = standing(part) if part is not None else []
    at = [token for token in tokens if token.task_spec.name == element]
    if part is None or not at:
        raise CannotMove(element, target, ("no token stands there", "此处没有令牌"))
    if len(tokens) > 1:
        raise CannotMove(element, target, ("several branches are under way", "有多个分支正在进行"))
    if target not in _targets(part.spec):
        why = ("it is no human task or call of this process", "它不是本流程的人工任务或调用")
        raise CannotMove(element, target, why, _targets(part.spec))
    whole = split_of(at[0]) or at[0]
    above, data = whole.parent, dict(at[0].data)
    cut(part, whole)
    token = above._add_child(entry_of(part.spec, target), state=TaskState.FUTURE)
    token.task_spec._update(token)
    token.data = data


def disarm(workflow: GridWorkflow, task_id: str) -> bool:
    """Take away a boundary event that waits; False when it is something that the token itself stands at."""
    for part in parts(workflow):
        task = part.tasks.get(task_id)
        if task is not None and isinstance(task.task_spec, BoundaryEvent):
            cut(part, task)
            return True
    return False


def _targets(spec: Any) -> list[str]:
    """The human tasks and calls of a process; what a loop makes for each of its items is none of them."""
    repeated = {each.task_spec for each in spec.task_specs.values() if isinstance(each, LoopTask)}
    kinds = (UserTask, SubWorkflowTask)
    return [name for name, each in spec.task_specs.items() if isinstance(each, kinds) and name not in repeated]
