"""What everything stands on: the database's settings and version, its disk, the clocks, the key, the trail."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.engine import make_url

from engine import vault
from engine.calendar import ZONE
from engine.doctor.checks import Check, Finding, Patient, State, graded
from engine.keys import WrongKey
from engine.network.units import Unit
from engine.scheduler import Worker
from engine.trail import merkle
from engine.trail.entries import TrailEntry, TrailHead
from engine.trail.verify import verify
from engine.vault import SubjectKey

if TYPE_CHECKING:
    from engine.db import Session

GIB = 2**30
MIN_FREE_BYTES, MIN_FREE_SHARE = GIB, 0.10
BAD_FREE_BYTES, BAD_FREE_SHARE = GIB // 5, 0.03
SKEW_SECONDS, BAD_SKEW_SECONDS = 2.0, 30.0
LAST_ENTRIES = 2000
OLDEST_POSTGRESQL = 130_000
OLDEST_SQLITE = (3, 35)
_PRAGMAS: dict[str, object] = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
_PG_SETTINGS = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on"}
_PG_STRONGER = {"remote_apply", "remote_write", "local"}
"""Values of synchronous_commit that lose nothing that was acknowledged, as long as this server's disk lives."""


def find_settings(patient: Patient) -> Finding:
    """Whether an acknowledged commit is on the disk, and whether the version is one that this release knows."""
    return _sqlite_settings(patient) if patient.session.is_sqlite else _postgresql_settings(patient.session)


def _sqlite_settings(patient: Patient) -> Finding:
    session = patient.session
    version = str(session.scalar(text("select sqlite_version()")))
    found = {name: session.scalar(text(f"PRAGMA {name}")) for name in _PRAGMAS}
    wrong = [name for name, wanted in _PRAGMAS.items() if found[name] != wanted]
    if patient.full and session.scalar(text("PRAGMA quick_check(1)")) != "ok":
        wrong.append("quick_check")
    old = tuple(map(int, version.split(".")[:2])) < OLDEST_SQLITE
    return _judged(f"SQLite {version}", wrong, old=old)


def _postgresql_settings(session: Session) -> Finding:
    version = int(str(session.scalar(text("show server_version_num"))))
    found = {name: str(session.scalar(text(f"show {name}"))) for name in _PG_SETTINGS}
    wrong = [name for name, wanted in _PG_SETTINGS.items() if found[name] != wanted]
    if found["synchronous_commit"] in _PG_STRONGER:
        wrong.remove("synchronous_commit")
    return _judged(f"PostgreSQL {version // 10_000}.{version % 10_000}", wrong, old=version < OLDEST_POSTGRESQL)


def _judged(name: str, wrong: list[str], *, old: bool) -> Finding:
    said = ", ".join(wrong)
    if wrong:
        return Finding(State.BAD, (f"{name}：{said} 设置不安全", f"{name}: {said} not safe"), {"wrong": said})
    if old:
        return Finding(State.WARN, (f"{name} 版本过旧", f"{name} is too old"), {"version": name})
    return Finding(State.OK, (f"{name}，提交即落盘", f"{name}, what is committed is on the disk"), {"version": name})


def find_space(patient: Patient) -> Finding:
    """Free space where the database lies; of a server elsewhere only how large the database is."""
    session = patient.session
    url = make_url(str(session.get_bind().engine.url))
    if not session.is_sqlite:
        size = int(session.scalar(text("select pg_database_size(current_database())")) or 0)
        says = (f"数据库 {_gib(size)}；请在数据库主机上查看剩余空间", f"{_gib(size)}; watch the free space on its host")
        return Finding(State.OK, says, {"bytes": size})
    file = Path(url.database or ".").absolute()
    usage = shutil.disk_usage(file.parent)
    size = sum(part.stat().st_size for part in file.parent.glob(file.name + "*"))
    share = usage.free / usage.total
    low = usage.free < MIN_FREE_BYTES or share < MIN_FREE_SHARE
    bad = usage.free < BAD_FREE_BYTES or share < BAD_FREE_SHARE or usage.free < size // 10
    said = f"{_gib(usage.free)} ({share:.0%})"
    says = (f"剩余 {said}，数据库 {_gib(size)}", f"{said} free, the database has {_gib(size)}")
    state = State.BAD if bad else State.WARN if low else State.OK
    return Finding(state, says, {"free_bytes": usage.free, "bytes": size})


def _gib(count: int) -> str:
    return f"{count / GIB:.1f} GiB" if count >= GIB // 10 else f"{count / 2**20:.1f} MiB"


def find_skew(patient: Patient) -> Finding:
    """This host's clock against the database's, the heartbeats of workers elsewhere, and the end of the trail."""
    session = patient.session
    now = session.env.clock.now()
    ahead = [(seen - now).total_seconds() for seen in session.scalars(select(Worker.seen_at))]
    ahead += [(at - now).total_seconds() for at in _last_moments(session)]
    if not session.is_sqlite:
        there = session.scalar(select(func.clock_timestamp()))
        ahead.append(abs((_aware(there) - session.env.clock.now()).total_seconds()))
    skew = max((*ahead, 0.0))
    local = now.astimezone(ZONE).strftime("%Y-%m-%d %H:%M")
    says = (f"最大偏差 {skew:.1f} 秒；北京时间 {local}", f"{skew:.1f} s apart at most; it is {local} in Beijing")
    return Finding(graded(skew, SKEW_SECONDS, BAD_SKEW_SECONDS), says, {"skew_seconds": round(skew, 3)})


def _last_moments(session: Session) -> list[datetime]:
    """The moment of the last entry of each log; one that lies ahead of now means that a clock went back."""
    last = (TrailEntry.district_id == TrailHead.district_id) & (TrailEntry.seq == TrailHead.size - 1)
    return list(session.scalars(select(TrailEntry.at).join(TrailHead, last)))


def _aware(moment: datetime | None) -> datetime:
    assert moment is not None  # noqa: S101 # a clock always answers
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


def find_key(patient: Patient) -> Finding:
    """Whether the master key opens the oldest and the latest of the keys that it wrapped."""
    session = patient.session
    ends = [session.scalar(select(edge(SubjectKey.subject_id))) for edge in (func.min, func.max)]
    try:
        for subject_id in {end for end in ends if end is not None}:
            row = session.get_one(SubjectKey, subject_id)
            vault.cipher_of(session, row.district_id, subject_id)
    except WrongKey:
        return Finding(State.BAD, ("主密钥打不开本数据库", "the master key does not open this database"))
    if ends[0] is None:
        return Finding(State.OK, ("尚无加密内容", "nothing is sealed yet"))
    return Finding(State.OK, ("主密钥与数据库相符", "the master key opens this database"))


def find_trail(patient: Patient) -> Finding:
    """The last entries of each log as they were hashed, and its head; the whole log with `--full`."""
    wrong: list[str] = []
    count = 0
    for head in patient.session.scalars(select(TrailHead)).all():
        if patient.full:
            verdict = verify(patient.session, head.district_id)
            wrong += verdict.findings
            count += verdict.size
        else:
            found, looked = _tail(patient.session, head)
            wrong += found
            count += looked
    says = (f"查了 {count} 条，{len(wrong)} 处不符", f"{count} entries looked at, {len(wrong)} wrong")
    return Finding(State.BAD if wrong else State.OK, says, {"entries": count, "wrong": len(wrong)})


def _tail(session: Session, head: TrailHead) -> tuple[list[str], int]:
    columns = TrailEntry.__table__.c
    query = select(columns.seq, columns.leaf_hash, columns.body).where(columns.district_id == head.district_id)
    rows = session.execute(query.order_by(columns.seq.desc()).limit(LAST_ENTRIES)).all()
    wrong = [f"seq {row.seq}" for row in rows if merkle.leaf_hash(row.body) != row.leaf_hash]
    wrong += [f"gap at {row.seq}" for number, row in enumerate(rows) if rows[0].seq - row.seq != number]
    last = rows[0].seq + 1 if rows else 0
    if last < head.size or merkle.Frontier.from_bytes(head.size, head.edge).root() != head.root:
        wrong.append("head")
    return wrong, len(rows)


def find_district(patient: Patient) -> Finding:
    """An installation without a network cannot take a report."""
    count = patient.session.scalar(select(func.count()).select_from(Unit).where(Unit.valid_to.is_(None))) or 0
    says = (f"{count} 个单位", f"{count} units")
    return Finding(State.OK if count else State.BAD, says, {"units": count})


CHECKS = (
    Check(
        "settings",
        ("数据库设置", "settings of the database"),
        find_settings,
        (
            "SQLite 由程序自行设置，若有不符说明另有程序在改；PostgreSQL 请将 fsync、synchronous_commit、"
            "full_page_writes 设为 on 并重启，版本不低于 13。",
            "SQLite is set by gridgov itself: another program changes it. On PostgreSQL set fsync, synchronous_commit "
            "and full_page_writes to on and restart it; version 13 or newer.",
        ),
        ("几条语句；--full 另做 SQLite quick_check", "a few statements; SQLite's quick_check with --full"),
    ),
    Check(
        "disk",
        ("磁盘空间", "disk space"),
        find_space,
        (
            "清理或扩容磁盘；写满后任何办理都会被拒绝（数据不会丢）。",
            "Make room or a larger disk; when it is full every act is refused (nothing is lost).",
        ),
        ("不读数据", "reads no data"),
    ),
    Check(
        "clock",
        ("时钟", "clocks"),
        find_skew,
        (
            "在每台主机上启用时间同步（chrony 或 systemd-timesyncd）；已定的时限时刻不变。",
            "Keep every host in time (chrony or systemd-timesyncd); deadlines keep the moment that they have.",
        ),
        ("几行", "a few rows"),
    ),
    Check(
        "key",
        ("主密钥", "master key"),
        find_key,
        (
            "立即停止服务，核对 GRIDGOV_KEY_FILE 是否为本数据库的密钥；丢失则从密钥备份恢复。",
            "Stop serving; see whether GRIDGOV_KEY_FILE belongs to this database, else restore the key from a copy.",
        ),
        ("两行", "two rows"),
    ),
    Check(
        "trail",
        ("审计轨迹", "the trail"),
        find_trail,
        (
            "运行 gridgov trail verify 查明位置；保全数据库与备份，报审计员核对见证副本。",
            "Run gridgov trail verify to see where; keep database and backups as they are, and call the auditor.",
        ),
        (f"各区最近 {LAST_ENTRIES} 条；--full 查全部", f"the last {LAST_ENTRIES} of each district; all with --full"),
    ),
    Check(
        "network",
        ("单位网络", "the network"),
        find_district,
        (
            "运行 gridgov network import 导入单位与人员，或 gridgov demo load 载入示例。",
            "Run gridgov network import, or gridgov demo load to look around.",
        ),
        ("一次计数", "one count"),
    ),
)
