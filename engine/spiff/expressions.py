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
from typing import Any

from engine.errors import Bug, UserError

MAX_LENGTH = 500
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


class ExpressionRefused(UserError):
    """The expression {expression!r} is not allowed: {reason}."""

    code = "expression_refused"
    zh = "不允许表达式 {expression!r}：{reason}。"


class ExpressionFailed(Bug):
    """The expression {expression!r} failed: {reason}."""

    code = "expression_failed"
    zh = "表达式 {expression!r} 求值失败：{reason}。"


@lru_cache(maxsize=4096)
def parse(expression: str) -> ast.expr:
    """The syntax tree of an allowed expression. Raises ExpressionRefused."""
    if len(expression) > MAX_LENGTH:
        raise ExpressionRefused(expression=expression[:40], reason=f"longer than {MAX_LENGTH} characters")
    try:
        tree = ast.parse(expression.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise ExpressionRefused(expression=expression, reason="not an expression") from None
    for node in ast.walk(tree):
        reason = _refusal(node)
        if reason:
            raise ExpressionRefused(expression=expression, reason=reason)
    return tree


def _refusal(node: ast.AST) -> str | None:  # noqa: PLR0911 # one line for each kind of node
    """Why a node is not allowed; None when it is."""
    match node:
        case ast.Constant(value=value):
            return None if value is None or isinstance(value, str | int | bool) else f"constant {value!r}"
        case ast.Name(id=name):
            return "names do not begin with _" if name.startswith("_") else None
        case ast.Compare(ops=ops):
            return None if all(type(op) in _COMPARISONS for op in ops) else "comparison"
        case ast.BinOp(op=op):
            return None if type(op) in _ARITHMETIC else f"operator {type(op).__name__}"
        case ast.UnaryOp(op=op):
            return None if type(op) in _SIGNS else f"operator {type(op).__name__}"
        case ast.Subscript(slice=key):
            return None if isinstance(key, ast.Constant) else "a subscript must be a constant"
        case ast.Call(func=function, args=args, keywords=keywords):
            plain = isinstance(function, ast.Name) and not keywords
            starred = any(isinstance(arg, ast.Starred) for arg in args)
            return None if plain and not starred else "only named functions with positional arguments"
        case ast.BoolOp() | ast.IfExp() | ast.List() | ast.Tuple() | ast.expr_context():
            return None
        case ast.boolop() | ast.operator() | ast.unaryop() | ast.cmpop():
            return None
        case _:
            return f"{type(node).__name__} is not part of the language"


def check(expression: str, names: frozenset[str] | None, functions: frozenset[str]) -> None:
    """Raise ExpressionRefused unless the expression is allowed and uses known names and functions only.

    `names`: None to accept any name.
    """
    tree = parse(expression)
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    unknown = called - functions
    if unknown:
        raise ExpressionRefused(expression=expression, reason=f"unknown function {sorted(unknown)[0]}")
    if names is not None:
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - called
        if used - names:
            raise ExpressionRefused(expression=expression, reason=f"unknown name {sorted(used - names)[0]}")


class Evaluator:
    """Evaluates allowed expressions with a fixed set of functions."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]]) -> None:
        self._functions = functions

    def evaluate(self, expression: str, names: Mapping[str, Any]) -> Any:
        """The value. Raises ExpressionRefused, and ExpressionFailed naming what is missing or does not fit."""
        tree = parse(expression)
        try:
            return self._value(tree, names)
        except KeyError as error:
            raise ExpressionFailed(expression=expression, reason=f"{error.args[0]} is not known here") from error
        except (TypeError, IndexError, OverflowError) as error:
            raise ExpressionFailed(expression=expression, reason=str(error)) from error

    def _value(self, node: ast.expr, names: Mapping[str, Any]) -> Any:  # noqa: C901, PLR0911 # one line for each kind of node
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return names[name]
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._functions[name](*[self._value(arg, names) for arg in args])
            case ast.Compare():
                return self._compare(node, names)
            case ast.BoolOp(op=op, values=values):
                return self._logic(isinstance(op, ast.And), values, names)
            case ast.UnaryOp(op=op, operand=operand):
                return _SIGNS[type(op)](self._value(operand, names))
            case ast.BinOp(left=left, op=op, right=right):
                return _bounded(_ARITHMETIC[type(op)](self._value(left, names), self._value(right, names)))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._value(body if self._value(test, names) else orelse, names)
            case ast.List(elts=items) | ast.Tuple(elts=items):
                return [self._value(item, names) for item in items]
            case ast.Subscript(value=group, slice=ast.Constant(value=key)):
                return self._value(group, names)[key]
        raise TypeError(f"{type(node).__name__} is not part of the language")

    def _compare(self, node: ast.Compare, names: Mapping[str, Any]) -> bool:
        left = self._value(node.left, names)
        for op, right_node in zip(node.ops, node.comparators, strict=True):
            right = self._value(right_node, names)
            if not _COMPARISONS[type(op)](left, right):
                return False
            left = right
        return True

    def _logic(self, every: bool, values: list[ast.expr], names: Mapping[str, Any]) -> Any:  # noqa: FBT001 # and / or
        result: Any = every
        for value in values:
            result = self._value(value, names)
            if bool(result) != every:
                return result
        return result


def _bounded(value: Any) -> Any:
    """Refuse results that only an attack would need."""
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise OverflowError("the text grew too long")
    if isinstance(value, list) and len(value) > MAX_ITEMS:
        raise OverflowError("the list grew too long")
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        raise OverflowError("the number grew too large")
    return value
