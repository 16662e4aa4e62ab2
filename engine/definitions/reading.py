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


def read_model(content: bytes) -> Any:
    """The root element. Raises DefinitionRefused for what is too large, has a DOCTYPE, or is not XML."""
    if len(content) > MAX_BYTES:
        raise DefinitionRefused([fault("definitions", "larger than 1 MiB", "split the model")])
    if b"<!DOCTYPE" in content[:4096]:
        raise DefinitionRefused([fault("definitions", "has a DOCTYPE", "remove it")])
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        raise DefinitionRefused(
            [fault("definitions", f"not XML: {error.msg}", "save it again as BPMN 2.0 XML")]
        ) from None


def fault(element: str, reason: str, instead: str) -> dict[str, str]:
    """One finding of a validation."""
    return {"element": element, "reason": reason, "instead": instead}


def elements(root: Any, tag: str) -> Iterator[Any]:
    return iter(root.iter(f"{{{BPMN}}}{tag}"))


def properties(node: Any) -> dict[str, str]:
    """The `spiffworkflow:properties` of an element."""
    path = f"./{{{BPMN}}}extensionElements/{{{SPIFF}}}properties/{{{SPIFF}}}property"
    return {each.get("name"): each.get("value") for each in node.findall(path)}


def operator_of(node: Any) -> Any:
    """The service task operator element, None when there is none."""
    return node.find(f"./{{{BPMN}}}extensionElements/{{{SPIFF}}}serviceTaskOperator")


def local(node: Any) -> str:
    return str(etree.QName(node).localname) if isinstance(node.tag, str) else ""
