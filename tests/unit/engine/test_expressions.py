"""The closed language of models: what it can say, and that nothing else is heard."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.spiff.expressions import Evaluator, ExpressionFailed, ExpressionRefused, check, parse

EVALUATOR = Evaluator({"parent": lambda unit: unit + 1})
NAMES = {"owner": 4, "outcome": "refer_up", "ok": True, "assigner": None, "row": {"a": 2}}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("outcome == 'refer_up'", True),
        ("outcome in ['assign', 'transfer']", False),
        ("not ok or owner > 3 and owner <= 4", True),
        ("parent(owner) + 1 - 2", 4),
        ("assigner is not None", False),
        ("'a' if ok else 'b'", "a"),
        ("row['a']", 2),
        ("1 < owner < 9", True),
        ("-owner", -4),
        ("[1, (2, 3)]", [1, [2, 3]]),
    ],
)
def test_what_models_say_is_understood(expression: str, value: object) -> None:
    assert EVALUATOR.evaluate(expression, NAMES) == value


@pytest.mark.parametrize(
    "expression",
    [
        "__import__('os')",
        "outcome.upper()",
        "().__class__",
        "[x for x in [1]]",
        "f'{owner}'",
        "'%0999999d' % 1",
        "2 ** 99",
        "owner * 9",
        "lambda: 1",
        "row[owner]",
        "parent(unit=owner)",
        "parent(*[1])",
        "(owner := 1)",
        "{'a': 1}",
        "_hidden",
        "1.5",
        "b'x'",
        "await owner",
        "x" * 501,
        "owner ==",
        "import os",
    ],
)
def test_everything_else_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionRefused):
        EVALUATOR.evaluate(expression, NAMES)


@given(st.text(alphabet="ab._()[]{}'\"+-*/%=<>,: \n0123456789\\fx", max_size=40))
def test_no_text_ever_does_more_than_raise(text: str) -> None:
    with suppress(ExpressionRefused, ExpressionFailed):
        EVALUATOR.evaluate(text, {"a": 1, "b": "x"})


def test_results_stay_bounded() -> None:
    with pytest.raises(ExpressionFailed):
        EVALUATOR.evaluate("a + a", {"a": "x" * 9_999})
    with pytest.raises(ExpressionFailed):
        EVALUATOR.evaluate("a + 1", {"a": 10**15})


def test_a_missing_name_is_named() -> None:
    with pytest.raises(ExpressionFailed, match="nowhere"):
        EVALUATOR.evaluate("nowhere == 1", {})


def test_unknown_functions_and_names_are_found_at_deployment() -> None:
    with pytest.raises(ExpressionRefused, match="open"):
        check("open('x')", frozenset(), frozenset({"parent"}))
    with pytest.raises(ExpressionRefused, match="ghost"):
        check("ghost == 1", frozenset({"owner"}), frozenset())
    check("parent(owner) == 1", frozenset({"owner"}), frozenset({"parent"}))
    assert parse("owner") is parse("owner")
