from __future__ import annotations

from typing import Any

import pytest

from engine.spiff.expressions import Evaluator, ExpressionFailed, ExpressionRefused, check

NAMES: dict[str, Any] = {"kind": "dispute", "returns": 1, "items": ["a", "b"], "row": {"code": "x"}, "none": None}
EVALUATOR = Evaluator({"parent": lambda unit: f"parent of {unit}", "now": lambda: 7})


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ('kind == "dispute"', True),
        ("not returns < 1", True),
        ("0 < returns < 2", True),
        ("0 < returns < 1", False),
        ('kind in ["order", "hazard"]', False),
        ('kind not in ("order", "hazard")', True),
        ("none is None", True),
        ("none is not None", False),
        ("returns + 1 - 3", -1),
        ("-returns", -1),
        ('"sup_reply_" + kind', "sup_reply_dispute"),
        ("parent(kind)", "parent of dispute"),
        ("now() > 6 and kind", "dispute"),
        ("none or kind", "dispute"),
        ('"few" if returns < 2 else "many"', "few"),
        ("items[1]", "b"),
        ('row["code"]', "x"),
        ('(kind, "b")', ["dispute", "b"]),
        ("items + items", ["a", "b", "a", "b"]),
        ("  returns  ", 1),
    ],
)
def test_the_language_means_what_python_means(expression: str, value: object) -> None:
    assert EVALUATOR.evaluate(expression, NAMES) == value


def test_the_second_half_is_not_evaluated_when_the_first_decides() -> None:
    assert EVALUATOR.evaluate("none is not None and missing", NAMES) is False
    assert EVALUATOR.evaluate("returns or missing", NAMES) == 1


@pytest.mark.parametrize(
    "expression",
    [
        "kind.upper()",
        "().__class__",
        "__import__('os')",
        "_private",
        "[x for x in items]",
        "{1: 2}",
        "{1, 2}",
        "lambda: 1",
        "f'{kind}'",
        "'%0999999999d' % 1",
        "'a' * 10",
        "2 ** 100",
        "returns / 2",
        "+returns",
        "~returns",
        "items[returns]",
        "items[0:1]",
        "items[-1]",
        "parent(*items)",
        "parent(unit=kind)",
        "parent(kind)(kind)",
        "(parent if kind else now)(kind)",
        "[*items]",
        "(x := 1)",
        "await now()",
        "yield",
        "1.5",
        "1j",
        "b'a'",
        "...",
        "9999999999999999",
        r"'\x41'",
        "kind; kind",
        "import os",
        "",
        "(" * 300,
        "-" * 499 + "1",
        "not " * 100 + "kind",
        "kind == '" + "a" * 500 + "'",
        "\x00",
    ],
)
def test_everything_else_is_refused(expression: str) -> None:
    with pytest.raises(ExpressionRefused):
        check(expression, None, frozenset({"parent", "now"}))
    with pytest.raises(ExpressionRefused):
        EVALUATOR.evaluate(expression, NAMES)


def test_a_refusal_says_what_is_wrong_and_what_is_allowed() -> None:
    with pytest.raises(ExpressionRefused, match=r"unknown name onwer \(known: level, owner\)") as refused:
        check("onwer", frozenset({"owner", "level"}), frozenset())
    assert "未知名称 onwer" in refused.value.text("zh")
    with pytest.raises(ExpressionRefused, match=r"unknown function gone \(known: parent\)"):
        check("gone()", None, frozenset({"parent"}))


def test_a_function_is_not_a_name() -> None:
    with pytest.raises(ExpressionRefused, match="unknown name parent"):
        check("parent(parent)", frozenset({"owner"}), frozenset({"parent"}))


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("missing", "'missing' is not known here"),
        ("missing(1)", "'missing' is not known here"),
        ('row["gone"]', "'gone' is not known here"),
        ("items[5]", "out of range"),
        ("kind < 1", "not supported"),
        ("kind + 1", "str"),
        ("-kind", "bad operand"),
        ("now(1)", "argument"),
        ("big + big", "the text grew too long"),
        ("many + many", "the list grew too long"),
        ("huge + huge", "the number grew too large"),
    ],
)
def test_what_cannot_be_evaluated_says_why(expression: str, reason: str) -> None:
    names = {**NAMES, "big": "a" * 9_000, "many": [1] * 900, "huge": 10**15}
    with pytest.raises(ExpressionFailed, match=reason):
        EVALUATOR.evaluate(expression, names)
