"""`gridgov doctor`: a first look at how the engine is."""

from __future__ import annotations

import sys

import click

from engine import incidents, outbox, timers
from engine.scheduler import live_workers
from web.cli.opening import opened


@click.command()
def doctor() -> None:
    """Drift between timers and state, open incidents, undelivered effects, workers; exit 1 when something is wrong."""
    with opened() as store, store.read() as session:
        drift = timers.drift(session)
        found = incidents.open_count(session)
        click.echo(f"timer drift      {len(drift)}")
        click.echo(f"open incidents   {found}")
        click.echo(f"pending effects  {outbox.pending_count(session)}")
        click.echo(f"live workers     {live_workers(session)}")
    sys.exit(1 if drift or found else 0)


COMMANDS = (doctor,)
