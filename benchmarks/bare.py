"""The same models in bare SpiffWorkflow: stock parser, stock engine, in memory, operations that answer at once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine, TaskDataEnvironment
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.spiff.parser.process import SpiffBpmnParser
from SpiffWorkflow.util.task import TaskState

from engine.step import CLOCK_READERS

FAR = "2099-01-01T00:00:00+00:00"
ANSWERS = {"op.hop": "go", "op.open_stay": 7, "op.escalate": "escalate"}


class Environment(TaskDataEnvironment):
    """Names and functions that the models use, as constants."""

    def call_service(self, _context: Any, operation_name: str, **_given: Any) -> str:
        return json.dumps(ANSWERS.get(operation_name, True))


def engine(*, needs_accept: bool) -> PythonScriptEngine:
    names: dict[str, Any] = {name: lambda: FAR for name in CLOCK_READERS}
    names |= {"owner": 1, "assigner": None, "needs_accept": needs_accept, "returns": 0, "reopened": 0}
    return PythonScriptEngine(Environment(names))


class Bare:
    """Parsed once; a workflow for each run."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        parser = SpiffBpmnParser()
        for name in ("case.bpmn", "handling.bpmn"):
            parser.add_bpmn_xml(etree.fromstring(files[name]), filename=name)
        self.spec = parser.get_spec("case")
        self.called = parser.get_subprocess_specs("case")

    def at_first_act(self) -> BpmnWorkflow:
        workflow = BpmnWorkflow(self.spec, self.called, script_engine=engine(needs_accept=False))
        workflow.task_tree.data.update(case_no="1", settled=False, outcome=None, target=None)
        for task in workflow.get_tasks(state=TaskState.READY):
            task.data.update(workflow.task_tree.data)
        workflow.do_engine_steps()
        self.complete(workflow, result="accept")
        workflow.script_engine = engine(needs_accept=True)
        return workflow

    def complete(self, workflow: BpmnWorkflow, **data: Any) -> str:
        """Complete the ready human task; the element that is ready afterwards."""
        task = next(t for t in workflow.get_tasks(state=TaskState.READY) if t.task_spec.manual)
        task.data.update(data)
        task.run()
        workflow.do_engine_steps()
        return next(t for t in workflow.get_tasks(state=TaskState.READY) if t.task_spec.manual).task_spec.name
