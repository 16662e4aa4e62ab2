"""`docs/constructs.md`, made from the tables and from what the validation answers to each of them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from engine.definitions.reading import Finding
from tests.foreign.constructs import REFUSED, RUNS
from tests.foreign.dialects import PIECES, Piece
from tests.foreign.test_constructs import finding_of
from tests.foreign.test_dialects import findings_of

PATH = Path(__file__).parents[2] / "docs" / "constructs.md"

_HEAD = """# What may be drawn 可用的 BPMN 构件

<!-- Made by `python -m tests.foreign`; a test compares it with what the validation says. Do not edit by hand. -->

A model that is deployed holds to its end: what SpiffWorkflow does not carry through every save, load, interruption and
loop is refused before the first case, with the element's id and name and what to draw instead. Ask before deploying:

```
gridgov definitions check my-model.bpmn
```

It needs no database, reads one file or many or a folder, and tells everything at once, in the language of the terminal.
`definitions deploy` asks the same questions.

How the first list is known to hold: `tests/random_models` grows random models from it, goes random ways through them
and compares the engine (in memory, loaded cold after every step, saved after every internal task, never pruned) with a
second interpreter written from the standard. A model that is changed at random is refused, or holds like any other.
"""

_MEANING = """
## What it means here
- **Data belongs to the token.** Branches of a fork have a copy each; a join brings together what each of them changed.
  A called process gets its inputs and gives its outputs, nothing else. A sub-process shares the names of its process.
  What an interrupted call or sub-process had written is lost: facts belong into tables, written by operations.
- **A message wakes whoever waits for it in its instance**, all instances of a multi-instance too.
- **A terminating end** ends its own process or sub-process, with everything that goes on in it, and answers for it.
- **An inclusive join** waits for every token that can still come to it.
- **Results of a multi-instance** come in the order in which its instances ended; an empty list gives an empty list.

分支各有数据副本，汇合时合并各自的改动；被调用的流程只收输入、只给输出；中断会丢失其内部数据，事实请写入数据表。
"""

_FOREIGN = """
## Models drawn elsewhere 来自其他工具的模型
Any prefix and any order of elements is read, and `isExecutable="false"` too. How a tool noted colours, labels and
simulation is passed over. Settings of other engines are told once for each element, with what to set here: nothing that
changes what happens elsewhere is dropped without a word. Conditions are written bare: `outcome == "again"`.

| tool 工具 | what it says | 内容 | here | 处理 |
|---|---|---|---|---|
"""


def text() -> str:
    """The whole document."""
    parts = [_HEAD, "\n## What runs 可以运行\n| construct | 构件 |\n|---|---|\n"]
    parts += [_row(each.en, each.zh) for each in RUNS]
    parts.append(_MEANING)
    parts.append("\n## What is refused, and what to draw instead 不允许的构件及替代画法\n")
    for (en, zh), constructs in REFUSED.items():
        parts.append(f"\n### {en} {zh}\n| construct | 构件 | draw instead | 说明与替代 |\n|---|---|---|---|\n")
        for construct in constructs:
            finding = finding_of(construct)
            parts.append(_row(construct.en, construct.zh, finding["instead"], finding["zh"]))
    parts.append(_FOREIGN)
    for tool, pieces in groupby(PIECES, key=lambda piece: piece.tool):
        parts += [_row(tool, each.en, each.zh, *_told(each)) for each in pieces]
    return "".join(parts)


def _told(piece: Piece) -> tuple[str, str]:
    """What is said about it, English and Chinese."""
    if not piece.refused:
        return piece.here
    found = findings_of(piece)
    told = [next(f for f in found if (f["element"], f["rule"]) == wanted) for wanted in piece.refused]
    return "; ".join(_unique(told, "instead")), "".join(f"{each.rstrip('。')}。" for each in _unique(told, "zh"))


def _unique(findings: Iterable[Finding], part: str) -> list[str]:
    return list(dict.fromkeys(finding[part] for finding in findings))


def _row(*cells: str) -> str:
    """A row of a table; what would break it or be read as markup is written as code or escaped."""
    return (
        "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ") for cell in cells) + " |\n"
    )
