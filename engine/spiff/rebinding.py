"""The tokens of a pruned instance and the cuts around them: what moving a token and changing its version share."""

from __future__ import annotations

from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.intermediate_event import BoundaryEvent
from SpiffWorkflow.util.task import TaskState

from engine.spiff.workflow import GridWorkflow

ALIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED
_SPLIT = ".BoundaryEventSplit"
_NO_TOKENS = (BoundaryEvent, BoundaryEventJoin, _EndJoin)


def parts(workflow: GridWorkflow) -> list[Any]:
    """The top process, then its calls, callers first."""
    return [workflow, *sorted(workflow.subprocesses.values(), key=lambda call: call.depth)]


def standing(part: Any) -> list[Any]:
    """The tokens of one process: what a person, an event, a call or a join waits at; no boundary events."""
    return [t for t in part.tasks.values() if t.has_state(ALIVE) and not isinstance(t.task_spec, _NO_TOKENS)]


def split_of(task: Any) -> Any:
    """The task from which an activity and its boundary events hang; None when it has none."""
    parent = task.parent
    return parent if parent is not None and parent.task_spec.name == task.task_spec.name + _SPLIT else None


def split_spec(spec: Any, element: str) -> Any:
    """The specification of the split before `element`; None when nothing is attached to it."""
    return spec.task_specs.get(element + _SPLIT)


def entry_of(spec: Any, element: str) -> Any:
    """Where a token arrives that goes to `element`: at its split when it has boundary events."""
    return split_spec(spec, element) or spec.task_specs[element]


def cut(part: Any, task: Any) -> None:
    """Take away a task with all that hangs from it: its calls, and the events that it waited for."""
    top = part.top_workflow
    for child in task.children:
        cut(part, child)
    call = top.subprocesses.pop(task.id, None)
    if call is not None:
        cut(call, call.task_tree)
    top.event_manager.remove_task(task)
    if task.parent is not None:
        task.parent._children.remove(task.id)
    del part.tasks[task.id]
