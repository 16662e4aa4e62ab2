from __future__ import annotations

import json

from engine.definitions.bundle import Bundle, bundles_of
from tests.unit.engine.definitions.drawing import files


def bundle_of(key: str, given: dict[str, bytes]) -> Bundle:
    return next(bundle for bundle in bundles_of(given) if bundle.key == key)


def test_a_bundle_holds_what_its_process_needs_and_nothing_else() -> None:
    forms = {"forms/act.json", "forms/codes.json"}
    assert set(bundle_of("small", files()).files) == {"small.bpmn", "aid.bpmn", "deadlines.dmn", *forms}
    assert set(bundle_of("aid", files()).files) == {"aid.bpmn", "deadlines.dmn", *forms}


def test_the_id_depends_on_contents_only() -> None:
    given = files()
    turned = dict(reversed(given.items()))
    assert [bundle.id for bundle in bundles_of(given)] == [bundle.id for bundle in bundles_of(turned)]
    assert len(bundle_of("small", given).id) == 64


def test_a_change_in_a_called_process_changes_its_callers() -> None:
    changed = {**files(), "aid.bpmn": files()["aid.bpmn"] + b"<!-- changed -->"}
    assert bundle_of("small", files()).id != bundle_of("small", changed).id


def test_a_change_in_a_caller_leaves_the_called_process_alone() -> None:
    changed = {**files(), "small.bpmn": files()["small.bpmn"] + b"<!-- changed -->"}
    assert bundle_of("aid", files()).id == bundle_of("aid", changed).id


def test_a_file_that_nothing_needs_changes_nothing() -> None:
    changed = {**files(), "forms/unused.json": b'{"properties": {"a": {}}}'}
    assert bundles_of(files()) == bundles_of(changed)


def test_forms_may_refer_to_each_other_in_a_circle() -> None:
    circle = json.dumps({"$defs": {"outcome": {"enum": ["again"], "x": {"$ref": "act.json#/properties/reason"}}}})
    found = bundle_of("small", {**files(), "forms/codes.json": circle.encode()})
    assert {"forms/act.json", "forms/codes.json"} <= set(found.files)
