"""The command line: `gridgov …`. Each command opens the store, calls an operation, commits, says what it did."""

from __future__ import annotations

import sys

import click
from sqlalchemy.exc import OperationalError, ProgrammingError

from engine.errors import DefinitionRefused, GridgovError, ImportRefused
from engine.troubles import DatabaseAway, why_of
from web import logs
from web.cli import (
    backup,
    calendar,
    cases,
    centre,
    configuration,
    database,
    definitions,
    demo,
    doctor,
    network,
    report,
    serve,
    simulate,
    staff,
    trail,
)
from web.cli.checking import told
from web.cli.opening import DatabaseUnready, speaks_chinese


@click.group()
def cli() -> None:
    """gridgov: workflow engine for five-level grass-roots governance (五级网格治理引擎)."""


PARTS = (
    serve,
    database,
    network,
    centre,
    definitions,
    calendar,
    trail,
    demo,
    simulate,
    report,
    doctor,
    staff,
    cases,
    backup,
    configuration,
)
for _part in PARTS:
    for _command in _part.COMMANDS:
        cli.add_command(_command)


def main() -> None:
    """Entry point. What a person can mend is said in plain words, without a traceback."""
    logs.configure(quiet=True)
    try:
        cli(standalone_mode=True)
    except DatabaseAway as error:
        _say(DatabaseUnready(why=why_of(error)))
    except GridgovError as error:
        _say(error)
    except (OperationalError, ProgrammingError) as error:
        _say(DatabaseUnready(why=why_of(error)))
    sys.exit(1)


def _say(error: GridgovError) -> None:
    chinese = speaks_chinese()
    click.echo(error.text("zh" if chinese else "en"), err=True)
    if isinstance(error, ImportRefused):
        for each in error.findings:
            where = each.get("at", f"line {each['line']}")
            click.echo(f"  {where}: {each['zh'] if chinese else each['reason']}", err=True)
    if isinstance(error, DefinitionRefused):
        for each in error.findings:
            click.echo(f"  {told(each, chinese=chinese)}", err=True)
