"""An agreement was broken: its case is taken up again, in whatever state it is by then (processes.md, ruling 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine import vault
from engine.actors import Post
from engine.network.units import get
from processes.cases import readers
from processes.cases.closing import AGREEMENT_BROKEN
from processes.cases.facts import facts_of
from processes.cases.models import Progress
from processes.cases.reporting import report
from processes.codes import OWNED, State
from processes.mediations.models import Agreement
from processes.procedures.linking import of_step

if TYPE_CHECKING:
    from engine.step import Step
    from processes.cases.models import Case

OPEN, REOPENED, NEW = "open", "reopened", "new"
LINE = "taken_up_again"
"""Kind of the line on the old case that names the new one."""
MAX_TITLE, MAX_TEXT = 100, 4000
"""As form `report` has it."""


def take_up_again(step: Step, agreement: Agreement) -> tuple[str, dict[str, Any]]:
    """How, and the number of a new case if there is one.

    An open case stays where it is. One that waits to be rated goes back to its last owner, unless that has happened
    once already. Of one that has ended, a new case is reported that refers to it.
    """
    case = facts_of(step).case
    if State(case.state) in OWNED:
        return OPEN, {}
    if State(case.state) == State.RATING and not case.reopened and case.instance_id is not None:
        step.send(AGREEMENT_BROKEN, case.instance_id)
        return REOPENED, {}
    return NEW, {"case": _report_anew(step, case, agreement).number}


def _report_anew(step: Step, case: Case, agreement: Agreement) -> Case:
    """The same matter at the same place, owned by whoever had it last; the committee sees it."""
    session = step.session
    owner = get(session, case.last_owner_id)
    made = report(session, step.actor, _form(step, case, agreement), on=Post(owner.id, "handler")).case
    readers.admit(session, made, owner, get(session, of_step(step).unit_id))
    line = Progress(
        district_id=case.district_id,
        case_id=case.id,
        unit_id=of_step(step).unit_id,
        actor=step.actor.ref,
        at=step.now,
        kind=LINE,
        outcome=made.number,
    )
    session.add(line)
    return made


def _form(step: Step, case: Case, agreement: Agreement) -> dict[str, Any]:
    told = vault.open_text(step.session, case.summary) or {}
    said = f"原事件 {case.number} 的调解协议 {agreement.number} 未按约定履行。"
    place = get(step.session, case.place_unit_id)
    form = {
        "kind": case.kind,
        "domain": case.domain,
        "type": case.type,
        "urgency": case.urgency,
        "head_count": case.head_count,
        "restricted": case.restricted,
        "place_unit": place.code,
        "title": f"协议未履行：{told.get('title', case.number)}"[:MAX_TITLE],
        "text": f"{said}\n{told.get('text', '')}".strip()[:MAX_TEXT],
        **{name: told[name] for name in ("address", "parties") if told.get(name)},
    }
    return {name: value for name, value in form.items() if value is not None}
