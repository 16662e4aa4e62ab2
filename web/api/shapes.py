"""How rows look as JSON: codes with their labels, units by code and name, times in ISO 8601 UTC."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import select

from engine.network.people import masked
from engine.network.units import Unit
from engine.worklist import WorkItem
from processes.cases.actions import Action
from processes.codes import Code

if TYPE_CHECKING:
    from engine.db import Session


class Strict(BaseModel):
    """Input: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


RowId = Annotated[int, Field(ge=1, le=2**63 - 1)]
"""An id as the databases can hold it; a larger number would fail in the driver."""


class CasePath(Strict):
    """A case by its number."""

    number: str = Field(max_length=32)


class ItemPath(Strict):
    """A work item by its id."""

    item_id: RowId


def iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment is not None else None


def coded(code: Code) -> dict[str, str]:
    """A code with both labels."""
    return {"code": code.value, "zh": code.zh, "en": code.en}


def unit_json(unit: Unit | None) -> dict[str, Any] | None:
    if unit is None:
        return None
    return {"code": unit.code, "name": unit.name, "level": unit.level}


def units_by_id(session: Session, unit_ids: Sequence[int | None]) -> dict[int, Unit]:
    wanted = {unit_id for unit_id in unit_ids if unit_id is not None}
    return {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted)))}


def item_json(session: Session, item: WorkItem, names: dict[int, Unit]) -> dict[str, Any]:
    return {
        "id": item.id,
        "case": item.subject_no,
        "element": item.element,
        "form": item.form,
        "unit": unit_json(names.get(item.unit_id)),
        "role": item.role,
        "state": item.state,
        "created_at": iso(item.created_at),
        "claimed_at": iso(item.claimed_at),
        "version": item.version,
    }


def action_json(action: Action) -> dict[str, Any]:
    return {"code": action.code, "zh": action.zh, "en": action.en, "element": action.element}


def party_json(party: dict[str, Any]) -> dict[str, Any]:
    """A party as everybody sees it: masked (张*, 138****5678, 511302********1234)."""
    shown: dict[str, Any] = {"name": masked(str(party.get("name", ""))), "role": party.get("role")}
    phone, identity = party.get("phone"), party.get("id_no")
    if phone:
        shown["phone"] = phone[:3] + "****" + phone[-4:] if len(phone) > 7 else "****"
    if identity:
        shown["id_no"] = identity[:6] + "********" + identity[-4:] if len(identity) > 10 else "********"
    return shown
