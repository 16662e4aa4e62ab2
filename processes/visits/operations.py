"""One front desk, one number (只进一扇门): receive a visitor, route to windows, serve, tell and rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime, vault
from engine.definitions import deploy
from engine.errors import Forbidden, Invalid
from engine.network.units import Beside, Unit, get
from engine.trail.entries import Draft
from engine.worklist import WorkItem
from processes.cases import numbers
from processes.cases.clocks import give_mark, supervisor_of
from processes.cases.handling import finding
from processes.centres.models import Window
from processes.visits.access import DESK
from processes.visits.codes import COMPLAINT, MEDIATION, PETITION, SUGGESTED, Channel, Matter, Outcome
from processes.visits.facts import SUPERVISOR, visit_of
from processes.visits.models import Petition, Visit, VisitWindow

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.registry import Registry
    from engine.step import Step

MODEL = "legal_service"
PERSON = ("name", "phone", "id_no", "wishes")
"""Sealed fields of who came."""
INTAKE = frozenset({Channel.CARD, Channel.ONLINE})
"""Nobody of the centre stands beside these: the desk routes them afterwards."""


def receive(
    session: Session, actor: Actor, centre: Unit, data: Mapping[str, Any], *, card_id: int | None = None
) -> Visit:
    """首接登记: somebody has come, called, or written by a contact card.

    `data`: form `visit` with `channel`, and for the desk `windows`. Walk-ins and calls are routed in the same act;
    what came by card or online waits at `receive` for the desk (30 minutes). Raises Forbidden, NotFound, Invalid.
    """
    if centre.level != Beside.CENTRE:
        raise Invalid([finding("centre", "is no centre", "不是法务服务中心")])
    channel = _channel(data)
    if channel not in INTAKE and not actor.holds(centre.id, DESK):
        raise Forbidden
    form = {name: value for name, value in data.items() if name != "channel"}
    _check_form(session, form, routed=channel not in INTAKE)
    visit = _new_visit(session, actor, centre, channel, form, card_id)
    subject = runtime.Subject(centre.district_id, visit.subject_id, visit.number)
    step = runtime.start(session, actor, MODEL, subject, {"visit_no": visit.number})
    visit.instance_id = step.instance.id
    session.flush()
    if channel not in INTAKE:
        runtime.complete(session, actor, step.items[0].id, form)
    return visit


def _channel(data: Mapping[str, Any]) -> Channel:
    try:
        return Channel(data.get("channel") or Channel.WALK_IN)
    except ValueError:
        raise Invalid([finding("channel", "is not a way to come", "来访方式不在列表中")]) from None


def _check_form(session: Session, form: Mapping[str, Any], *, routed: bool) -> None:
    """All that is wrong at once, before a number is given. What nobody has routed yet has no windows."""
    drawn = session.env.catalogue.get(session, deploy.active(session, MODEL).id).forms["visit"]
    drawn.check({**form, "windows": form.get("windows", [] if routed else ["-"])})
    if not str(form.get("name") or "").strip():
        raise Invalid([finding("name", "who came? Write the name, or how they wish to be called", "请填写姓名或称呼")])


def _new_visit(
    session: Session, actor: Actor, centre: Unit, channel: Channel, form: Mapping[str, Any], card_id: int | None
) -> Visit:
    now = session.env.clock.now()
    visit = Visit(
        district_id=centre.district_id,
        number=numbers.next_number(session, get(session, centre.district_id), now),
        centre_id=centre.id,
        received_by=actor.ref,
        channel=channel.value,
        matter=str(form["matter"]),
        heads=int(form.get("heads") or 1),
        card_id=card_id,
        received_at=now,
    )
    session.add(visit)
    session.flush()
    person = {name: form[name] for name in PERSON if form.get(name)}
    visit.words = vault.seal(session, visit.district_id, visit.subject_id, "visitor", person)
    codes = {"channel": visit.channel, "matter": visit.matter, "heads": visit.heads, "centre": centre.code}
    draft = Draft("visit:visit:receive", actor.ref, visit.number, codes, (visit.words.commitment,))
    session.drafts.append((visit.district_id, draft))
    return visit


def suggested(session: Session, centre: Unit, matter: Matter) -> list[Window]:
    """The windows for a matter: those of the first service that the centre has a window for."""
    windows = open_windows(session, centre)
    for service in SUGGESTED[matter]:
        found = [window for window in windows if window.service == service]
        if found:
            return found[:1]
    return []


def open_windows(session: Session, centre: Unit) -> list[Window]:
    """The centre's open windows, in their order."""
    query = select(Window).where(Window.centre_id == centre.id, Window.closed.is_(False))
    return list(session.scalars(query.order_by(Window.position, Window.id)))


# -- forms


def _remember(step: Step, known: Mapping[str, Any], more: Mapping[str, Any]) -> None:
    """Seal what is known of the visitor with what has been added; the commitment goes into the trail."""
    visit = visit_of(step).visit
    visit.words = vault.seal(step.session, visit.district_id, visit.subject_id, "visitor", {**known, **more})
    step.commitments.append(visit.words.commitment)


def write_visit(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `visit`: what for, how many, to which windows; who receives first, leads (首接负责)."""
    facts = visit_of(step)
    visit = facts.visit
    windows = _chosen(step.session, facts.centre, data["windows"])
    visit.matter, visit.heads = data["matter"], int(data.get("heads") or visit.heads)
    visit.received_by = step.actor.ref
    known = vault.open_text(step.session, visit.words) or {}
    more = {name: data[name] for name in PERSON if data.get(name) and data[name] != known.get(name)}
    if more:
        _remember(step, known, more)
    for window in windows:
        step.session.add(
            VisitWindow(
                district_id=visit.district_id,
                visit_id=visit.id,
                window_id=window.id,
                service=window.service,
                opened_at=step.now,
            )
        )
    step.session.flush()


def _chosen(session: Session, centre: Unit, codes: Sequence[str]) -> list[Window]:
    """The centre's open windows with these codes. Raises Invalid, naming what is no window."""
    known = {window.code: window for window in open_windows(session, centre)}
    wrong = [code for code in codes if code not in known]
    if wrong:
        there = "、".join(known) or "-"
        english = f"no open window: {', '.join(wrong)}; choose among {there}"
        raise Invalid([finding("windows", english, f"没有开放的窗口 {'、'.join(wrong)}，请在 {there} 中选择")])
    return [known[code] for code in codes]


def part_of(step: Step, item: WorkItem) -> VisitWindow:
    """The window's part whose task is being completed."""
    query = select(VisitWindow).where(VisitWindow.visit_id == visit_of(step).visit.id, VisitWindow.scope == item.scope)
    return step.session.scalars(query).one()


def _keep(step: Step, item: WorkItem, data: Mapping[str, Any]) -> VisitWindow:
    """Who served, and what they wrote on top of what was written at this window before."""
    part = part_of(step, item)
    part.served_by = step.actor.ref
    texts = step.compiled.forms[item.form].texts(data)
    if texts:
        visit, before = visit_of(step).visit, vault.open_text(step.session, part.words) or {}
        kept = {**before, item.element: texts}
        part.words = vault.seal(step.session, visit.district_id, visit.subject_id, "window", kept)
        step.commitments.append(part.words.commitment)
    return part


def write_serve(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `serve`: the result and its papers."""
    _keep(step, item, data)


def write_means_test(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `means_test` 经济审查: whether the household is within the means for legal aid."""
    _keep(step, item, data).eligible = data["eligible"]


def write_aid_decision(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `aid_decision`: granted, or refused with a reason."""
    _keep(step, item, data).granted = data["granted"]


def write_petition_register(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `petition_register` (信访工作条例 art. 20, 22): at most five representatives."""
    part = _keep(step, item, data)
    step.session.add(
        Petition(
            district_id=part.district_id,
            visit_window_id=part.id,
            representatives=data["representatives"],
            registered_at=step.now,
        )
    )


def write_petition_accept(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `petition_accept` (art. 23): accepted or not ours, and the petitioner was told so in writing."""
    petition = petition_of(step.session, _keep(step, item, data))
    petition.accepted, petition.told_at = data["accepted"], step.now


def write_petition_objection(step: Step, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `petition_objection` (art. 23): the centre agrees that it is not theirs, or they take it."""
    petition = petition_of(step.session, _keep(step, item, data))
    petition.accepted = not data["upheld"]


def petition_of(session: Session, part: VisitWindow) -> Petition:
    return session.scalars(select(Petition).where(Petition.visit_window_id == part.id)).one()


def write_close(step: Step, _item: WorkItem, data: Mapping[str, Any]) -> None:
    """Form `visit_close` 出窗回告: the visitor was told what came of it, and rates."""
    visit = visit_of(step).visit
    if not data["told"] and data["rating"] != "unreached":
        raise Invalid(
            [finding("told", "tell them first; or say that they were not reached", "请先回告；未联系上请选“未联系上”")]
        )
    visit.told, visit.rating = data["told"], data["rating"]
    if data.get("words"):
        _remember(step, vault.open_text(step.session, visit.words) or {}, {"said": data["words"]})


# -- operations of the models


def route(step: Step, _data: Mapping[str, Any]) -> list[int]:
    """`op.route_visit`: the windows to which the visitor was sent, each with its own process."""
    query = select(VisitWindow.id).where(VisitWindow.visit_id == visit_of(step).visit.id)
    return list(step.session.scalars(query.order_by(VisitWindow.id)))


def open_window(step: Step, data: Mapping[str, Any]) -> str:
    """`op.open_window`: the window's people are told that somebody comes. Returns its service."""
    facts = visit_of(step)
    part = facts.window(data["visit_window"])
    unit_id = facts.staffed_by(part)
    part.scope = step.scope
    step.record("visit:window:open", {"service": part.service, "unit": unit_id})
    step.tell("window_opened", unit_id, DESK, f"w{part.id}", service=part.service)
    return part.service


def end_window(step: Step, data: Mapping[str, Any]) -> str:
    """`op.end_window`: what came of it, read from what was decided there."""
    facts = visit_of(step)
    part = facts.window(data["visit_window"])
    outcome = _outcome(step, part)
    part.ended_at, part.outcome = step.now, outcome.value
    step.record("visit:window:end", {"service": part.service, "outcome": outcome.value, "unit": facts.staffed_by(part)})
    return outcome.value


def _outcome(step: Step, part: VisitWindow) -> Outcome:
    if part.eligible is False:
        return Outcome.NOT_ELIGIBLE
    if part.granted is not None:
        return Outcome.ASSIGNED if part.granted else Outcome.REFUSED
    if part.service == PETITION and not petition_of(step.session, part).accepted:
        return Outcome.NOT_OURS
    return Outcome.CASE if part.service in BECOME_CASES else Outcome.SERVED


BECOME_CASES = frozenset({PETITION, MEDIATION, COMPLAINT})


def served(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.visit_served`: every window has ended; the desk that received first tells the visitor."""
    visit = visit_of(step).visit
    step.tell("visit_served", visit.centre_id, DESK, f"v{visit.id}")
    return True


def close(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.close_visit`: told and rated. A case of the same number goes on by itself."""
    visit = visit_of(step).visit
    visit.closed_at = step.now
    step.record("visit:visit:close", {"told": visit.told, "rating": visit.rating})
    return True


def silent(step: Step, _data: Mapping[str, Any]) -> bool:
    """`op.visit_silent`: the centre's supervisor is told, and the clock begins anew; the step stays.

    A supervision hangs on a case, and a visit is none: whoever supervises the centre is told each time it lapses. When
    the centre itself is silent, so is the unit above it.
    """
    row, centre = step.deadline, visit_of(step).centre
    give_mark(step, row, "escalated")
    step.tell("visit_silent", centre.id, SUPERVISOR, row.occurrence, stage=row.stage)
    if row.unit_id == centre.id:
        step.tell("visit_silent", supervisor_of(step, centre.id), SUPERVISOR, row.occurrence, stage=row.stage)
    step.deadlines.restart(row, row.stage, step.criteria)
    step.record("deadline:clock:restart", {"stage": row.stage, "element": row.element})
    return True


def register(registry: Registry) -> None:
    registry.forms |= {
        "visit": write_visit,
        "serve": write_serve,
        "aid_assign": write_serve,
        "means_test": write_means_test,
        "aid_decision": write_aid_decision,
        "petition_register": write_petition_register,
        "petition_accept": write_petition_accept,
        "petition_objection": write_petition_objection,
        "visit_close": write_close,
    }
    registry.operations |= {
        "op.route_visit": route,
        "op.open_window": open_window,
        "op.end_window": end_window,
        "op.visit_served": served,
        "op.close_visit": close,
        "op.visit_silent": silent,
    }
