"""What a case's page says of each procedure beside it: one loader and one template for each kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine.network.units import get
from processes.codes import ProcedureKind
from processes.procedures.models import Procedure
from web.pages.procedures import consultations, follow_ups, mediations, petitions, whistles
from web.words import codes

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.network.units import Unit
    from processes.cases.models import Case

_LOADERS: Mapping[str, Callable[[Session, Actor, Procedure], Any]] = {
    ProcedureKind.WHISTLE: whistles.load,
    ProcedureKind.CONSULTATION: consultations.load,
    ProcedureKind.MEDIATION: mediations.load,
    ProcedureKind.MEDIATION_FOLLOW_UP: follow_ups.load,
    ProcedureKind.PETITION: petitions.load,
}


@dataclass(frozen=True)
class Card:
    """One procedure. `detail` is what its kind has to say, shown by `case/procedures/<kind>.html`."""

    id: int
    kind: str
    label: str
    unit: Unit
    opened_at: datetime
    ended_at: datetime | None
    detail: Any

    @property
    def template(self) -> str:
        return f"case/procedures/{self.kind}.html"


def load(session: Session, actor: Actor, case: Case) -> Sequence[Card]:
    """The procedures of a case, open ones first, then the latest."""
    rows = session.scalars(select(Procedure).where(Procedure.case_id == case.id).order_by(Procedure.id.desc())).all()
    return [_card(session, actor, row) for row in sorted(rows, key=lambda row: row.ended_at is not None)]


def _card(session: Session, actor: Actor, row: Procedure) -> Card:
    kind = ProcedureKind(row.kind)
    return Card(
        id=row.id,
        kind=row.kind,
        label=codes.label(kind),
        unit=get(session, row.unit_id),
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        detail=_LOADERS[row.kind](session, actor, row),
    )
