"""Scenes for the visitors' desks: short stories, really acted out in the last hours before the demonstration opens.

Each leaves one thing on one desk in a known state (new, warned, overdue, to be checked, to be decided …), whatever
hour or day of the week it is: that is why most are urgent, whose clocks run round the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select

from engine import runtime
from engine.errors import UserError
from engine.network.people import actor_of, by_staff_no
from engine.network.units import by_code
from engine.worklist import OPEN, WorkItem
from processes.cases.models import Case
from processes.codes import Rung, WhistleReason
from processes.mediations.operations import Wish, open_mediation
from processes.requests.operations import EXTENSION, SUSPENSION, Asking, ask
from processes.simulation import beside
from processes.whistles.calling import Calling, whistle

if TYPE_CHECKING:
    from datetime import datetime

    from engine.actors import Actor
    from engine.db import Session
    from processes.simulation.town import Town

PACE = timedelta(minutes=12)
"""Between two acts of a scene."""
CELL, NEXT_CELL, GRID = "C009009001001", "C009009001002", "G009009001"
CELL_CODE, GRID_CODE, VILLAGE_CODE, SUBDISTRICT_CODE = (
    "511302009009001001",
    "511302009009001",
    "511302009009",
    "511302009",
)
DISTRICT_CODE = "511302"
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Do:
    """Whoever holds the item of `element` completes it with `form`; `deadline` (hours from then) goes into it."""

    element: str
    form: dict[str, Any]
    deadline: int | None = None


@dataclass(frozen=True)
class Ask:
    """The handler asks the superior for more time or for a standstill."""

    kind: str
    reason: str


@dataclass(frozen=True)
class Press:
    """Somebody supervises the case by hand."""

    staff_no: str
    rung: Rung


@dataclass(frozen=True)
class Begin:
    """Somebody begins a procedure beside the case."""

    staff_no: str
    deed: Callable[[Session, Actor, Case], object]


Act = Do | Ask | Press | Begin


@dataclass(frozen=True)
class Scene:
    """`hours`: how long before the opening the last act was done."""

    hours: float
    acts: Sequence[Act]
    reporter: str = CELL
    wishes: dict[str, Any] = field(default_factory=dict)


def _wish(kind: str = "dispute", urgency: str = "ordinary") -> dict[str, Any]:
    return {"kind": kind, "urgency": urgency, "settled": False}


URGENT, HAZARD = _wish(urgency="urgent"), _wish("hazard", "urgent")
LIVELIHOOD, DISPUTE = _wish("livelihood"), _wish()
VERIFY, ACCEPT = Do("verify", {"result": "accept"}), Do("accept", {"outcome": "accept"})
UP = Do("act", {"outcome": "refer_up", "reason": "涉及多个单位，本级难以解决。"})
SETTLE = Do("act", {"outcome": "self_handle", "measures": "到场了解情况，双方达成一致并签字。"})
CONFIRM = Do("confirm", {"ok": True, "opinion": "情况属实，同意销号。"})
CHECKED = Do("check", {"ok": True, "finding": "现场核实，已解决。"})
MORE_TIME = Ask(EXTENSION, "当事人外出，需等其返回后再次调解。")
STANDSTILL = Ask(SUSPENSION, "等待鉴定结论，期间已做稳控。")
GRANT = Do("decide", {"granted": True, "opinion": "同意，请抓紧。"})
TO_VILLAGE = (VERIFY, UP)
TO_SUBDISTRICT = (VERIFY, UP, ACCEPT, UP)
TO_DISTRICT = (VERIFY, UP, ACCEPT, UP, ACCEPT, UP)
AT_DISTRICT = (*TO_DISTRICT, ACCEPT)


def _down(target: str, hours: int = 48) -> Do:
    return Do("act", {"outcome": "assign", "target": target, "reason": "请就近上门核实办理，按时反馈。"}, hours)


def _across(target: str) -> Do:
    return Do("act", {"outcome": "transfer", "target": target, "reason": "属其法定职责，请依法处理。"})


def _back(element: str = "accept") -> Do:
    return Do(element, {"outcome": "return", "reason": "现场不在本单位辖区。"})


def _called(*slugs: str, reason: WhistleReason = WhistleReason.JOINT_ENFORCEMENT) -> Begin:
    calling = Calling([f"{DISTRICT_CODE}-{slug}" for slug in slugs], reason, "请到现场会合，共同处置。")
    return Begin("SC009", lambda session, actor, case: whistle(session, actor, case, calling))


def _mediated(staff_no: str, committee: str) -> Begin:
    def begin(session: Session, actor: Actor, case: Case) -> None:
        unit = by_code(session, committee)
        assert unit is not None  # noqa: S101 # the demo's own network
        open_mediation(session, actor, case, Wish(unit))

    return Begin(staff_no, begin)


COMING = Do("answer", {"coming": True, "people": "两名执法人员"})
WILLING, APPOINTED = Do("consent", {"all_willing": True}), Do("appoint", {"with_lawyer": False})
AGREED = Do("mediate_session", {"result": "agreed"})
AT_VILLAGE, AT_SUBDISTRICT = (*TO_VILLAGE, ACCEPT), (*TO_SUBDISTRICT, ACCEPT)
NEW, WARNED, LATE = 0.6, 19.5, 25.5
"""Hours in which an urgent matter (24 h, warned after 18 h, escalated after 28 h) is new, warned, overdue."""

SCENES: tuple[Scene, ...] = (
    # the cell worker: sent down from the grid
    Scene(NEW, (VERIFY, _down(CELL_CODE)), NEXT_CELL, LIVELIHOOD),
    Scene(WARNED, (VERIFY, _down(CELL_CODE), ACCEPT), NEXT_CELL, URGENT),
    Scene(LATE, (VERIFY, _down(CELL_CODE), ACCEPT), NEXT_CELL, HAZARD),
    # the grid worker: reports to verify, matters to settle, a cell's request, a supervision to answer
    Scene(0.3, (), CELL, LIVELIHOOD),
    Scene(1.7, (), NEXT_CELL, HAZARD),
    Scene(WARNED, (VERIFY,), CELL, URGENT),
    Scene(LATE, (VERIFY,), CELL, HAZARD),
    Scene(1.0, (VERIFY, _down(CELL_CODE), ACCEPT, MORE_TIME), NEXT_CELL, DISPUTE),
    Scene(2.0, (VERIFY, Press("SF009", Rung.URGE)), NEXT_CELL, DISPUTE),
    # the village: its desk
    Scene(NEW, TO_VILLAGE, CELL, DISPUTE),
    Scene(1.7, TO_VILLAGE, CELL, HAZARD),
    Scene(WARNED, (*TO_VILLAGE, ACCEPT), NEXT_CELL, URGENT),
    Scene(LATE, (*TO_VILLAGE, ACCEPT), CELL, URGENT),
    Scene(30, (*TO_VILLAGE, ACCEPT, STANDSTILL, GRANT), CELL, DISPUTE),
    Scene(1.2, (*TO_VILLAGE, ACCEPT, MORE_TIME), NEXT_CELL, DISPUTE),
    # the village: its dispatcher and checker
    Scene(NEW, (VERIFY, SETTLE), CELL, LIVELIHOOD),
    Scene(3.0, (VERIFY, SETTLE), NEXT_CELL, HAZARD),
    Scene(2.5, (*TO_VILLAGE, ACCEPT, _down(GRID_CODE), ACCEPT, SETTLE), CELL, DISPUTE),
    Scene(1.5, (*TO_VILLAGE, ACCEPT, _down(GRID_CODE), _back()), CELL, LIVELIHOOD),
    # the subdistrict: handler, dispatcher, leader, supervisor
    Scene(NEW, TO_SUBDISTRICT, CELL, DISPUTE),
    Scene(WARNED, (*TO_SUBDISTRICT, ACCEPT), CELL, URGENT),
    Scene(LATE, (*TO_SUBDISTRICT, ACCEPT), NEXT_CELL, HAZARD),
    Scene(50, (*TO_SUBDISTRICT, ACCEPT, STANDSTILL, GRANT), CELL, DISPUTE),
    Scene(2.0, (*TO_SUBDISTRICT, ACCEPT, _down(VILLAGE_CODE), ACCEPT, SETTLE), CELL, DISPUTE),
    Scene(1.0, (*TO_SUBDISTRICT, ACCEPT, _across(f"{DISTRICT_CODE}-housing"), _back()), CELL, DISPUTE),
    Scene(
        1.0,
        (
            *(*TO_VILLAGE, ACCEPT, _down(GRID_CODE), _back()),
            Do("consider_return", {"agree": False, "opinion": "属你网格职责，请继续办理。"}),
        ),
        NEXT_CELL,
        LIVELIHOOD,
    ),
    Scene(3.0, (*TO_VILLAGE, ACCEPT, Press("SF009", Rung.SUPERVISE), Do("reply", {"done": True})), CELL, DISPUTE),
    # the district: handler, supervisor, command office
    Scene(NEW, TO_DISTRICT, CELL, DISPUTE),
    Scene(WARNED, AT_DISTRICT, NEXT_CELL, URGENT),
    Scene(LATE, AT_DISTRICT, CELL, URGENT),
    Scene(
        4.0,
        (
            *(*TO_SUBDISTRICT, ACCEPT, Press("QF", Rung.SUPERVISE)),
            Do("reply", {"done": False, "reason": "需多部门配合。", "plan": "三日内组织会商并办结。"}),
        ),
        CELL,
        DISPUTE,
    ),
    Scene(5.0, (*AT_DISTRICT, Press("D-command-A", Rung.SUPERVISE), Do("reply", {"done": True})), CELL, DISPUTE),
    # departments and the legal service centre
    Scene(NEW, (VERIFY,), CELL, _wish("criminal")),
    Scene(WARNED, (VERIFY, ACCEPT), NEXT_CELL, _wish("criminal", "urgent")),
    Scene(LATE, (VERIFY, ACCEPT), CELL, _wish("criminal", "urgent")),
    Scene(NEW, (*TO_SUBDISTRICT, ACCEPT, _across(f"{DISTRICT_CODE}-linjiang")), CELL, _wish("legal_service")),
    Scene(WARNED, (*TO_SUBDISTRICT, ACCEPT, _across(f"{DISTRICT_CODE}-linjiang"), ACCEPT), CELL, URGENT),
    Scene(LATE, (*TO_SUBDISTRICT, ACCEPT, _across(f"{DISTRICT_CODE}-linjiang"), ACCEPT), NEXT_CELL, URGENT),
    # beside a case: whistles and mediations in each of their states
    Scene(0.5, (*AT_SUBDISTRICT, _called("police", "urban")), CELL, LIVELIHOOD),
    Scene(2.0, (*AT_SUBDISTRICT, _called("police", "market"), COMING, Do("arrive", {})), NEXT_CELL, DISPUTE),
    Scene(
        4.0,
        (
            *(*AT_SUBDISTRICT, _called("urban"), COMING, Do("arrive", {})),
            Do("work", {"measures": "现场清理占道物品，下发整改通知书。"}),
        ),
        CELL,
        LIVELIHOOD,
    ),
    Scene(1.0, (*AT_VILLAGE, _mediated("VA009009", VILLAGE_CODE)), CELL, DISPUTE),
    Scene(3.0, (*AT_VILLAGE, _mediated("VA009009", VILLAGE_CODE), WILLING, APPOINTED), NEXT_CELL, DISPUTE),
    Scene(
        5.0,
        (*AT_VILLAGE, _mediated("VA009009", VILLAGE_CODE), WILLING, APPOINTED, AGREED),
        CELL,
        DISPUTE,
    ),
    Scene(
        9.0,
        (
            *(*AT_VILLAGE, _mediated("VA009009", VILLAGE_CODE), WILLING, APPOINTED, AGREED),
            Do("agreement", {"result": "signed", "oral": False}),
        ),
        NEXT_CELL,
        DISPUTE,
    ),
    # closed: to be called back, rated, done again
    Scene(2.0, (VERIFY, SETTLE, CHECKED), CELL, DISPUTE),
    Scene(
        6.0,
        (VERIFY, SETTLE, CHECKED, Do("callback", {"answer": "satisfied", "words": "来得快，问题解决了，谢谢。"})),
        CELL,
        DISPUTE,
    ),
    Scene(
        8.0,
        (
            *(*TO_VILLAGE, ACCEPT, SETTLE, CHECKED),
            Do("callback", {"answer": "unsatisfied", "words": "围墙还是没有拆，请再看看。"}),
        ),
        NEXT_CELL,
        DISPUTE,
    ),
)


def begins(scene: Scene, horizon: datetime) -> datetime:
    """When its matter is reported, so that the last act falls `hours` before the horizon."""
    return horizon - timedelta(hours=scene.hours) - PACE * len(scene.acts)


def rehearse(town: Town, horizon: datetime) -> None:
    """Put all scenes that still lie ahead on the town's agenda."""
    for scene in SCENES:
        if begins(scene, horizon) > town.clock.now():
            town.at(begins(scene, horizon), lambda scene=scene: _open(town, scene))  # type: ignore[misc]


def _open(town: Town, scene: Scene) -> None:
    with town.store.read() as session:
        reporter = actor_of(session, by_staff_no(session, scene.reporter))
    number = town.report(reporter, staged=True, **scene.wishes)
    _next(town, number, list(scene.acts))


def _next(town: Town, number: str, acts: list[Act]) -> None:
    """The next act after a while, as long as nothing has come in between."""
    if not acts:
        return
    act, *rest = acts

    def play() -> None:
        try:
            with town.store.write() as session:
                _play(town, session, number, act)
        except UserError as error:
            log.warning("scene ends early", case=number, act=repr(act), error=repr(error))
            town.staged.discard(number)
            return
        _next(town, number, rest)

    town.at(town.clock.now() + PACE, play)


def _play(town: Town, session: Session, number: str, act: Act) -> None:
    case = session.scalars(select(Case).where(Case.number == number)).one()
    if isinstance(act, Press):
        town.press(session, case, act.rung, actor_of(session, by_staff_no(session, act.staff_no)))
        return
    if isinstance(act, Begin):
        act.deed(session, actor_of(session, by_staff_no(session, act.staff_no)), case)
        town.refuse_theirs(session, number)
        return
    element = act.element if isinstance(act, Do) else "act"
    query = select(WorkItem).where(
        WorkItem.subject_id == case.id, WorkItem.element == element, WorkItem.state.in_(OPEN)
    )
    item = session.scalars(query.order_by(WorkItem.id).limit(1)).one()
    actor = town.crew.actor_for(session, item)
    assert actor is not None  # noqa: S101 # every post of the demo is filled
    runtime.claim(session, actor, item.id)
    town.refuse_theirs(session, number)
    if isinstance(act, Ask):
        review = session.env.clock.now().date() + timedelta(days=12)
        ask(session, actor, case, Asking(act.kind, act.reason, days=2, review_on=review))
        return
    later = session.env.clock.now() + timedelta(hours=act.deadline or 0)
    made = beside.FORMS[item.form](town.crew, session, actor, item) if item.form in beside.FORMS else {}
    form = {**made, **act.form} | ({"deadline": later.isoformat()} if act.deadline else {})
    runtime.complete(session, actor, item.id, form)
