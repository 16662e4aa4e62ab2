"""`gridgov definitions migrate`: what it asks, what it shows."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from engine.calendar import ZONE
from engine.definitions import migrating_runs as runs
from engine.definitions.migrating_runs import Result, Wanted
from engine.network.units import Unit
from web.cli.opening import opened, operator

if TYPE_CHECKING:
    from datetime import datetime

    from engine.db import Session
    from engine.definitions.migrating import Clock, Item, Moved

WOULD = "would move"
_TROUBLE = (runs.REFUSED, runs.FAILED, runs.PLANNED)


def _pairs(_context: click.Context, _parameter: click.Parameter, given: tuple[str, ...]) -> dict[str, str]:
    """`old=new` options as a mapping."""
    wrong = [each for each in given if not all(each.partition("="))]
    if wrong:
        raise click.BadParameter(f"{wrong[0]}: write OLD=NEW, the ids of two elements")
    return dict(each.split("=", 1) for each in given)


@click.command()
@click.argument("key", required=False)
@click.option("--to", "target", type=int, help="Version to move to.")
@click.option("--from", "source", type=int, help="Move only what runs by this version (default: all others).")
@click.option("--case", "numbers", multiple=True, metavar="NO", help="Move only this case; may be repeated.")
@click.option("--map", "mapping", multiple=True, metavar="OLD=NEW", callback=_pairs, help="An element's new id.")
@click.option("--dry-run", is_flag=True, help="Show what would happen to each case; change nothing.")
@click.option(
    "--batch", type=click.IntRange(1), default=runs.PAGE, show_default=True, help="Cases between two reports."
)
@click.option("--resume", type=int, metavar="ID", help="Finish a migration that was broken off.")
def migrate(
    key: str | None,
    target: int | None,
    source: int | None,
    numbers: tuple[str, ...],
    mapping: dict[str, str],
    dry_run: bool,
    batch: int,
    resume: int | None,
) -> None:
    """Move running instances of model KEY to another version, one transaction each.

    What does not map stays as it is, with the reason; exit 1 when there is any such case. A migration that was broken
    off is finished with --resume.
    """
    if resume is not None:
        _carry_out(resume, batch)
        return
    if key is None or target is None:
        raise click.UsageError("say which model and to which version: KEY --to VERSION (or --resume ID)")
    wanted = Wanted(key, target, source, numbers, mapping)
    if dry_run:
        _try_out(wanted)
        return
    with opened() as store, store.write() as session:
        run = runs.plan(session, operator(session), wanted).id
    _carry_out(run, batch)


def _try_out(wanted: Wanted) -> None:
    found: Counter[str] = Counter()
    with opened() as store:
        with store.read() as session:
            actor = operator(session)
        for result in runs.try_out(store, actor, wanted):
            found[result.state] += 1
            with store.read() as session:
                click.echo("\n".join(_told(session, result, WOULD)))
    click.echo(f"dry run: {_sum(found, WOULD)}; nothing was changed")
    sys.exit(1 if any(found[state] for state in _TROUBLE) else 0)


def _carry_out(run: int, batch: int) -> None:
    found: Counter[str] = Counter()
    with opened() as store:
        with store.read() as session:
            actor = operator(session)
            planned = runs.counts(session, run)[runs.PLANNED]
        click.echo(f"migration {run}: {planned} to move; if it is broken off: definitions migrate --resume {run}")
        for number, result in enumerate(runs.go_on(store, actor, run, batch), start=1):
            found[result.state] += 1
            if result.state in _TROUBLE:
                with store.read() as session:
                    click.echo("\n".join(_told(session, result)))
            if number % batch == 0:
                click.echo(f"{number} of {planned}: {_sum(found)}", err=True)
    click.echo(f"migration {run}: {_sum(found)}")
    sys.exit(1 if any(found[state] for state in _TROUBLE) else 0)


def _sum(found: Counter[str], moved: str = runs.MOVED) -> str:
    states = {runs.MOVED: moved, **{state: state for state in (*_TROUBLE, runs.LEFT)}}
    return ", ".join(f"{found[state]} {word}" for state, word in states.items() if found[state] or word == moved)


def _told(session: Session, result: Result, moved: str = runs.MOVED) -> Iterator[str]:
    """A result in lines: what it is about, then what changes or why nothing does."""
    yield f"{result.subject_no}  {moved if result.state == runs.MOVED else result.state}"
    for finding in result.findings:
        yield f"    {finding['element']}: {finding['reason']}; {finding['instead']}"
    if result.error:
        yield f"    {result.error}"
    if result.moved is not None:
        yield from (f"    {line}" for line in _changes(session, result.moved))


def _changes(session: Session, moved: Moved) -> Iterator[str]:
    before, after = moved.before, moved.after
    was, now = ", ".join(before.tokens), ", ".join(after.tokens)
    yield f"at {was}" if was == now else f"at {was} → {now}"
    yield from _differing("item", (_item(session, each) for each in before.items - after.items), "-")
    yield from _differing("item", (_item(session, each) for each in after.items - before.items), "+")
    yield from _differing("clock", map(_clock, before.clocks - after.clocks), "-")
    yield from _differing("clock", map(_clock, after.clocks - before.clocks), "+")
    yield from _differing("timer", (f"{t.element} {_at(t.due_at)}" for t in before.timers - after.timers), "-")
    yield from _differing("timer", (f"{t.element} {_at(t.due_at)}" for t in after.timers - before.timers), "+")
    yield from _differing("message", before.messages - after.messages, "-")
    yield from _differing("message", after.messages - before.messages, "+")


def _differing(what: str, lines: Iterable[str], sign: str) -> Iterator[str]:
    return (f"{sign} {what} {line}" for line in sorted(lines))


def _item(session: Session, item: Item) -> str:
    unit = session.get(Unit, item.unit_id)
    return f"{item.element}: {item.role} of {unit.code if unit else item.unit_id}, form {item.form}"


def _clock(clock: Clock) -> str:
    return f"{clock.element}: {clock.stage}, {_at(clock.due_at) if clock.due_at else 'standing still'}"


def _at(moment: datetime) -> str:
    return f"{moment.astimezone(ZONE):%Y-%m-%d %H:%M}"
