"""What runs is accepted and compiles; what does not hold is refused where it stands, by name, with what to draw."""

from __future__ import annotations

import pytest

from engine.definitions.bundle import bundles_of
from engine.definitions.reading import Finding
from engine.definitions.rules import validate
from engine.errors import DefinitionRefused
from engine.spiff.compiler import compile_bundle
from tests.foreign.constructs import GO, REFUSED, RUNS, Construct
from tests.unit.engine.definitions.drawing import KNOWN, files

ALL_REFUSED = [construct for group in REFUSED.values() for construct in group]
LABEL = "名称"


def files_of(construct: Construct) -> dict[str, bytes]:
    """Its files, with a label on the element that is refused."""
    given = files(construct.body, construct.aid, construct.messages, aid_messages=GO)
    if not construct.element:
        return given
    old, new = (f'id="{construct.element}"{more}'.encode() for more in ("", f' name="{LABEL}"'))
    return {
        name: content if b'<process id="' + construct.element.encode() in content else content.replace(old, new, 1)
        for name, content in given.items()
    }


def finding_of(construct: Construct) -> Finding:
    """What the validation answers to it. Raises AssertionError when it accepts the construct."""
    with pytest.raises(DefinitionRefused) as refused:
        validate(files_of(construct), KNOWN)
    wanted = construct.element, construct.rule
    found = [each for each in refused.value.findings if (each["element"], each.get("rule")) == wanted]
    assert found, refused.value.findings
    return found[0]


@pytest.mark.parametrize("construct", RUNS, ids=lambda each: each.en)
def test_what_runs_is_accepted_and_compiles(construct: Construct) -> None:
    given = files(construct.body, construct.aid, construct.messages, aid_messages=GO)
    validate(given, KNOWN)
    assert [compile_bundle(bundle).spec for bundle in bundles_of(given)]


@pytest.mark.parametrize("construct", ALL_REFUSED, ids=lambda each: each.en)
def test_what_does_not_hold_is_refused_with_its_name_and_what_to_draw(construct: Construct) -> None:
    finding = finding_of(construct)
    assert all(finding[part] for part in ("reason", "instead", "zh", "file"))
    assert finding["instead"] != "one of the allowed elements"
    assert "请" in finding["zh"]
    if construct.element not in {"small", "aid"}:
        assert finding["name"] == LABEL


def test_no_construct_is_told_twice() -> None:
    told = [each.en for each in (*RUNS, *ALL_REFUSED)] + [each.zh for each in (*RUNS, *ALL_REFUSED)]
    assert len(told) == len(set(told))
