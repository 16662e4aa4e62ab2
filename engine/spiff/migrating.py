"""Binds the tokens of a pruned instance to another version of its model, or says why they do not fit.

Nothing runs: bytes go in, bytes come out. A token keeps its id, so its work item, its clock and the timers that both
versions have alike go on; boundary events that only the new version has are armed, those that it lacks are taken
away, and one whose definition changed is made anew.

Where one token stands in a process, the rest of the model may have changed as it likes: nothing of the way behind the
token decides anything any more. Where several stand (parallel branches, a call for each item of a list), joins count
tokens by the flows between them, so the flows of that process must be the same in both versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

from engine.definitions.reading import Finding, fault
from engine.errors import UserError
from engine.spiff import codec
from engine.spiff.rebinding import cut, parts, split_of, split_spec, standing
from engine.spiff.task import GridTask

if TYPE_CHECKING:
    from engine.spiff.compiler import Compiled

_PREDICTED = TaskState.PREDICTED_MASK | TaskState.FUTURE
"""Only states of the first format hold such tasks."""


class DoesNotMap(UserError):
    """The instance does not fit the other version: {reasons}."""

    code = "does_not_map"
    zh = "该流程实例无法迁移到目标版本：{reasons_zh}。"

    def __init__(self, findings: list[Finding]) -> None:
        """`findings`: element, reason, instead and zh for each token that does not map."""
        self.findings = findings
        english = "; ".join(f"{each['element']} {each['reason']}" for each in findings)
        super().__init__(reasons=english, reasons_zh="；".join(f"{each['element']} {each['zh']}" for each in findings))


@dataclass(frozen=True)
class Renamed:
    """The elements that have another id in the new version; all others keep theirs."""

    ids: Mapping[str, str]

    def __call__(self, name: str) -> str:
        """The new name of a task specification, also of the ones that the library puts around an element."""
        element, dot, rest = name.partition(".")
        return self.ids.get(element, element) + dot + rest


def migrate(state: bytes, source: Compiled, target: Compiled, renamed: Mapping[str, str]) -> bytes:
    """The stored state of an instance of `source`, as one of `target`. `renamed`: old element id → new one.

    Raises DoesNotMap with every token that does not fit.
    """
    workflow = codec.load(state, source.spec, source.called, None)
    findings: list[Finding] = []
    names = Renamed(renamed)
    for part in parts(workflow):
        spec = target.spec if part is workflow else _called(workflow, part, target)
        if spec is not None:
            findings += _Part(part, spec, target, names).rebind()
    if findings:
        raise DoesNotMap(findings)
    codec.prune(workflow)
    return codec.dump(workflow)


def _called(workflow: Any, part: Any, target: Compiled) -> Any:
    """The new specification of a call; None when its caller did not map, which has been told by then."""
    caller = workflow.get_task_from_id(part.parent_task_id).task_spec
    return target.called.get(caller.spec) if isinstance(caller, SubWorkflowTask) else None


class _Part:
    """One process of an instance on its way to its new specification."""

    def __init__(self, part: Any, spec: Any, target: Compiled, names: Renamed) -> None:
        self._part = part
        self._spec = spec
        self._target = target
        self._names = names

    def rebind(self) -> list[Finding]:
        """Bind every token; what does not fit."""
        for task in [task for task in self._part.tasks.values() if task.has_state(_PREDICTED)]:
            if task.id in self._part.tasks:  # it may have hung from one that was cut
                cut(self._part, task)
        alive = standing(self._part)
        findings = [finding for task in alive for finding in self._misfits(task)]
        if len(alive) > 1:
            findings += self._other_flows()
        if findings:
            return findings
        for task in alive:
            self._move(task)
        for task in [task for task in self._part.tasks.values() if task.parent is None]:
            self._settle(task)
        self._part.spec = self._spec
        return []

    # -- what fits

    def _counterpart(self, old: Any) -> Any:
        """The specification of the same kind that has the name of `old` now; None when there is none."""
        new = self._spec.task_specs.get(self._names(old.name))
        return new if type(new) is type(old) else None

    def _misfits(self, task: Any) -> Iterator[Finding]:
        old = task.task_spec
        wanted = self._names(old.name)
        new = self._spec.task_specs.get(wanted)
        process = self._spec.name
        if new is None:
            instead = f"say where its tokens go: --map {wanted}=NEW"
            yield fault(wanted, f"is not in {process} any more", instead, f"在新版 {process} 中已不存在")
        elif type(new) is not type(old):
            kinds = f"{_kind(old)} → {_kind(new)}"
            yield fault(wanted, f"is of another kind now ({kinds})", "map it to one alike", f"类型已改变（{kinds}）")
        elif isinstance(new, SubWorkflowTask):
            yield from self._other_call(old, new)

    def _other_call(self, old: Any, new: Any) -> Iterator[Finding]:
        called = self._target.called.get(new.spec)
        instead = "let the call end first"
        if self._names(old.spec) != new.spec or called is None:
            calls = f"{old.spec} → {new.spec}"
            yield fault(new.name, f"calls another process now ({calls})", instead, f"调用的流程已改变（{calls}）")
            return
        before = self._part.top_workflow.subprocess_specs[old.spec]
        asked = ", ".join(sorted(_inputs(called) - _inputs(before)))
        if asked:
            yield fault(new.name, f"must be given {asked}, which it was not", instead, f"缺少新增输入 {asked}")

    def _other_flows(self) -> list[Finding]:
        """Elements whose flows differ between the versions, where several tokens stand."""
        old, new = _flows(self._part.spec, self._names), _flows(self._spec, Renamed({}))
        differing = sorted(name.partition(".")[0] for name in old.keys() | new.keys() if old.get(name) != new.get(name))
        zh = "多个分支正在进行，流向不得改变"
        reason = "has other flows, while several branches are under way"
        return [fault(name, reason, "let the branches end first", zh) for name in dict.fromkeys(differing)]

    # -- binding

    def _move(self, token: Any) -> None:
        """A token to its new specification, with the boundary events that it has there."""
        split = split_of(token)
        new = self._counterpart(token.task_spec)
        if isinstance(new, CatchingEvent) and _definition(new) != _definition(token.task_spec):
            token = self._renew(token)
        token.task_spec = new
        wanted = split_spec(self._spec, token.task_spec.name)
        if wanted is None:
            if split is not None:
                self._unwrap(token, split)
            return
        if split is None:
            split = self._wrap(token, wanted)
        split.task_spec = wanted
        self._attach(split, token)

    def _renew(self, token: Any) -> Any:
        """Another token in place of one that waited for something else."""
        renewed = GridTask(self._part, token.task_spec, token.parent, state=TaskState.WAITING)
        renewed.data = dict(token.data)
        cut(self._part, token)
        return renewed

    def _unwrap(self, token: Any, split: Any) -> None:
        """Nothing is attached to the activity any more."""
        for event in split.children:
            if event is not token:
                cut(self._part, event)
        self._splice(split)

    def _wrap(self, token: Any, wanted: Any) -> Any:
        """Put a split before an activity that had none."""
        split = GridTask(self._part, wanted, token.parent, state=TaskState.COMPLETED)
        split.data = dict(token.data)
        token.parent._children.remove(token.id)
        token._parent, split._children = split.id, [token.id]
        return split

    def _attach(self, split: Any, token: Any) -> None:
        """Keep the boundary events that are as before, also those that have fired; make the others anew."""
        events = {spec.name: spec for spec in split.task_spec.outputs if spec is not token.task_spec}
        for child in split.children:
            if child is token:
                continue
            spec = events.get(self._names(child.task_spec.name))
            if spec is None or _definition(spec) != _definition(child.task_spec):
                cut(self._part, child)
            else:
                child.task_spec = spec
                del events[spec.name]
        for spec in events.values():
            GridTask(self._part, spec, split, state=TaskState.WAITING).data = dict(split.data)
        order = {spec.name: number for number, spec in enumerate(split.task_spec.outputs)}
        children = sorted(split.children, key=lambda child: order[child.task_spec.name])
        split._children = [child.id for child in children]

    def _settle(self, task: Any) -> None:
        """Bind what has been passed, from the root on; what the new version does not have is forgotten."""
        for child in task.children:
            self._settle(child)
        if task.task_spec is self._spec.task_specs.get(task.task_spec.name):
            return
        found = self._counterpart(task.task_spec)
        if found is not None:
            task.task_spec = found
        elif any(child.has_state(TaskState.NOT_FINISHED_MASK) or child.children for child in task.children):
            self._splice(task)
        else:
            cut(self._part, task)

    def _splice(self, task: Any) -> None:
        """Take one task out of the tree; what hangs from it hangs from its parent."""
        above = task.parent
        position = above._children.index(task.id)
        above._children[position : position + 1] = task._children
        for child in task.children:
            child._parent = above.id
        del self._part.tasks[task.id]
        if self._part.last_task is task:
            self._part.last_task = above


def _kind(spec: Any) -> str:
    return type(spec).__name__


def _inputs(spec: Any) -> set[str]:
    ports = spec.io_specification
    return {port.bpmn_id for port in ports.data_inputs} if ports is not None else set()


def _definition(spec: Any) -> tuple[Any, ...]:
    """What a boundary or intermediate event waits for, and what it does to its activity."""
    event = spec.event_definition
    what = event.name if isinstance(event, MessageEventDefinition) else getattr(event, "expression", None)
    return type(spec), getattr(spec, "cancel_activity", None), type(event), what


def _flows(spec: Any, names: Renamed) -> dict[str, Any]:
    """Name → kind and neighbours, in the words of the new version."""
    return {
        names(each.name): (type(each), [*map(names, each._inputs)], [*map(names, each._outputs)])
        for each in spec.task_specs.values()
    }
