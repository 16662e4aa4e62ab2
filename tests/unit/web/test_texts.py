"""Every text that a person reads stands there in both languages: no template, script or view may forget one."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "web"
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SCRIPTS = sorted((WEB / "client").rglob("*.ts"))
MODULES = sorted([*(WEB / "pages").glob("*.py"), *(WEB / "words").glob("*.py")])

_HAN = re.compile(r"[\u4e00-\u9fff]")
_QUOTED = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`(?:[^`\\]|\\.)*`)"""
_PAIR = re.compile(rf"(?:\bt\(|\[)\s*{_QUOTED}\s*,\s*{_QUOTED}\s*,?\s*[)\]]", re.S)
"""`t("…", "…")`, or a pair in a table of them."""
_ATTRIBUTES = re.compile(r"""[\w-]+=(?:"[^"]*"|'[^']*')""")
_TAGS = re.compile(r"<[^>]*>", re.S)
_SHOWN = re.compile(r"""\b(?:title|alt|placeholder|aria-label)=["']([^"'{]*[A-Za-z\u4e00-\u9fff]{2}[^"'{]*)["']""")
_NAMES = {"gridgov", "English", "中文", "格", "kbd", "Esc", "Enter", "Ctrl"}
"""What is the same in both languages: names, the languages' own names, keys."""


def bare(text: str) -> list[str]:
    return [word for word in re.findall(r"[A-Za-z\u4e00-\u9fff][\w-]*", text) if word not in _NAMES and len(word) > 1]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_template_shows_no_text_outside_of_a_pair(path: Path) -> None:
    source = re.sub(r"\{#.*?#\}", "", path.read_text("utf-8"), flags=re.S)
    assert unpaired_halves(source) == []
    source = _PAIR.sub("''", source)
    inside = re.findall(r"\{\{.*?\}\}|\{%.*?%\}", source, flags=re.S)
    assert [each for each in inside if _HAN.sub("", each) != each and not allowed(each)] == []
    source = re.sub(r"\{% block \w*class %\}.*?\{% endblock %\}", "", source, flags=re.S)
    outside = re.sub(r"\{\{.*?\}\}|\{%.*?%\}", "", source, flags=re.S)
    assert [found for found in _SHOWN.findall(outside) if bare(found)] == []
    outside = re.sub(r"<(code|kbd)\b.*?</\1>", "", outside, flags=re.S)
    assert bare(_ATTRIBUTES.sub(" ", _TAGS.sub(" ", outside))) == []


def allowed(expression: str) -> bool:
    """Whether all the Chinese in it is a name that stays as it is."""
    return all(word in _NAMES for word in re.findall(r"[\u4e00-\u9fff]+", expression))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(WEB)))
def test_a_script_says_nothing_outside_of_a_pair(path: Path) -> None:
    source = re.sub(r"/\*.*?\*/|(?<![:\"'`])//[^\n]*", "", path.read_text("utf-8"), flags=re.S)
    assert unpaired_halves(source) == []
    assert _HAN.findall(_PAIR.sub("", source)) == []


def unpaired_halves(source: str) -> list[tuple[str, str]]:
    """Pairs that have Chinese on the wrong side, or no English; a particle that only Chinese needs may have none."""
    return [(zh, en) for zh, en in _PAIR.findall(source) if _is_missing(zh, en) or _HAN.search(_without_values(en))]


def _is_missing(zh: str, en: str) -> bool:
    return not en.strip("\"'` ") and len(_HAN.findall(zh)) > 2


def _without_values(text: str) -> str:
    return re.sub(r"\$\{.*?\}", "", text)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(WEB)))
def test_a_view_says_nothing_without_its_english(path: Path) -> None:
    tree = ast.parse(path.read_text("utf-8"))
    assert list(unpaired(tree)) == []


def unpaired(tree: ast.AST) -> Iterator[str]:
    """Chinese literals that are neither followed by their English nor declared as an error's `zh`."""
    paired = {id(found) for node in ast.walk(tree) for found in _paired_in(node)}
    documented = {id(text) for node in ast.walk(tree) for text in _docstrings(node)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and _HAN.search(node.value)
        if is_text and id(node) not in paired | documented:
            yield f"line {node.lineno}: {node.value}"  # type: ignore[attr-defined] # narrowed by is_text


def _paired_in(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Call | ast.Tuple | ast.List):
        parts = node.args if isinstance(node, ast.Call) else node.elts
        yield from _followed_by_english(pairwise(parts))
    if isinstance(node, ast.Dict):
        yield from _followed_by_english(zip(node.keys, node.values, strict=True))
    if isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        if any(isinstance(target, ast.Name) and target.id in _WITHOUT_ENGLISH for target in targets) and node.value:
            yield from ast.walk(node.value)


def _followed_by_english(pairs: Iterable[tuple[ast.AST | None, ast.AST]]) -> Iterator[ast.AST]:
    for first, second in pairs:
        if first is not None and _is_text(second) and not _HAN.search(_literal(second)):
            yield from ast.walk(first)


_WITHOUT_ENGLISH = {"zh", "BADGES", "_ENDINGS", "_WEEKDAYS"}
"""Tables that hold Chinese alone: an error's `zh` (its docstring is the English), one character for a level, endings of
Chinese names, the characters of the weekdays."""


def _is_text(node: ast.AST) -> bool:
    """A literal, also one in brackets with a condition: `"a" if x else "b"`, or joined with +."""
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _literal(node: ast.AST) -> str:
    return "".join(
        each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )


def _docstrings(node: ast.AST) -> Iterator[ast.AST]:
    """Strings that stand as statements: docstrings of modules, classes, functions and of constants."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        yield node.value
