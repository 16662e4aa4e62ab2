"""Every entry that the code can write to the trail has its words, in both languages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from engine.deadlines.book import Deadline
from engine.definitions.reading import elements, properties, read_model
from processes import models_folder
from processes.cases.reading import Moment
from processes.codes import Disposition, ProcedureKind
from web.words import deadlines, happenings, sayings
from web.words.deadlines import Day
from web.words.happenings import Fold, Happening, Material

ROOT = Path(__file__).parents[3]
SOURCES = sorted(path for part in ("engine", "processes") for path in (ROOT / part).rglob("*.py"))
HOLES: Mapping[str, Sequence[str]] = {
    "procedure.kind": [kind.value for kind in ProcedureKind],
    "how.value": [how.value for how in Disposition],
    "mark": ["warned", "overdue", "unsigned", "escalated"],
    "asking.kind": ["extension", "suspension"],
    "request.kind": ["extension", "suspension"],
    "state": ["granted", "refused", "silent", "overtaken"],
    "kind": ["step", "timer", "effect", "gateway"],
    "row.kind": ["step", "timer", "effect", "gateway"],
    "act": ["resolve", "skip"],
    "how": ["succeeded", "overtaken", "ended"],
}
"""What stands in the holes of f-strings that make an action."""
ENDS = {f"case:case:{how}" for how in ("decline", "merge", "withdraw")}
NOT_WRITTEN = {f"case:case:{how.value}" for how in Disposition} - ENDS
"""`_end` is only called with the three dispositions that end a case."""
_HAN = re.compile(r"[\u4e00-\u9fff]")
START = datetime(2026, 11, 24, 1, 0, tzinfo=UTC)


def written() -> Iterator[tuple[str, str]]:
    """(where, action) for each action in a call of `record` or `Draft`."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and node.args and _name_of(node.func) in {"record", "Draft"}:
                for action in _values(node.args[0]):
                    yield f"{path.relative_to(ROOT)}:{node.lineno}", action


def _name_of(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def _values(text: ast.expr) -> Iterator[str]:
    if isinstance(text, ast.Constant) and isinstance(text.value, str) and text.value.count(":") == 2:
        yield text.value
    if isinstance(text, ast.JoinedStr):
        parts = [
            [str(part.value)] if isinstance(part, ast.Constant) else HOLES[ast.unparse(part.value)]  # type: ignore[attr-defined] # else a FormattedValue
            for part in text.values
        ]
        yield from ("".join(each) for each in product(*parts))


def test_every_action_in_the_source_has_its_words() -> None:
    actions = {action: where for where, action in written()}
    assert len(actions) > 60
    missing = {action: where for action, where in actions.items() if sayings.of(action) is None}
    assert {action: where for action, where in missing.items() if action not in NOT_WRITTEN} == {}


def test_every_verb_stands_in_both_languages() -> None:
    said = [sayings.of(action) for action in sayings.known()] + list(sayings.COMPLETED.values())
    for saying in said:
        assert saying is not None
        for zh, en in [(saying.zh, saying.en), saying.aside or ("中", "en")]:
            assert _HAN.search(zh)
            assert en
            assert not _HAN.search(en)


def test_every_human_task_and_each_of_its_outcomes_has_a_verb() -> None:
    tasks = {
        node.get("id"): properties(node).get("form")
        for path in models_folder().glob("*.bpmn")
        for node in elements(read_model(path.read_bytes()), "userTask")
    }
    assert set(tasks) <= set(sayings.ELEMENTS)
    assert set(tasks) <= {element for element, _ in sayings.COMPLETED}


def entry(seq: int, action: str, *, minutes: int = 0, actor: str = "system:clock", **data: Any) -> Moment:
    return Moment(START + timedelta(minutes=minutes), action, actor, seq, data, "00", ())


def told(*moments: Moment, **more: Any) -> list[Happening]:
    return happenings.tell(Material(moments, {}, {}, [], [], {}, **more))


def test_only_what_was_erased_is_called_so() -> None:
    """Under the number of a visit stands also what the visitor said, which is not of the case."""
    seen = [
        replace(entry(1, "case:progress:note"), commitments=("a",)),
        replace(entry(2, "case:case:accept", minutes=9), commitments=("b",)),
    ]
    quotes = [line.quotes for line in happenings.tell(Material(seen, {}, {}, [], [], {"a": None}))]
    assert ["删除" in str(each) for each in quotes] == [True, False]


def test_a_mark_that_was_given_late_says_how_late() -> None:
    late, punctual = told(
        entry(1, "deadline:mark:overdue", stage="handle", late_s=7500),
        entry(2, "deadline:mark:overdue", minutes=1, stage="handle", late_s=2),
    )
    assert late.late == "补记，晚 2 小时 5 分"
    assert punctual.late == ""
    assert late.tone == "late"


def test_two_clocks_of_the_same_moment_are_two_lines() -> None:
    lines = told(entry(1, "deadline:mark:warned", stage="handle"), entry(2, "deadline:mark:warned", stage="overall"))
    assert [line.about for line in lines] == ["办理", "全程"]


def test_what_one_form_brought_about_is_one_line() -> None:
    who = "staff:A"
    (line,) = told(
        entry(1, "work:item:complete", actor=who, element="decide", outcome="granted:True"),
        entry(2, "request:extension:granted", actor=who, days=3, asked=3),
        entry(3, "case:clock:extend", actor=who, days=3),
        entry(4, "instance:model:end", actor=who, model="request", end="granted_end"),
    )
    assert line.verb == "批准延期"
    assert line.about == "3 天"
    assert line.asides == ("时限延长 3 天",)
    assert [proof.seq for proof in line.proofs] == [1, 2, 3, 4]


def test_eighty_entries_fold_their_machine_runs_and_lose_none() -> None:
    people = [entry(n * 10, "work:item:claim", minutes=n * 10, actor="staff:A", element="act") for n in range(20)]
    clocks = [
        entry(n * 10 + k, "deadline:mark:warned", minutes=n * 10 + k, stage="handle")
        for n in range(20)
        for k in (1, 2, 3)
    ]
    lines = told(*sorted([*people, *clocks], key=lambda each: each.seq))
    blocks = happenings.folded(lines)
    assert len(lines) == 80
    assert len(blocks) == 42  # the last three stand open
    assert sum(len(block.lines) if isinstance(block, Fold) else 1 for block in blocks) == 80


def clock(amount: int, unit: str, start: datetime, due: datetime) -> Deadline:
    return Deadline(
        limit_amount=amount, limit_unit=unit, statutory=False, started_at=start, due_at=due, extended_days=0,
        remaining_seconds=None,
    )  # fmt: skip


DAYS = [
    Day(datetime(2026, 12, 30, tzinfo=UTC).date(), "workday", "", official=True),
    Day(datetime(2026, 12, 31, tzinfo=UTC).date(), "workday", "", official=True),
    Day(datetime(2027, 1, 1, tzinfo=UTC).date(), "holiday", "元旦", official=False),
    Day(datetime(2027, 1, 2, tzinfo=UTC).date(), "makeup", "", official=False),
    Day(datetime(2027, 1, 3, tzinfo=UTC).date(), "weekend", "", official=False),
    Day(datetime(2027, 1, 4, tzinfo=UTC).date(), "workday", "", official=False),
]


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("zh", ["3 个工作日", "跳过周末 1 天", "跳过元旦 1 天", "周六 2 日补班计入", "2027 年日历暂定"]),
        (
            "en",
            [
                "3 working days",
                "1 day of weekend skipped",
                "1 day of New Year's Day skipped",
                "make-up day Sat 2 counted",
                "calendar of 2027 provisional",
            ],
        ),
    ],
)
def test_a_due_time_is_explained_as_a_person_would_count(lang: str, said: list[str]) -> None:
    row = clock(3, "wd", datetime(2026, 12, 30, 2, tzinfo=UTC), datetime(2027, 1, 4, 9, 30, tzinfo=UTC))
    with Flask(__name__).test_request_context("/", headers={"Cookie": f"lang={lang}"}):
        assert deadlines.arithmetic(row, DAYS) == said


@pytest.mark.parametrize(
    ("started", "due", "said"),
    [
        (datetime(2026, 12, 1, 2, tzinfo=UTC), datetime(2026, 12, 31, 15, 59, tzinfo=UTC), ["30 天"]),
        (
            datetime(2026, 12, 2, 2, tzinfo=UTC),
            datetime(2027, 1, 2, 15, 59, tzinfo=UTC),
            ["30 天", "跳过元旦 1 天", "周六 2 日补班计入", "2027 年日历暂定"],
        ),
    ],
)
def test_of_natural_days_by_law_only_the_last_one_runs_on(started: datetime, due: datetime, said: list[str]) -> None:
    row = clock(30, "d", started, due)
    row.statutory = True
    assert deadlines.arithmetic(row, DAYS) == said


def test_a_clock_round_the_clock_counts_no_calendar() -> None:
    row = clock(2, "h", START, START + timedelta(hours=2))
    assert deadlines.arithmetic(row, DAYS) == ["2 小时"]
