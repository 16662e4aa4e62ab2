"""Forms of consultation (会商)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.calendar import ZONE
from engine.network.units import Beside as UnitKind
from engine.network.units import Unit, get
from processes.consultations.models import Opinion
from processes.consultations.opening import conveners, invitable
from processes.procedures.models import Procedure
from web.pages.acts.fields import Beside, Fill, Form, area
from web.pages.form_view import Choice, Field
from web.translation import t
from web.words import names

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.worklist import WorkItem
    from processes.cases.models import Case

WANTED: Mapping[str, Sequence[str]] = {
    "give_opinion": ("opinion", "measures", "attend"),
    "hold_meeting": ("held_on", "attendance", "minutes", "files"),
    "form_decision": ("lead", "tasks", "decision"),
}
"""The optional fields that make sense for an action."""
YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "opinion.attend": (("参加", "We come"), ("不参加", "We do not come")),
}
"""What yes and no say, by `form.field`."""
INTROS: Mapping[str, tuple[str, str]] = {
    "consult": (
        "受邀单位同时提交书面意见，逾期记为缺席；事件仍由原单位承办。",
        "The units write their opinions side by side; silence is recorded as absence. The case stays where it is.",
    ),
    "give_opinion": (
        "逾期未提交记为缺席，会议照常召开。",
        "Without it your unit is recorded as absent, and the meeting is held all the same.",
    ),
    "form_decision": (
        "任务按期限计时；牵头单位由承办单位交办或转办落实。",
        "Tasks run against their days. The holder sends the case to the lead unit by assigning or transferring it.",
    ),
}
"""What will happen, said before it does."""


def _consult(session: Session, actor: Actor, case: Case) -> Beside:
    units = conveners(session, actor, case)
    fixed: list[tuple[str, str, str]] = []
    fields: list[Field] = []
    if len(units) > 1:
        choices = [Choice(unit.code, names.unit(unit)) for unit in units]
        label = t("召集单位", "Convener")
        fields.append(Field("unit", label, "radio", required=True, choices=choices, value=units[0].code))
    elif units:
        fixed.append(("unit", units[0].code, ""))
    offered = [_choice(unit) for unit in invitable(session, case, units[0].id if units else None)]
    fields += [
        Field("invited", t("邀请单位", "Units to invite"), "units", required=True, choices=offered),
        area("subject", "会商事项", "What is to be consulted about", 4000),
    ]
    return "/consultations", fixed, fields


def _choice(unit: Unit) -> Choice:
    note = "" if unit.level == UnitKind.DEPARTMENT else t(*names.LEVELS[unit.level])
    return Choice(unit.code, names.unit(unit), note)


def _until_today(session: Session, _case: Case, _item: WorkItem, field: Field) -> Field:
    today = session.env.clock.now().astimezone(ZONE).date().isoformat()
    return replace(field, latest=today, value=today)


def _attendance(session: Session, _case: Case, item: WorkItem, field: Field) -> Field:
    """A tick for each unit that was invited; those who said that they come are ticked already."""
    rows = _opinions(session, item)
    parts = []
    for place, row in enumerate(rows):
        unit, at = get(session, row.unit_id), f"{field.name}.{place}"
        parts.append(Field(f"{at}.unit", "", "hidden", value=unit.code))
        parts.append(Field(f"{at}.present", names.unit(unit), "check", value=bool(row.will_attend)))
    return replace(field, control="group", fields=parts)


def _lead(session: Session, case: Case, item: WorkItem, field: Field) -> Field:
    help_ = t("不选即由原单位继续承办。", "Empty: the case stays with the unit that holds it.")
    return replace(field, control="select", choices=_concerned(session, case, item), help=help_)


def _tasks(session: Session, case: Case, item: WorkItem, field: Field) -> Field:
    today = session.env.clock.now().astimezone(ZONE).date().isoformat()
    choices = _concerned(session, case, item)
    known = {
        "unit": lambda part: replace(part, control="select", choices=choices),
        "task": lambda part: replace(part, control="area"),
        "due": lambda part: replace(part, earliest=today),
    }
    return replace(field, fields=[known[part.name](part) for part in field.fields])


def _concerned(session: Session, case: Case, item: WorkItem) -> list[Choice]:
    """Units that were invited, who holds the case, who convened."""
    ids = [row.unit_id for row in _opinions(session, item)] + [case.owner_id or case.last_owner_id, item.unit_id]
    units = [get(session, unit_id) for unit_id in dict.fromkeys(ids)]
    return [Choice(unit.code, names.unit(unit)) for unit in units]


def _opinions(session: Session, item: WorkItem) -> Sequence[Opinion]:
    query = (
        select(Opinion)
        .join(Procedure, Procedure.id == Opinion.procedure_id)
        .where(Procedure.instance_id == item.instance_id)
        .order_by(Opinion.id)
    )
    return session.scalars(query).all()


BESIDE: Mapping[str, Form] = {"consult": _consult}
"""Forms that are sent elsewhere than to a work item."""
FILL: Mapping[str, Fill] = {
    "meeting.held_on": _until_today,
    "meeting.attendance": _attendance,
    "decision.lead": _lead,
    "decision.tasks": _tasks,
}
"""What is known stands in a field already, by `form.field`."""
