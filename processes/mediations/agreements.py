"""调解协议: written and signed by all, or oral and recorded; with it the mediation ends (ruling 6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine.errors import Bug, Invalid
from engine.worklist import WorkItem
from processes.cases.facts import facts_of
from processes.cases.handling import finding, note, seal_words
from processes.cases.numbers import LOCAL
from processes.mediations import follow_up
from processes.mediations.appointing import stand_in
from processes.mediations.models import Agreement
from processes.mediations.operations import day_of, mediation_of
from processes.mediations.routing import take_route
from processes.procedures import linking

if TYPE_CHECKING:
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

CONFIRM_WITHIN = 30
"""Days in which both parties may ask the court to confirm (人民调解法 art. 33)."""
END_OF_DAY = time(23, 59, 59)
SIGNERS = 2


def write_agreement(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `med_agreement`. Raises Invalid: two signatures or oral, to be performed from today on."""
    stand_in(step)
    sealed = seal_words(step, "med_agreement", data)
    if data["result"] != "signed":
        note(step, "med_agreement", data["result"], sealed)
        return
    mediation, case = mediation_of(step), facts_of(step).case
    oral, signers = bool(data.get("oral")), data.get("signers") or []
    _check(step, data, oral=oral, signed=len({each["name"].strip() for each in signers}))
    agreement = Agreement(
        district_id=case.district_id,
        procedure_id=mediation.procedure_id,
        case_id=case.id,
        number=f"{case.number}-T{_count(step.session, case.id) + 1}",
        oral=oral,
        signatures=len(signers),
        sealed=bool(data.get("sealed")),
        signed_at=step.now,
        perform_by=day_of(data, "perform_by"),
        confirm_by=confirm_by(step.now),
        words=sealed,
    )
    step.session.add(agreement)
    step.session.flush()
    take_route(step, mediation, data["route"])


def _check(step: Step, data: Mapping[str, Any], *, oral: bool, signed: int) -> None:
    if not oral and signed < SIGNERS:
        raise Invalid([finding("signers", "both parties sign, or it is oral", "须双方签字；口头协议请勾选“口头协议”")])
    if day_of(data, "perform_by") < step.now.astimezone(LOCAL).date():
        raise Invalid([finding("perform_by", "lies in the past", "不能早于今天")])


def _count(session: Session, case_id: int) -> int:
    return session.scalar(select(func.count()).select_from(Agreement).where(Agreement.case_id == case_id)) or 0


def confirm_by(signed_at: datetime) -> datetime:
    """The last moment of the thirtieth day after signing; the day of signing is not counted (invariant 12)."""
    day = signed_at.astimezone(LOCAL).date() + timedelta(days=CONFIRM_WITHIN)
    return datetime.combine(day, END_OF_DAY, LOCAL)


def signed(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.mediation_signed`: the mediation is over, the case's owner concludes, the follow-up begins."""
    mediation = mediation_of(step)
    agreement = step.session.scalar(select(Agreement).where(Agreement.procedure_id == mediation.procedure_id))
    if agreement is None:
        raise Bug("signed without an agreement")
    codes = {"number": agreement.number, "oral": agreement.oral, "signatures": agreement.signatures}
    step.record("mediation:agreement:sign", {**codes, "route": mediation.route})
    procedure = linking.finish(step, "agreed")
    step.tell("mediation_agreed", facts_of(step).case.owner_id, "handler", f"p{procedure.id}")
    follow_up.begin(step, agreement)
    return True


def register(registry: Registry) -> None:
    registry.forms["med_agreement"] = write_agreement
    registry.operations["op.mediation_signed"] = signed
