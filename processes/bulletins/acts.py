"""Dispositions: counts of the rows that these very actions wrote, and of nothing else (invariant 14).

| code | row |
|---|---|
| `self_handle` 自办 | stays closed as settled by their unit; `on_spot` 当场办结 among them |
| `assign` 交办 | `Assignment` by its assigner |
| `transfer` 转办, `refer_up` 上报, `return` 退回, `escalate` 超时升级 | stays that left that way |
| `supervise` 督办, `urge` 催办 | cards of that rung of supervisions by hand; `by_clock`: those that a clock began |
| `consult` 会商, `whistle` 吹哨, `mediate` 调解 | `Procedure` by the unit that runs it |
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, and_, func, select
from sqlalchemy import case as when

from processes.bulletins.periods import Period
from processes.bulletins.scope import Scope
from processes.bulletins.shape import Acts
from processes.cases.models import Assignment, Stay
from processes.codes import Disposition, ProcedureKind, Rung
from processes.procedures.models import Procedure
from processes.supervisions.models import Card, Supervision

if TYPE_CHECKING:
    from engine.db import Session

HAND = "hand"
LEFT = (Disposition.TRANSFER, Disposition.REFER_UP, Disposition.RETURN, Disposition.ESCALATE)
PROCEDURES = {
    "consult": ProcedureKind.CONSULTATION,
    "whistle": ProcedureKind.WHISTLE,
    "mediate": ProcedureKind.MEDIATION,
}
FIVE = ("self_handle", "assign", "transfer", "supervise", "consult")
"""The five modes of disposition (五种处置方式), in the article's order."""


def count_acts(session: Session, scope: Scope, period: Period) -> Mapping[str, Acts]:
    """By code, all of them, also where nothing was done."""
    return {
        **_stays(session, scope, period),
        "assign": _assigned(session, scope, period),
        **_supervised(session, scope, period),
        **_procedures(session, scope, period),
    }


def during(column: Any, period: Period) -> ColumnElement[bool]:
    return and_(column >= period.begin, column < period.end)


def _stays(session: Session, scope: Scope, period: Period) -> dict[str, Acts]:
    query = (
        select(Stay.outcome, func.count(), _own(Stay.unit_id, scope))
        .where(Stay.district_id == scope.district_id, during(Stay.closed_at, period), scope.acted(Stay.unit_id))
        .group_by(Stay.outcome)
    )
    found = {outcome: Acts(total, own) for outcome, total, own in session.execute(query)}
    settled, on_spot = (found.get(how.value, Acts()) for how in (Disposition.SELF_HANDLE, Disposition.ON_SPOT))
    acts = {"self_handle": Acts(settled.total + on_spot.total, settled.own + on_spot.own), "on_spot": on_spot}
    return acts | {how.value: found.get(how.value, Acts()) for how in LEFT}


def _assigned(session: Session, scope: Scope, period: Period) -> Acts:
    column = Assignment.assigner_id
    query = select(func.count(), _own(column, scope)).where(
        Assignment.district_id == scope.district_id, during(Assignment.assigned_at, period), scope.acted(column)
    )
    return _one(session, query)


def _supervised(session: Session, scope: Scope, period: Period) -> dict[str, Acts]:
    by_hand = Supervision.origin == HAND
    query = (
        select(Card.rung, by_hand, func.count(), _own(Supervision.issuer_id, scope))
        .join(Supervision, Supervision.id == Card.supervision_id)
        .where(
            Card.district_id == scope.district_id,
            during(Card.given_at, period),
            Card.rung.in_((Rung.URGE.value, Rung.SUPERVISE.value)),
            scope.acted(Supervision.issuer_id),
        )
        .group_by(Card.rung, by_hand)
    )
    found = {(rung, bool(hand)): Acts(total, own) for rung, hand, total, own in session.execute(query)}
    acts = {rung.value: found.get((rung.value, True), Acts()) for rung in (Rung.SUPERVISE, Rung.URGE)}
    clock = [found.get((rung, False), Acts()) for rung in acts]
    return acts | {"by_clock": Acts(sum(each.total for each in clock), sum(each.own for each in clock))}


def _procedures(session: Session, scope: Scope, period: Period) -> dict[str, Acts]:
    query = (
        select(Procedure.kind, func.count(), _own(Procedure.unit_id, scope))
        .where(
            Procedure.district_id == scope.district_id,
            during(Procedure.opened_at, period),
            scope.acted(Procedure.unit_id),
        )
        .group_by(Procedure.kind)
    )
    found = {kind: Acts(total, own) for kind, total, own in session.execute(query)}
    return {code: found.get(kind.value, Acts()) for code, kind in PROCEDURES.items()}


def _own(column: Any, scope: Scope) -> ColumnElement[int]:
    return func.sum(when((column == scope.unit.id, 1), else_=0))


def _one(session: Session, query: Select[int, int]) -> Acts:
    total, own = session.execute(query).one()
    return Acts(total, own or 0)
