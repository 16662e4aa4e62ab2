"""Forms of supervision (督办): to begin one, to judge a reply, and of its upper rungs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.calendar import ZONE
from processes.codes import Rung
from processes.supervisions.models import Supervision
from processes.supervisions.operations import COMMANDER, FIRST, FIRST_OF_COMMANDER, LADDER
from processes.supervisions.points import points_of
from web.pages.acts.fields import Beside, Fill, Form
from web.pages.form_view import Choice, Field
from web.translation import t
from web.words import codes

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.worklist import WorkItem
    from processes.cases.models import Case


def _supervise(_session: Session, actor: Actor, _case: Case) -> Beside:
    rungs = FIRST_OF_COMMANDER if COMMANDER in actor.roles else FIRST
    choices = [Choice(rung.value, _capitalised(rung)) for rung in rungs]
    rung = Field("rung", t("方式", "How"), "radio", required=True, choices=choices, value=Rung.URGE.value)
    return "/supervisions", (), (rung,)


def _capitalised(rung: Rung) -> str:
    label = codes.label(rung)
    return label[:1].upper() + label[1:]


def _points(session: Session, case: Case, item: WorkItem, field: Field) -> Field:
    """What the district takes off for the next rung stands there already."""
    standing = session.scalars(select(Supervision).where(Supervision.instance_id == item.instance_id)).one()
    above = LADDER[min(LADDER.index(Rung(standing.rung)) + 1, len(LADDER) - 1)]
    usual = points_of(session, case.district_id)[above]
    help_ = t(
        f"下一级为{codes.label(above)}，规定扣 {usual} 分；不填按规定。",
        f"The next rung is {codes.label(above)}, which takes off {usual}; left empty, that holds.",
    )
    return replace(field, help=help_)


def _until_today(session: Session, _case: Case, _item: WorkItem, field: Field) -> Field:
    today = session.env.clock.now().astimezone(ZONE).date().isoformat()
    return replace(field, latest=today, value=today)


WANTED: Mapping[str, Sequence[str]] = {
    "hold_interview": ("held_on", "present", "minutes", "files"),
    "report_account": ("findings", "advice", "adopted", "feedback"),
}
"""The optional fields that make sense for an action."""
YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "sup_account.adopted": (("已采纳", "Taken"), ("未采纳", "Not taken")),
}
"""What yes and no say, by `form.field`."""
INTROS: Mapping[str, tuple[str, str]] = {
    "supervise": (
        "承办单位负责人须在时限内回复；一般事件在工作时间送达，特急事件立即送达。",
        "The leader of the unit that holds it must reply in time. It is told in office hours, at once if extra urgent.",
    ),
    "hold_interview": (
        "约谈后督办进入问责建议；整改已到位的，请先取消督办。",
        "After the interview comes the report for accountability. If all is put right, cancel the supervision instead.",
    ),
    "report_account": ("提交后督办归档，扣分保留。", "The supervision is filed; points stay."),
}
"""What will happen, said before it does."""
BESIDE: Mapping[str, Form] = {"supervise": _supervise}
"""Forms that are sent elsewhere than to a work item."""
FILL: Mapping[str, Fill] = {"sup_judge.points": _points, "sup_interview.held_on": _until_today}
"""What is known stands in a field already, by `form.field`."""
