"""Whatever is typed into a model: nothing outside the language is ever evaluated."""

from __future__ import annotations

import ast
from typing import Any, NoReturn

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.spiff.expressions import (
    MAX_ITEMS,
    MAX_NUMBER,
    MAX_TEXT,
    Evaluator,
    ExpressionFailed,
    ExpressionRefused,
    parse,
)

ALLOWED = (
    ast.Constant, ast.Name, ast.Load, ast.Compare, ast.cmpop, ast.BoolOp, ast.boolop, ast.UnaryOp, ast.Not, ast.USub,
    ast.BinOp, ast.Add, ast.Sub, ast.IfExp, ast.List, ast.Tuple, ast.Subscript, ast.Call,
)  # fmt: skip


class Guarded:
    """A value whose attributes must never be looked up by an expression."""

    def __getattr__(self, name: str) -> NoReturn:
        pytest.fail(f"an expression reached the attribute {name}")


NAMES: dict[str, Any] = {"a": "text", "b": 3, "c": ["x", "y"], "d": {"k": 1}, "e": None, "guarded": Guarded()}
EVALUATOR = Evaluator({"f": lambda *given: len(given), "g": lambda: "g"})

NAMED = ["a", "b", "c", "d", "e", "guarded", "f", "g", "_a", "__import__", "__builtins__"]
CONSTANT = ["True", "None", "0", "1", "999999999999999", "10**15", "1.5", "'k'", "''", "b''", "...", "[]", "()", "{}"]
atoms = st.sampled_from([*NAMED, *CONSTANT])


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Python expressions of every kind, most of them not part of the language."""
    operator = st.sampled_from(
        ["+", "-", "*", "/", "%", "**", "@", "<<", "|", "and", "or", "==", "!=", "<", ">=", "in", "is"]
    )
    return st.one_of(
        st.tuples(inner, operator, inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(st.sampled_from(["not ", "-", "+", "~", "*", "**", "await ", "lambda: "]), inner).map("".join),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} if {t[1]} else {t[2]})"),
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, max_size=3).map(lambda items: f"f({', '.join(items)})"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}[{t[1]}]"),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}({t[1]})"),
        st.tuples(inner, st.sampled_from(["__class__", "append", "format", "k"])).map(lambda t: f"{t[0]}.{t[1]}"),
        inner.map(lambda text: f"f(x={text})"),
        inner.map(lambda text: f"f(*{text})"),
        inner.map(lambda text: f"[x for x in {text}]"),
        inner.map(lambda text: f"{{{text}: {text}}}"),
        inner.map(lambda text: "f'{" + text + "}'"),
    )


pythonish = st.recursive(atoms, grown, max_leaves=12)


def is_bounded(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= MAX_TEXT
    if isinstance(value, list):
        return len(value) <= MAX_ITEMS and all(map(is_bounded, value))
    if isinstance(value, int):
        return abs(value) <= MAX_NUMBER
    return value is None or value is NAMES["guarded"] or value is NAMES["d"]


@given(st.one_of(pythonish, st.text(max_size=80)))
@example("(a" + ")" * 200)
@example("guarded.secret")
@example("[x for x in guarded]")
def test_only_the_language_is_ever_evaluated(text: str) -> None:
    try:
        value = EVALUATOR.evaluate(text, NAMES)
    except ExpressionFailed:
        return
    except ExpressionRefused:
        with pytest.raises(ExpressionRefused):
            parse(text)
        return
    for node in ast.walk(parse(text)):
        assert isinstance(node, ALLOWED)
        assert not isinstance(node, ast.Name) or not node.id.startswith("_")
        assert not isinstance(node, ast.Call) or (isinstance(node.func, ast.Name) and not node.keywords)
    assert is_bounded(value)


@given(
    st.recursive(st.sampled_from(["a", "b", "c", "1", "'x'"]), lambda i: st.tuples(i, i).map(" + ".join), max_leaves=30)
)
def test_what_the_language_says_is_what_python_says(text: str) -> None:
    try:
        value = EVALUATOR.evaluate(text, NAMES)
    except ExpressionFailed:
        with pytest.raises(TypeError):
            eval(text, {}, NAMES)
    except ExpressionRefused:
        assert len(text) > 80
    else:
        assert value == eval(text, {}, NAMES)
