"""A step: what happens to one instance in one transaction, and the host that its model talks to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import bindparam, select

from engine import incidents, metrics, timers, worklist
from engine.closing import queue_message
from engine.deadlines import book
from engine.deadlines.book import Deadline
from engine.errors import Bug, GridgovError, OperatorError
from engine.instances import ENDED, ProcessInstance
from engine.notices import Telling
from engine.spiff.instance import ArmedTimer, Instance, ReadyTask
from engine.timers import Timer
from engine.trail.entries import Draft
from engine.worklist import WorkItem

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.forms import Form
    from engine.spiff.compiler import Compiled, HumanTask


_OPEN_ROWS = (
    select(Deadline, WorkItem)
    .outerjoin(
        WorkItem,
        (WorkItem.instance_id == Deadline.instance_id)
        & (WorkItem.scope == Deadline.scope)
        & (WorkItem.element == Deadline.element)
        & (WorkItem.unit_id == Deadline.unit_id)
        & WorkItem.state.in_(worklist.OPEN),
    )
    .where(Deadline.instance_id == bindparam("instance_id"), Deadline.closed_at.is_(None))
    .order_by(Deadline.id, WorkItem.id)
    .execution_options(populate_existing=True)
)
"""The open clocks with their items in one statement: every open item has the clock of its task."""


class StepFailed(OperatorError):
    """The step could not be carried out; everything is as before, and the administrators have been told."""

    code = "step_failed"
    zh = "该步骤未能执行，一切保持原状，管理员已收到通知。"

    def __init__(self, instance_id: int, element: str) -> None:
        self.instance_id = instance_id
        self.element = element
        super().__init__()


class UncaughtEvent(Bug):
    """The model threw an event that nothing catches."""

    code = "uncaught_event"
    zh = "流程模型抛出了无人接收的事件。"


class Step:
    """Load an instance, let one thing happen, write what follows.

    Operations use `session`, `actor`, `now`, `instance` (the row), `facts` (what the processes loaded for it),
    `deadlines` (the open ones), `deadline` (behind the timer that fired), `item` and `form` (what was completed),
    `message` (what was delivered), and `record`, `tell`, `send`.
    """

    def __init__(self, session: Session, actor: Actor, row: ProcessInstance) -> None:
        self.session = session
        self.actor = actor
        self.now: datetime = session.env.clock.now()
        self.instance = row
        structlog.contextvars.bind_contextvars(case=row.subject_no, instance=row.id)
        self.compiled: Compiled = session.env.catalogue.get(session, row.definition_id)
        session.flush()
        found = session.execute(_OPEN_ROWS, {"instance_id": row.id}).all() if row.steps else []
        clocks = [clock for clock, _ in found]
        self.deadlines = book.DeadlineBook(session, row, self.compiled.deadlines, self.now, clocks)
        self.items: list[WorkItem] = list(dict.fromkeys(item for _, item in found if item is not None))
        self.item: WorkItem | None = None
        self.form: Mapping[str, Any] = {}
        self.fired: Timer | None = None
        self.message: str | None = None
        self.commitments: list[str] = []
        """Commitments of what the form's writer sealed; they go into the entry of the completion."""
        self.ready: list[ReadyTask] = []
        self.ended_at_element: str | None = None
        self.carried_out: set[str] = set()
        """Elements whose operation went well in this step."""
        self._focus = ("", "")
        self._read: tuple[book.Deadline | None, str] = (None, "")
        self._armed: list[ArmedTimer] = []
        self._registry = session.env.registry
        self.facts: Any = self._registry.facts(self) if self._registry.facts else None
        self.spiff: Instance

    # -- what operations and forms use

    @property
    def deadline(self) -> book.Deadline:
        """The deadline behind the timer that fired. Raises Bug elsewhere."""
        row = self.deadlines.by_id(self.fired.deadline_id) if self.fired and self.fired.deadline_id else None
        if row is None:
            raise Bug("this operation belongs behind a timer with a deadline")
        return row

    def record(self, action: str, data: Mapping[str, Any] | None = None, commitments: tuple[str, ...] = ()) -> None:
        """An entry for the trail, written last in this transaction."""
        draft = Draft(action, self.actor.ref, self.instance.subject_no, data or {}, commitments)
        self.session.drafts.append((self.instance.district_id, draft))

    def tell(self, mark: str, unit_id: int | None, role: str, occurrence: str, **data: Any) -> None:
        """Tell whoever holds `role` at `unit_id`, once for each (mark, occurrence); nobody when there is no unit."""
        if unit_id is not None:
            row = self.instance
            telling = Telling(
                district_id=row.district_id,
                subject_id=row.subject_id,
                subject_no=row.subject_no,
                mark=mark,
                unit_id=unit_id,
                role=self._registry.role_of(self, role),
                occurrence=occurrence,
                data=data,
                not_before=self._registry.hold_back(self, mark),
            )
            self.session.tellings.append(telling)

    def send(self, message: str, instance_id: int, payload: Mapping[str, Any] | None = None) -> None:
        """Deliver a message to a linked instance in this same transaction, after this step."""
        queue_message(self.session, self.actor, instance_id, message, payload or {})

    @property
    def scope(self) -> str:
        """The call that the current operation runs in."""
        return self._focus[0]

    def criteria(self) -> tuple[str, str, str]:
        """(kind, urgency, level): by what the deadline table is read."""
        return self.value("kind"), self.value("urgency"), self.value("level")

    # -- Host: what the instance asks

    def may_fire(self, task_id: str) -> bool:
        return self.fired is not None and self.fired.task_id == task_id

    def last_read(self) -> tuple[book.Deadline | None, str]:
        read, self._read = self._read, (None, "")
        return read

    def at(self, scope: str, element: str) -> None:
        self._focus = (scope, element)

    def value(self, name: str) -> Any:
        return self._registry.names[name](self)

    def functions(self) -> Mapping[str, Any]:
        """The registered functions and the readers of clocks, bound to this step."""
        bound: dict[str, Callable[..., Any]] = {
            name: partial(function, self) for name, function in self._registry.functions.items()
        }
        for name, (clock, mark) in CLOCK_READERS.items():
            bound[name] = partial(self._moment, clock, mark)
        return bound

    def call(self, operation: str, element: str, data: Mapping[str, Any]) -> Any:
        try:
            done = self._registry.find_operation(operation)(self, data)
        except GridgovError:
            raise
        except Exception as error:
            raise StepFailed(self.instance.id, element) from error
        self.carried_out.add(element)
        return done

    def _moment(self, clock: str, mark: str) -> datetime | None:
        scope, element = self._focus if clock != book.OVERALL else book.OVERALL_PLACE
        row = self.deadlines.find(scope, element, clock)
        self._read = (row, mark)
        return row.moment(mark) if row is not None else None

    # -- the course of a step

    def load(self) -> None:
        """Bring the stored tokens back; the timers armed now are what the end of the step is compared with."""
        self.spiff = Instance.load(self.compiled, self, self.instance.state)
        self._armed = self.spiff.timers()

    def begin(self, data: Mapping[str, Any]) -> None:
        """The first step of a new instance."""
        self.spiff = Instance.start(self.compiled, self, data)
        self.run()

    def complete(self, item: WorkItem, form: Form, data: Mapping[str, Any]) -> None:
        """A person's form: facts first, since the model reads them; then the token moves on."""
        self.item, self.form = item, data
        self.load()
        writer = self._registry.forms.get(item.form)
        if writer is not None:
            writer(self, item, data)
        chosen = form.process_data(data)
        worklist.finish(item, self.now, self.actor.ref, worklist.COMPLETED, _outcome(chosen))
        codes = {"element": item.element, "unit": item.unit_id, "outcome": item.outcome}
        self.record("work:item:complete", codes, tuple(self.commitments))
        self.spiff.complete(item.task_id, chosen)
        self.run()

    def fire(self, timer: Timer) -> None:
        """One timer falls due. Its row is marked in the same transaction as what it sets off."""
        self.fired = timer
        timers.mark_fired(timer, self.now)
        self.spiff.refresh()
        self.run()

    def run(self) -> None:
        """Carry on to the fixpoint, pruned. Raises StepFailed, and what operations refuse."""
        try:
            self.spiff.run()
            lost = self.spiff.thrown()
            if lost:
                raise UncaughtEvent(f"{self.instance.key}: {', '.join(lost)}")
        except Exception as error:
            if isinstance(error, GridgovError) and not isinstance(error, Bug):
                raise
            raise StepFailed(self.instance.id, self._focus[1] or self.instance.key) from error

    def signed_off(self, item: WorkItem) -> None:
        """The item was claimed: its sign-off clock ends, the claim is recorded."""
        self.record("work:item:claim", {"element": item.element, "unit": item.unit_id})
        row = self.deadlines.find(item.scope, item.element)
        if row is not None and row.sign_by_at is not None and row.signed_at is None:
            row.signed_at = self.now
            timers.disarm(self.session, row.id, "unsigned")

    def finish(self) -> None:
        """Write everything that follows from the new state."""
        self.ready = [] if self.ended_at_element else self.spiff.ready()
        if self.spiff.ended or self.ended_at_element:
            self._end()
        self._sync_items()
        self._sync_deadlines()
        for hook in self._registry.settled:
            hook(self)
        armed = [] if self.instance.status == ENDED else self.spiff.timers()
        self.instance.state = self.spiff.dump()
        self.instance.steps += 1
        self.session.flush()
        self.session.env.reached("state-written")
        self._sync_timers(armed)
        if self.instance.troubled:
            incidents.settle_after(self, (timer.element for timer in armed))
        metrics.STEPS.inc()

    def _end(self) -> None:
        row = self.instance
        row.status, row.ended_at = ENDED, self.now
        ends = self.spiff.end_elements()
        row.end_element = self.ended_at_element or (ends[-1] if ends else None)
        self.record("instance:model:end", {"model": row.key, "end": row.end_element})

    def _sync_items(self) -> None:
        """Open an item for each new human task; close those whose token is gone."""
        standing = [item for item in self.items if item.is_open]
        tokens = {task.task_id for task in self.ready}
        gone = [item for item in standing if item.task_id not in tokens]
        known = {item.task_id for item in standing}
        self.items = [item for item in standing if item.task_id in tokens]
        for task in self.ready:
            if task.task_id not in known:
                self.items.append(self._continued(task, gone) or self._new_item(task))
        for item in gone:
            worklist.finish(item, self.now, self.actor.ref, worklist.CANCELLED)

    def _continued(self, task: ReadyTask, gone: list[WorkItem]) -> WorkItem | None:
        """The row that lives on: the same element of the same call at the same unit, ready again in this step."""
        unit_id = self._unit_of(task)
        for item in gone:
            if (item.scope, item.element, item.unit_id) == (task.scope, task.element, unit_id):
                gone.remove(item)
                item.task_id = task.task_id
                return item
        return None

    def _new_item(self, task: ReadyTask) -> WorkItem:
        drawn = self.compiled.tasks[task.element]
        row = self.instance
        item = WorkItem(
            district_id=row.district_id,
            instance_id=row.id,
            subject_id=row.subject_id,
            subject_no=row.subject_no,
            scope=task.scope,
            element=task.element,
            task_id=task.task_id,
            unit_id=self._unit_of(task),
            role=self._registry.role_of(self, drawn.role),
            form=drawn.form,
            state=worklist.READY,
            created_at=self.now,
        )
        self.session.add(item)
        return item

    def _unit_of(self, task: ReadyTask) -> int:
        unit_id = self.spiff.value(self.compiled.tasks[task.element].unit, task)
        if not isinstance(unit_id, int):
            raise StepFailed(self.instance.id, task.element) from Bug("the unit expression gives no unit")
        return unit_id

    def _sync_deadlines(self) -> None:
        """Close the clocks whose task is gone or went to another unit; open those of the tasks that are ready."""
        place = {(item.scope, item.element): item.unit_id for item in self.items}
        self.deadlines.close_unless(place)
        for task in self.ready:
            drawn = self.compiled.tasks[task.element]
            unit_id = place[(task.scope, task.element)]
            where = book.Place(task.scope, task.element, unit_id)
            row = self.deadlines.open(where, book.TASK, self._stage(drawn, task), self.criteria)
            if drawn.sign_off:
                self.deadlines.ask_sign_off(row, drawn.sign_off, self.criteria)

    def _stage(self, drawn: HumanTask, task: ReadyTask) -> str:
        if drawn.deadline in self.compiled.deadlines.stages:
            return drawn.deadline
        return str(self.spiff.value(drawn.deadline, task))

    def _sync_timers(self, armed: list[ArmedTimer]) -> None:
        owner = timers.Owner(self.instance.id, self.instance.district_id, self._registry.pressing(self))
        timers.sync(self.session, owner, self._armed, armed)
        self._armed = armed


CLOCK_READERS: Mapping[str, tuple[str, str]] = {
    "warning_at": (book.TASK, "warned"),
    "last_call_at": (book.TASK, "last_called"),
    "due_at": (book.TASK, "overdue"),
    "grace_at": (book.TASK, "escalated"),
    "sign_off_at": (book.TASK, "unsigned"),
    "overall_warning_at": (book.OVERALL, "warned"),
    "overall_due_at": (book.OVERALL, "overdue"),
    "rating_closes_at": (book.RATING, "overdue"),
}
"""Functions of timer expressions → (clock, mark)."""


def _outcome(chosen: Mapping[str, Any]) -> str | None:
    """What the person decided, for the item's row and the trail: the one short text among the process fields."""
    for name in ("outcome", "result", "verdict", "answer"):
        if isinstance(chosen.get(name), str):
            return str(chosen[name])
    decided = [f"{name}:{value}" for name, value in sorted(chosen.items()) if isinstance(value, bool)]
    return decided[0] if decided else None
