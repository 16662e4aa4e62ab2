"""Called processes: they exist, and say what goes in and out."""

from __future__ import annotations

from collections.abc import Iterator

from engine.definitions.reading import BPMN, Finding, elements, fault, id_of
from engine.definitions.rules.library import Library


def called_processes_exist(library: Library) -> Iterator[Finding]:
    """A call names a process that is deployed with it, and that has an I/O specification with outputs."""
    for process in library.processes:
        for call in process.all("callActivity"):
            called = library.by_id.get(call.get("calledElement"))
            if called is None:
                reason = f"calls {call.get('calledElement')!r}, which does not exist"
                yield fault(
                    call.get("id", ""),
                    reason,
                    "the id of a process in these files",
                    "被调用的流程不存在；请填写已有流程的标识",
                )
            elif not called.ports("dataOutput"):
                reason = "is called and has no I/O specification with outputs"
                instead = "data inputs and outputs, the result as `outcome`"
                yield fault(called.id, reason, instead, "被调用的流程没有声明输入输出；请声明，结果用 outcome 返回")


def ports_are_in_their_sets(library: Library) -> Iterator[Finding]:
    """What a process takes and gives counts only when it is named in its input set or output set.

    A specification without them would let everything in and out; on a task it would take away the task's data.
    """
    for process in library.processes:
        for kind, group in (("dataInput", "inputSet"), ("dataOutput", "outputSet")):
            path = f"./{{{BPMN}}}ioSpecification/{{{BPMN}}}{group}/{{{BPMN}}}{kind}Refs"
            named = {(each.text or "").strip() for each in process.node.findall(path)}
            for name in sorted(process.ports(kind) ^ named):
                reason = f"{name} is not both a {kind} and named in the {group}"
                instead = f"a {kind} with this id, and its {kind}Refs in the {group}"
                yield fault(process.id, reason, instead, f"{name} 须同时是 {kind} 并列入 {group}；请补齐")
        for node in elements(process.node, "ioSpecification"):
            if node.getparent() is not process.node:
                instead = "inputs and outputs on the called process; a task reads and writes process data by name"
                zh = "任务上不得声明输入输出；请在被调用的流程上声明"
                yield fault(id_of(node), "has an I/O specification of its own", instead, zh)


def no_process_calls_itself(library: Library) -> Iterator[Finding]:
    """A call that leads back to its own process never ends."""
    for process in library.processes:
        for call in process.all("callActivity"):
            called = library.by_id.get(call.get("calledElement"))
            if called is not None and process in library.closure(called):
                reason = f"{process.id} calls itself"
                yield fault(
                    call.get("id", ""),
                    reason,
                    "a loop through an exclusive merge",
                    "流程直接或间接调用自身；请改用回路",
                )
