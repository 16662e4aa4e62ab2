"""The engine as SpiffWorkflow sees it: closed expressions, named operations, no scripts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, NoReturn, Protocol

from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
from SpiffWorkflow.bpmn.script_engine.python_environment import BasePythonScriptEngineEnvironment

from engine.errors import Bug
from engine.spiff.expressions import Evaluator


class ScriptRefused(Bug):
    """A model tried to run a script."""

    code = "script_refused"
    zh = "流程模型试图执行脚本。"


class Host(Protocol):
    """What a running instance asks of the engine during one step."""

    now: datetime

    def may_fire(self, task_id: str) -> bool:
        """Whether the timer of this token fires in this step."""
        ...

    def value(self, name: str) -> Any:
        """The meaning of a name that is not process data; KeyError when there is none."""
        ...

    def functions(self) -> Mapping[str, Any]:
        """The functions that expressions may call."""
        ...

    def last_read(self) -> tuple[Any, str]:
        """The deadline row and the mark that the last timer expression read, then forgotten."""
        ...

    def at(self, scope: str, element: str) -> None:
        """Tells where the token stands whose expression comes next."""
        ...

    def call(self, operation: str, element: str, data: Mapping[str, Any]) -> Any:
        """Carry out a service task's operation."""
        ...


class _Names(Mapping[str, Any]):
    """Process data first, then what the engine knows; nothing is copied."""

    def __init__(self, data: Mapping[str, Any], host: Host) -> None:
        self._data = data
        self._host = host

    def __getitem__(self, name: str) -> Any:
        return self._data[name] if name in self._data else self._host.value(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._data)

    def __len__(self) -> int:
        return len(self._data)


class _NoScripts(BasePythonScriptEngineEnvironment):
    """There is no environment to run Python in."""

    def execute(self, _script: str, _context: Any, _external: Any = None) -> NoReturn:
        raise ScriptRefused


class ScriptEngine(PythonScriptEngine):
    """Bound to one step; expressions go to the closed evaluator, service tasks to the registry."""

    def __init__(self, host: Host, attached: Mapping[str, str]) -> None:
        """`attached`: boundary event id → id of the activity it stands on."""
        super().__init__(_NoScripts())
        self.host = host
        self._attached = attached
        self._evaluator = Evaluator(host.functions())

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:  # the library passes it
        name = task.task_spec.name
        self.host.at(scope_of(task), self._attached.get(name, name))
        return self._evaluator.evaluate(expression, _Names(task.data, self.host))

    def evaluate_for(self, scope: str, element: str, expression: str, data: Mapping[str, Any]) -> Any:
        """The value of a user task's property (`unit`, `deadline`)."""
        self.host.at(scope, element)
        return self._evaluator.evaluate(expression, _Names(data, self.host))

    def call_service(self, task: Any, operation_name: str, operation_params: Mapping[str, Any]) -> str:
        parameters = {name: given["value"] for name, given in operation_params.items()}
        self.host.at(scope_of(task), task.task_spec.name)
        return json.dumps(self.host.call(operation_name, task.task_spec.name, {**task.data, **parameters}))


def scope_of(task: Any) -> str:
    """The call that a token runs in: the id of the calling task, empty in the top process.

    Two stays of one case have elements of the same id; the scope keeps their deadlines and work items apart.
    """
    parent: str | None = task.workflow.parent_task_id
    return parent or ""
