"""`gridgov calendar …`"""

from __future__ import annotations

from pathlib import Path

import click

from processes.cases.recounting import import_calendar
from web.cli.opening import opened, operator


@click.group()
def calendar() -> None:
    """The working calendar."""


@calendar.command("import")
@click.argument("year", type=click.IntRange(2000, 2100))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(year: int, file: Path) -> None:
    """Import the official days of YEAR (CSV day,kind,name,source) and recount the open deadlines."""
    with opened() as store, store.write() as session:
        days, moved = import_calendar(session, operator(session), year, file.read_bytes())
    click.echo(f"{year}: {days} days changed, {moved} open deadlines moved")


COMMANDS = (calendar,)
