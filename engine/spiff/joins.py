"""Gateways that join by tokens, and bring together what their branches wrote.

The library's own lose data and tokens, which random models found:

- Every branch carries a copy of the data, and the join let the copy of the branch that came last win, with all its old
  values: what another branch had written over an old value was lost. Here each branch brings what it changed since the
  branches parted.
- Which branch was last is a clock reading that is not stored, so a loaded instance could go another way. Here the order
  of the incoming flows decides; the rules refuse models in which two branches write what somebody reads.
- The inclusive join looked for tokens along the first way back only, and not into running calls: it fired while a
  branch was still going on, and what came behind it was done twice. Here it waits for every token that can still come.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

from SpiffWorkflow.bpmn.specs.defaults import InclusiveGateway, ParallelGateway
from SpiffWorkflow.util.task import TaskState

_ALIVE = TaskState.FUTURE | TaskState.WAITING | TaskState.READY | TaskState.STARTED


class GridParallelGateway(ParallelGateway):
    """Waits for a token on each of its incoming flows."""

    def _check_threshold_unstructured(self, my_task: Any) -> bool:
        return {task.parent.task_spec for task in _arrivals(my_task)} >= set(self.inputs)

    def _run_hook(self, my_task: Any) -> bool:
        my_task.data = _brought_together(my_task)
        return True


class GridInclusiveGateway(InclusiveGateway):
    """Waits for the tokens that can come, and sends one along each flow whose condition holds."""

    def _check_threshold_unstructured(self, my_task: Any) -> bool:
        arrived = {task.parent.task_spec for task in _arrivals(my_task)}
        awaited = _behind(self, [each for each in self.inputs if each not in arrived])
        tokens = (task for task in my_task.workflow.tasks.values() if task.has_state(_ALIVE))
        return not any(task.task_spec in awaited for task in tokens)

    def _run_hook(self, my_task: Any) -> bool:
        my_task.data = _brought_together(my_task)
        matches, defaults = self._get_matching_outputs(my_task)
        my_task._sync_children(matches or defaults, TaskState.FUTURE)
        return True


def _arrivals(my_task: Any) -> list[Any]:
    """The tokens that have come to this join, this one among them, in the order of the incoming flows.

    The library keeps the last one waiting and marks the others cancelled. A gateway never stands on a loop, so all
    that have come in its process belong to one turn.
    """
    spec = my_task.task_spec
    found = [
        task
        for task in my_task.workflow.tasks.values()
        if task.task_spec is spec and task.parent is not None and task.parent.state == TaskState.COMPLETED
    ]
    return sorted(found, key=lambda task: spec.inputs.index(task.parent.task_spec))


def _behind(join: Any, specs: list[Any]) -> set[Any]:
    """These specifications and everything from which a token can come to them without passing the join."""
    found, waiting = set(specs), list(specs)
    while waiting:
        for each in waiting.pop().inputs:
            if each is not join and each not in found:
                found.add(each)
                waiting.append(each)
    return found


def _brought_together(my_task: Any) -> dict[str, Any]:
    """The data at the point where the branches parted, with the changes of each of them."""
    parents = [task.parent for task in _arrivals(my_task)]
    shared = set.intersection(*({task.id for task in _line(parent)} for parent in parents))
    parted = next(task for task in _line(parents[0]) if task.id in shared)
    merged = dict(parted.data)
    for parent in parents:
        merged |= {k: v for k, v in parent.data.items() if k not in parted.data or parted.data[k] != v}
    return deepcopy(merged)


def _line(task: Any) -> Iterator[Any]:
    """The task and those it came from, up to the root."""
    while task is not None:
        yield task
        task = task.parent
