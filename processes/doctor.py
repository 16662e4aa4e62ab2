"""The table of everything that `gridgov doctor` looks at: the engine's checks, and those that know cases and models."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Select, and_, exists, func, or_, select

from engine.calendar import ZONE, CalendarDay
from engine.deadlines.book import TASK, Deadline
from engine.definitions.models import Definition
from engine.doctor import clockwork, ground
from engine.doctor.checks import Check, Finding, Patient, State, graded
from engine.instances import ENDED, RUNNING, ProcessInstance
from engine.timers import ARMED, Timer
from engine.vault import SealedText, SubjectKey
from engine.worklist import OPEN, WorkItem
from processes import migrations
from processes.attachments import Attachment
from processes.cases.models import Case
from processes.visits.models import Visit

if TYPE_CHECKING:
    from engine.db import Session

LATEST = 20_000
"""How many of the latest rows of each table are looked at without `--full`."""
MODELS = (
    *("case", "request", "supervision", "whistle", "consultation", "mediation", "mediation_follow_up"),
    "legal_service",
)
LIST_PUBLISHED_IN = 12
"""The State Council publishes the holidays of a year in November of the year before; from December on it is missed."""
OLD_HOURS, VERY_OLD_HOURS = 26.0, 72.0
"""A nightly backup is missed after a day and two hours."""


def find_revision(patient: Patient) -> Finding:
    """Whether the tables are those of this release."""
    if migrations.is_current(patient.session.connection()):
        return Finding(State.OK, ("数据库结构为本版本", "the tables are those of this release"))
    return Finding(State.BAD, ("数据库结构不是本版本", "the tables are those of another release"))


def find_models(patient: Patient) -> Finding:
    """Whether each model has a version for new instances that can be read; with `--full` also all that still run."""
    session = patient.session
    wanted = {key: session.scalar(_active(key)) for key in MODELS}
    missing = [key for key, definition_id in wanted.items() if definition_id is None]
    in_use = {definition_id for definition_id in wanted.values() if definition_id is not None}
    if patient.full:
        running = select(ProcessInstance.definition_id).where(ProcessInstance.status == RUNNING).distinct()
        in_use |= set(session.scalars(running))
    for definition_id in in_use:
        session.env.catalogue.get(session, definition_id)
    if missing:
        names = ", ".join(missing)
        return Finding(State.BAD, (f"{names} 没有启用的版本", f"{names}: no active version"), {"missing": names})
    return Finding(
        State.OK, (f"{len(in_use)} 个版本可用", f"{len(in_use)} versions can be read"), {"versions": len(in_use)}
    )


def _active(key: str) -> Select[Any]:
    return select(Definition.id).where(Definition.key == key, Definition.active)


def find_calendar(patient: Patient) -> Finding:
    """Whether this year's official days are known, and from December on the next year's."""
    today = patient.session.env.clock.now().astimezone(ZONE).date()
    this, following = (_is_official(patient.session, year) for year in (today.year, today.year + 1))
    if not this:
        says = (f"{today.year} 年日历未导入官方安排", f"the official days of {today.year} are not known")
        return Finding(State.BAD, says, {"year": today.year})
    if not following and today.month >= LIST_PUBLISHED_IN:
        says = (f"{today.year + 1} 年日历尚未导入官方安排", f"the official days of {today.year + 1} are not known yet")
        return Finding(State.WARN, says, {"year": today.year + 1})
    last = today.year + following
    return Finding(State.OK, (f"官方安排到 {last} 年", f"official days are known to the end of {last}"), {"year": last})


def _is_official(session: Session, year: int) -> bool:
    days = CalendarDay.day.between(datetime(year, 1, 1).date(), datetime(year, 12, 31).date())  # noqa: DTZ001 # a date
    return (session.scalar(select(func.count()).where(days, CalendarDay.official)) or 0) >= 365


def find_orphans(patient: Patient) -> Finding:
    """Rows that belong to something that is not there."""
    counts = {}
    for name, (query, column) in _ORPHANS.items():
        newest = 0 if patient.full else patient.session.scalar(select(func.max(column))) or 0
        looked_at = query.where(column > newest - LATEST) if not patient.full else query
        counts[name] = patient.session.scalar(looked_at.with_only_columns(func.count())) or 0
    wrong = {name: count for name, count in counts.items() if count}
    if not wrong:
        return Finding(State.OK, ("没有失去归属的数据", "no row belongs to nothing"), {})
    chinese = "，".join(f"{_ORPHAN_NAMES[name][0]} {count}" for name, count in wrong.items())
    english = ", ".join(f"{_ORPHAN_NAMES[name][1]}: {count}" for name, count in wrong.items())
    return Finding(State.BAD, (chinese, english), dict(wrong))


_instance_of = ProcessInstance.id
_ORPHANS: dict[str, tuple[Select[Any], Any]] = {
    "instance_without_case": (
        select(ProcessInstance.id)
        .outerjoin(Case, Case.id == ProcessInstance.subject_id)
        .outerjoin(Visit, Visit.id == -ProcessInstance.subject_id)
        .where(ProcessInstance.status == RUNNING, Case.id.is_(None), Visit.id.is_(None)),
        ProcessInstance.id,
    ),
    "visit_without_instance": (
        select(Visit.id)
        .outerjoin(ProcessInstance, (ProcessInstance.id == Visit.instance_id) & (ProcessInstance.status == RUNNING))
        .where(Visit.closed_at.is_(None), _instance_of.is_(None)),
        Visit.id,
    ),
    "case_without_instance": (
        select(Case.id)
        .outerjoin(ProcessInstance, (ProcessInstance.id == Case.instance_id) & (ProcessInstance.status == RUNNING))
        .where(Case.ended_at.is_(None), _instance_of.is_(None)),
        Case.id,
    ),
    "item_without_instance": (
        select(WorkItem.id)
        .outerjoin(ProcessInstance, (ProcessInstance.id == WorkItem.instance_id) & (ProcessInstance.status == RUNNING))
        .where(WorkItem.state.in_(OPEN), _instance_of.is_(None)),
        WorkItem.id,
    ),
    "clock_without_item": (
        select(Deadline.id).where(
            Deadline.closed_at.is_(None),
            Deadline.suspended_at.is_(None),
            Deadline.clock == TASK,
            ~exists().where(
                WorkItem.instance_id == Deadline.instance_id,
                WorkItem.scope == Deadline.scope,
                WorkItem.element == Deadline.element,
                WorkItem.state.in_(OPEN),
            ),
        ),
        Deadline.id,
    ),
    "timer_without_instance": (
        select(Timer.id)
        .outerjoin(ProcessInstance, ProcessInstance.id == Timer.instance_id)
        .where(Timer.state == ARMED, or_(_instance_of.is_(None), ProcessInstance.status == ENDED)),
        Timer.id,
    ),
    "attachment_without_content": (
        select(Attachment.id)
        .outerjoin(SubjectKey, SubjectKey.subject_id == Attachment.case_id)
        .where(or_(SubjectKey.subject_id.is_(None), func.length(Attachment.content) == 0)),
        Attachment.id,
    ),
    "text_without_key": (
        select(SealedText.id)
        .join(Case, Case.id == SealedText.subject_id)
        .outerjoin(SubjectKey, SubjectKey.subject_id == SealedText.subject_id)
        .where(and_(SubjectKey.subject_id.is_(None), Case.ended_at.is_(None))),
        SealedText.id,
    ),
}
"""Name → rows that are wrong, and the id by which the latest are known. An erased case rightly has no key."""
_ORPHAN_NAMES = {
    "instance_without_case": ("流程无事件或来访", "running instances without a case or visit"),
    "visit_without_instance": ("在办来访无流程", "open visits without an instance"),
    "case_without_instance": ("在办事件无流程", "open cases without an instance"),
    "item_without_instance": ("待办无流程", "open tasks without an instance"),
    "clock_without_item": ("时限无待办", "open clocks without a task"),
    "timer_without_instance": ("定时无流程", "armed timers without an instance"),
    "attachment_without_content": ("附件无内容或密钥", "attachments without content or key"),
    "text_without_key": ("在办事件的密文无密钥", "texts of open cases without a key"),
}


def find_backup(patient: Patient) -> Finding:
    """How old the latest backup is, where it is known in which folder they lie."""
    folder = patient.backups
    if folder is None or not folder.is_dir():
        return Finding(State.OK, ("未指定备份目录（--backups），未检查", "not looked at: say where with --backups"))
    made = [file.stat().st_mtime for file in folder.glob("gridgov-*.zip")]
    if not made:
        return Finding(State.BAD, (f"{folder} 中没有备份", f"there is none in {folder}"))
    age = (datetime.now(UTC).timestamp() - max(made)) / 3600  # files are dated by the host's clock
    says = (f"最近一次在 {age:.0f} 小时前", f"the latest was made {age:.0f} h ago")
    return Finding(graded(age, OLD_HOURS, VERY_OLD_HOURS), says, {"age_hours": round(age, 1)})


CHECKS = (
    Check(
        "revision",
        ("数据库版本", "revision of the database"),
        find_revision,
        (
            "程序较新时运行 gridgov db upgrade；数据库较新时安装对应版本的程序。",
            "Run gridgov db upgrade; when the database is the newer one, install the release that it belongs to.",
        ),
        ("一行", "one row"),
    ),
    *ground.CHECKS,
    *clockwork.CHECKS,
    Check(
        "models",
        ("流程模型", "models"),
        find_models,
        (
            "运行 gridgov definitions deploy 部署并启用模型。",
            "Run gridgov definitions deploy: it deploys the models and makes them active.",
        ),
        ("启用的版本；--full 含全部在用版本", "the active versions; with --full all in use"),
    ),
    Check(
        "calendar",
        ("工作日历", "working calendar"),
        find_calendar,
        (
            "国务院办公厅公布放假安排后，用 gridgov calendar import 或“管理 → 工作日历”导入；在途时限自动重算。",
            "Import the published days with gridgov calendar import, or in Administration → Calendar; open deadlines "
            "are reckoned anew.",
        ),
        ("两次计数", "two counts"),
    ),
    Check(
        "orphans",
        ("数据归属", "what belongs to what"),
        find_orphans,
        (
            "“定时无流程”用 --fix 清除；其余说明数据库被绕过程序改动，或恢复不完整：保留现场，"
            "运行 gridgov trail reconcile，与备份比对。",
            "Armed timers without an instance go away with --fix. Anything else: somebody changed the database past "
            "gridgov, or a restore was not whole. Leave it as it is, run gridgov trail reconcile, look into a backup.",
        ),
        (f"每类最近 {LATEST} 行；--full 查全部", f"the latest {LATEST} rows of each table; all of them with --full"),
    ),
    Check(
        "backup",
        ("备份", "backup"),
        find_backup,
        (
            "运行 gridgov backup 目录，并查看定时任务（gridgov-backup.timer）为何没有运行。",
            "Run gridgov backup FOLDER, and see why its timer (gridgov-backup.timer) did not.",
        ),
        ("列目录", "lists a folder"),
    ),
)
"""Every check in the order in which it is told; `gridgov doctor`, the API and the page of administration show these."""
DEFAULT_BACKUPS = Path("/var/backups/gridgov")
"""Where deploy/ puts them."""
