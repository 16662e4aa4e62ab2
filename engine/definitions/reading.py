"""Reading BPMN safely, and the few questions that bundling and validating ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.errors import DefinitionRefused

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
MAX_BYTES = 1024 * 1024

_CONTAINERS = frozenset(
    (
        "definitions",
        "process",
        "subProcess",
        "transaction",
        "adHocSubProcess",
        "collaboration",
        "laneSet",
        "childLaneSet",
    )
)

Finding = dict[str, str]
"""`{"element": id, "reason": why, "instead": what to draw, "zh": both in Chinese}`.

`validate` adds `rule`, and `name` (the label) and `file` where the element has them.
"""


def read_model(content: bytes) -> Any:
    """The root element. Raises DefinitionRefused for what is too large, has a DOCTYPE, or is not XML."""
    if len(content) > MAX_BYTES:
        raise DefinitionRefused(
            [fault("definitions", "larger than 1 MiB", "split the model", "文件超过 1 MiB；请拆分")]
        )
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        instead = "save it again as BPMN 2.0 or DMN XML"
        zh = f"不是有效的 XML（{error.msg}）；请重新保存"
        raise DefinitionRefused([fault("definitions", f"not XML: {error.msg}", instead, zh)]) from None
    docinfo: Any = root.getroottree().docinfo
    if docinfo.doctype:
        raise DefinitionRefused([fault("definitions", "has a DOCTYPE", "remove it", "含有 DOCTYPE；请删除")])
    return root


def fault(element: str, reason: str, instead: str, zh: str) -> Finding:
    """One finding of a validation."""
    return {"element": element, "reason": reason, "instead": instead, "zh": zh}


def elements(root: Any, tag: str) -> Iterator[Any]:
    return iter(root.iter(f"{{{BPMN}}}{tag}"))


def properties(node: Any) -> dict[str, str]:
    """The `spiffworkflow:properties` of an element."""
    path = f"./{{{BPMN}}}extensionElements/{{{SPIFF}}}properties/{{{SPIFF}}}property"
    return {each.get("name", ""): each.get("value", "") for each in node.findall(path)}


def operator_of(node: Any) -> Any:
    """The service task operator element, None when there is none."""
    return node.find(f"./{{{BPMN}}}extensionElements/{{{SPIFF}}}serviceTaskOperator")


def local(node: Any) -> str:
    """The tag without its namespace; empty for comments."""
    return str(etree.QName(node).localname) if isinstance(node.tag, str) else ""


def namespace(node: Any) -> str:
    return str(etree.QName(node).namespace) if isinstance(node.tag, str) else ""


def id_of(node: Any) -> str:
    """The id of the drawn element that `node` is or belongs to; no modeler shows the ids of definitions inside it."""
    while node is not None:
        around = node.getparent()
        if node.get("id") and (around is None or local(around) in _CONTAINERS):
            return str(node.get("id"))
        node = around
    return "definitions"
