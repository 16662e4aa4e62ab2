"""The way of a case through its models, said as a list and handed to the drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.deadlines.book import Deadline
from engine.instances import ProcessInstance
from engine.worklist import WorkItem
from processes.cases import reading, route
from processes.codes import STATE_AFTER
from web.translation import t
from web.words import codes, moments, sayings

if TYPE_CHECKING:
    from engine.db import Session
    from processes.cases.models import Case

MODEL_NAMES = {
    route.CASE: ("事件主流程", "the whole case"),
    route.HANDLING: ("本次承办", "the present stay"),
}
_CALLS = {"stay": ("承办", "handling by a unit")}


@dataclass(frozen=True)
class StopView:
    """One human step: passed, or where the case stands (`elapsed`), late or not."""

    element: str
    label: str
    times: int
    since: datetime
    elapsed: str
    is_here: bool
    is_end: bool
    is_late: bool

    @property
    def state(self) -> str:
        return "here" if self.is_here else "end" if self.is_end else "passed"


@dataclass(frozen=True)
class RouteView:
    """One model. `href`: its drawing; `passed`: ids of elements and flows for it."""

    model: str
    title: str
    href: str
    passed: str
    stops: Sequence[StopView]


def load(session: Session, case: Case) -> list[RouteView]:
    """The routes through `case` and `handling`; empty for a case that never started."""
    instance = session.get(ProcessInstance, case.instance_id) if case.instance_id is not None else None
    if instance is None:
        return []
    history = route.History(
        case=case,
        moments=reading.timeline(session, case),
        items=list(session.scalars(select(WorkItem).where(WorkItem.subject_id == case.id).order_by(WorkItem.id))),
        clocks=list(session.scalars(select(Deadline).where(Deadline.subject_id == case.id).order_by(Deadline.id))),
        instance=instance,
    )
    now = session.env.clock.now()
    return [_view(case, found, now) for found in route.routes(session, history)]


def _view(case: Case, found: route.Route, now: datetime) -> RouteView:
    return RouteView(
        model=found.model,
        title=t(*MODEL_NAMES[found.model]),
        href=f"/api/v1/cases/{case.number}/models/{found.model}",
        passed=" ".join(sorted(found.passed)),
        stops=[_stop(stop, now) for stop in found.stops],
    )


def _stop(stop: route.Stop, now: datetime) -> StopView:
    is_end = stop.element in STATE_AFTER
    is_here = stop.until is None
    return StopView(
        element=stop.element,
        label=_label(stop.element),
        times=stop.times,
        since=stop.since if is_here else stop.until or stop.since,
        elapsed=moments.span(now - stop.since) if is_here else "",
        is_here=is_here,
        is_end=is_end,
        is_late=stop.is_late,
    )


def _label(element: str) -> str:
    if element in STATE_AFTER:
        return codes.label(STATE_AFTER[element])
    return t(*_CALLS[element]) if element in _CALLS else sayings.element(element)
