"""Import of units and staff: all or nothing, every bad row with its line and reason, importing again is an update."""

from __future__ import annotations

import csv
import hashlib
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from engine.errors import Conflict, ImportRefused, NotFound
from engine.network.units import KINDS, Beside, CentreCover, Level, Unit, by_code
from engine.trail import entries
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

MAX_BYTES = 20 * 1024 * 1024
MAX_TEXT = 64
CODE_LENGTH = {Level.DISTRICT: 6, Level.SUBDISTRICT: 9, Level.VILLAGE: 12, Level.GRID: 15, Level.CELL: 18}
"""6 digits of GB/T 2260, 3 + 3 of the statistical code, then 3 for a grid and 3 for a cell."""
_BESIDE_CODE = re.compile(r"-([a-z][a-z0-9_]*)$")
_REASONS = {
    "bad_encoding": ("is neither UTF-8 nor GB18030", "既非 UTF-8 也非 GB18030 编码"),
    "too_large": ("the file is larger than 20 MiB", "文件超过 20 MiB"),
    "missing_column": ("column {value} is missing", "缺少列 {value}"),
    "unknown_level": ("level {value!r} is unknown", "层级 {value!r} 不存在"),
    "empty_name": ("the name is empty", "名称为空"),
    "too_long": ("name or code is longer than 64 characters", "名称或编码超过 64 个字符"),
    "not_a_table": ("is not a CSV table: {value}", "不是 CSV 表格：{value}"),
    "code_length": ("code {value} has the wrong length for its level", "编码 {value} 的长度与层级不符"),
    "duplicate_code": ("code {value} stands twice", "编码 {value} 重复"),
    "unknown_parent": ("parent {value} is unknown", "上级 {value} 不存在"),
    "level_order": ("cannot hang below {value}", "不能挂在 {value} 之下"),
    "code_not_under_parent": ("the code does not begin with {value}", "编码未以 {value} 开头"),
    "cycle": ("the parents form a cycle at {value}", "上级关系在 {value} 处成环"),
    "unknown_cover": ("covers {value}, which is no subdistrict", "覆盖的 {value} 不是乡镇街道"),
    "level_changed": ("{value} has another level already", "{value} 已有其他层级"),
}


class UnitHasOpenWork(Conflict):
    """{count} open cases lie at {unit} or below; move them first, then close it."""

    code = "unit_has_open_work"
    zh = "{unit} 及其下级还有 {count} 件在办事件；请先移交再停用。"


@dataclass
class ImportSummary:
    """How many units an import made, changed, and found as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0


@dataclass
class UnitRow:
    """A line of the file."""

    line: int
    code: str
    parent_code: str
    level: str
    name: str
    covers: list[str] = field(default_factory=list)

    @property
    def is_beside(self) -> bool:
        return self.level in {str(kind) for kind in Beside}


def finding(line: int, code: str, value: Any = "") -> dict[str, Any]:
    """One bad row, in both languages."""
    reason, zh = _REASONS[code]
    return {"line": line, "code": code, "reason": reason.format(value=value), "zh": zh.format(value=value)}


def import_units(session: Session, actor_ref: str, content: bytes) -> ImportSummary:
    """Bring the network to what the file says; units that it does not name stay. Raises ImportRefused."""
    rows = read_units(content)
    standing = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.valid_to.is_(None)))}
    findings = check_units(rows, {code: unit.level for code, unit in standing.items()})
    if findings:
        raise ImportRefused(sorted(findings, key=lambda each: each["line"]))
    return _write(session, actor_ref, rows, standing, hashlib.sha256(content).hexdigest())


def decode(content: bytes) -> str:
    """Text of an uploaded file, UTF-8 or GB18030. Raises ImportRefused."""
    if len(content) > MAX_BYTES:
        raise ImportRefused([finding(0, "too_large")])
    if b"\0" in content:
        raise ImportRefused([finding(content[: content.index(b"\0")].count(b"\n") + 1, "bad_encoding")])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
    raise ImportRefused([finding(line, "bad_encoding")])


def read_table(content: bytes, columns: tuple[str, ...]) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(line, record) of a CSV. Raises ImportRefused when it is none, or a column is missing."""
    reader = csv.DictReader(io.StringIO(decode(content), newline=""))
    try:
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            raise ImportRefused([finding(1, "missing_column", column) for column in missing])
        for record in reader:
            yield reader.line_num, {key: (value or "").strip() for key, value in record.items() if isinstance(key, str)}
    except csv.Error as error:
        raise ImportRefused([finding(reader.line_num, "not_a_table", error)]) from None


def read_units(content: bytes) -> list[UnitRow]:
    return [
        UnitRow(line, r["code"], r["parent_code"], r["level"], r["name"], r.get("covers", "").split())
        for line, r in read_table(content, ("code", "parent_code", "level", "name"))
    ]


def check_units(rows: list[UnitRow], standing: Mapping[str, str]) -> list[dict[str, Any]]:
    """All findings. `standing`: code → level of the units that are there already."""
    levels = {**standing, **{row.code: row.level for row in rows}}
    findings: list[dict[str, Any]] = []
    seen: set[str] = set()
    for row in rows:
        if row.code in seen:
            findings.append(finding(row.line, "duplicate_code", row.code))
        seen.add(row.code)
        findings += [finding(row.line, code, value) for code, value in _faults(row, levels, standing)]
    return findings + _cycles(rows)


def _faults(  # noqa: C901 # a list of rules
    row: UnitRow, levels: Mapping[str, str], standing: Mapping[str, str]
) -> Iterator[tuple[str, str]]:
    if row.level not in {str(kind) for kind in KINDS}:
        yield "unknown_level", row.level
        return
    if not row.name:
        yield "empty_name", ""
    if max(len(row.name), len(row.code)) > MAX_TEXT:
        yield "too_long", ""
    if standing.get(row.code, row.level) != row.level:
        yield "level_changed", row.code
    if not _code_fits(row):
        yield "code_length", row.code
    if row.level == Level.DISTRICT:
        if row.parent_code:
            yield "level_order", row.parent_code
        return
    if row.parent_code not in levels:
        yield "unknown_parent", row.parent_code
    elif not _may_hang(row.level, levels[row.parent_code]):
        yield "level_order", levels[row.parent_code]
    elif not row.code.startswith(row.parent_code):
        yield "code_not_under_parent", row.parent_code
    for covered in row.covers:
        if levels.get(covered) != Level.SUBDISTRICT:
            yield "unknown_cover", covered


def _code_fits(row: UnitRow) -> bool:
    if row.is_beside:
        return _BESIDE_CODE.search(row.code) is not None
    return row.code.isdigit() and len(row.code) == CODE_LENGTH[Level(row.level)]


def _may_hang(level: str, parent_level: str) -> bool:
    """A level hangs right below the next higher one; a department beside any of the upper three."""
    if parent_level not in {str(each) for each in Level}:
        return False
    if level in {str(kind) for kind in Beside}:
        return Level(parent_level).rank <= Level.VILLAGE.rank
    return Level(level).rank == Level(parent_level).rank + 1


def _cycles(rows: list[UnitRow]) -> list[dict[str, Any]]:
    parents = {row.code: row.parent_code for row in rows}
    found = []
    for row in rows:
        seen, code = set(), row.code
        while code in parents and code not in seen:
            seen.add(code)
            code = parents[code]
        if code == row.code and code in seen:
            found.append(finding(row.line, "cycle", row.code))
    return found


def _write(
    session: Session, actor_ref: str, rows: list[UnitRow], standing: dict[str, Unit], digest: str
) -> ImportSummary:
    summary, now = ImportSummary(), session.env.clock.now()
    drafts: dict[int, list[Draft]] = {}
    for tier in _tiers(rows):
        new = [row for row in tier if row.code not in standing]
        known = [(standing[row.code], row.name) for row in tier if row.code in standing]
        for unit, name in known:
            if unit.name != name:
                draft = Draft("network:unit:rename", actor_ref, f"unit:{unit.code}", {"id": unit.id})
                drafts.setdefault(unit.district_id, []).append(draft)
                unit.name = name
                summary.updated += 1
        standing |= _create(session, new, standing)
        summary.created += len(new)
    summary.unchanged = len(rows) - summary.created - summary.updated
    _cover(session, rows, standing)
    session.flush()
    counts = {"sha256": digest, "created": summary.created, "updated": summary.updated}
    for row in rows:
        if row.level == Level.DISTRICT:
            district = standing[row.code]
            drafts.setdefault(district.id, []).append(
                Draft("network:unit:import", actor_ref, f"unit:{district.code}", counts)
            )
    for district_id, found in drafts.items():
        entries.append(session, district_id, now, found)
    return summary


def _tiers(rows: list[UnitRow]) -> Iterator[list[UnitRow]]:
    """The rows level by level, so that every parent stands before its children; what hangs beside comes last."""

    def place(row: UnitRow) -> tuple[int, bool]:
        return len(row.code.split("-")[0]), row.is_beside

    for _, tier in groupby(sorted(rows, key=lambda row: (*place(row), row.code)), key=place):
        yield list(tier)


def _create(session: Session, rows: list[UnitRow], standing: Mapping[str, Unit]) -> dict[str, Unit]:
    """New units of one tier, whose parents all stand already: numbered in one go, then given their paths."""
    now = session.env.clock.now()
    made = {row.code: _new(row, standing.get(row.parent_code), now) for row in rows}
    session.add_all(made.values())
    session.flush()
    for row in rows:
        unit, parent = made[row.code], standing.get(row.parent_code)
        unit.path = f"{parent.path if parent else '/'}{unit.id}/"
        if parent is None:
            unit.district_id = unit.id
            entries.open_log(session, unit.id, unit.code)
    return made


def _new(row: UnitRow, parent: Unit | None, now: datetime) -> Unit:
    slug = _BESIDE_CODE.search(row.code)
    return Unit(
        code=row.code,
        slug=slug[1] if slug else None,
        level=row.level,
        name=row.name,
        parent_id=parent.id if parent else None,
        district_id=parent.district_id if parent else 0,
        path="",
        valid_from=now,
    )


def _cover(session: Session, rows: list[UnitRow], standing: Mapping[str, Unit]) -> None:
    for row in rows:
        if row.level == Beside.CENTRE:
            centre = standing[row.code]
            session.execute(delete(CentreCover).where(CentreCover.centre_id == centre.id))
            covered = [{"centre_id": centre.id, "unit_id": standing[code].id} for code in row.covers]
            if covered:
                session.execute(insert(CentreCover), covered)


def close_unit(session: Session, actor: Actor, code: str) -> Unit:
    """停用: end a unit's validity. Raises NotFound, UnitHasOpenWork."""
    unit = by_code(session, code)
    if unit is None or unit.district_id != actor.district_id:
        raise NotFound
    below = list(session.scalars(select(Unit.id).where(Unit.path.startswith(unit.path), Unit.valid_to.is_(None))))
    count = sum(counter(session, below) for counter in session.env.registry.open_work_counters)
    if count:
        raise UnitHasOpenWork(count=count, unit=code)
    unit.valid_to = session.env.clock.now()
    draft = Draft("network:unit:close", actor.ref, f"unit:{code}", {"id": unit.id})
    session.drafts.append((unit.district_id, draft))
    return unit
