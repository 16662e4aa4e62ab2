"""Forms of whistle (吹哨报到)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.units import Beside as UnitKind
from engine.network.units import Unit, get
from processes.cases.permissions import convening_units
from processes.codes import WhistleReason
from processes.procedures.models import Procedure
from processes.whistles.calling import offered
from processes.whistles.calls import to_rate
from web.pages.acts.fields import Beside, Fill, Form, area
from web.pages.form_view import Choice, Field
from web.translation import t
from web.words import codes, names

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.worklist import WorkItem
    from processes.cases.models import Case

WANTED: Mapping[str, Sequence[str]] = {
    "answer_whistle": ("coming", "people", "reason"),
    "rule_refusal": ("must_come", "reason"),
    "arrive": ("position", "no_position", "files", "words"),
    "feed_back": ("measures", "files"),
    "dismiss": ("finished", "departments", "notes"),
    "rate_departments": ("ratings",),
}
"""The optional fields that make sense for an action."""
YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "whistle_answer.coming": (("到场", "Coming"), ("不到场", "Not coming")),
    "refusal_ruling.must_come": (("须到场", "Must come"), ("免予到场", "Need not come")),
    "whistle_close.finished": (
        ("已办完，部门撤离", "Finished, they may go"),
        ("未办完，再次吹哨", "Not finished, whistle again"),
    ),
}
"""What yes and no say, by `form.field`."""
INTROS: Mapping[str, tuple[str, str]] = {
    "whistle": (
        "部门须按时应哨、到场，事不完、人不撤；销哨前事件不能自办。",
        "Departments must answer and come in time, and stay until it is done; the case cannot be settled before.",
    ),
    "ask_whistle": (
        "由覆盖本地的法务服务中心或街道的分拨员决定是否吹哨。",
        "The dispatcher of the legal service centre or of the subdistrict decides whether to call departments.",
    ),
    "answer_whistle": (
        "不到场由区级裁定；逾期不应哨视为到场，并报区级督办。",
        "The district rules on a refusal. No answer counts as coming, and is supervised.",
    ),
    "rule_refusal": ("裁定须到场的，部门按到场时限报到。", "If it must come, its time to arrive begins now."),
    "arrive": (
        "请在现场提交；提交时间即到场时间。",
        "Send this at the place: the time of sending is the time of arrival.",
    ),
    "feed_back": ("反馈后须等吹哨单位销哨才能撤离。", "After this you stay until the caller dismisses you."),
    "rate_departments": (
        "1 分很差，5 分很好；评分告知部门负责人。",
        "1 is very bad, 5 very good; their leaders are told.",
    ),
}
"""What will happen, said before it does."""
SCORES = ("1", "2", "3", "4", "5")


def _whistle(session: Session, actor: Actor, case: Case) -> Beside:
    callers = convening_units(session, actor, case)
    fields: list[Field] = []
    fixed: list[tuple[str, str, str]] = []
    if len(callers) > 1:
        units = [Choice(unit.code, names.unit(unit)) for unit in callers]
        fields.append(
            Field("unit", t("吹哨单位", "Caller"), "radio", required=True, choices=units, value=callers[0].code)
        )
    elif callers:
        fixed.append(("unit", callers[0].code, ""))
    reasons = [Choice(reason.value, _capital(codes.label(reason))) for reason in WhistleReason]
    caller_id = callers[0].id if callers else None
    fields += [
        Field(
            "reason",
            t("吹哨事由", "Reason"),
            "radio",
            required=True,
            choices=reasons,
            help=t("应急处置须 10 分钟内应哨、30 分钟内到场。", "Emergency: answer in 10 minutes, arrive in 30."),
        ),
        Field(
            "departments",
            t("吹哨部门", "Departments"),
            "units",
            required=True,
            choices=[_choice(unit) for unit in offered(session, case, caller_id)],
        ),
        area("words", "要办的事和集合地点", "What is to be done, and where to meet", 4000),
    ]
    return "/whistles", fixed, fields


def _ask(_session: Session, _actor: Actor, _case: Case) -> Beside:
    return "/whistle-requests", (), (area("words", "需要哪些部门、办什么", "Which departments, and what for", 4000),)


def _choice(unit: Unit) -> Choice:
    note = "" if unit.level == UnitKind.DEPARTMENT else t(*names.LEVELS[unit.level])
    return Choice(unit.code, names.unit(unit), note)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _still_needed(session: Session, case: Case, item: WorkItem, field: Field) -> Field:
    """Those that were called are proposed; others may be added."""
    procedure = _procedure(session, item)
    units = offered(session, case, procedure.unit_id, besides=procedure.id)
    called = {get(session, call.unit_id).code for call in to_rate(session, procedure)}
    ordered = sorted(units, key=lambda unit: (unit.code not in called, unit.level, unit.code))
    return replace(field, choices=[_choice(unit) for unit in ordered])


def _ratings(session: Session, _case: Case, item: WorkItem, field: Field) -> Field:
    """One row for each department that was called."""
    calls = to_rate(session, _procedure(session, item))
    rows = [_rating(f"{field.name}.{index}", get(session, call.unit_id)) for index, call in enumerate(calls)]
    return replace(field, control="group", label="", fields=rows)


def _rating(name: str, unit: Unit) -> Field:
    scores = [Choice(score, score) for score in SCORES]
    parts = (
        Field(f"{name}.unit", "", "hidden", value=unit.code),
        Field(f"{name}.score", t("评分", "Score"), "score", required=True, choices=scores),
        Field(f"{name}.words", t("评语", "Words"), "text", max_length=1000),
    )
    return Field(name, names.unit(unit), "group", required=True, fields=parts)


def _procedure(session: Session, item: WorkItem) -> Procedure:
    return session.scalars(select(Procedure).where(Procedure.instance_id == item.instance_id)).one()


FILL: Mapping[str, Fill] = {"whistle_close.departments": _still_needed, "whistle_rating.ratings": _ratings}
"""What is known of a field before it is filled in, by `form.field`."""
BESIDE: Mapping[str, Form] = {"whistle": _whistle, "ask_whistle": _ask}
"""Forms that are sent elsewhere than to a work item."""
