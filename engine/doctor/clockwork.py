"""Timers, effects, workers and what got stuck: does everything that should happen happen, and in time?"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select

from engine import timers
from engine.doctor.checks import Check, Finding, Patient, State, graded
from engine.incidents import Incident
from engine.instances import RUNNING, ProcessInstance
from engine.outbox import FAILED, PENDING, Outbox
from engine.scheduler import STALE, Worker
from engine.timers import ARMED, Timer

if TYPE_CHECKING:
    from engine.db import Session

LOOKED_AT = 200
"""Running instances that are compared without `--full`: those stepped into last, and those whose timers are due."""
LATE_SECONDS, VERY_LATE_SECONDS = 60, 600
WAITING_SECONDS, LONG_SECONDS = 120, 1800
OLD_INCIDENT = timedelta(days=1)


def find_drift(patient: Patient) -> Finding:
    """Rows of timers against the state of their instances."""
    session = patient.session
    chosen = None if patient.full else chosen_instances(session)
    found = timers.drift(session, instance_ids=chosen)
    looked = "全部" if patient.full else f"最近 {len(chosen or [])} 个"
    english = "all" if patient.full else f"the latest {len(chosen or [])}"
    says = (f"{len(found)} 处不一致（查了{looked}运行中的流程）", f"{len(found)} differ ({english} running instances)")
    return Finding(State.BAD if found else State.OK, says, {"differ": len(found)})


def chosen_instances(session: Session) -> list[int]:
    """Those that are compared without `--full`."""
    latest = select(ProcessInstance.id).where(ProcessInstance.status == RUNNING).order_by(ProcessInstance.id.desc())
    due = select(Timer.instance_id).where(Timer.state == ARMED).order_by(Timer.wake_at)
    half = LOOKED_AT // 2
    return sorted({*session.scalars(latest.limit(half)), *session.scalars(due.limit(half))})


def find_late_timers(patient: Patient) -> Finding:
    """Since when the oldest timer waits that should have fired."""
    wake = timers.next_wake(patient.session)
    late = _seconds_since(patient.session, wake)
    due = timers.due_count(patient.session) if late else 0
    says = (f"到期未执行 {due} 个，最久 {_span(late)[0]}", f"{due} due and not fired, the oldest for {_span(late)[1]}")
    return Finding(graded(late, LATE_SECONDS, VERY_LATE_SECONDS), says, {"due": due, "oldest_seconds": late})


def find_waiting_effects(patient: Patient) -> Finding:
    """Effects whose turn has come; those that failed wait for their next try and are counted elsewhere."""
    session = patient.session
    due = and_(Outbox.state == PENDING, Outbox.next_try_at <= session.env.clock.now())
    count, oldest = session.execute(select(func.count(), func.min(Outbox.next_try_at)).where(due)).one()
    late = _seconds_since(session, oldest)
    says = (f"待送 {count} 件，最久 {_span(late)[0]}", f"{count} to be delivered, the oldest for {_span(late)[1]}")
    return Finding(graded(late, WAITING_SECONDS, LONG_SECONDS), says, {"due": count, "oldest_seconds": late})


def find_workers(patient: Patient) -> Finding:
    """Whether somebody sweeps; who stopped in good order has taken the heartbeat away."""
    now = patient.session.env.clock.now()
    beats = patient.session.scalars(select(Worker.seen_at)).all()
    alive = sum(now - STALE <= seen for seen in beats)
    gone = len(beats) - alive
    says = (f"{alive} 个在工作，{gone} 个失去心跳", f"{alive} alive, {gone} without a heartbeat")
    state = State.BAD if not alive else State.WARN if gone else State.OK
    return Finding(state, says, {"alive": alive, "gone": gone})


def find_incidents(patient: Patient) -> Finding:
    """Open incidents, worse when they lie for more than a day."""
    session = patient.session
    query = select(func.count(), func.min(Incident.created_at)).where(Incident.state == "open")
    count, oldest = session.execute(query).one()
    old = oldest is not None and session.env.clock.now() - oldest > OLD_INCIDENT
    says = (f"{count} 起未处理", f"{count} open")
    age = _seconds_since(session, oldest)
    state = State.OK if not count else State.BAD if old else State.WARN
    return Finding(state, says, {"open": count, "oldest_seconds": age})


def find_failed_effects(patient: Patient) -> Finding:
    """Effects that failed: given up by the engine, or waiting for their next try."""
    given_up = and_(Outbox.state == FAILED, Outbox.given_up_at.is_(None))
    trying = and_(Outbox.state == PENDING, Outbox.last_error.is_not(None))
    query = select(Outbox.state, func.count()).where(or_(given_up, trying)).group_by(Outbox.state)
    counts = dict(patient.session.execute(query).all())
    failed, waiting = counts.get(FAILED, 0), counts.get(PENDING, 0)
    says = (f"{failed} 件已停发，{waiting} 件等待重试", f"{failed} given up, {waiting} wait for another try")
    state = State.BAD if failed else State.WARN if waiting else State.OK
    return Finding(state, says, {"given_up": failed, "waiting": waiting})


def _seconds_since(session: Session, moment: datetime | None) -> float:
    return max(0.0, (session.env.clock.now() - moment).total_seconds()) if moment is not None else 0.0


def _span(seconds: float) -> tuple[str, str]:
    if seconds < 120:
        return f"{seconds:.0f} 秒", f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} 分钟", f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} 小时", f"{seconds / 3600:.0f} h"


CHECKS = (
    Check(
        "drift",
        ("定时与流程状态一致", "timers agree with the state"),
        find_drift,
        (
            "运行 gridgov doctor --fix 按流程状态重建定时。",
            "Run gridgov doctor --fix: it rebuilds them from the state.",
        ),
        (f"至多 {LOOKED_AT} 个流程；--full 查全部", f"{LOOKED_AT} instances at most; all of them with --full"),
    ),
    Check(
        "timers",
        ("定时准点", "timers fire in time"),
        find_late_timers,
        (
            "确认 worker 在运行；有积压时再加几个 gridgov worker，几分钟后复查。",
            "See that workers run; when many are due start more `gridgov worker`, and look again in some minutes.",
        ),
        ("只查到期的", "reads what is due only"),
    ),
    Check(
        "effects",
        ("通知及时送出", "effects go out in time"),
        find_waiting_effects,
        (
            "确认 worker 在运行，对方地址（GRIDGOV_WEBHOOK_URL）可达。",
            "See that workers run, and that the receiver (GRIDGOV_WEBHOOK_URL) can be reached.",
        ),
        ("只查待送的", "reads what is pending only"),
    ),
    Check(
        "workers",
        ("后台进程", "workers"),
        find_workers,
        (
            "启动 gridgov worker（或不带 --no-worker 的 gridgov serve）；失去心跳的行一天后自动清除。",
            "Start gridgov worker (or gridgov serve without --no-worker); silent rows go away after a day.",
        ),
        ("几行", "a few rows"),
    ),
    Check(
        "incidents",
        ("异常", "incidents"),
        find_incidents,
        (
            "打开“管理 → 异常”逐类处理，见 docs/incidents.md。",
            "Open Administration → Incidents and go through them by reason: docs/incidents.md.",
        ),
        ("只查未处理的", "reads open ones only"),
    ),
    Check(
        "failed_effects",
        ("对外送达", "deliveries"),
        find_failed_effects,
        (
            "在“管理 → 异常”查看原因，对方恢复后重试，或写明原因放弃。",
            "See why in Administration → Incidents; try again when the receiver is back, or give up with a reason.",
        ),
        ("只查失败的", "reads failed ones only"),
    ),
)
