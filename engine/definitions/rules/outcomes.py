"""What a gateway compares is what a form can say (processes.md, section 16.13).

The other half, that every outcome of a form has its flow, is `flows.choices_have_defaults`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from engine.definitions.reading import Finding, fault, local
from engine.definitions.rules.graph import CHOICES, Scope
from engine.definitions.rules.library import Library, field_of
from engine.spiff import expressions
from engine.spiff.expressions import ExpressionRefused


def compared_values_exist(library: Library) -> Iterator[Finding]:
    """A constant that a condition compares with a form's field is one of that field's values."""
    for scope in library.scopes:
        for gateway in scope.of(*CHOICES):
            for flow in scope.outgoing[gateway]:
                for name, value in compared(flow.condition or ""):
                    possible = _values(library, scope, gateway, name)
                    if possible and value not in possible:
                        reason = f"{name} is never {value!r}"
                        instead = f"one of: {', '.join(sorted(possible))}"
                        yield fault(
                            flow.id, reason, instead, f"{name} 不会取值“{value}”；请改用：{', '.join(sorted(possible))}"
                        )


def compared(condition: str) -> Iterator[tuple[str, str]]:
    """(name, text) for each comparison of a name with constant texts."""
    try:
        tree = expressions.parse(condition)
    except ExpressionRefused:
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            match node.left, node.comparators[0]:
                case (ast.Name(id=name), right):
                    yield from ((name, text) for text in _texts(right))
                case (left, ast.Name(id=name)):
                    yield from ((name, text) for text in _texts(left))


def _texts(node: ast.expr) -> list[str]:
    items = node.elts if isinstance(node, ast.List | ast.Tuple) else [node]
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def _values(library: Library, scope: Scope, gateway: str, name: str) -> frozenset[str]:
    """What the forms behind a gateway can put into `name`; empty when no form with fixed values does.

    An operation beside a form is expected to speak the form's codes.
    """
    found: frozenset[str] = frozenset()
    for node_id in _definers(library, scope, gateway, name):
        node = scope.nodes[node_id]
        if local(node) == "userTask":
            found |= _codes(library, node, name)
        elif local(node) == "callActivity":
            found |= _returned(library, node, name)
    return found


def _definers(library: Library, scope: Scope, gateway: str, name: str) -> list[str]:
    """The nodes whose value of `name` a token may bring to `gateway`."""
    found: list[str] = []
    seen = {gateway}
    waiting = [(gateway, each) for each in scope.previous[gateway]]
    while waiting:
        behind, node = waiting.pop()
        interrupted = behind in scope.boundaries[node]
        if not interrupted and name in library.writes(scope.nodes[node]):
            found.append(node)
        elif node not in seen:
            seen.add(node)
            waiting += [(node, each) for each in scope.previous[node]]
    return found


def _codes(library: Library, node: object, name: str) -> frozenset[str]:
    form = library.form_of(node)
    codes = field_of(form, name).get("enum", ()) if form else ()
    return frozenset(code for code in codes if isinstance(code, str))


def _returned(library: Library, call: object, name: str) -> frozenset[str]:
    """What the forms of a called process can put into an output; empty when an operation may add to it."""
    called = library.by_id[call.get("calledElement")]  # type: ignore[attr-defined] # an lxml element
    found: frozenset[str] = frozenset()
    for node in called.all("userTask", "serviceTask", "callActivity"):
        if name in library.writes(node):
            if local(node) != "userTask":
                return frozenset()
            found |= _codes(library, node, name)
    return found
