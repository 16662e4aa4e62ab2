"""Who acts, on what form, by when; and which operations are called (processes.md, sections 1 and 16.13)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

from engine.definitions.reading import BPMN, Finding, fault, id_of, local, namespace, operator_of, properties
from engine.definitions.rules.library import Library
from engine.spiff import expressions
from engine.spiff.expressions import ExpressionRefused

_NEEDED = ("unit", "role", "form", "deadline")


def operations_are_known(library: Library) -> Iterator[Finding]:
    """An operator id begins with `op.`; one that equals an element id would break the library's parser."""
    for process in library.processes:
        elements = {each.get("id") for each in process.root.iter() if namespace(each) == BPMN}
        for node in process.all("serviceTask"):
            operator = operator_of(node)
            name = "" if operator is None else operator.get("id", "")
            if not name.startswith("op."):
                reason = f"the operation {name!r} does not begin with op."
                yield fault(
                    id_of(node),
                    reason,
                    "a registered operation such as op.close",
                    "操作标识须以 op. 开头；请填写登记的操作，例如 op.close",
                )
            elif name in elements:
                reason = f"an element has the id of the operation {name}"
                yield fault(
                    id_of(node), reason, "another id for the element", f"有元素与操作 {name} 同名；请改元素标识"
                )
            elif name not in library.known.operations:
                yield fault(
                    id_of(node),
                    f"the operation {name} is not known",
                    "a registered operation",
                    f"操作 {name} 未登记；请使用登记的操作",
                )
            yield from _bad_result(node, operator)


def _bad_result(node: Any, operator: Any) -> Iterator[Finding]:
    result = None if operator is None else operator.get("resultVariable")
    if operator is not None and not (result or "").isidentifier():
        instead = "one small variable, `done` where nothing reads it"
        yield fault(id_of(node), "the operation has no result variable", instead, "操作没有结果变量；不需要时请写 done")


def people_know_what_to_do(library: Library) -> Iterator[Finding]:
    """Every user task has a unit, a known role, a form that exists, and a deadline."""
    for process in library.processes:
        for node in process.all("userTask"):
            drawn = properties(node)
            missing = ", ".join(each for each in _NEEDED if not drawn.get(each))
            if missing:
                instead = f"spiffworkflow:properties with {missing}"
                yield fault(
                    id_of(node), f"no {missing}", instead, f"用户任务缺少属性 {missing}；请在 properties 中补充"
                )
            role = drawn.get("role")
            if role and role not in library.known.roles:
                instead = f"one of: {', '.join(sorted(library.known.roles))}"
                yield fault(
                    id_of(node),
                    f"the role {role} does not exist",
                    instead,
                    f"岗位角色 {role} 不存在；请从以下选择：{', '.join(sorted(library.known.roles))}",
                )


def forms_exist(library: Library) -> Iterator[Finding]:
    for process in library.processes:
        for node in process.all("userTask", "startEvent"):
            name = properties(node).get("form")
            if name and name not in library.forms:
                reason = f"the form {name} does not exist or cannot be read"
                yield fault(
                    id_of(node),
                    reason,
                    f"forms/{name}.json with properties",
                    f"表单 {name} 不存在或无法读取；请提供 forms/{name}.json",
                )


def deadlines_have_stages(library: Library) -> Iterator[Finding]:
    """A deadline is a stage of the table, or an expression whose constants are stages or begin one."""
    if library.stages is None:
        return
    for process in library.processes:
        for node in process.all("userTask"):
            for wanted, whole in _wanted_stages(node):
                if not any(stage == wanted if whole else stage.startswith(wanted) for stage in library.stages):
                    reason = f"deadlines.dmn has no stage {wanted}{'' if whole else '…'}"
                    instead = f"one of: {', '.join(sorted(library.stages))}"
                    yield fault(id_of(node), reason, instead, f"时限表中没有环节 {wanted}；请使用已有环节")


def _wanted_stages(node: Any) -> Iterator[tuple[str, bool]]:
    """(text, whether it is the whole name) of the stages that a user task names."""
    drawn = properties(node)
    deadline = drawn.get("deadline", "")
    if deadline.isidentifier():
        yield deadline, True
    elif deadline:
        try:
            yield from _constants(expressions.parse(deadline))
        except ExpressionRefused:
            return
    if "signoff" in drawn:
        yield drawn["signoff"], True


def _constants(tree: ast.expr) -> Iterator[tuple[str, bool]]:
    match tree:
        case ast.Constant(value=str(text)):
            yield text, True
        case ast.BinOp(left=ast.Constant(value=str(text))):
            yield text, False
        case ast.IfExp(body=body, orelse=orelse):
            yield from _constants(body)
            yield from _constants(orelse)


def lanes_hold_nodes(library: Library) -> Iterator[Finding]:
    """A lane that names what is not there confuses every reader; SpiffWorkflow would not notice."""
    for process in library.processes:
        known = {node.get("id") for scope in process.scopes for node in scope.nodes.values()}
        for reference in (each for each in process.node.iter() if local(each) == "flowNodeRef"):
            if (reference.text or "").strip() not in known:
                reason = f"the lane names {reference.text}, which does not exist"
                yield fault(
                    id_of(reference),
                    reason,
                    "move the element into the lane again",
                    "泳道引用了不存在的元素；请重新放入泳道",
                )
