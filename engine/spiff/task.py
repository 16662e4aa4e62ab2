"""SpiffWorkflow's task, without what a stored instance does not need.

- Its id is a short text, unique within its instance and never used again: random UUIDs cannot be compressed, and
  hashing one is a call into Python.
- It has no children before it runs. The library keeps a prediction of the paths ahead in the tree, for those who want
  to show it; ours are read from the drawing. What joins wait for is decided by tokens and by the specification.
- It writes no log record for each change of state: the library collects the record's fields also when nobody listens.
"""

from __future__ import annotations

import time
from typing import Any

from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState


class GridTask(Task):
    """A token, or a place where one has been."""

    _state: int

    def __init__(self, workflow: Any, task_spec: Any, parent: Any = None, *, state: int, id: str | None = None) -> None:  # noqa: A002 # the library's name
        super().__init__(workflow, task_spec, parent, state, id or workflow.top_workflow.new_id())

    @property
    def parent(self) -> Any:
        return self.workflow.tasks.get(self._parent)

    @property
    def children(self) -> list[Any]:
        tasks = self.workflow.tasks
        return [tasks[child] for child in self._children]

    def _set_state(self, value: int) -> None:
        if value != self._state:
            self._state = value
            self.last_state_change = time.time()

    def _add_child(self, task_spec: Any, state: int = 1) -> GridTask:
        task = GridTask(self.workflow, task_spec, self, state=state)
        task.thread_id = self.thread_id
        return task

    def cancel(self) -> None:
        """Cancel the task with all that hangs from it; the library forgets the instances of a multi-instance.

        Their calls would go on, with people at work and timers armed for nothing.
        """
        if not self.has_state(TaskState.FINISHED_MASK):
            for child in self.children:
                child.cancel()
            self._drop_children(force=True)
        super().cancel()

    def run(self) -> Any:
        if all(child.triggered for child in self.children):
            self.task_spec._predict_hook(self)
        return super().run()


def predict_nothing(spec: Any) -> None:
    """Keep the tasks of a process specification from planting what may come after them."""
    for task_spec in spec.task_specs.values():
        task_spec._predict = _do_not_predict


def _do_not_predict(*_given: Any, **_named: Any) -> None:
    """Stands where the library walks ahead."""
