"""Expressions of models: a closed language, checked at deployment, evaluated without Python's `eval`.

Allowed: constants, names, comparisons, and/or/not, + and -, conditional expressions, lists and tuples, subscripts
with a constant key, calls of listed functions with positional arguments. Nothing else exists: no attributes, no
comprehensions, no formatting, no keywords, no stars.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple, cast

from engine.errors import Bug, UserError

MAX_LENGTH = 500
MAX_DEPTH = 40
MAX_TEXT = 10_000
MAX_ITEMS = 1_000
MAX_NUMBER = 10**15

_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda item, group: item in group,
    ast.NotIn: lambda item, group: item not in group,
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {ast.Add: operator.add, ast.Sub: operator.sub}
_SIGNS: dict[type[ast.unaryop], Callable[[Any], Any]] = {ast.Not: operator.not_, ast.USub: operator.neg}


_Reason = tuple[str, str]
"""Why something is refused and what is allowed: English, Chinese."""


class ExpressionRefused(UserError):
    """The expression {expression!r} is not allowed: {reason}."""

    code = "expression_refused"
    zh = "不允许表达式 {expression!r}：{reason_zh}。"

    def __init__(self, expression: str, reason: _Reason) -> None:
        super().__init__(expression=expression[:MAX_LENGTH], reason=reason[0], reason_zh=reason[1])


class ExpressionFailed(Bug):
    """The expression {expression!r} failed: {reason}."""

    code = "expression_failed"
    zh = "表达式 {expression!r} 求值失败：{reason}。"


@lru_cache(maxsize=4096)
def parse(expression: str) -> ast.expr:
    """The syntax tree of an allowed expression. Raises ExpressionRefused."""
    if len(expression) > MAX_LENGTH:
        raise ExpressionRefused(expression, (f"longer than {MAX_LENGTH} characters", f"超过 {MAX_LENGTH} 个字符"))
    if "\\" in expression:
        raise ExpressionRefused(expression, ("text holds no escapes", "文本中不得使用转义符"))
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionRefused(expression, ("not an expression", "不是有效的表达式")) from None
    _check_tree(expression, tree)
    return tree


def _check_tree(expression: str, tree: ast.expr) -> None:
    """Walk the tree level by level, so that its depth is bounded before anything recurses into it."""
    level: list[ast.AST] = [tree]
    for _ in range(MAX_DEPTH):
        for node in level:
            reason = _refusal(node)
            if reason:
                raise ExpressionRefused(expression, reason)
        level = [child for node in level for child in ast.iter_child_nodes(node)]
        if not level:
            return
    raise ExpressionRefused(expression, (f"nested deeper than {MAX_DEPTH}", f"嵌套超过 {MAX_DEPTH} 层"))


def _refusal(node: ast.AST) -> _Reason | None:
    """Why a node is not allowed; None when it is."""
    if isinstance(node, _GRAMMAR):
        return None
    allowed, reason = _LANGUAGE.get(type(node), (None, None))
    if allowed is None:
        name = type(node).__name__
        return f"{name} is not part of the language", f"语言中没有 {name}"
    return None if allowed(node) else reason


_GRAMMAR = (ast.expr_context, ast.boolop, ast.operator, ast.unaryop, ast.cmpop)
"""Parts of other nodes, which say what they allow."""


def _is_constant(value: Any) -> bool:
    if isinstance(value, int):
        return abs(value) <= MAX_NUMBER
    return value is None or isinstance(value, str)


def _always(_node: Any) -> bool:
    return True


_LANGUAGE: dict[type[ast.AST], tuple[Callable[[Any], bool], _Reason | None]] = {
    ast.Compare: (_always, None),
    ast.BoolOp: (_always, None),
    ast.IfExp: (_always, None),
    ast.List: (_always, None),
    ast.Tuple: (_always, None),
    ast.Constant: (
        lambda node: _is_constant(node.value),
        ("constants are text, whole numbers, True, False and None", "常量只能是文本、整数、True、False、None"),
    ),
    ast.Name: (
        lambda node: not node.id.startswith("_"),
        ("names do not begin with _", "名称不得以 _ 开头"),
    ),
    ast.BinOp: (
        lambda node: type(node.op) in _ARITHMETIC,
        ("the operators are + and -", "运算符只有 + 和 -"),
    ),
    ast.UnaryOp: (
        lambda node: type(node.op) in _SIGNS,
        ("the signs are not and -", "一元运算符只有 not 和 -"),
    ),
    ast.Subscript: (
        lambda node: isinstance(node.slice, ast.Constant),
        ("a subscript is a constant", "下标必须是常量"),
    ),
    ast.Call: (
        lambda node: isinstance(node.func, ast.Name) and not node.keywords,
        ("calls are of listed functions, with positional arguments", "只能调用登记的函数，且只用位置参数"),
    ),
}
"""The allow-list: node → (whether this one is allowed, why not)."""


def check(expression: str, names: frozenset[str] | None, functions: frozenset[str]) -> None:
    """Raise ExpressionRefused unless the expression is allowed and uses known names and functions only.

    `names`: None to accept any name.
    """
    tree = parse(expression)
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    called = {function.id for function in calls if isinstance(function, ast.Name)}
    _refuse_unknown(expression, called - functions, functions, ("function", "函数"))
    if names is not None:
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and node not in calls}
        _refuse_unknown(expression, used - names, names, ("name", "名称"))


def _refuse_unknown(expression: str, unknown: set[str], allowed: frozenset[str], what: _Reason) -> None:
    if unknown:
        first, known = min(unknown), ", ".join(sorted(allowed))
        reason = f"unknown {what[0]} {first} (known: {known})", f"未知{what[1]} {first}（可用：{known}）"
        raise ExpressionRefused(expression, reason)


class Evaluator:
    """Evaluates allowed expressions with a fixed set of functions.

    An own walk over the allow-list: simpleeval's EvalWithCompoundTypes is no faster (2 to 6 µs with the tree cached)
    and would have to be closed down construct by construct.
    """

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._functions = functions

    def evaluate(self, expression: str, names: Mapping[str, Any]) -> Any:
        """The value. Raises ExpressionRefused, and ExpressionFailed naming what is missing or does not fit."""
        tree = parse(expression)
        try:
            return _value(tree, _Known(names, self._functions))
        except KeyError as error:
            raise ExpressionFailed(expression=expression, reason=f"{error.args[0]!r} is not known here") from error
        except (TypeError, IndexError, OverflowError) as error:
            raise ExpressionFailed(expression=expression, reason=str(error)) from error


class _Known(NamedTuple):
    names: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]


def _value(node: Any, known: _Known) -> Any:
    return _MEANINGS[type(node)](node, known)


def _call(node: ast.Call, known: _Known) -> Any:
    return known.functions[cast("ast.Name", node.func).id](*[_value(arg, known) for arg in node.args])


def _compare(node: ast.Compare, known: _Known) -> bool:
    left = _value(node.left, known)
    for op, right_node in zip(node.ops, node.comparators, strict=True):
        right = _value(right_node, known)
        if not _COMPARISONS[type(op)](left, right):
            return False
        left = right
    return True


def _logic(node: ast.BoolOp, known: _Known) -> Any:
    every = isinstance(node.op, ast.And)
    result: Any = every
    for value in node.values:
        result = _value(value, known)
        if bool(result) != every:
            break
    return result


def _arithmetic(node: ast.BinOp, known: _Known) -> Any:
    return _bounded(_ARITHMETIC[type(node.op)](_value(node.left, known), _value(node.right, known)))


def _items(node: ast.List | ast.Tuple, known: _Known) -> list[Any]:
    return [_value(item, known) for item in node.elts]


_MEANINGS: dict[type[ast.AST], Callable[[Any, _Known], Any]] = {
    ast.Constant: lambda node, _known: node.value,
    ast.Name: lambda node, known: known.names[node.id],
    ast.Call: _call,
    ast.Compare: _compare,
    ast.BoolOp: _logic,
    ast.UnaryOp: lambda node, known: _SIGNS[type(node.op)](_value(node.operand, known)),
    ast.BinOp: _arithmetic,
    ast.IfExp: lambda node, known: _value(node.body if _value(node.test, known) else node.orelse, known),
    ast.List: _items,
    ast.Tuple: _items,
    ast.Subscript: lambda node, known: _value(node.value, known)[node.slice.value],
}


def _bounded(value: Any) -> Any:
    """Refuse results that only an attack would need."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise OverflowError("the text grew too long")
    if isinstance(value, list | tuple) and len(value) > MAX_ITEMS:
        raise OverflowError("the list grew too long")
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise OverflowError("the number grew too large")
    return value
