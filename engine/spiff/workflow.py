"""SpiffWorkflow's workflow with two of its searches done faster.

The library looks for ready and waiting tasks by walking the tree once for every task that completes. A pruned
instance has some thirty tasks in a flat dictionary: scanning that gives the same tasks in a fraction of the time
(`docs/performance.md`). When more than one task is ready, the tree's order decides, as in the library, so that an
instance goes the same way whether it was loaded or never left memory.
"""

from __future__ import annotations

import logging
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from engine.spiff.task import GridTask

for _name in ("spiff.workflow", "spiff.task", "spiff.spec"):
    # below WARNING the library collects all ids and data for each log record, also when nobody listens
    logging.getLogger(_name).setLevel(logging.WARNING)


class _Scanning:
    """Finds waiting tasks in the flat dictionary.

    Events are left alone: timers and messages reach them directly (`Instance.refresh`, `Instance.deliver`), so asking
    each of them after every task that completes could only answer no.
    """

    spec: Any
    tasks: dict[Any, Any]

    def plant(self) -> None:
        """The first token, where a stored instance has its tree."""
        self.task_tree = GridTask(self, self.spec.start, state=TaskState.FUTURE)
        self.task_tree._ready()

    def update_waiting_tasks(self) -> None:
        for task in [task for task in self.tasks.values() if task._state == TaskState.WAITING]:
            if not isinstance(task.task_spec, CatchingEvent):
                task.task_spec._update(task)


class GridSubWorkflow(_Scanning, BpmnSubWorkflow):
    """A called process."""

    def __init__(self, spec: Any, caller: str, top: GridWorkflow) -> None:
        super().__init__(spec, caller, top, deserializing=True)


class GridWorkflow(_Scanning, BpmnWorkflow):
    """The top process of an instance; `last_id` numbers its tasks and those of its calls."""

    def __init__(self, spec: Any, called: dict[str, Any], engine: Any) -> None:
        self.last_id = 0
        super().__init__(spec, called, script_engine=engine, deserializing=True)

    def new_id(self) -> str:
        self.last_id += 1
        return f"{self.last_id:x}"

    def create_subprocess(self, task: Any, spec_name: str) -> GridSubWorkflow:
        call = GridSubWorkflow(self.subprocess_specs[spec_name], task.id, self)
        call.plant()
        self.subprocesses[task.id] = call
        return call

    def advance(self) -> None:
        """Run what needs no person until nothing more moves; the deepest calls first."""
        moved = True
        while moved:
            calls = [call for call in self.subprocesses.values() if not call.completed]
            moved = False
            for call in sorted(calls, key=lambda each: each.depth, reverse=True):
                while self._run_ready(call):
                    moved = True
                caller = self.get_task_from_id(call.parent_task_id)
                caller.task_spec._update(caller)
            moved = self._run_ready(self) or moved
            moved = moved or (
                len(self.subprocesses) > len(calls)
                and any(not call.completed and call not in calls for call in self.subprocesses.values())
            )

    def _run_ready(self, part: Any) -> bool:
        """Run the automatic tasks that are ready in one process; whether there were any."""
        ready = [task for task in part.tasks.values() if task._state == TaskState.READY and not task.task_spec.manual]
        if len(ready) > 1:
            wanted = {task.id for task in ready}
            ready = [task for task in part.get_tasks(state=TaskState.READY) if task.id in wanted]
        for task in ready:
            if task._state == TaskState.READY:  # a terminating end among them cancels the others
                task.run()
        return bool(ready)
