"""Forms of mediation (调解)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.calendar import ZONE
from engine.network.people import masked, name_of
from processes.mediations import committees
from processes.mediations.appointing import MediatorRefused, check_conflict
from processes.procedures.models import Procedure
from web.pages.acts.fields import Beside, Fill, Form
from web.pages.form_view import Choice, Field
from web.translation import t
from web.words import codes, names

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.worklist import WorkItem
    from processes.cases.models import Case

WANTED: Mapping[str, Sequence[str]] = {
    "take_consent": ("all_willing", "unwilling", "how", "asked_on", "protection", "words"),
    "appoint_mediator": ("mediator", "conflict_checked", "with_lawyer", "lawyer"),
    "record_session": ("result", "held_on", "attending", "record", "with_expert", "files"),
    "end_pause": ("expert_opinion", "files"),
    "ask_longer": ("both_agree", "until", "words"),
    "agree": ("result", "oral", "facts", "terms", "perform_by", "signers", "sealed", "route", "words"),
    "guide": ("way", "told_on", "route", "words"),
}
"""The optional fields that make sense for an action."""
YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "med_consent.all_willing": (("双方都同意", "Both are willing"), ("有一方不同意", "One is not")),
    "med_longer.both_agree": (("双方都同意延长", "Both agree"), ("不再延长", "Stop here")),
}
"""What yes and no say, by `form.field`."""
INTROS: Mapping[str, tuple[str, str]] = {
    "mediate": (
        "由调解组织征求双方意愿；调解期间办理时限随之顺延，事件不能办结。",
        "The committee asks both parties; meanwhile the case has more time and cannot be settled.",
    ),
    "take_consent": ("一方不同意，不得调解，须告知其他途径。", "Without both there is no mediation: tell other ways."),
    "record_session": ("任何一方都可以随时终止调解。", "Either party may stop at any time."),
    "ask_longer": ("只有双方都同意才能延长，且只能延长一次。", "Only when both agree, and only once."),
    "agree": (
        "协议生效后调解结束，双方三十日内可共同申请司法确认。",
        "The mediation ends with it; both may ask the court to confirm it within thirty days.",
    ),
    "guide": ("调解终止，双方须知道还能走哪些途径。", "The mediation ends; both parties must know other ways."),
}
"""What will happen, said before it does."""


def _mediate(session: Session, _actor: Actor, case: Case) -> Beside:
    found = committees.choices(session, case)
    choices = [Choice(each.unit.code, f"{codes.label(each.kind)} · {names.unit(each.unit)}") for each in found]
    committee = Field("committee", t("调解组织", "Committee"), "select", required=True, choices=choices)
    if choices:
        committee = replace(committee, value=choices[0].value)
    suits = [
        Choice("none", t("诉前", "Before a suit")),
        Choice("ordinary", t("诉讼中，普通程序", "Within a suit, ordinary")),
        Choice("simple", t("诉讼中，简易程序", "Within a suit, simple")),
    ]
    suit = Field(
        "suit",
        t("法院调解的阶段", "Stage, of the court"),
        "select",
        choices=suits,
        value="none",
        help=t("只在法院调解时选择。", "Only when the court mediates."),
    )
    return "/mediations", (), (committee, *([suit] if _has_court(found) else []))


def _has_court(found: Sequence[committees.Choice]) -> bool:
    return any(each.unit.slug == committees.COURT for each in found)


def _mediators(session: Session, case: Case, item: WorkItem, field: Field) -> Field:
    """Those of the committee who have no conflict of interest; how many have to stand aside."""
    procedure = session.scalars(select(Procedure).where(Procedure.instance_id == item.instance_id)).one()
    offered = committees.mediators(session, case, procedure.unit_id)
    free = []
    for staff in offered:
        try:
            check_conflict(session, case, staff)
        except MediatorRefused:
            continue
        free.append(Choice(staff.staff_no, f"{masked(name_of(session, staff))} {staff.staff_no}"))
    aside = len(offered) - len(free)
    help_ = t(f"{aside} 人须回避，未列出。", f"{aside} must stand aside and are not listed.") if aside else ""
    return replace(field, control="select", choices=free, help=help_, value=free[0].value if len(free) == 1 else None)


def _past(session: Session, _case: Case, _item: WorkItem, field: Field) -> Field:
    today = session.env.clock.now().astimezone(ZONE).date().isoformat()
    return replace(field, value=today, latest=today)


def _ahead(days: int) -> Fill:
    def fill(session: Session, _case: Case, _item: WorkItem, field: Field) -> Field:
        today = session.env.clock.now().astimezone(ZONE).date()
        return replace(field, earliest=(today + timedelta(days=days)).isoformat())

    return fill


def _protection(_session: Session, case: Case, _item: WorkItem, field: Field) -> Field:
    if case.restricted:
        return replace(field, help=t("限制可见的事件须先告知。", "Required in a restricted case."))
    return field


def _signers(_session: Session, _case: Case, _item: WorkItem, field: Field) -> Field:
    help_ = t("书面协议至少两人签字；口头协议不填。", "At least two for a written agreement; none for an oral one.")
    return replace(field, help=help_, add=t("添加签字人", "Add a signature"))


FILL: Mapping[str, Fill] = {
    "med_appoint.mediator": _mediators,
    "med_consent.asked_on": _past,
    "med_consent.protection": _protection,
    "med_session.held_on": _past,
    "med_guidance.told_on": _past,
    "med_longer.until": _ahead(1),
    "med_agreement.perform_by": _ahead(0),
    "med_agreement.signers": _signers,
}
"""What is known already, and who can be chosen."""
BESIDE: Mapping[str, Form] = {"mediate": _mediate}
"""Forms that are sent elsewhere than to a work item."""
