"""Moves one running instance to another version of its model, in one step: tokens, items, clocks, timers, trail.

What goes on: claims, running clocks with their extensions and the marks they have given, timers that are as before.
What follows the new version at once: forms, units and roles, boundary events, the stage of a clock where the model
names another one now. Rules of the deadline table that changed count for clocks that start later.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import update

from engine import runtime, worklist
from engine.deadlines import book
from engine.definitions.reading import fault
from engine.instances import RUNNING
from engine.spiff import migrating
from engine.spiff.instance import Instance
from engine.spiff.migrating import DoesNotMap
from engine.step import Step
from engine.timers import ARMED, Timer

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.deadlines.book import Deadline
    from engine.spiff.compiler import Compiled


@dataclass(frozen=True)
class Item:
    """An open work item as people see it."""

    element: str
    unit_id: int
    role: str
    form: str


@dataclass(frozen=True)
class Clock:
    """A running clock; `due_at` is None while it stands still."""

    element: str
    clock: str
    stage: str
    due_at: datetime | None


@dataclass(frozen=True)
class Armed:
    """A timer that waits."""

    element: str
    due_at: datetime


@dataclass(frozen=True)
class Picture:
    """What an instance waits for. `tokens`: "process/element"; `messages`: names."""

    tokens: tuple[str, ...]
    items: frozenset[Item]
    clocks: frozenset[Clock]
    timers: frozenset[Armed]
    messages: frozenset[str]


@dataclass(frozen=True)
class Moved:
    """What a migration did to one instance."""

    instance_id: int
    subject_no: str
    source_id: str
    before: Picture
    after: Picture


def move(
    session: Session, actor: Actor, instance_id: int, target_id: str, renamed: Mapping[str, str], run: int = 0
) -> Moved | None:
    """Move an instance to the version `target_id`; None when it has ended or is there already.

    `renamed`: old element id → new one; `run`: the number of the migration, for the trail. Raises NotFound,
    NotDeployed, DoesNotMap, and whatever the new version's expressions raise: then nothing has changed.
    """
    row = runtime.lock(session, instance_id)
    if row.status != RUNNING or row.definition_id == target_id:
        return None
    target = session.env.catalogue.get(session, target_id)
    return _Migration(session, actor, row).carry_out(target, renamed, run)


class _Migration(Step):
    """A step in which only the version changes."""

    def carry_out(self, target: Compiled, renamed: Mapping[str, str], run: int) -> Moved:
        self.load()
        before, source = self._picture(), self.compiled
        stages = {task.task_id: self._stage(source.tasks[task.element], task) for task in self.spiff.ready()}
        state = migrating.migrate(self.instance.state, source, target, renamed)
        self._check_stages(stages, target)
        self.compiled, self.instance.definition_id = target, target.id
        self._rename(renamed)
        self.spiff = Instance.load(target, self, state)
        self._refit(stages)
        self.finish()
        after = self._picture()
        codes = {"model": source.key, "run": run, "from": source.id, "to": target.id}
        tokens = {"before": list(before.tokens), "after": list(after.tokens)}
        self.record("instance:version:migrate", {**codes, **tokens})
        return Moved(self.instance.id, self.instance.subject_no, source.id, before, after)

    def _picture(self) -> Picture:
        ready = {task.task_id for task in self.spiff.ready()}
        items = [item for item in self.items if item.task_id in ready]
        return Picture(
            tuple(self.spiff.tokens()),
            frozenset(Item(item.element, item.unit_id, item.role, item.form) for item in items),
            frozenset(
                Clock(row.element, row.clock, row.stage, None if row.suspended_at else row.due_at)
                for row in self.deadlines
            ),
            frozenset(Armed(timer.element, timer.due_at) for timer in self.spiff.timers()),
            frozenset(self.spiff.messages()),
        )

    def _check_stages(self, stages: Mapping[str, str], target: Compiled) -> None:
        """A clock keeps its stage, since later changes of kind or urgency read its rule again."""
        own = {(item.scope, item.element) for item in self.items if item.task_id in stages}
        lost = [
            fault(row.element, f"runs by the stage {row.stage}, which is gone", "keep its rows", "时限环节已被删除")
            for row in self.deadlines
            if row.stage not in target.deadlines.stages and (row.scope, row.element) not in own
        ]
        if lost:
            raise DoesNotMap(lost)

    def _rename(self, renamed: Mapping[str, str]) -> None:
        """Give items, clocks and timers the new ids of their elements, and the clocks the new table."""
        for row in (*self.items, *self.deadlines):
            row.element = renamed.get(row.element, row.element)
        self.session.flush()
        for old, new in renamed.items():
            armed = update(Timer).where(Timer.instance_id == self.instance.id, Timer.state == ARMED)
            self.session.execute(armed.where(Timer.element == old).values(element=new))
        table = self.compiled.deadlines
        self.deadlines = book.DeadlineBook(self.session, self.instance, table, self.now, list(self.deadlines))

    def _refit(self, stages: Mapping[str, str]) -> None:
        """Read the properties of the tasks anew into the items and clocks that go on."""
        for task in self.spiff.ready():
            drawn = self.compiled.tasks[task.element]
            item = next(item for item in self.items if item.task_id == task.task_id)
            clock = self.deadlines.find(task.scope, task.element)
            unit_id, role = self._unit_of(task), self._registry.role_of(self, drawn.role)
            if (item.unit_id, item.role) != (unit_id, role):
                item.unit_id, item.role = unit_id, role
                item.state, item.holder_id, item.claimed_at = worklist.READY, None, None
            item.form = drawn.form
            if clock is not None:
                self._refit_clock(clock, unit_id, stages[task.task_id], self._stage(drawn, task))

    def _refit_clock(self, clock: Deadline, unit_id: int, before: str, stage: str) -> None:
        """A clock whose task went to another unit ends, and another begins with its item, as after a hop."""
        changed = stage != before or clock.stage not in self.compiled.deadlines.stages
        if clock.suspended_at is not None:
            clock.unit_id = unit_id  # it goes on standing still
            clock.stage = stage if changed else clock.stage
        elif changed and clock.unit_id == unit_id:
            days, clock.extended_days = clock.extended_days, 0
            self.deadlines.rebase(clock, stage, self.criteria)
            if days:
                self.deadlines.extend(clock, days)
