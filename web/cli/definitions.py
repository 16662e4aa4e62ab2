"""`gridgov definitions …`"""

from __future__ import annotations

from pathlib import Path

import click

from engine.definitions.deploy import deploy, known_to, read_directory
from web import assembly
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


COMMANDS = (definitions,)
