"""`gridgov definitions …`"""

from __future__ import annotations

from pathlib import Path

import click

from engine.definitions.deploy import deploy, known_to, read_directory, versions
from web import assembly
from web.cli.checking import check
from web.cli.migrating import migrate
from web.cli.opening import opened, operator


@click.group()
def definitions() -> None:
    """BPMN models."""


@definitions.command("deploy")
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
def deploy_(folder: Path | None) -> None:
    """Validate and deploy the models of FOLDER (default: those that come with gridgov)."""
    files = read_directory(folder) if folder else assembly.models()
    with opened() as store, store.write() as session:
        done = deploy(session, operator(session), files, known_to(session.env.registry))
    for each in done:
        click.echo(f"{each.key} version {each.version} {'deployed' if each.changed else 'unchanged'}")


@definitions.command("list")
def list_() -> None:
    """The versions of each model, and how many instances run by each."""
    with opened() as store, store.read() as session:
        for row, running in versions(session):
            mark = "*" if row.active else " "
            click.echo(f"{mark} {row.key:<12} version {row.version:<4} {running:>7} running  {row.id[:12]}")


definitions.add_command(check)
definitions.add_command(migrate)

COMMANDS = (definitions,)
