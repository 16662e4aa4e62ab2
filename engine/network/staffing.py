"""Import of staff and their posts: staff_no, name, unit_code, roles (separated by blanks), phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from engine.errors import ImportRefused
from engine.network.importing import ImportSummary, read_table
from engine.network.people import Appointment, Role, Staff, seal_name, seal_phone
from engine.network.units import Unit
from engine.trail.entries import Draft

if TYPE_CHECKING:
    from engine.db import Session

COLUMNS = ("staff_no", "name", "unit_code", "roles", "phone")
LONGEST = {"staff_no": 32, "name": 64, "phone": 32}


def import_staff(session: Session, actor_ref: str, content: bytes) -> ImportSummary:
    """Bring staff and posts to what the file says; people it does not name stay. Raises ImportRefused."""
    records = list(read_table(content, COLUMNS))
    units = {unit.code: unit for unit in session.scalars(select(Unit).where(Unit.valid_to.is_(None)))}
    findings = [each for line, record in records for each in _faults(line, record, units)]
    if findings:
        raise ImportRefused(findings)
    summary = _write_people(session, records, units)
    _write_posts(session, records, units)
    data = {"created": summary.created, "updated": summary.updated}
    for district_id in sorted({units[record["unit_code"]].district_id for _, record in records}):
        session.drafts.append((district_id, Draft("network:staff:import", actor_ref, "staff", data)))
    return summary


def _faults(line: int, record: Any, units: dict[str, Unit]) -> list[dict[str, Any]]:
    found = []
    if not record["staff_no"] or not record["name"]:
        found.append(_bad(line, "empty_name", "staff number or name is empty", "工号或姓名为空"))
    if any(len(record[column]) > longest for column, longest in LONGEST.items()):
        found.append(_bad(line, "too_long", "number, name or telephone is too long", "工号、姓名或电话过长"))
    if record["unit_code"] not in units:
        found.append(_bad(line, "unknown_unit", f"unit {record['unit_code']} is unknown", "单位不存在"))
    unknown = set(record["roles"].split()) - {str(role) for role in Role}
    if unknown or not record["roles"]:
        found.append(_bad(line, "unknown_role", f"unknown role {' '.join(sorted(unknown))}", "角色不存在"))
    return found


def _bad(line: int, code: str, reason: str, zh: str) -> dict[str, Any]:
    return {"line": line, "code": code, "reason": reason, "zh": zh}


def _write_people(session: Session, records: list[Any], units: dict[str, Unit]) -> ImportSummary:
    summary = ImportSummary()
    standing = {staff.staff_no: staff for staff in session.scalars(select(Staff))}
    rows: dict[str, dict[str, Any]] = {}
    for _, record in records:
        number = record["staff_no"]
        if number in rows:
            continue
        known = standing.get(number)
        index = session.env.keys.blind_index(record["name"], "staff.name")
        if known is None:
            sealed, index = seal_name(session, number, record["name"])
            rows[number] = {
                "district_id": units[record["unit_code"]].district_id,
                "staff_no": number,
                "name_sealed": sealed,
                "name_index": index,
                "phone_sealed": seal_phone(session, number, record["phone"]),
                "active": True,
            }
            summary.created += 1
        elif known.name_index != index:
            known.name_sealed, known.name_index = seal_name(session, number, record["name"])
            summary.updated += 1
        else:
            summary.unchanged += 1
    if rows:
        session.execute(insert(Staff), list(rows.values()))
    session.flush()
    return summary


def _write_posts(session: Session, records: list[Any], units: dict[str, Unit]) -> None:
    ids: dict[str, int] = dict(session.execute(select(Staff.staff_no, Staff.id)).all())
    wanted = {
        (ids[record["staff_no"]], units[record["unit_code"]].id, role): units[record["unit_code"]].district_id
        for _, record in records
        for role in record["roles"].split()
    }
    query = select(Appointment).where(Appointment.valid_to.is_(None))
    standing = {(post.staff_id, post.unit_id, post.role): post.id for post in session.scalars(query)}
    named = {staff_id for staff_id, _, _ in wanted}
    now = session.env.clock.now()
    ended = [post_id for key, post_id in standing.items() if key[0] in named and key not in wanted]
    if ended:
        session.execute(update(Appointment).where(Appointment.id.in_(ended)).values(valid_to=now))
    new = [
        {"district_id": district, "staff_id": key[0], "unit_id": key[1], "role": key[2], "valid_from": now}
        for key, district in wanted.items()
        if key not in standing
    ]
    if new:
        session.execute(insert(Appointment), new)
