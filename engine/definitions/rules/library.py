"""Everything that is deployed together, read once for all rules."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from engine.deadlines.table import compile_table
from engine.definitions.bundle import DEADLINES, references
from engine.definitions.reading import (
    BPMN,
    MAX_BYTES,
    SPIFF,
    Finding,
    elements,
    fault,
    local,
    operator_of,
    properties,
    read_model,
)
from engine.definitions.rules.graph import Scope, read_scopes
from engine.definitions.rules.tokens import Played, play
from engine.errors import DefinitionRefused
from engine.forms import Form, Forms


@dataclass(frozen=True)
class Known:
    """What models may refer to: registered operations, functions and names of expressions, roles."""

    operations: frozenset[str]
    functions: frozenset[str]
    names: frozenset[str]
    roles: frozenset[str]
    task_clocks: frozenset[str] = frozenset()
    """Functions that read the clock of the user task on which a timer stands."""


@dataclass(frozen=True, eq=False)
class Process:
    """One process, its scopes (itself first) and the root of its file."""

    id: str
    node: Any
    scopes: tuple[Scope, ...]
    root: Any

    def ports(self, tag: str) -> frozenset[str]:
        """Names of the `dataInput` or `dataOutput` of its I/O specification."""
        path = f"./{{{BPMN}}}ioSpecification/{{{BPMN}}}{tag}"
        return frozenset(port.get("id", "") for port in self.node.findall(path))

    def all(self, *kinds: str) -> Iterator[Any]:
        """Its elements of these kinds, in all scopes."""
        return (node for scope in self.scopes for node in scope.nodes.values() if local(node) in kinds)


@dataclass(frozen=True, eq=False)
class Library:
    """`unreadable`: findings about files that could not be read, which the rules do not see."""

    models: Mapping[str, Any]
    processes: tuple[Process, ...]
    forms: Forms
    stages: frozenset[str] | None
    unreadable: tuple[Finding, ...]
    known: Known

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        return tuple(scope for process in self.processes for scope in process.scopes)

    @cached_property
    def by_id(self) -> Mapping[str, Process]:
        return {process.id: process for process in self.processes}

    @cached_property
    def played(self) -> Mapping[Scope, Played]:
        """The token game of each scope."""
        return {scope: play(scope) for scope in self.scopes}

    def form_of(self, node: Any) -> Form | None:
        return self.forms.get(properties(node).get("form", ""))

    def writes(self, node: Any) -> frozenset[str]:
        """The process data that an activity or event sets whenever it completes."""
        kind = local(node)
        if kind == "userTask":
            form = self.form_of(node)
            return form.process_fields if form else frozenset()
        if kind == "serviceTask":
            operator = operator_of(node)
            return frozenset(filter(None, [None if operator is None else operator.get("resultVariable")]))
        if kind == "callActivity":
            called = self.by_id.get(node.get("calledElement"))
            results = node.findtext(f"./{{{BPMN}}}multiInstanceLoopCharacteristics/{{{BPMN}}}loopDataOutputRef")
            if results is not None:
                return frozenset({results.strip()})
            return called.ports("dataOutput") if called else frozenset()
        return _message_variable(node)

    def names(self, process: Process) -> frozenset[str] | None:
        """The names that expressions of a process may use; None when a form of it could not be read."""
        found = self.known.names | process.ports("dataInput") | process.ports("dataOutput")
        for node in process.all("userTask", "startEvent"):
            form = self.form_of(node)
            if form is None and properties(node).get("form"):
                return None
            found |= frozenset(form.schema["properties"]) if form else frozenset()
        for scope in process.scopes:
            for node in scope.nodes.values():
                found |= self.writes(node)
        return found | _items(process.node)

    def closure(self, process: Process) -> list[Process]:
        """`process` and everything it calls, directly or not."""
        found, waiting = [process], [process]
        while waiting:
            for call in waiting.pop().all("callActivity"):
                called = self.by_id.get(call.get("calledElement"))
                if called is not None and called not in found:
                    found.append(called)
                    waiting.append(called)
        return found


def _message_variable(node: Any) -> frozenset[str]:
    definition = node.find(f"./{{{BPMN}}}messageEventDefinition")
    if definition is None:
        return frozenset()
    wanted = definition.get("messageRef")
    message = next(
        (each for each in elements(node.getroottree().getroot(), "message") if each.get("id") == wanted), None
    )
    name = None if message is None else message.findtext(f".//{{{SPIFF}}}messageVariable")
    return frozenset({name.strip()} if name else ())


def _items(process: Any) -> frozenset[str]:
    """The names that a multi-instance gives to its items and results."""
    items = {each.get("id") for tag in ("inputDataItem", "outputDataItem") for each in elements(process, tag)}
    return frozenset(items | {(each.text or "").strip() for each in elements(process, "loopDataOutputRef")})


def read_library(files: Mapping[str, bytes], known: Known) -> Library:
    """Read all files; those that cannot be read become findings."""
    unreadable: list[Finding] = []
    models = {}
    for name in (name for name in files if name.endswith(".bpmn")):
        try:
            models[name] = read_model(files[name])
        except DefinitionRefused as refused:
            unreadable += [{**finding, "element": name} for finding in refused.findings]
    processes = tuple(
        Process(node.get("id", ""), node, tuple(read_scopes(node)), root)
        for root in models.values()
        for node in elements(root, "process")
    )
    forms, form_faults = _read_forms(files)
    stages, table_faults = _read_stages(files)
    return Library(models, processes, forms, stages, (*unreadable, *form_faults, *table_faults), known)


def _read_stages(files: Mapping[str, bytes]) -> tuple[frozenset[str] | None, list[Finding]]:
    if DEADLINES not in files:
        return None, [fault(DEADLINES, "is missing", "add the deadline table", "缺少时限表；请补充 deadlines.dmn")]
    try:
        read_model(files[DEADLINES])
        return compile_table(files[DEADLINES]).stages, []
    except DefinitionRefused as refused:
        return None, [_table_fault(each) for each in refused.findings]


def _table_fault(finding: Finding) -> Finding:
    """A finding about the table: its row, or the file when it could not be read at all."""
    element = DEADLINES if finding["element"] == "definitions" else finding["element"]
    return {"zh": f"时限表有误：{finding['reason']}；请修正", **finding, "element": element, "file": DEADLINES}


def _read_forms(files: Mapping[str, bytes]) -> tuple[Forms, list[Finding]]:
    """The valid forms, and what is wrong with the others."""
    good: dict[str, bytes] = {}
    findings: list[Finding] = []
    for name in (name for name in files if name.endswith(".json")):
        reason = _schema_fault(files[name])
        if reason:
            findings.append(_form_fault(name, reason))
        else:
            good[name] = files[name]
    forms = Forms.of(good)
    for name, form in list(forms.items()):
        dangling = [_form_fault(name, f"{each} points nowhere") for each in _dangling(form)]
        if dangling:
            findings += dangling
            del forms[name]
    return forms, findings


def _form_fault(name: str, reason: str) -> Finding:
    instead = "a JSON Schema (draft 2020-12) whose references lead to files beside it"
    return fault(name, reason, instead, f"表单不是有效的 JSON Schema（{reason}）；请修正")


def _schema_fault(content: bytes) -> str | None:
    if len(content) > MAX_BYTES:
        return "larger than 1 MiB"
    try:
        schema = json.loads(content)
        Draft202012Validator.check_schema(schema)
    except (ValueError, RecursionError) as error:
        return f"not JSON: {error}"
    except SchemaError as error:
        return error.message
    return None if isinstance(schema, dict) else "not an object"


def _dangling(form: Form) -> Iterator[str]:
    """The references of a form that lead nowhere."""
    resolver = form.registry.resolver_with_root(DRAFT202012.create_resource(form.schema))
    for reference in sorted(set(references(form.schema))):
        try:
            resolver.lookup(reference)
        except Unresolvable:
            yield reference


def field_of(form: Form, name: str) -> Mapping[str, Any]:
    """The schema of a field of a form, through its reference."""
    schema: Mapping[str, Any] = form.schema["properties"].get(name, {})
    if "$ref" in schema:
        resolver = form.registry.resolver_with_root(DRAFT202012.create_resource(form.schema))
        schema = {**resolver.lookup(schema["$ref"]).contents, **schema}
    return schema
