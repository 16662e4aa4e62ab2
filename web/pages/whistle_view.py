"""A whistle as pages show it: why, and for each department where it stands, since when and by when it has to act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from engine import vault
from engine.network.units import get
from processes.codes import PROTECTED_ROLE, Light, WhistleReason
from processes.whistles.calls import Part, part_of
from web.translation import t
from web.words import clocks, codes, deadlines
from web.words.clocks import Chip

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.deadlines.book import Deadline
    from engine.network.units import Unit
    from processes.cases.models import Case
    from processes.procedures.models import Procedure
    from processes.whistles.models import Whistle, WhistleCall

_PARTS: Mapping[Part, tuple[str, str, str]] = {
    Part.CALLED: ("warn", "待应哨", "to answer"),
    Part.REFUSED: ("warn", "拒哨待裁定", "refused, to be ruled on"),
    Part.COMING: ("accent", "待到场", "coming"),
    Part.ARRIVED: ("accent", "处置中", "at work"),
    Part.FED_BACK: ("ok", "已反馈，待销哨", "fed back, to be dismissed"),
    Part.RELEASED: ("plain", "可以撤离", "may leave"),
    Part.LEFT: ("plain", "已撤离", "has left"),
}


@dataclass(frozen=True)
class PartView:
    """One department. `steps`: (what, when) in order; `faults`: what it failed in."""

    unit: Unit
    tone: str
    label: str
    steps: Sequence[tuple[str, datetime]]
    faults: Sequence[str]
    clock: Chip | None
    clock_label: str
    score: int | None
    words: str
    may_leave: bool
    may_report: bool
    """The reader may record that it left early."""


@dataclass(frozen=True)
class WhistleView:
    """One whistle with its departments."""

    id: int
    number: str
    reason: str
    is_emergency: bool
    words: str
    again: bool
    carries_on: bool
    parts: Sequence[PartView]
    waits: str
    """What the caller has to do next; empty while departments have to act."""
    clock: Chip | None


def load(
    session: Session,
    actor: Actor,
    case: Case,
    procedure: Procedure,
    whistle: Whistle,
    calls: Sequence[WhistleCall],
    running: Mapping[int, Deadline],
) -> WhistleView:
    """`running`: unit id → the clock of the task that waits there now."""
    callers = actor.holds(procedure.unit_id, PROTECTED_ROLE if case.restricted else "dispatcher")
    reason, own = WhistleReason(whistle.reason), running.get(procedure.unit_id)
    return WhistleView(
        id=procedure.id,
        number=case.number,
        reason=codes.label(reason),
        is_emergency=reason is WhistleReason.EMERGENCY,
        words=(vault.open_text(session, whistle.words) or {}).get("words", ""),
        again=whistle.again,
        carries_on=procedure.previous_id is not None,
        parts=[_part(session, actor, case, call, running.get(call.unit_id), callers=callers) for call in calls],
        waits=t("待", "to do: ") + deadlines.stage(own.stage) if own is not None else "",
        clock=_chip(own, session.env.clock.now()) if own is not None else None,
    )


def _part(
    session: Session, actor: Actor, case: Case, call: WhistleCall, row: Deadline | None, *, callers: bool
) -> PartView:
    part = part_of(call)
    tone, zh, en = _PARTS[part]
    role = PROTECTED_ROLE if case.restricted else "liaison"
    free = part is Part.RELEASED and call.fed_back_at is not None
    here = part in {Part.ARRIVED, Part.FED_BACK} and call.left_early_at is None
    return PartView(
        unit=get(session, call.unit_id),
        tone=tone,
        label=t(zh, en) if not _excused(call) else t("免予到场", "need not come"),
        steps=_steps(call),
        faults=_faults(call),
        clock=_chip(row, session.env.clock.now()) if row is not None else None,
        clock_label=deadlines.stage(row.stage) if row is not None else "",
        score=call.score,
        words=(vault.open_text(session, call.words) or {}).get("words", ""),
        may_leave=free and actor.holds(call.unit_id, role),
        may_report=here and callers,
    )


def _excused(call: WhistleCall) -> bool:
    return call.ruling == "released"


def _steps(call: WhistleCall) -> list[tuple[str, datetime]]:
    marks = (
        (t("应哨", "answered"), call.answered_at),
        (t("拒哨", "refused"), call.refused_at),
        (t("到场", "arrived"), call.arrived_at),
        (t("反馈", "fed back"), call.fed_back_at),
        (t("撤离", "left"), call.left_at),
    )
    return [(said, at) for said, at in marks if at is not None]


def _faults(call: WhistleCall) -> list[str]:
    found = (
        (call.silent_at, t("逾期未应哨", "did not answer")),
        (call.answered_late and not call.silent_at, t("应哨超时", "answered late")),
        (call.arrived_late, t("到场超时", "arrived late") if call.arrived_at else t("逾期未到场", "has not come")),
        (call.left_early_at, t("擅自撤离", "left early")),
    )
    return [said for holds, said in found if holds]


def _chip(row: Deadline, now: datetime) -> Chip:
    light = Light.GREEN
    if row.suspended_at is not None:
        light = Light.GREY
    elif row.overdue_at is not None:
        light = Light.RED
    elif row.warned_at is not None:
        light = Light.YELLOW
    return clocks.chip(light, row.due_at, now, provisional=row.provisional, brief=True)
