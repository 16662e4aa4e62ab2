"""Forms of the follow-up of a mediation (调解回访)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.calendar import ZONE
from processes.mediations.follow_up import agreement_of
from processes.procedures.models import Procedure
from web.pages.acts.fields import Fill, Form
from web.pages.form_view import Field
from web.translation import t
from web.words import moments

if TYPE_CHECKING:
    from engine.db import Session
    from engine.worklist import WorkItem
    from processes.cases.models import Case
    from processes.mediations.models import Agreement

WANTED: Mapping[str, Sequence[str]] = {
    "ask_confirmation": ("result", "court_no", "words"),
    "decide_confirmation": ("result", "court_no", "decided_on", "words"),
    "visit_performance": ("performed", "words", "files"),
    "guide_after": ("route", "told_on", "words"),
}
"""The optional fields that make sense for an action."""
YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "med_performance.performed": (("已履行", "Performed"), ("未履行", "Broken")),
}
"""What yes and no say, by `form.field`."""
INTROS: Mapping[str, tuple[str, str]] = {
    "ask_confirmation": (
        "须双方共同申请。不申请或逾期，协议仍有约束力，但不能直接申请强制执行。",
        "Both have to ask. Without it the agreement still binds, but cannot be enforced at once.",
    ),
    "decide_confirmation": (
        "三日内决定是否受理，受理后十五日内裁定，经批准可延长十日。",
        "Three days to accept, then fifteen to decide; ten more with the president's approval.",
    ),
    "visit_performance": (
        "未履行的，事件重新办理，并须告知双方执行途径。",
        "If it was broken, the case is taken up again and both are told how to enforce it.",
    ),
    "guide_after": (
        "经司法确认的协议可申请强制执行，其他协议可起诉。",
        "A confirmed agreement can be enforced; of any other the way is a suit.",
    ),
}
"""What will happen, said before it does."""


def _agreement(session: Session, item: WorkItem) -> Agreement:
    procedure = session.scalars(select(Procedure).where(Procedure.instance_id == item.instance_id)).one()
    return agreement_of(session, procedure)


def _by_when(session: Session, _case: Case, item: WorkItem, field: Field) -> Field:
    """Until when it can be asked for, and what stands in the way."""
    agreement = _agreement(session, item)
    if agreement.oral:
        return replace(
            field, help=t("口头协议须先补签书面协议才能申请。", "An oral agreement has to be written down first.")
        )
    at = moments.moment(agreement.confirm_by, session.env.clock.now())
    return replace(field, help=t(f"最晚 {at} 申请。", f"At the latest {at}."))


def _decided_on(session: Session, _case: Case, item: WorkItem, field: Field) -> Field:
    today = session.env.clock.now().astimezone(ZONE).date().isoformat()
    applied = _agreement(session, item).applied_at
    earliest = applied.astimezone(ZONE).date().isoformat() if applied is not None else ""
    return replace(field, value=today, latest=today, earliest=earliest)


def _told_on(session: Session, _case: Case, _item: WorkItem, field: Field) -> Field:
    today = session.env.clock.now().astimezone(ZONE).date().isoformat()
    return replace(field, value=today, latest=today)


def _ways(session: Session, _case: Case, item: WorkItem, field: Field) -> Field:
    """Enforcement only of what a court has confirmed."""
    confirmed = _agreement(session, item).confirmation == "confirmed"
    choices = [choice for choice in field.choices if confirmed or choice.value != "enforcement"]
    return replace(field, choices=choices, value="enforcement" if confirmed else "litigation")


FILL: Mapping[str, Fill] = {
    "med_confirmation.result": _by_when,
    "court_decision.decided_on": _decided_on,
    "follow_guidance.told_on": _told_on,
    "follow_guidance.route": _ways,
}
"""What is known already, and what can be chosen."""
BESIDE: Mapping[str, Form] = {}
"""Forms that are sent elsewhere than to a work item."""
