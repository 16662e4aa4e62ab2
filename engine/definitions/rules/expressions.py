"""Every expression that a step evaluates is in the closed language and uses known names and functions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from engine.definitions.reading import BPMN, SPIFF, Finding, elements, fault, id_of, operator_of, properties
from engine.definitions.rules.library import Library, Process
from engine.spiff import expressions
from engine.spiff.expressions import ExpressionRefused

_DURATION = re.compile(r"""(["']?)P(?=[\dT])(\d+W|(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+S)?)?)\1""")
"""ISO 8601 in weeks, or days and time; months and years have no fixed length."""
_PLACES = ("conditionExpression", "timeDate", "completionCondition", "loopCardinality")


def expressions_are_allowed(library: Library) -> Iterator[Finding]:
    for process in library.processes:
        names = library.names(process)
        for element, expression in expressions_of(process):
            try:
                expressions.check(expression, names, library.known.functions)
            except ExpressionRefused as refused:
                instead = "names of process data, listed functions, comparisons, and/or/not, + and -"
                yield fault(element, str(refused), instead, refused.text("zh"))


def expressions_of(process: Process) -> Iterator[tuple[str, str]]:
    """(element id, expression) for all places that are evaluated."""
    for tag in _PLACES:
        for node in elements(process.node, tag):
            yield id_of(node), node.text or ""
    for node in process.all("serviceTask"):
        for parameter in _parameters(node):
            yield id_of(node), parameter.get("value", "")
    for node in process.all("userTask"):
        drawn = properties(node)
        if drawn.get("unit"):
            yield id_of(node), drawn["unit"]
        if drawn.get("deadline") and not drawn["deadline"].isidentifier():  # a plain name is a stage, see tasks.py
            yield id_of(node), drawn["deadline"]
    for message in elements(process.root, "message"):
        for payload in message.iter(f"{{{SPIFF}}}messagePayload"):
            yield id_of(message), payload.text or ""


def _parameters(node: Any) -> Iterator[Any]:
    operator = operator_of(node)
    return iter(()) if operator is None else operator.iter(f"{{{SPIFF}}}parameter")


def durations_are_iso(library: Library) -> Iterator[Finding]:
    """A duration is a constant, not an expression."""
    for process in library.processes:
        for node in process.node.iter(f"{{{BPMN}}}timeDuration"):
            text = (node.text or "").strip()
            if not _DURATION.fullmatch(text):
                instead = "weeks, or days, hours, minutes and seconds: P30D, PT4H"
                yield fault(
                    id_of(node), f"{text!r} is not an ISO 8601 duration", instead, "时长格式不正确；示例：P30D、PT4H"
                )
