"""Validation of models before deployment: every fault named by element, with what to draw instead."""

from __future__ import annotations

from collections.abc import Mapping

from engine.deadlines.table import compile_table
from engine.definitions.bundle import DEADLINES
from engine.definitions.reading import fault, read_model
from engine.definitions.rules import diagram, flows, structure, tasks
from engine.definitions.rules.model import Known, Model, processes_of
from engine.errors import DefinitionRefused

RULES = (*structure.RULES, *flows.RULES, *tasks.RULES, *diagram.RULES)


def validate(files: Mapping[str, bytes], known: Known) -> None:
    """Raise DefinitionRefused with every fault of every model."""
    findings = _check_all(files, known)
    if findings:
        raise DefinitionRefused(findings)


def _check_all(files: Mapping[str, bytes], known: Known) -> list[dict[str, str]]:
    if DEADLINES not in files:
        return [fault(DEADLINES, "there is no deadline table", "add deadlines.dmn")]
    stages = compile_table(files[DEADLINES]).stages
    roots = {name: read_model(body) for name, body in files.items() if name.endswith(".bpmn")}
    called = {process.get("id"): process for root in roots.values() for process in processes_of(root)}
    found: list[dict[str, str]] = []
    for root in roots.values():
        found += structure.check_document(root)
        for process in processes_of(root):
            model = Model(root, process, files, known, stages, called)
            found += [each for rule in RULES for each in rule(model)]
    return found


__all__ = ["Known", "validate"]
