"""Which resident draws a sort of matter, by the duties (服务职责) as the district has them now.

A district that has no duties of its own yet is served by the default set of `duties.csv`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.network.units import Level, Unit, nearest_above
from processes.centres.codes import ResidentKind
from processes.centres.models import Duty, Resident

if TYPE_CHECKING:
    from engine.db import Session


@dataclass(frozen=True)
class Drawn:
    """The duty that draws a matter, and the unit that has it."""

    duty: Duty
    unit: Unit

    def told(self, language: str) -> str:
        """公安 · 接：接受报警和求助…; in English without the character, which says nothing there."""
        resident = ResidentKind(self.duty.resident)
        if language.startswith("zh"):
            return f"{resident.zh} · {self.duty.sign}：{self.duty.text}"
        return f"{resident.en} ({self.duty.sign}): {self.duty.text_en or self.duty.text}"


def unit_for(
    session: Session, district_id: int, kind: str, type_: str | None = None, place: Unit | None = None
) -> Unit | None:
    """The unit whose duty this sort of matter is; None when no duty draws it, or the unit is not there.

    `place`: where it happened, for duties of the subdistrict; without it the one that is resident in a centre.
    """
    found = drawn(session, district_id, kind, type_, place)
    return found.unit if found else None


def drawn(
    session: Session, district_id: int, kind: str, type_: str | None = None, place: Unit | None = None
) -> Drawn | None:
    """The same with the duty: one for exactly this type before one for every type, then by position."""
    fitting = [duty for duty in duties(session, district_id) if duty.kind == kind and duty.type in {None, type_}]
    for duty in sorted(fitting, key=lambda duty: duty.type is None):
        unit = _unit_of(session, district_id, duty, place)
        if unit is not None:
            return Drawn(duty, unit)
    return None


def duties(session: Session, district_id: int) -> Sequence[Duty]:
    """The open duties of a district by position; the default ones while it has none of its own."""
    query = select(Duty).where(Duty.district_id == district_id).order_by(Duty.position, Duty.code)
    own = session.scalars(query).all()
    if not own:
        return [Duty(district_id=district_id, **row) for row in defaults()]
    return [duty for duty in own if not duty.closed]


@cache
def defaults() -> tuple[dict[str, Any], ...]:
    """The default duties as columns of `Duty`; only signs and number are from the source."""
    text = files("processes.centres").joinpath("duties.csv").read_text("utf-8")
    return tuple(
        {
            "code": row["code"],
            "resident": row["resident"],
            "sign": row["sign"],
            "unit": row["unit"] or None,
            "text": row["text_zh"],
            "text_en": row["text_en"],
            "kind": row["kind"] or None,
            "type": row["type"] or None,
            "service": row["service"] or None,
            "position": position,
            "closed": False,
            "preset": True,
        }
        for position, row in enumerate(csv.DictReader(text.splitlines()), 1)
    )


def unit_called(session: Session, district_id: int, slug: str) -> Unit | None:
    """The valid department, third party or centre of this short name."""
    query = select(Unit).where(Unit.district_id == district_id, Unit.slug == slug, Unit.valid_to.is_(None))
    return session.scalar(query)


def _unit_of(session: Session, district_id: int, duty: Duty, place: Unit | None) -> Unit | None:
    if duty.resident == ResidentKind.THIRD_PARTY:
        return unit_called(session, district_id, duty.unit) if duty.unit else None
    if duty.resident != ResidentKind.SUBDISTRICT:
        return unit_called(session, district_id, duty.resident)
    if place is not None:
        above = nearest_above(session, place, Level.SUBDISTRICT)
        return above if above.level == Level.SUBDISTRICT else None
    query = (
        select(Unit)
        .join(Resident, Resident.unit_id == Unit.id)
        .where(Resident.district_id == district_id, Resident.until.is_(None), Unit.level == Level.SUBDISTRICT)
    )
    return session.scalar(query.order_by(Resident.id).limit(1))
