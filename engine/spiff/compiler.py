"""A bundle of files becomes what a step needs: specifications, forms, deadline table, who acts where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.mixins.user_task import UserTask

from engine.deadlines.table import DeadlineTable, compile_table
from engine.forms import Forms
from engine.spiff.parser import BPMN, parse, read_xml

if TYPE_CHECKING:
    from engine.definitions.bundle import Bundle

DEADLINES = "deadlines.dmn"


@dataclass(frozen=True)
class HumanTask:
    """A user task as drawn: who, what form, how long. `unit` and `deadline` are expressions."""

    element: str
    process: str
    name: str
    name_en: str
    unit: str
    role: str
    form: str
    deadline: str
    sign_off: str | None
    """Stage of the sign-off clock, where signing off is asked for."""


@dataclass(frozen=True)
class Compiled:
    """Never changed after it was made; shared by all steps of a process."""

    id: str
    key: str
    spec: BpmnProcessSpec
    called: dict[str, BpmnProcessSpec]
    tasks: Mapping[str, HumanTask]
    attached: Mapping[str, str]
    forms: Forms
    deadlines: DeadlineTable
    names: Mapping[str, str]
    """Element id → Chinese label."""
    drawings: Mapping[str, bytes]
    """Process → the file in which it is drawn."""

    def process_of(self, element: str) -> str | None:
        """The process in which an element is drawn; None when there is none of this id."""
        specs = (self.spec, *self.called.values())
        return next((spec.name for spec in specs if element in spec.task_specs and "." not in element), None)


def compile_bundle(bundle: Bundle) -> Compiled:
    """Parse a deployed bundle; it was validated when it was deployed."""
    models = {name: read_xml(content) for name, content in bundle.files.items() if name.endswith(".bpmn")}
    attached = {
        event.get("id"): event.get("attachedToRef")
        for root in models.values()
        for event in root.iter(f"{{{BPMN}}}boundaryEvent")
    }
    names = {
        node.get("id"): node.get("name")
        for root in models.values()
        for node in root.iter()
        if isinstance(node.tag, str) and node.get("id") and node.get("name")
    }
    spec, called = parse(bundle.key, models)
    tasks = {task.element: task for each in (spec, *called.values()) for task in _human_tasks(each)}
    return Compiled(
        id=bundle.id,
        key=bundle.key,
        spec=spec,
        called=called,
        tasks=tasks,
        attached=attached,
        forms=Forms.of(bundle.files),
        deadlines=compile_table(bundle.files[DEADLINES]),
        names=names,
        drawings={
            process.get("id"): bundle.files[name]
            for name, root in models.items()
            for process in root.iter(f"{{{BPMN}}}process")
        },
    )


def _human_tasks(spec: Any) -> list[HumanTask]:
    return [_human_task(spec, task) for task in spec.task_specs.values() if isinstance(task, UserTask)]


def _human_task(spec: Any, task: Any) -> HumanTask:
    properties = task.extensions.get("properties", {})
    return HumanTask(
        element=task.name,
        process=spec.name,
        name=task.bpmn_name or task.name,
        name_en=properties.get("en", task.name),
        unit=properties["unit"],
        role=properties["role"],
        form=properties["form"],
        deadline=properties["deadline"],
        sign_off=properties.get("signoff"),
    )
