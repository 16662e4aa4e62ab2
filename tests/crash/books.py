"""What must hold after every death: the tables against what was acknowledged, the timers, the trail, the effects."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from sqlalchemy import Select, func, select, text

from engine import runtime, timers
from engine.commands import Command as Row
from engine.db import Session
from engine.deadlines.book import Deadline
from engine.incidents import Incident
from engine.instances import RUNNING, ProcessInstance
from engine.notices import Notice
from engine.outbox import DELIVERED, Outbox
from engine.timers import ARMED, FIRED, Timer
from engine.trail.entries import TrailEntry
from engine.trail.merkle import Frontier
from engine.trail.verify import verify, verify_part
from engine.worklist import COMPLETED, WorkItem
from processes.cases.models import Case, Progress
from processes.reconcile import reconcile
from tests.cast import Cast
from tests.crash.people import Command, Crowd
from tests.crash.receiver import Receiver

EFFECTS: dict[str, Select[tuple[int]]] = {
    "report": select(func.count()).select_from(Case),
    "complete": select(func.count()).select_from(WorkItem).where(WorkItem.state == COMPLETED),
    "feedback": select(func.count()).select_from(Progress).where(Progress.kind == "feedback"),
    "claim": select(func.count()).select_from(TrailEntry).where(TrailEntry.action == "work:item:claim"),
}
"""Kind of command → how many times it has had its effect, over the whole database."""


LATELY = 500
"""How far back among the timers a quick check looks."""


class Books:
    """Checks one database against what a crowd was told."""

    def __init__(self, cast: Cast, crowd: Crowd) -> None:
        self._cast = cast
        self._crowd = crowd
        self._frontier = Frontier()
        self._newest_timer = 0

    # -- after each death, while nobody serves

    def check_cut_off(self) -> None:
        """Each command on its way is there entirely or not at all; none that was answered is missing or there twice.

        A command and its effect share one transaction: so there are as many effects of each kind as commands.
        """
        with self._crowd.lock:
            acknowledged = Counter(each.kind for each in self._crowd.done if each.is_done)
            under_way = list(self._crowd.current.values())
            attempts = {each.key: each.attempts for each in under_way}
        with snapshot(self._cast) as session:
            there = set(session.scalars(select(Row.key).where(Row.key.in_(attempts))))
            expected = acknowledged + Counter(each.kind for each in under_way if each.key in there)
            prefix = func.substr(Row.key, 1, func.instr(Row.key, "-") - 1) if session.is_sqlite else _split(Row.key)
            rows = dict(session.execute(select(prefix, func.count()).group_by(prefix)).all())
            effects = {kind: session.scalar(query) for kind, query in EFFECTS.items()}
        for command in under_way:
            command.was_there, command.seen_at = command.key in there, attempts[command.key]
        for kind in EFFECTS:
            found = {"acknowledged": expected[kind], "answers kept": rows.get(kind, 0), "effects": effects[kind]}
            assert len(set(found.values())) == 1, f"{kind}: {found}"

    def check_trail_so_far(self) -> None:
        """Go on with the verification where the last one stopped."""
        with snapshot(self._cast) as session:
            part = verify_part(session, self._cast.district_id, self._frontier)
        assert part.findings == []
        self._frontier = part.frontier

    def check_touched_timers(self) -> None:
        """Rows and state agree where a command was on its way, or a timer was tried lately."""
        items = [each.item_id for each in self._crowd.on_their_way() if each.item_id]
        with snapshot(self._cast) as session:
            tried = select(Timer.instance_id).where(Timer.attempts > 0, Timer.id > self._newest_timer - LATELY)
            touched = set(session.scalars(select(WorkItem.instance_id).where(WorkItem.id.in_(items))))
            touched |= set(session.scalars(tried))
            self._newest_timer = session.scalar(select(func.max(Timer.id))) or 0
            running = (ProcessInstance.id.in_(touched), ProcessInstance.status == RUNNING)
            for instance_id in session.scalars(select(ProcessInstance.id).where(*running)):
                armed = {timer.task_id: timer.due_at for timer in runtime.inspect(session, instance_id).timers}
                rows = select(Timer.task_id, Timer.due_at).where(Timer.instance_id == instance_id, Timer.state == ARMED)
                assert dict(session.execute(rows).all()) == armed

    # -- from time to time, and at the end, while everybody rests

    def check_all(self) -> None:
        with snapshot(self._cast) as session:
            assert verify(session, self._cast.district_id).findings == []
            assert reconcile(session, self._cast.district_id) == []
            assert timers.drift(session) == []
            assert session.scalars(select(Incident.reason)).all() == []
            self._check_answers(session)
            self._check_marks(session)
            self._check_times(session)
            self._check_database(session)

    def _check_answers(self, session: Session) -> None:
        """Word for word what was answered is what is kept, under each key; and every report's case is there."""
        done = [each for each in self._crowd.done if each.is_done]
        kept = {row.key: (row.status, row.response) for row in session.scalars(select(Row))}
        assert kept == {each.key: (each.status, _without_secret(each)) for each in done}
        numbers = {each.answer["number"] for each in done if each.kind == "report"}
        assert set(session.scalars(select(Case.number))) == numbers
        completed = select(WorkItem.id).where(WorkItem.state == COMPLETED)
        assert sorted(session.scalars(completed)) == sorted(
            each.item_id or 0 for each in done if each.kind == "complete"
        )

    @staticmethod
    def _check_marks(session: Session) -> None:
        """Each timer that fired gave its mark once: as many in the trail, case and task by task, as rows that fired.

        Some timers tell something else than a mark (a card is given, a rating closes): those never stand in the trail.
        """
        rows = select(Timer.mark, Deadline.element, ProcessInstance.subject_no)
        rows = rows.join(Deadline, Deadline.id == Timer.deadline_id)
        rows = rows.join(ProcessInstance, ProcessInstance.id == Timer.instance_id).where(Timer.state == FIRED)
        told: Counter[tuple[str, ...]] = Counter()
        for entry in session.scalars(select(TrailEntry).where(TrailEntry.action.like("deadline:mark:%"))):
            data = json.loads(entry.body)["data"]
            if "clock" in data:
                told[entry.action.rpartition(":")[2], data["element"], entry.subject] += 1
        telling = {(mark, element) for mark, element, _ in told}
        fired = Counter(
            (mark, element, subject)
            for mark, element, subject in session.execute(rows).all()
            if (mark, element) in telling
        )
        assert told == fired

    @staticmethod
    def _check_times(session: Session) -> None:
        """No timer has fired before its time, and none wakes before it."""
        assert session.scalars(select(Timer.id).where(Timer.state == FIRED, Timer.fired_at < Timer.due_at)).all() == []
        assert session.scalars(select(Timer.id).where(Timer.wake_at < Timer.due_at)).all() == []

    @staticmethod
    def _check_database(session: Session) -> None:
        if session.is_sqlite:
            assert session.scalars(text("PRAGMA integrity_check")).all() == ["ok"]
            assert session.execute(text("PRAGMA foreign_key_check")).all() == []

    def check_effects(self, receiver: Receiver) -> None:
        """Every effect has arrived, outside and in the inboxes, under its own key and with the same content."""
        with snapshot(self._cast) as session:
            assert session.scalars(select(Outbox.key).where(Outbox.state != DELIVERED)).all() == []
            sent = {row.key: row.payload for row in session.scalars(select(Outbox))}
            noticed = {key.rpartition(":")[0] for key in session.scalars(select(Notice.key))}
        assert receiver.got.keys() == sent.keys()
        for key, bodies in receiver.got.items():
            assert all(json.loads(body) == sent[key] for body in bodies), key
        assert noticed == sent.keys()

    def counts(self) -> dict[str, int]:
        """For the log."""
        with snapshot(self._cast) as session:
            tables: Iterable[type] = (Case, WorkItem, Timer, Outbox, Notice, TrailEntry)
            found = {table.__tablename__: session.scalar(select(func.count()).select_from(table)) for table in tables}
            found["timers fired"] = session.scalar(select(func.count()).where(Timer.state == FIRED))
        return {name: count or 0 for name, count in found.items()}


@contextmanager
def snapshot(cast: Cast) -> Iterator[Session]:
    """One view of the whole database, also while others commit (SQLite's reads are that anyway)."""
    bind = cast.store.engine.execution_options(gridgov_reading=True)
    if cast.store.url.get_backend_name() != "sqlite":
        bind = bind.execution_options(isolation_level="REPEATABLE READ")
    with Session(bind, env=cast.store.env, autoflush=False) as session:
        yield session


def _split(column: object) -> object:
    return func.split_part(column, "-", 1)


def _without_secret(command: Command) -> dict[str, object]:
    return {name: value for name, value in command.answer.items() if name != "tracking_code"}
