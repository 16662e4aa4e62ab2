"""`deadlines.dmn` compiled to a lookup: (stage, kind, urgency, level) → limit, warning, grace, source.

The decision table is data for people; it is not run by a DMN engine in a step (14 ms for 120 rows there,
microseconds here). First match wins; each stage must end with a row that matches everything.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from lxml import etree

from engine.deadlines.arithmetic import UNITS, Limit, Warn
from engine.errors import DefinitionRefused

INPUTS = ("stage", "kind", "urgency", "level")
OUTPUTS = ("limit", "unit", "warn", "grace", "source")
_SPAN = re.compile(r"(\d+) ?(min|h|wh|wd|d)")
_STATUTORY = "statutory"


@dataclass(frozen=True)
class DeadlineRule:
    """One row. `grace` None: no grace, nothing escalates by itself. `last_call`: a second warning, from the start."""

    row_id: str
    stage: str
    limit: Limit
    warn: Warn | None
    grace: Limit | None
    source: str
    last_call: Limit | None = None


@dataclass(frozen=True)
class _Row:
    criteria: tuple[str, str, str]
    rule: DeadlineRule

    def matches(self, given: tuple[str, str, str]) -> bool:
        return all(not wanted or wanted == value for wanted, value in zip(self.criteria, given, strict=True))


class DeadlineTable:
    """Immutable; lookups are cached."""

    def __init__(self, rows: Mapping[str, tuple[_Row, ...]]) -> None:
        self._rows = rows
        self.stages = frozenset(rows)
        self.lookup = lru_cache(maxsize=4096)(self._lookup)

    def _lookup(self, stage: str, kind: str, urgency: str, level: str) -> DeadlineRule:
        """The first rule of `stage` that matches. Raises KeyError for an unknown stage."""
        return next(row.rule for row in self._rows[stage] if row.matches((kind, urgency, level)))

    def rules(self) -> list[tuple[tuple[str, str, str], DeadlineRule]]:
        """Every row with its criteria, for people to read."""
        return [(row.criteria, row.rule) for rows in self._rows.values() for row in rows]


def compile_table(content: bytes) -> DeadlineTable:
    """Raises DefinitionRefused with the row's id for whatever cannot be read."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    root = etree.fromstring(content, parser)
    rows: dict[str, list[_Row]] = {}
    findings: list[dict[str, str]] = []
    for node in root.iter("{*}rule"):
        try:
            row = _read(node)
        except ValueError as error:
            findings.append({"element": str(node.get("id")), "reason": str(error), "instead": _EXAMPLE})
            continue
        rows.setdefault(row.rule.stage, []).append(row)
    for stage, found in rows.items():
        if any(found[-1].criteria):
            reason = f"stage {stage} does not end with a row that matches everything"
            findings.append(
                {"element": found[-1].rule.row_id, "reason": reason, "instead": "add a row with empty inputs"}
            )
    if findings:
        raise DefinitionRefused(findings)
    return DeadlineTable({stage: tuple(found) for stage, found in rows.items()})


_EXAMPLE = 'limit 5, unit "wd", warn "75 %" or "3 d before" or "20 d" or "20 d, 27 d", grace "1 wd" or "-"'


def _read(node: Any) -> _Row:
    inputs = [_cell(each) for each in node.iter("{*}inputEntry")]
    outputs = [_cell(each) for each in node.iter("{*}outputEntry")]
    if len(inputs) != len(INPUTS) or len(outputs) != len(OUTPUTS):
        raise ValueError(f"a row has {len(INPUTS)} inputs and {len(OUTPUTS)} outputs")
    stage, kind, urgency, level = inputs
    amount, unit, warn, grace, source = outputs
    if not stage:
        raise ValueError("the stage is empty")
    if not amount.isdigit() or unit not in UNITS:
        raise ValueError(f"limit {amount!r} {unit!r} is not a number of {', '.join(UNITS)}")
    limit = Limit(int(amount), unit, statutory=source.startswith(_STATUTORY))
    warn, _, last = warn.partition(", ")
    last_call = _span(last) if last else None
    rule = DeadlineRule(str(node.get("id")), stage, limit, _warn(warn), _grace(grace), source, last_call)
    return _Row((kind, urgency, level), rule)


def _cell(node: Any) -> str:
    text = "".join(node.itertext()).strip()
    if text == "-":
        return text
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return text[1:-1]
    if text and not text.isdigit():
        raise ValueError(f"{text!r} is not a constant")
    return text


def _span(text: str) -> Limit:
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not an amount of {', '.join(UNITS)}")
    return Limit(int(found[1]), found[2])


def _warn(text: str) -> Warn | None:
    if text in {"", "-"}:
        return None
    if text.endswith("%"):
        percent = int(text.rstrip(" %"))
        if not 0 < percent < 100:
            raise ValueError(f"{text!r} is not a share of the limit")
        return Warn(percent=percent)
    if text.endswith(" before"):
        return Warn(before=_span(text.removesuffix(" before")))
    return Warn(after=_span(text))


def _grace(text: str) -> Limit | None:
    return None if text in {"", "-"} else _span(text)
