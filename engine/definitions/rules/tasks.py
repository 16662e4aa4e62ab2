"""Who does what: people, operations, called processes, and every expression among them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from engine.definitions.reading import BPMN, fault, local, operator_of, properties
from engine.definitions.rules.model import Model
from engine.spiff import expressions
from engine.spiff.expressions import ExpressionRefused

_NEEDED = ("unit", "role", "form", "deadline")


def people_know_their_part(model: Model) -> Iterator[dict[str, str]]:
    """Every user task has unit, role, form and deadline, and they exist."""
    for name, node in model.of("userTask"):
        given = properties(node)
        for missing in [each for each in _NEEDED if not given.get(each)]:
            yield fault(name, f"has no {missing}", f'add the property "{missing}"')
        if given.get("role") and given["role"] not in model.known.roles:
            yield fault(name, f"role {given['role']} is unknown", f"one of {', '.join(sorted(model.known.roles))}")
        yield from _form(model, name, given.get("form"))
        yield from _deadline(model, name, given.get("deadline"))
        for expression in filter(None, (given.get("unit"),)):
            yield from _expression(model, name, expression)


def _form(model: Model, name: str, form: str | None) -> Iterator[dict[str, str]]:
    if not form:
        return
    file = f"forms/{form}.json"
    if file not in model.files:
        yield fault(name, f"form {form} does not exist", f"add {file}")
        return
    try:
        Draft202012Validator.check_schema(json.loads(model.files[file]))
    except (ValueError, SchemaError) as error:
        yield fault(name, f"form {form} is not a JSON Schema: {str(error)[:80]}", "correct the schema")


def _deadline(model: Model, name: str, deadline: str | None) -> Iterator[dict[str, str]]:
    if not deadline or deadline in model.stages:
        return
    if deadline.isidentifier():
        yield fault(name, f"stage {deadline} is not in deadlines.dmn", "add its rows, or name another stage")
    else:
        yield from _expression(model, name, deadline)


def operations_are_known(model: Model) -> Iterator[dict[str, str]]:
    """A service task calls a registered operation, whose id is no element's."""
    for name, node in model.of("serviceTask"):
        operator = operator_of(node)
        called = operator.get("id") if operator is not None else None
        if called is None:
            yield fault(name, "calls no operation", "add a service task operator")
        elif not called.startswith("op.") or called in model.nodes:
            yield fault(name, f"operator {called} is not named op.…", "an operator id that begins with op.")
        elif called not in model.known.operations:
            yield fault(name, f"operation {called} is unknown", "a registered operation")


def calls_are_specified(model: Model) -> Iterator[dict[str, str]]:
    """A called process is there and says what goes in and out."""
    for name, node in model.of("callActivity"):
        target = model.called.get(node.get("calledElement"))
        if target is None:
            yield fault(
                name, f"calls {node.get('calledElement')}, which is not there", "deploy that process with this one"
            )
        elif target.find(f"./{{{BPMN}}}ioSpecification") is None:
            yield fault(name, f"{target.get('id')} has no I/O specification", "name its inputs and outputs")


def expressions_are_closed(model: Model) -> Iterator[dict[str, str]]:
    """Conditions and timers use the closed language, known functions and known names."""
    for flow in model.flows:
        condition = model.condition(flow)
        if condition:
            yield from _expression(model, flow.get("id"), condition)
    for node in model.process.iter(f"{{{BPMN}}}timeDate"):
        event = node.getparent().getparent().get("id")
        yield from _expression(model, event, (node.text or "").strip())


def _expression(model: Model, element: str, expression: str) -> Iterator[dict[str, str]]:
    try:
        expressions.check(expression, model.known.names | _written(model), model.known.functions)
    except ExpressionRefused as refused:
        yield fault(element, str(refused), "constants, names, comparisons, and/or/not, + and -, listed functions")


def _written(model: Model) -> frozenset[str]:
    """Names that the process gives itself: results of operations, process fields of its forms, inputs and outputs."""
    names = {"case_no", "settled", "outcome", "target", "message"}
    for process in [model.process, *model.called.values()]:
        for node in process.iter():
            if local(node) == "serviceTaskOperator" and node.get("resultVariable"):
                names.add(node.get("resultVariable"))
            if local(node) in {"dataInput", "dataOutput"}:
                names.add(node.get("id"))
    for _, node in model.of("userTask"):
        names |= set(process_fields(model, properties(node).get("form")))
    return frozenset(names)


def process_fields(model: Model, form: str | None) -> dict[str, Any]:
    """The fields of a form that become process data."""
    body = model.files.get(f"forms/{form}.json")
    if body is None:
        return {}
    fields = json.loads(body).get("properties", {})
    return {name: field for name, field in fields.items() if field.get("x-process")}


def outcomes_have_flows(model: Model) -> Iterator[dict[str, str]]:
    """A constant that the gateway behind a form compares with is one that the form can send (invariant 13)."""
    for name, node in model.of("userTask"):
        choices = {
            f: set(d["enum"]) for f, d in process_fields(model, properties(node).get("form")).items() if "enum" in d
        }
        for gateway in model.after.get(name, []):
            for flow in [each for each in model.flows if each.get("sourceRef") == gateway]:
                for field, value in _compared(model.condition(flow)):
                    if field in choices and value not in choices[field]:
                        yield fault(
                            flow.get("id"), f"{field} is never {value!r} in form of {name}", "a value of the form"
                        )


def _compared(condition: str | None) -> Iterator[tuple[str, Any]]:
    """(name, constant) of the equalities in a condition."""
    if not condition:
        return
    try:
        tree = expressions.parse(condition)
    except ExpressionRefused:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and isinstance(node.left, ast.Name) and isinstance(node.ops[0], ast.Eq):
            right = node.comparators[0]
            if isinstance(right, ast.Constant) and isinstance(right.value, str):
                yield node.left.id, right.value


RULES = (
    people_know_their_part,
    operations_are_known,
    calls_are_specified,
    expressions_are_closed,
    outcomes_have_flows,
)
