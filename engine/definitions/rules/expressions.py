"""Every expression that a step evaluates is in the closed language and uses known names and functions."""

from __future__ import annotations

import ast
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
                yield _refusal(element, expression.strip(), refused)


def _refusal(element: str, expression: str, refused: ExpressionRefused) -> Finding:
    instead = "names of process data, listed functions, comparisons, and/or/not, + and -"
    zh = f"{refused.text('zh')}请只用流程数据名称、登记的函数、比较、and/or/not、+ 和 -。"
    if expression.startswith(("${", "#{", "=")):
        instead = 'the bare expression, without ${ } or =, such as outcome == "settled"'
        zh = refused.text("zh") + '请去掉 ${ } 或开头的 =，例如 outcome == "settled"。'
    return fault(element, str(refused), instead, zh)


def dates_are_read_from_clocks(library: Library) -> Iterator[Finding]:
    """A date in the model would be the same for all instances, and text is no moment."""
    for process in library.processes:
        for node in process.node.iter(f"{{{BPMN}}}timeDate"):
            text = (node.text or "").strip()
            if not _gives_moments(text):
                instead = "a function such as due_at(); a fixed time from the arrival is a timeDuration"
                zh = "日期须来自时钟函数（如 due_at()）；固定时长请用 timeDuration"
                yield fault(id_of(node), f"{text!r} is no moment of a clock", instead, zh)


def clocks_of_tasks_stand_on_tasks(library: Library) -> Iterator[Finding]:
    """Only a user task has a deadline: elsewhere the timer would never be armed, and what waits for it would hang."""
    for scope in library.scopes:
        for event in scope.of("boundaryEvent", "intermediateCatchEvent"):
            host = scope.nodes[event].get("attachedToRef")
            on_task = host in scope.nodes and scope.kind(host) == "userTask"
            for date in elements(scope.nodes[event], "timeDate"):
                wrong = {each for each in _calls_in(date.text or "") if each in library.known.task_clocks}
                if wrong and not on_task:
                    reason = f"{', '.join(sorted(wrong))} read the deadline of a user task, and this stands on none"
                    instead = "a timeDuration, or a timer on the user task"
                    zh = f"{'、'.join(sorted(wrong))} 读取用户任务的时限，此处没有；请用 timeDuration 或移到用户任务"
                    yield fault(event, reason, instead, zh)


def _calls_in(expression: str) -> Iterator[str]:
    try:
        tree = expressions.parse(expression.strip())
    except ExpressionRefused:
        return
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    yield from (each.id for each in calls if isinstance(each, ast.Name))


def _gives_moments(text: str) -> bool:
    try:
        return _is_moment(expressions.parse(text))
    except ExpressionRefused:
        return True  # told by `expressions_are_allowed`


def _is_moment(tree: ast.expr) -> bool:
    if isinstance(tree, ast.IfExp):
        return _is_moment(tree.body) and _is_moment(tree.orelse)
    return isinstance(tree, ast.Call) or (isinstance(tree, ast.Constant) and tree.value is None)


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
                    id_of(node),
                    f"{text!r} is not an ISO 8601 duration",
                    instead,
                    "时长格式不正确；请用周、天、时、分、秒，例如 P30D、PT4H",
                )
