"""The form of one action on a case: which fields it needs, where it is sent, what is said then."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import forms
from engine.calendar import ZONE
from engine.deadlines.book import OVERALL, TASK, Deadline
from engine.instances import ProcessInstance
from engine.network.units import Unit, get
from engine.worklist import OPEN, WorkItem, check_free
from processes.cases.actions import Action, require
from processes.codes import Kind, Urgency
from processes.consultations.preparing import prepared
from processes.requests.models import Request
from processes.requests.operations import EXTENSION, MAX_SUSPENSION_DAYS, longest_extension
from web.pages import acts
from web.pages.acts.fields import Beside, Fill, Form, area
from web.pages.form_view import Choice, Field, fields_of
from web.translation import t
from web.words import codes, deadlines, moments, names

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

_WANTED: Mapping[str, Sequence[str]] = {
    "accept_case": ("kind", "domain", "type", "urgency", "head_count", "place", "restricted", "reason"),
    "merge": ("main_case", "reason"),
    "refer_up": ("reason", "target", "files"),
    "self_handle": ("measures", "files"),
    "assign": ("target", "deadline", "reason", "files"),
    "transfer": ("target", "reason", "files"),
    "answer_return": ("agree", "opinion"),
    "confirm": ("ok", "opinion"),
    "check": ("ok", "finding", "files", "position"),
    "rate": ("answer", "words"),
    "decide_request": ("granted", "opinion"),
    "reply": ("done", "reason", "plan"),
    "judge": ("verdict", "points", "opinion"),
}
"""The optional fields that make sense for an action; what its outcome requires is there anyway."""
WANTED: Mapping[str, Sequence[str]] = {
    **_WANTED,
    **{action: fields for part in acts.ALL for action, fields in part.WANTED.items()},
}
_OUTCOMES = {"accept_case": "accept"}
"""Where a form's outcome has another name as an action."""
_YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "agree": (("同意退回", "Agree"), ("不同意", "Do not agree")),
    "confirm.ok": (("同意销号", "Agreed, done"), ("退回重办", "To be done again")),
    "check.ok": (("通过", "Passed"), ("未通过", "Failed")),
    "granted": (("批准", "Grant"), ("不批准", "Refuse")),
    "done": (("已办结", "Done"), ("未办结", "Not done")),
}
_PARTS_YES_NO = {field: words for part in acts.ALL for field, words in part.YES_NO.items()}
_FILL: Mapping[str, Fill] = {field: fill for part in acts.ALL for field, fill in getattr(part, "FILL", {}).items()}
_WITH_TARGET = frozenset({"target", "place"})
DANGEROUS = frozenset({"decline", "withdraw", "merge"})


@dataclass(frozen=True)
class ActView:
    """A form ready to be rendered. `address`: where it is sent; `fixed`: (name, value, type) of hidden fields."""

    code: str
    title: str
    number: str
    case_title: str
    intro: str
    address: str
    upload: str
    fixed: Sequence[tuple[str, str, str]]
    fields: Sequence[Field]
    said: str

    @property
    def is_dangerous(self) -> bool:
        return self.code in DANGEROUS


def load(session: Session, actor: Actor, case: Case, code: str, title: str) -> ActView:
    """The form of `code`; `title`: the case's. Raises as `actions.require`, and AlreadyTaken when somebody holds it."""
    action = require(session, actor, case, code)
    base = f"/api/v1/cases/{case.number}"
    label = codes_label(action)
    made = ActView(
        code=code,
        title=label,
        number=case.number,
        case_title=title,
        intro=_intro(session, case, code),
        address="",
        upload=f"{base}/attachments",
        fixed=(),
        fields=(),
        said=t(f"{case.number} 已{label}", f"{label}: {case.number}"),
    )
    if action.element is not None:
        return _of_item(session, actor, case, action, made)
    tail, fixed, fields = _BESIDE[code](session, actor, case)
    return replace(made, address=base + tail, fixed=fixed, fields=fields)


def codes_label(action: Action) -> str:
    """The verb of the button."""
    return t(action.zh, action.en[:1].upper() + action.en[1:])


def _of_item(session: Session, actor: Actor, case: Case, action: Action, made: ActView) -> ActView:
    item = _item(session, actor, case, action)
    form = _form(session, item)
    chosen = _outcome(form, action)
    wanted = [name for name in WANTED.get(action.code, ()) if name in form.schema["properties"]]
    request = _request(session, item) if action.code == "decide_request" else None
    if request is not None:
        wanted.append("days" if request.kind == EXTENSION else "review_date")
    fields = fields_of(form, wanted, chosen)
    hidden = [(f"data.{name}", value, "") for name, value in chosen.items()]
    return replace(
        made,
        intro=_asked(request) if request is not None else made.intro,
        address=f"/api/v1/work-items/{item.id}/complete",
        fixed=[*hidden, ("version", str(item.version), "number")],
        fields=[_filled(session, case, action, each, item, request) for each in fields],
    )


def _item(session: Session, actor: Actor, case: Case, action: Action) -> WorkItem:
    """The actor's open item that the action completes. Raises AlreadyTaken."""
    query = select(WorkItem).where(
        WorkItem.subject_id == case.id, WorkItem.element == action.element, WorkItem.state.in_(OPEN)
    )
    items = [item for item in session.scalars(query.order_by(WorkItem.id)) if actor.holds(item.unit_id, item.role)]
    item = next((each for each in items if each.holder_id in {None, actor.staff_id}), items[0])
    check_free(session, actor, item)
    return item


def _form(session: Session, item: WorkItem) -> forms.Form:
    """As the version of the model has it on which the case runs."""
    instance = session.get_one(ProcessInstance, item.instance_id)
    return session.env.catalogue.get(session, instance.definition_id).forms[item.form]


def _outcome(form: forms.Form, action: Action) -> dict[str, str]:
    """The field that decides the way, with the value that this action stands for; nothing where a field is asked."""
    wanted = _OUTCOMES.get(action.code, action.code)
    for name in ("outcome", "result"):
        if wanted in form.schema["properties"].get(name, {}).get("enum", ()):
            return {name: wanted}
    return {}


def _filled(
    session: Session, case: Case, action: Action, field: Field, item: WorkItem, request: Request | None
) -> Field:
    """What is known of the case stands in the field already; a unit is chosen among the sensible ones."""
    name = field.name.rpartition(".")[2]
    fill = _FILL.get(f"{item.form}.{name}")
    if fill is not None:
        return fill(session, case, item, field)
    return _generally_filled(session, case, action, field, item.form, request)


def _generally_filled(
    session: Session, case: Case, action: Action, field: Field, form: str, request: Request | None
) -> Field:
    name = field.name.rpartition(".")[2]
    words = _PARTS_YES_NO.get(f"{form}.{name}") or _YES_NO.get(f"{form}.{name}") or _YES_NO.get(name)
    if field.control in {"boolean", "check"} and words is not None:
        yes, no = words
        return replace(field, control="boolean", choices=(Choice("true", t(*yes)), Choice("false", t(*no))))
    if name in _WITH_TARGET:
        return _unit_field(session, case, action, field, name)
    if name == "deadline":
        return _deadline_field(session, case, field)
    if request is not None:
        return _as_asked(field, name, request)
    if action.code == "accept_case" and name in {"kind", "domain", "type", "urgency", "head_count", "restricted"}:
        return replace(field, value=getattr(case, name))
    return field


def _as_asked(field: Field, name: str, request: Request) -> Field:
    """What was asked for is the default of what is granted, and the most."""
    if name == "days":
        return replace(field, value=request.asked_days, maximum=request.asked_days)
    if name == "review_date" and request.asked_review is not None:
        return replace(field, value=request.asked_review.isoformat())
    return field


def _unit_field(session: Session, case: Case, action: Action, field: Field, name: str) -> Field:
    found = replace(
        field,
        control="unit",
        targets=f"/api/v1/cases/{case.number}/targets?action={action.code}",
        label=t("地点", "Place") if name == "place" else t("送到单位", "Unit"),
    )
    if name == "place":
        place = get(session, case.place_unit_id)
        return replace(found, value=place.code, shown=names.unit(place))
    if action.code == "refer_up":
        above = _above(session, case)
        help_ = t(
            f"不填即报{names.unit(above)}；越级须说明理由。",
            f"Empty: {names.unit(above)}. Skipping a level needs a reason.",
        )
        return replace(found, help=help_)
    ready = prepared(session, case)
    if ready is not None and ready.action == action.code:
        return replace(found, value=ready.unit.code, shown=names.unit(ready.unit))
    return found


def _deadline_field(session: Session, case: Case, field: Field) -> Field:
    overall = _clock(session, case, OVERALL)
    if overall is None:
        return field
    now = session.env.clock.now()
    return replace(
        field,
        latest=overall.due_at.astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"),
        earliest=(now + timedelta(minutes=2)).astimezone(ZONE).strftime("%Y-%m-%dT%H:%M"),
        help=t(
            f"不晚于全程时限 {moments.moment(overall.due_at, now)}",
            f"not after the deadline of the whole case, {moments.moment(overall.due_at, now)}",
        ),
    )


def _clock(session: Session, case: Case, clock: str) -> Deadline | None:
    query = select(Deadline).where(
        Deadline.instance_id == case.instance_id, Deadline.clock == clock, Deadline.closed_at.is_(None)
    )
    return session.scalars(query.order_by(Deadline.id)).first()


def _above(session: Session, case: Case) -> Unit | None:
    owner = get(session, case.owner_id or case.last_owner_id)
    return get(session, owner.parent_id) if owner.parent_id is not None else None


def _intro(session: Session, case: Case, code: str) -> str:
    """What will happen, said before it does."""
    if code == "refer_up":
        above = names.unit(_above(session, case))
        return t(f"事件将转到 {above}，由其签收受理。", f"The case goes to {above}, which has to accept it.")
    if code == "return":
        return t("来件单位审核；同意后事件退回。", "The unit that sent it decides; if it agrees, the case goes back.")
    ready = prepared(session, case) if code in {"assign", "transfer"} else None
    if ready is not None and ready.action == code:
        lead = names.unit(ready.unit)
        return t(f"会商决定由{lead}牵头，单位已填好。", f"The consultation decided that {lead} leads; it is filled in.")
    pair = _INTROS.get(code) or next((part.INTROS[code] for part in acts.ALL if code in part.INTROS), None)
    return t(*pair) if pair else ""


_INTROS = {
    "self_handle": ("提交后进入审核和核查，您不核查自己办结的事件。", "It is confirmed and checked next, not by you."),
    "decline": ("事件将结束，理由会告知报告人。", "The case ends; the reporter is told the reason."),
    "merge": ("本件并入主案后结束。", "This case ends and goes on in the main case."),
    "withdraw": ("事件将结束，不能恢复。", "The case ends and cannot be taken up again."),
    "accept": ("受理后由您单位承办，办理时限开始计算。", "Your unit handles it; the clock of handling begins."),
}


def _request(session: Session, item: WorkItem) -> Request | None:
    return session.scalar(select(Request).where(Request.instance_id == item.instance_id))


def _asked(request: Request | None) -> str:
    if request is None:
        return ""
    if request.kind == EXTENSION:
        days = deadlines.days(request.asked_days or 1)
        return t(f"申请延期 {days}。", f"An extension of {days} is asked for.")
    review = moments.full_day(request.asked_review) if request.asked_review else ""
    return t(f"申请挂账，{review}复查。", f"A suspension is asked for, with review on {review}.")


def _feedback(_session: Session, _actor: Actor, _case: Case) -> Beside:
    measure = Field(
        "measure",
        t("这是办理措施", "This is a measure"),
        "check",
        help=t("记录措施后不能再退回。", "After a measure the case can no longer be returned."),
    )
    return "/feedback", (), (area("words", "进展", "Progress", 4000), measure)


def _extension(session: Session, _actor: Actor, case: Case) -> Beside:
    row = _clock(session, case, TASK)
    most = longest_extension(row) if row is not None else 1
    unit = t("个工作日", "working days") if row is not None and row.limit_unit in {"wd", "wh"} else t("天", "days")
    days = Field(
        "days",
        t("延长天数", "Days"),
        "number",
        required=True,
        minimum=1,
        maximum=most,
        help=t(f"1 至 {most} {unit}，每次承办只能延期一次。", f"1 to {most} {unit}; once for each stay."),
    )
    return "/requests", (("kind", "extension", ""),), (days, area("reason", "理由", "Reason", 2000))


def _suspension(session: Session, _actor: Actor, _case: Case) -> Beside:
    today = session.env.clock.now().astimezone(ZONE).date()
    review = Field(
        "review_on",
        t("复查日期", "Review on"),
        "date",
        required=True,
        earliest=(today + timedelta(days=1)).isoformat(),
        latest=(today + timedelta(days=MAX_SUSPENSION_DAYS)).isoformat(),
        help=t(f"最长 {MAX_SUSPENSION_DAYS} 天。", f"At most {MAX_SUSPENSION_DAYS} days."),
    )
    return "/requests", (("kind", "suspension", ""),), (review, area("reason", "理由", "Reason", 2000))


def _reclassify(_session: Session, _actor: Actor, case: Case) -> Beside:
    kinds = [Choice(kind.value, codes.label(kind)) for kind in Kind if kind is not Kind.CRIMINAL or case.kind == kind]
    urgencies = [Choice(urgency.value, codes.label(urgency)) for urgency in Urgency]
    return (
        "/classification",
        (),
        (
            Field("kind", t("类别", "Kind"), "select", required=True, choices=kinds, value=case.kind),
            Field("urgency", t("紧急程度", "Urgency"), "radio", required=True, choices=urgencies, value=case.urgency),
            area("reason", "理由", "Reason", 1000),
        ),
    )


def _withdraw(_session: Session, _actor: Actor, _case: Case) -> Beside:
    return "/withdrawal", (), ()


_BESIDE: Mapping[str, Form] = {
    **{action: form for part in acts.ALL for action, form in part.BESIDE.items()},
    "feedback": _feedback,
    "request_extension": _extension,
    "request_suspension": _suspension,
    "reclassify": _reclassify,
    "withdraw": _withdraw,
}
