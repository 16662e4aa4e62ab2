"""Units (单位): five levels of network, and what hangs beside them. Codes can pass on; ids never change."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import CheckConstraint, Index, String, select, text
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, BigId
from engine.errors import Bug, NotFound

if TYPE_CHECKING:
    from engine.db import Session

_VALID = text("valid_to is null")


class Level(StrEnum):
    """The five levels, from the top."""

    DISTRICT = "district"
    SUBDISTRICT = "subdistrict"
    VILLAGE = "village"
    GRID = "grid"
    CELL = "cell"

    @property
    def rank(self) -> int:
        """0 for the district, 4 for a cell."""
        return list(Level).index(self)


class Beside(StrEnum):
    """What hangs beside a level and is not one."""

    DEPARTMENT = "department"
    THIRD_PARTY = "third_party"
    CENTRE = "centre"


KINDS = (*Level, *Beside)
_KINDS = ", ".join(f"'{kind.value}'" for kind in KINDS)


class Unit(Base):
    """A node of the network. `path` holds the ids from the district down, `/1/4/9/`."""

    __tablename__ = "unit"
    __table_args__ = (
        Index("uq_unit_code", "code", unique=True, sqlite_where=_VALID, postgresql_where=_VALID),
        Index("ix_unit_path", "path"),
        Index("ix_unit_parent", "parent_id"),
        CheckConstraint(f"level in ({_KINDS})", name="level_known"),
        CheckConstraint("(level = 'district') = (parent_id is null)", name="district_on_top"),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    district_id: Mapped[int] = mapped_column(BigId)
    code: Mapped[str] = mapped_column(String(64))
    slug: Mapped[str | None] = mapped_column(String(32))
    """The short name of a department, third party or centre: police, court …"""
    level: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64))
    parent_id: Mapped[int | None] = mapped_column(BigId)
    path: Mapped[str] = mapped_column(String(128))
    valid_from: Mapped[datetime]
    valid_to: Mapped[datetime | None]


class CentreCover(Base):
    """A centre overlays some subdistricts."""

    __tablename__ = "centre_cover"

    centre_id: Mapped[int] = mapped_column(BigId, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigId, primary_key=True)


def get(session: Session, unit_id: int) -> Unit:
    """Raises NotFound."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound
    return unit


def by_code(session: Session, code: str) -> Unit | None:
    """The valid unit with this code."""
    return session.scalar(select(Unit).where(Unit.code == code, Unit.valid_to.is_(None)))


def covered(session: Session, centre: Unit) -> list[Unit]:
    """The subdistricts that a centre overlays."""
    query = select(Unit).join(CentreCover, CentreCover.unit_id == Unit.id).where(CentreCover.centre_id == centre.id)
    return list(session.scalars(query.order_by(Unit.code)))


def is_within(unit: Unit, root: Unit) -> bool:
    """Whether `unit` is `root` or below it; a test on paths, without a query."""
    return unit.path.startswith(root.path)


def lineage(unit: Unit) -> list[int]:
    """Ids from the district down to the unit itself."""
    return [int(part) for part in unit.path.split("/") if part]


def department(session: Session, district_id: int, slug: str) -> Unit:
    """The valid department, third party or centre of a district. Raises Bug: models name only what exists."""
    query = select(Unit).where(Unit.district_id == district_id, Unit.slug == slug, Unit.valid_to.is_(None))
    found = session.scalar(query)
    if found is None:
        raise Bug(f"district {district_id} has no unit {slug!r}")
    return found


def common_superior(session: Session, one: Unit, other: Unit) -> Unit:
    """The lowest unit strictly above both, or the district itself."""
    shared = [a for a, b in zip(lineage(one), lineage(other), strict=False) if a == b]
    found = get(session, shared[-1])
    if found.id in {one.id, other.id} and found.parent_id is not None:
        return get(session, found.parent_id)
    return found


def nearest_above(session: Session, unit: Unit, level: Level) -> Unit:
    """The unit or its nearest ancestor of `level`; the highest there is when the unit lies above that level."""
    current = unit
    while current.level != level and current.parent_id is not None:
        current = get(session, current.parent_id)
    return current if current.level == level else unit


def network_level_of(session: Session, unit: Unit) -> Level:
    """The level of the network that a unit belongs to; a department counts as what it hangs beside."""
    current = unit
    while current.level not in set(Level) and current.parent_id is not None:
        current = get(session, current.parent_id)
    return Level(current.level)
