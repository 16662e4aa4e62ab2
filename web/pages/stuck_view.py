"""What got stuck, and where tokens stand, read once and put into words for the pages of the operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine import incidents, moving, stuck
from engine.errors import NotFound
from engine.incidents import Incident, OperatorAct
from engine.instances import RUNNING, ProcessInstance
from engine.moving import Choice, Picture
from engine.network.units import Unit
from engine.stuck import Group, Stuck, Wanted
from processes import access
from processes.cases.models import Case
from web.pages.admin_view import process_name
from web.translation import t
from web.words import incidents as words
from web.words import moments, names
from web.words.sayings import ELEMENTS

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

    from engine.actors import Actor
    from engine.db import Session

AGES = {"1": ("1 小时以上", "over an hour"), "24": ("1 天以上", "over a day"), "168": ("7 天以上", "over a week")}
STATES = {"open": ("未处理", "open"), "resolved": ("已关闭", "closed")}
MODELS = ("case", "request", "supervision")


def wanted_of(args: MultiDict[str, str]) -> Wanted:
    """The filter of a page's address; what it does not know is left out."""
    chosen = {name: args.get(name, "")[:64] or None for name in ("kind", "model", "element")}
    age = args.get("age", "")
    return Wanted(
        state="resolved" if args.get("state") == "resolved" else "open",
        kind=chosen["kind"] if chosen["kind"] in words.KINDS else None,
        model=chosen["model"],
        element=chosen["element"],
        older_than=timedelta(hours=int(age)) if age in AGES else None,
        after=args.get("after", type=int),
    )


@dataclass(frozen=True)
class Names:
    """Elements as the drawings name them: (model version, element) → Chinese; and human tasks in both languages."""

    drawn: Mapping[int, Mapping[str, str]]

    @classmethod
    def load(cls, session: Session, instance_ids: Iterable[int | None]) -> Names:
        rows = select(ProcessInstance.id, ProcessInstance.definition_id)
        found = session.execute(rows.where(ProcessInstance.id.in_({each for each in instance_ids if each})))
        catalogue = session.env.catalogue
        return cls({instance_id: catalogue.get(session, model).names for instance_id, model in found})

    def element(self, instance_id: int | None, element: str) -> str:
        """核实立案 verify; the code stays, since it is what the drawing and the log say."""
        known = ELEMENTS.get(element)
        if known:
            return t(*known)
        return self.drawn.get(instance_id or 0, {}).get(element, "") if t("zh", "en") == "zh" else ""


@dataclass(frozen=True)
class ListView:
    """A page of the list; `more`: the id to go on behind."""

    wanted: Wanted
    found: Sequence[Stuck]
    names: Names
    groups: Sequence[Group]
    counts: Mapping[str, int]
    readable: frozenset[str]
    more: int | None

    @classmethod
    def load(cls, session: Session, actor: Actor, wanted: Wanted) -> ListView:
        found: list[Stuck] = []
        if wanted.kind != stuck.EFFECT:
            found = stuck.incidents(session, actor, wanted)
        more = found[-1].id if len(found) == stuck.PAGE else None
        if wanted.kind == stuck.EFFECT or (wanted.kind is None and wanted.model is None and wanted.after is None):
            effects = stuck.effects(session, actor, wanted)
            more = effects[-1].id if wanted.kind == stuck.EFFECT and len(effects) == stuck.PAGE else more
            found += effects
        return cls(
            wanted,
            found,
            Names.load(session, [one.instance_id for one in found]),
            stuck.groups(session, actor) if wanted.state == "open" else [],
            stuck.counts(session, actor),
            readable(session, actor, [one.subject_no for one in found]),
            more,
        )

    def where(self, one: Stuck) -> str:
        return _where(self.names, one)


def readable(session: Session, actor: Actor, numbers: Sequence[str]) -> frozenset[str]:
    """Which of these cases the actor may open: an administrator reads no case by that role."""
    if not numbers:
        return frozenset()
    query = access.scope(select(Case.number).where(Case.number.in_(set(numbers))), actor)
    return frozenset(session.scalars(query))


def _where(shown: Names, one: Stuck) -> str:
    name = shown.element(one.instance_id, one.element)
    model = process_name(one.model) if one.model else ""
    return " · ".join(each for each in (model, name) if each)


@dataclass(frozen=True)
class StuckView:
    """One stuck thing with its history."""

    one: Stuck
    names: Names
    history: Sequence[OperatorAct]
    readable: bool
    running: bool
    """Its instance still runs, so that its token can be moved."""

    @classmethod
    def of_incident(cls, session: Session, actor: Actor, incident_id: int) -> StuckView:
        """Raises NotFound."""
        row = incidents.get(session, actor, incident_id)
        return cls._of(session, actor, stuck.incident(session, actor, row.id), incidents.history(session, row))

    @classmethod
    def of_effect(cls, session: Session, actor: Actor, effect_id: int) -> StuckView:
        """Raises NotFound."""
        one = stuck.effect(session, actor, effect_id)
        return cls._of(session, actor, one, stuck.history(session, one.id))

    @classmethod
    def _of(cls, session: Session, actor: Actor, one: Stuck, history: Sequence[OperatorAct]) -> StuckView:
        instance = session.get(ProcessInstance, one.instance_id) if one.instance_id else None
        running = instance is not None and instance.status == RUNNING
        seen = one.subject_no in readable(session, actor, [one.subject_no])
        return cls(one, Names.load(session, [one.instance_id]), history, seen, running)

    @property
    def where(self) -> str:
        return _where(self.names, self.one)


@dataclass(frozen=True)
class InstanceView:
    """A running or ended model: where its tokens stand, what waits, where each token could be put."""

    row: ProcessInstance
    picture: Picture | None
    choices: Sequence[Choice]
    units: Mapping[int, Unit]
    open_incidents: Sequence[Incident]
    history: Sequence[OperatorAct]
    names: Names

    @classmethod
    def load(cls, session: Session, actor: Actor, instance_id: int) -> InstanceView:
        """Raises NotFound."""
        row = session.get(ProcessInstance, instance_id)
        if row is None or row.district_id != actor.district_id:
            raise NotFound
        runs = row.status == RUNNING
        picture = moving.picture(session, actor, row.id) if runs else None
        wanted = {item.unit_id for item in picture.items} if picture else set()
        units = {unit.id: unit for unit in session.scalars(select(Unit).where(Unit.id.in_(wanted)))}
        standing = select(Incident).where(Incident.instance_id == row.id, Incident.state == "open")
        acts = select(OperatorAct).where(OperatorAct.instance_id == row.id)
        return cls(
            row,
            picture,
            moving.choices(session, actor, row.id) if runs else [],
            units,
            session.scalars(standing.order_by(Incident.id)).all(),
            session.scalars(acts.order_by(OperatorAct.id)).all(),
            Names.load(session, [row.id]),
        )

    @property
    def title(self) -> str:
        return process_name(self.row.key)

    def element(self, element: str) -> str:
        return self.names.element(self.row.id, element)

    def token(self, token: str) -> str:
        """事件全程：核查."""
        process, _, element = token.partition("/")
        return f"{process_name(process)} · {self.element(element) or element}"

    def holder(self, unit_id: int, role: str) -> str:
        unit = self.units.get(unit_id)
        return f"{names.short(unit.name) if unit else unit_id} · {names.role(role)}"

    def due(self, due_at: datetime, now: datetime) -> str:
        return moments.moment(due_at, now)
