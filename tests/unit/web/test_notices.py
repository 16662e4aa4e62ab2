"""Every mark that the engine or the processes tell has words, and there are no words for what nobody tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from processes.codes import Disposition, Rung
from web.words import notices

ROOT = Path(__file__).parents[3]
TELLERS = {"tell": 0, "_tell_both": 1, "_tell_reporter": 1, "telling": 1, "_decide": 2, "tell_followers": 1}
"""Who passes a mark on, and at which argument."""
EXPANSIONS = {
    "supervision_{rung.value}": [f"supervision_{rung.value}" for rung in Rung],
    "reported_{mark}": [f"reported_{how}" for how in ("closed", "decline", "merge", "withdraw")],
    "followed_{mark}": [f"followed_{how}" for how in ("closed", "decline", "merge", "withdraw")],
    "{mark}_below": ["overdue_below", "sign_off_overdue_below"],
    "request_{state}": [f"request_{state}" for state in ("granted", "refused", "silent", "overtaken")],
}
"""What the values in a composed mark can be; a new composition must be added here, and its marks to the words."""
PARTS = {"closed", "granted", "refused", "silent", "overtaken"}
"""What is told only as a part of a composed mark."""


def told() -> Iterator[str]:
    for folder in ("engine", "processes"):
        for path in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    yield from _marks_of(node)


def _marks_of(call: ast.Call) -> Iterator[str]:
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    given = [call.args[TELLERS[name]]] if name in TELLERS and len(call.args) > TELLERS[name] else []
    given += [each.value for each in call.keywords if name == "Telling" and each.arg == "mark"]
    for argument in given:
        for each in [argument.body, argument.orelse] if isinstance(argument, ast.IfExp) else [argument]:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value
            elif isinstance(each, ast.JoinedStr):
                yield from EXPANSIONS[ast.unparse(each)[2:-1]]


def test_every_mark_that_is_told_has_words_and_no_word_is_left_over():
    assert {"arrived", "supplemented", "overdue", "granted"} <= set(told())
    assert set(told()) - PARTS == set(notices.MARKS)


def test_the_ends_of_a_case_are_those_that_are_told():
    ends = {how.value for how in (Disposition.DECLINE, Disposition.MERGE, Disposition.WITHDRAW)} | {"closed"}
    assert {mark.removeprefix("reported_") for mark in notices.MARKS if mark.startswith("reported_")} == ends


def test_words_say_what_the_notice_adds():
    assert notices.said("arrived", {"how": "assign"}) == "来件（交办），请签收办理"
    assert notices.said("warned", {"stage": "verify"}) == "核实立案即将到期，请尽快办理"
    assert notices.said("request_granted", {"kind": "extension"}) == "延期申请已批准"
    assert notices.said("request_silent", {}) == "延期或挂账申请逾期未审批，视为不同意"
    assert notices.said("from_a_newer_version", {}) == "from_a_newer_version"


def test_no_sentence_keeps_an_empty_gap():
    for mark in notices.MARKS:
        assert "{}" not in notices.said(mark, {}), mark
