"""Task state to bytes and back, small: no specification, no finished calls, no finished trunk.

The blob is one format byte and zlib-deflated JSON. A task is a row
`[id, parent, state, spec, internal data, data changed against the parent, keys dropped, triggered]`, zeros at its end
left out; children follow from the parents, in stored order.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

from SpiffWorkflow.bpmn.specs.control import _EndJoin
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.unstructured_join import UnstructuredJoin
from SpiffWorkflow.util.task import TaskState

from engine.errors import OperatorError
from engine.spiff.host import ScriptEngine
from engine.spiff.task import GridTask
from engine.spiff.workflow import GridSubWorkflow, GridWorkflow

FORMAT = 2
READABLE = (1, FORMAT)
"""1: ids of 32 hexadecimal digits, and tasks that were predicted. A step writes it anew as 2."""
_ALIVE = TaskState.WAITING | TaskState.READY | TaskState.STARTED


class UnknownStateFormat(OperatorError):
    """The stored state is of format {found}; this release reads {known}. Upgrade gridgov before starting it."""

    code = "unknown_state_format"
    zh = "流程状态的存储格式为 {found}，本版本只能读取 {known}；请先升级。"


def prune(workflow: GridWorkflow) -> None:
    """Drop finished calls, then the finished trunk of each live task tree.

    Part of every step, in memory too: joins in loops count finished siblings, so a pruned and an unpruned instance
    would otherwise go different ways.
    """
    _drop_finished_calls(workflow)
    for part in (workflow, *workflow.subprocesses.values()):
        _prune_trunk(part)


def _drop_finished_calls(workflow: GridWorkflow) -> None:
    """Callers first: with a call goes everything that was called inside it."""
    live: list[Any] = [workflow]
    for task_id, call in sorted(workflow.subprocesses.items(), key=lambda item: item[1].depth):
        caller = next((part.tasks[task_id] for part in live if task_id in part.tasks), None)
        if caller is None or caller.has_state(TaskState.FINISHED_MASK):
            del workflow.subprocesses[task_id]
        else:
            live.append(call)


def _drop_waiting_ends(part: Any) -> None:
    """Take away side branches that have come to their end and wait there for the others.

    A non-interrupting timer's branch ends while its case goes on; the library keeps its end waiting until everything
    has ended, which would hold the trunk for ever. The last branch brings an end of its own.
    """
    ends = [t for t in part.tasks.values() if t.state == TaskState.WAITING and isinstance(t.task_spec, _EndJoin)]
    others = (t for t in part.tasks.values() if t.has_state(_ALIVE) and not isinstance(t.task_spec, _EndJoin))
    if not ends or next(others, None) is None:
        return
    for end in ends:
        part.tasks[end._parent]._children.remove(end.id)
        for task in _subtree(part, end):
            del part.tasks[task.id]


def _prune_trunk(part: Any) -> None:
    """Between the root, the places where branches part, and what waits, one finished task is left of each way."""
    _drop_waiting_ends(part)
    root = part.task_tree
    if not root.has_state(TaskState.FINISHED_MASK):
        return
    arrived = _arrived_ids(part)
    live = _live_ids(part, arrived)
    squeezed = False
    above = [root]
    for task in above:  # grows while it is walked
        for child in [each for each in task.children if each.id in live]:
            node = _last_finished(child, live, arrived)
            if node is not child:
                task._children[task._children.index(child.id)] = node.id
                node._parent, node.internal_data, squeezed = task.id, {}, True
            above.append(node)
    if squeezed:
        keep = {task.id for task in _subtree(part, root)}
        part.tasks = {task_id: task for task_id, task in part.tasks.items() if task_id in keep}
        if part.last_task is not None and part.last_task.id not in keep:
            part.last_task = part.tasks[root._children[0]]


def _last_finished(task: Any, live: set[str], arrived: set[str]) -> Any:
    """The last of the finished tasks that only one way leads on from; the task itself when it still waits."""
    while task.has_state(TaskState.FINISHED_MASK) and task.id not in arrived:
        onward = [child for child in task.children if child.id in live]
        if len(onward) != 1 or not onward[0].has_state(TaskState.FINISHED_MASK) or onward[0].id in arrived:
            break
        task = onward[0]
    return task


def _arrived_ids(part: Any) -> set[str]:
    """Ids of the tokens that have come to a join which still waits: marked cancelled, but what they bring is needed."""
    joins = {
        t.task_spec
        for t in part.tasks.values()
        if t.state == TaskState.WAITING and isinstance(t.task_spec, UnstructuredJoin)
    }
    return (
        {t.id for t in part.tasks.values() if t.state == TaskState.CANCELLED and t.task_spec in joins}
        if joins
        else set()
    )


def _live_ids(part: Any, arrived: set[str]) -> set[str]:
    """Ids of the tasks that are unfinished or have arrived, and of all that they hang from."""
    live: set[str] = set()
    for task in part.tasks.values():
        if task.has_state(TaskState.NOT_FINISHED_MASK) or task.id in arrived:
            current: Any = task
            while current is not None and current.id not in live:
                live.add(current.id)
                current = part.tasks.get(current._parent)
    return live


def _subtree(part: Any, node: Any) -> list[Any]:
    """`node` and everything below it, parents first."""
    found, position = [node], 0
    while position < len(found):
        found.extend(part.tasks[child] for child in found[position]._children)
        position += 1
    return found


def dump(workflow: GridWorkflow) -> bytes:
    """The state of an instance after `prune`."""
    calls = sorted(workflow.subprocesses.values(), key=lambda call: call.depth)
    state = {
        "ids": workflow.last_id,
        "top": _dump_part(workflow),
        "calls": [[call.parent_task_id, _dump_part(call)] for call in calls],
    }
    text = json.dumps(state, separators=(",", ":"), ensure_ascii=False)
    return bytes([FORMAT]) + zlib.compress(text.encode(), 1)


def _dump_part(part: Any) -> dict[str, Any]:
    tasks = _subtree(part, part.task_tree)
    numbers = {task.id: number for number, task in enumerate(tasks)}
    last = part.last_task
    return {
        "tasks": [_dump_task(task, numbers) for task in tasks],
        "last": numbers.get(last.id) if last is not None else None,
        "done": part.completed,
        "data": part.data,
    }


def _dump_task(task: Any, numbers: dict[str, int]) -> list[Any]:
    parent = task.workflow.tasks.get(task._parent)
    inherited = parent.data if parent is not None else {}
    changed = {key: value for key, value in task.data.items() if key not in inherited or inherited[key] != value}
    dropped = sorted(key for key in inherited if key not in task.data)
    row: list[Any] = [
        task.id,
        numbers[parent.id] if parent is not None else -1,
        int(task.state),
        task.task_spec.name,
        task.internal_data or 0,
        changed or 0,
        dropped or 0,
        int(task.triggered),
    ]
    while row[-1] == 0:
        row.pop()
    return row


def load(blob: bytes, spec: Any, called: dict[str, Any], engine: ScriptEngine | None) -> GridWorkflow:
    """The instance as it was dumped, bound to this step's script engine.

    Raises UnknownStateFormat when the blob was written by a later release.
    """
    if blob[0] not in READABLE:
        raise UnknownStateFormat(found=blob[0], known=FORMAT)
    state = json.loads(zlib.decompress(blob[1:]))
    workflow = GridWorkflow(spec, called, engine)
    workflow.last_id = state.get("ids", 0)
    _load_part(state["top"], workflow)
    for caller, part in state["calls"]:
        _load_call(caller, part, workflow)
    return workflow


def _load_call(caller: str, part: dict[str, Any], workflow: GridWorkflow) -> None:
    task = workflow.get_task_from_id(caller)
    call = GridSubWorkflow(workflow.subprocess_specs[task.task_spec.spec], caller, workflow)
    _load_part(part, call)
    workflow.subprocesses[caller] = call
    call.completed_event.connect(task.task_spec._on_subworkflow_completed, task)


def _load_part(stored: dict[str, Any], part: Any) -> None:
    tasks: list[GridTask] = []
    for row in stored["tasks"]:
        row.extend([0] * (8 - len(row)))
        identity, parent, state, spec, internal, changed, dropped, triggered = row
        task = GridTask(part, part.spec.task_specs[spec], state=state, id=identity)
        task.internal_data = internal or {}
        task.triggered = bool(triggered)
        if parent >= 0:
            above = tasks[parent]
            task._parent = above.id
            above._children.append(task.id)
            task.data = {key: value for key, value in above.data.items() if not dropped or key not in dropped}
        task.data.update(changed or {})
        tasks.append(task)
        if state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            part.top_workflow.event_manager.add_task(task)
    part.task_tree = tasks[0]
    part.last_task = tasks[stored["last"]] if stored["last"] is not None else None
    part.completed = stored["done"]
    part.data = stored["data"]
