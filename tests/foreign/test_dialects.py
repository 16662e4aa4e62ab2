"""Models drawn elsewhere: notes of drawing tools are passed over, settings of other engines told with what to set."""

from __future__ import annotations

import pytest
from lxml import etree

from engine.definitions.bundle import bundles_of
from engine.definitions.reading import BPMN, Finding
from engine.definitions.rules import validate
from engine.errors import DefinitionRefused
from engine.spiff.compiler import compile_bundle
from tests.foreign.constructs import GO
from tests.foreign.dialects import PIECES, Piece
from tests.unit.engine.definitions.drawing import KNOWN, SMALL, files


def files_of(piece: Piece) -> dict[str, bytes]:
    given = files(piece.body, messages=GO)
    given["small.bpmn"] = given["small.bpmn"].replace(b"<definitions ", f"<definitions{piece.head} ".encode(), 1)
    return given


def findings_of(piece: Piece) -> list[Finding]:
    """What the validation says; nothing when the piece is passed over."""
    try:
        validate(files_of(piece), KNOWN)
    except DefinitionRefused as refused:
        return refused.findings
    return []


@pytest.mark.parametrize("piece", PIECES, ids=lambda each: f"{each.tool}: {each.en}")
def test_a_piece_of_another_tool_is_passed_over_or_told(piece: Piece) -> None:
    """Told once for each element and rule, and nothing else is said."""
    found = findings_of(piece)
    assert {(each["element"], each["rule"]) for each in found} >= set(piece.refused)
    assert bool(found) == bool(piece.refused), found
    assert all(each["instead"] and "请" in each["zh"] for each in found)


@pytest.mark.parametrize("piece", [p for p in PIECES if not p.refused], ids=lambda each: f"{each.tool}: {each.en}")
def test_what_is_passed_over_does_not_disturb_the_engine(piece: Piece) -> None:
    assert [compile_bundle(bundle).spec for bundle in bundles_of(files_of(piece))]


def test_a_setting_says_what_to_set_here_instead() -> None:
    found = findings_of(next(each for each in PIECES if each.en.startswith("camunda:assignee")))
    told = {each["rule"]: each for each in found}
    assert told["settings_of_other_engines"]["reason"].endswith("settings of Camunda 7")
    assert told["settings_of_other_engines"]["instead"] == (
        "the properties unit and role; the property form, and a JSON Schema in forms/; "
        "the property deadline, and timers with due_at()"
    )
    assert told["people_know_what_to_do"]["reason"] == "no unit, role, form, deadline"


def test_an_unknown_extension_is_told_once_for_a_file() -> None:
    acme = '<acme:owner xmlns:acme="http://acme.example/bpmn">ops</acme:owner>'
    body = SMALL.replace("<extensionElements>", f"<extensionElements>{acme}")
    with pytest.raises(DefinitionRefused) as refused:
        validate(files(body), KNOWN)
    assert [each["rule"] for each in refused.value.findings] == ["unknown_extensions"]


@pytest.mark.parametrize("prefix", ["bpmn", "bpmn2", "semantic", "model"])
@pytest.mark.parametrize("executable", ["true", "false"])
def test_any_prefix_and_a_process_that_is_not_executable_are_read(prefix: str, executable: str) -> None:
    """Each tool has its own prefix for BPMN, and models that were only drawn say so; jBPM has a default of its own."""
    given = files()
    drawn = etree.fromstring(given["small.bpmn"])
    names = {"default" if key is None else key: space for key, space in drawn.nsmap.items() if space != BPMN}
    root = etree.Element(drawn.tag, drawn.attrib, nsmap={**names, prefix: BPMN, None: "http://www.omg.org/bpmn20"})
    root.extend(drawn)
    root[0].set("isExecutable", executable)
    given["small.bpmn"] = etree.tostring(root)
    assert f"<{prefix}:definitions".encode() in given["small.bpmn"]
    validate(given, KNOWN)
