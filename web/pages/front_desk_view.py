"""What the pages of the front desk show: lines of the board, and one visit with its windows, forms and story."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import or_, select

from engine import vault
from engine.instances import ProcessInstance
from engine.network.units import Unit, get
from engine.worklist import may_take
from processes.cases import reading as case_reading
from processes.cases.reporting import tracking_code
from processes.centres.models import Window
from processes.codes import Light, State
from processes.visits import reading
from processes.visits.access import DESK, ROUTING_ROLES, reads_words
from processes.visits.codes import Channel, Matter, Outcome
from processes.visits.operations import open_windows, suggested
from web.pages.form_view import Choice, Field, fields_of
from web.translation import t
from web.words import clocks, codes, happenings, parties, people, sayings
from web.words.clocks import Chip
from web.words.parts.visits import ELEMENTS

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.forms import Form
    from engine.spiff.compiler import Compiled
    from processes.cases.models import Case
    from processes.cases.reading import Moment
    from processes.visits.models import Visit
    from processes.visits.reading import Part, Seen, Task
    from web.words.parties import PartyView
    from web.words.people import Person

_YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {
    "eligible": (("符合", "Within the means"), ("不符合", "Not within the means")),
    "granted": (("给予援助", "Grant"), ("不予援助", "Refuse")),
    "accepted": (("受理", "Accept"), ("不属本单位", "Not ours")),
    "upheld": (("异议成立", "Uphold"), ("不成立，由其受理", "Overrule: they take it")),
}
_HELP = {
    "told": ("须先告知本人，再提交。", "Tell them first, then submit."),
    "representatives": ("集体走访推选代表不超过五人。", "A group sends five representatives at most."),
}
_RADIOS = frozenset({"rating"})


@dataclass(frozen=True)
class TaskView:
    """An open task: what it is, its clock, who holds it; its form when it is the actor's to fill in."""

    id: int
    element: str
    label: str
    chip: Chip
    holder: Person | None
    is_mine: bool
    may_take: bool
    version: int
    fields: Sequence[Field]


@dataclass(frozen=True)
class Said:
    """What was written at a window: the task, and (label, value) of its fields."""

    label: str
    rows: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class PartView:
    """One window's part. `said` is empty for who may not read it."""

    window: Window
    unit: Unit
    outcome: Outcome | None
    opened_at: datetime
    ended_at: datetime | None
    task: TaskView | None
    said: Sequence[Said]
    is_own: bool


@dataclass(frozen=True)
class Line:
    """A visit on the board; `chip` is of the clock that runs out first."""

    visit: Visit
    matter: Matter
    channel: Channel
    visitor: PartyView
    parts: Sequence[PartView]
    task: TaskView | None
    chip: Chip | None
    is_mine: bool


@dataclass(frozen=True)
class BoardView:
    """The groups of a board, in the order of what needs the desk."""

    waiting: Sequence[Line]
    to_tell: Sequence[Line]
    at_windows: Sequence[Line]
    closed: Sequence[Line]


@dataclass(frozen=True)
class Receiving:
    """What the form of the front desk offers. `suggested`: matter → codes of windows."""

    matters: Sequence[Matter]
    windows: Sequence[tuple[Window, Unit]]
    suggested: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class VisitView:
    """One visit, all that hangs on its number."""

    line: Line
    centre: Unit
    received_by: Person | None
    code: str
    """By which the visitor follows it, for the desk to print; empty for others."""
    case: Case | None
    case_state: State | None
    receiving: Receiving | None
    may_make_case: bool
    may_reveal: bool
    wishes: str
    """What the visitor wants, for who serves them."""
    said: str
    """What the visitor said at the end."""
    rating: str
    blocks: Sequence[Any]
    timeline: Sequence[Any]
    erased: bool

    @property
    def number(self) -> str:
        return self.line.visit.number


def receiving(session: Session, centre: Unit) -> Receiving:
    """The form's choices: matters, windows with who staffs them, what is suggested for which."""
    windows = [(window, get(session, window.unit_id)) for window in open_windows(session, centre)]
    offered = {matter.value: [window.code for window in suggested(session, centre, matter)] for matter in Matter}
    return Receiving(list(Matter), windows, offered)


def board(session: Session, actor: Actor, centre: Unit) -> BoardView:
    found = reading.board(session, centre)
    return BoardView(*(lines(session, actor, group) for group in _groups(found)))


def _groups(found: reading.Board) -> tuple[list[Seen], ...]:
    return found.waiting, found.to_tell, found.at_windows, found.closed


def lines(session: Session, actor: Actor, found: Sequence[Seen]) -> list[Line]:
    holders = [task.item.holder_id for seen in found for task in seen.tasks if task.item.holder_id is not None]
    persons = {person.staff_id: person for person in people.load(session, [], holders).values()}
    return [_line(session, actor, seen, persons) for seen in found]


def _line(
    session: Session, actor: Actor, seen: Seen, persons: Mapping[int, Person], drawn: Compiled | None = None
) -> Line:
    """`drawn`: the model on which it runs, where forms and words are shown too."""
    now = session.env.clock.now()
    parts = [_part(session, actor, seen, part, persons, drawn) for part in seen.parts]
    due = [task for task in seen.tasks if task.clock is not None]
    first = min(due, key=lambda task: task.clock.due_at if task.clock else now, default=None)
    return Line(
        visit=seen.visit,
        matter=Matter(seen.visit.matter),
        channel=Channel(seen.visit.channel),
        visitor=parties.shown(seen.person),
        parts=parts,
        task=_task(actor, seen.task, persons, now, drawn) if seen.task else None,
        chip=_chip(first, now) if first else None,
        is_mine=seen.visit.received_by == actor.ref,
    )


def _part(
    session: Session, actor: Actor, seen: Seen, part: Part, persons: Mapping[int, Person], drawn: Compiled | None
) -> PartView:
    row = part.row
    readable = drawn is not None and reads_words(actor, seen.visit, part.window)
    return PartView(
        window=part.window,
        unit=part.unit,
        outcome=Outcome(row.outcome) if row.outcome else None,
        opened_at=row.opened_at,
        ended_at=row.ended_at,
        task=_task(actor, part.task, persons, session.env.clock.now(), drawn) if part.task else None,
        said=_said(drawn, vault.open_text(session, row.words) or {}) if readable and drawn else (),
        is_own=part.unit.id in actor.unit_ids,
    )


def _chip(task: Task, now: datetime, *, brief: bool = False) -> Chip:
    clock = task.clock
    if clock is None:
        return clocks.chip(Light.GREEN, None, now)
    light = Light.RED if clock.overdue_at else Light.YELLOW if clock.warned_at else Light.GREEN
    return clocks.chip(light, clock.due_at, now, provisional=clock.provisional, brief=brief)


def _task(
    actor: Actor, task: Task, persons: Mapping[int, Person], now: datetime, drawn: Compiled | None = None
) -> TaskView:
    item = task.item
    mine = may_take(actor, item) and item.holder_id in {None, actor.staff_id}
    return TaskView(
        id=item.id,
        element=item.element,
        label=sayings.element(item.element),
        chip=_chip(task, now, brief=drawn is None),
        holder=persons.get(item.holder_id or 0),
        is_mine=item.holder_id is not None and item.holder_id == actor.staff_id,
        may_take=mine,
        version=item.version,
        fields=_fields(drawn.forms[item.form]) if drawn and mine and item.element != "receive" else (),
    )


def _fields(form: Form) -> list[Field]:
    """All fields of the form, with the words of this desk."""
    return [_worded(field) for field in fields_of(form, list(form.schema["properties"]), {})]


def _worded(field: Field) -> Field:
    name = field.name.rpartition(".")[2]
    if name in _YES_NO:
        yes, no = _YES_NO[name]
        field = replace(field, choices=(Choice("true", t(*yes)), Choice("false", t(*no))))
    if name in _HELP:
        field = replace(field, help=t(*_HELP[name]))
    return replace(field, control="radio") if name in _RADIOS else field


def _said(drawn: Compiled, words: Mapping[str, Any]) -> list[Said]:
    """What was written, task by task, under the labels of its form."""
    return [
        Said(sayings.element(element), _rows(drawn.forms[drawn.tasks[element].form], values))
        for element, values in words.items()
        if element in drawn.tasks
    ]


def _rows(form: Form, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    shown = []
    for name, schema in form.schema["properties"].items():
        if values.get(name) not in (None, "", []):
            label = t(schema.get("title", name), schema.get("title_en", name))
            shown.append((label[:1].upper() + label[1:], str(values[name])))
    return shown


def load(session: Session, actor: Actor, visit: Visit) -> VisitView:
    """One visit for its page."""
    seen = reading.seen_of(session, [visit])[0]
    instance = session.get_one(ProcessInstance, visit.instance_id)
    drawn = session.env.catalogue.get(session, instance.definition_id)
    case = reading.case_of(session, actor, visit)
    moments = _moments(session, visit, readable=case is not None)
    holders = [task.item.holder_id for task in seen.tasks if task.item.holder_id is not None]
    persons = people.load(session, {moment.actor for moment in moments} | {visit.received_by}, holders)
    line = _line(session, actor, seen, {person.staff_id: person for person in persons.values()}, drawn)
    centre = get(session, visit.centre_id)
    at_desk = actor.holds(centre.id, DESK)
    told = happenings.tell(_material(session, visit, moments, persons))
    return VisitView(
        line=line,
        centre=centre,
        received_by=persons.get(visit.received_by),
        code=tracking_code(session, visit.number) if at_desk and visit.closed_at is None else "",
        case=case,
        case_state=State(case.state) if case else None,
        receiving=receiving(session, centre) if line.task and line.task.element == "receive" and at_desk else None,
        may_make_case=actor.holds(centre.id, *ROUTING_ROLES) and visit.case_id is None and visit.closed_at is None,
        may_reveal=reading.may_reveal(actor, seen),
        said=str(seen.person.get("said") or "") if reading.may_reveal(actor, seen) else "",
        wishes=str(seen.person.get("wishes") or "") if reading.may_reveal(actor, seen) else "",
        rating=codes.rating(visit.rating),
        blocks=happenings.folded(told),
        timeline=told,
        erased=not seen.person,
    )


def _moments(session: Session, visit: Visit, *, readable: bool) -> list[Moment]:
    """The story under the number; of a case that the reader may not read, only what was done at the windows."""
    found = case_reading.story(session, visit.district_id, visit.number)
    if readable or visit.case_id is None:
        return found
    return [each for each in found if each.action.startswith("visit:") or each.data.get("element") in ELEMENTS]


def _material(
    session: Session, visit: Visit, moments: Sequence[Moment], persons: Mapping[str, Person]
) -> happenings.Material:
    """What was written is read at its window and on the case; here stands only that nothing was erased."""
    ids = {each.data.get(name) for each in moments for name in ("unit", "sender", "assigner", "checker")}
    codes_ = {each.data.get(name) for each in moments for name in ("to", "from", "owner", "centre")}
    ids |= {post.unit_id for person in persons.values() for post in person.posts}
    wanted = or_(
        Unit.id.in_([each for each in ids if isinstance(each, int)]),
        Unit.code.in_([each for each in codes_ if isinstance(each, str)]),
    )
    units = {unit.id: unit for unit in session.scalars(select(Unit).where(wanted))}
    subjects = [visit.subject_id, *([visit.case_id] if visit.case_id else [])]
    sealed = session.scalars(select(vault.SealedText).where(vault.SealedText.subject_id.in_(subjects)))
    unsaid: dict[str, dict[str, str]] = {
        row.commitment: {} for row in sealed if vault.open_text(session, row) is not None
    }
    return happenings.Material(moments, units, persons, [], [], unsaid)
