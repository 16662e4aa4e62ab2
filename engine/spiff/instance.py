"""One running instance of a model: the only workflow object that the engine touches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.simple import TerminateEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.end_event import EndEvent
from SpiffWorkflow.bpmn.specs.mixins.user_task import UserTask
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.util.task import TaskState

from engine.errors import Bug
from engine.spiff import codec, moving
from engine.spiff.host import Host, ScriptEngine, scope_of
from engine.spiff.moving import Place
from engine.spiff.rebinding import parts, standing
from engine.spiff.timers import DateTimer, DurationTimer
from engine.spiff.workflow import GridWorkflow

if TYPE_CHECKING:
    from engine.spiff.compiler import Compiled


class NotReady(Bug):
    """The token {task} is not ready to be completed."""

    code = "not_ready"
    zh = "任务 {task} 当前不可完成。"


@dataclass(frozen=True)
class ReadyTask:
    """A human task that waits for a form. `scope` is the call it runs in (see `host.scope_of`)."""

    task_id: str
    scope: str
    element: str
    data: Mapping[str, Any]


@dataclass(frozen=True)
class ArmedTimer:
    """A timer that waits for `due_at`; `clock` is the deadline row that it reads, None for a fixed duration."""

    task_id: str
    element: str
    due_at: datetime
    clock: Any
    mark: str


class Instance:
    """Loaded for one step, stepped to its fixpoint, pruned, dumped.

    `host` answers what expressions and service tasks ask meanwhile.
    """

    def __init__(self, compiled: Compiled, workflow: GridWorkflow) -> None:
        self._compiled = compiled
        self._workflow = workflow

    @classmethod
    def start(cls, compiled: Compiled, host: Host, data: Mapping[str, Any]) -> Instance:
        """A new instance with `data` as its process data, not yet run."""
        engine = ScriptEngine(host, compiled.attached)
        workflow = GridWorkflow(compiled.spec, compiled.called, engine)
        workflow.plant()
        workflow.task_tree.data.update(data)
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data.update(data)
        return cls(compiled, workflow)

    @classmethod
    def load(cls, compiled: Compiled, host: Host, state: bytes) -> Instance:
        engine = ScriptEngine(host, compiled.attached)
        return cls(compiled, codec.load(state, compiled.spec, compiled.called, engine))

    def dump(self) -> bytes:
        return codec.dump(self._workflow)

    def run(self) -> None:
        """Carry on until only people, timers and messages can move the instance, then prune."""
        self._workflow.advance()
        codec.prune(self._workflow)

    def complete(self, task_id: str, data: Mapping[str, Any]) -> None:
        """Complete a human task with the form's process fields. Raises NotReady."""
        task = self._task(task_id)
        if task is None or task.state != TaskState.READY or not task.task_spec.manual:
            raise NotReady(task=task_id)
        task.data.update(data)
        task.run()

    def deliver(self, message: str, payload: Mapping[str, Any]) -> bool:
        """Hand over a message; False when nothing waits for it (the stay it was meant for is over)."""
        definition = MessageEventDefinition(message)
        waiting = [
            task
            for task in self._workflow.event_manager.tasks.values()
            if isinstance(task.task_spec.event_definition, MessageEventDefinition)
            and task.task_spec.event_definition.name == message
        ]
        if not waiting:
            return False
        event = BpmnEvent(definition, payload=dict(payload))
        for task in waiting:
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
        return True

    def places(self) -> list[Place]:
        """Where a token can be taken from, and to where (see `engine.spiff.moving`)."""
        return moving.places(self._workflow)

    def move(self, scope: str, element: str, target: str) -> None:
        """Put the token of a process at another element of it. Raises CannotMove."""
        moving.move(self._workflow, scope, element, target)

    def disarm(self, task_id: str) -> bool:
        """Take a waiting boundary event away; False when the token itself stands at it."""
        return moving.disarm(self._workflow, task_id)

    def refresh(self) -> None:
        """Let the timers that the host allows fire."""
        self._workflow.refresh_timers()

    def cancel(self) -> None:
        """End everything at once; nothing stays armed."""
        self._workflow.cancel()
        self._workflow.subprocesses.clear()

    def ready(self) -> list[ReadyTask]:
        """The human tasks that wait for somebody, in the order they stand in the tree."""
        parts = (self._workflow, *self._workflow.subprocesses.values())
        tasks = [t for part in parts for t in part.tasks.values() if t.state == TaskState.READY]
        if len(tasks) > 1:
            tasks = self._workflow.get_tasks(state=TaskState.READY)
        return [
            ReadyTask(task.id, scope_of(task), task.task_spec.name, task.data)
            for task in tasks
            if isinstance(task.task_spec, UserTask)
        ]

    def tokens(self) -> list[str]:
        """Where the tokens stand, callers first: "process/element"."""
        return [f"{part.spec.name}/{task.task_spec.name}" for part in parts(self._workflow) for task in standing(part)]

    def timers(self) -> list[ArmedTimer]:
        """The timers that are armed, read from their expressions now."""
        found = []
        for task in self._workflow.event_manager.tasks.values():
            definition = task.task_spec.event_definition
            if task.state != TaskState.WAITING or not isinstance(definition, DateTimer | DurationTimer):
                continue
            due = definition.due(task)
            if due is not None:
                clock, mark = self._workflow.script_engine.host.last_read()
                found.append(ArmedTimer(task.id, task.task_spec.name, due, clock, mark))
        return found

    def messages(self) -> set[str]:
        """The names of the messages that something waits for."""
        return {
            task.task_spec.event_definition.name
            for task in self._workflow.event_manager.tasks.values()
            if isinstance(task.task_spec.event_definition, MessageEventDefinition)
        }

    def thrown(self) -> list[str]:
        """Names of events that nothing caught; drained here, or they would be stored for ever.

        The library throws a terminating end too, after it has done its work; nobody is meant to catch that.
        """
        thrown = [event.event_definition for event in self._workflow.get_events()]
        return [each.name or "" for each in thrown if not isinstance(each, TerminateEventDefinition)]

    @property
    def ended(self) -> bool:
        return bool(self._workflow.completed)

    def value(self, expression: str, task: ReadyTask) -> Any:
        """The value of a property of a ready task."""
        return self._workflow.script_engine.evaluate_for(task.scope, task.element, expression, task.data)

    def end_elements(self) -> list[str]:
        """Ids of the end events that were reached in the top process during this step."""
        tasks = self._workflow.tasks.values()
        return [t.task_spec.name for t in tasks if isinstance(t.task_spec, EndEvent) and t.state == TaskState.COMPLETED]

    def task_count(self) -> int:
        """Tokens and their predictions, in all calls: the size that must not grow."""
        return len(self._workflow.tasks) + sum(len(call.tasks) for call in self._workflow.subprocesses.values())

    def _task(self, task_id: str) -> Any:
        for part in (self._workflow, *self._workflow.subprocesses.values()):
            if task_id in part.tasks:
                return part.tasks[task_id]
        return None
