"""`gridgov definitions …`"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from engine.definitions.deploy import deploy, read_directory
from engine.errors import DefinitionRefused
from processes.registry import known
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
    with opened() as store:
        try:
            with store.write() as session:
                done = deploy(session, operator(session), files, known(session.env.registry))
        except DefinitionRefused as refused:
            _say(refused)
            sys.exit(1)
    for each in done:
        click.echo(f"{each.key} version {each.version} {'deployed' if each.changed else 'unchanged'}")


def _say(refused: DefinitionRefused) -> None:
    click.echo(refused.text("zh" if os.environ.get("LANG", "").startswith("zh") else "en"), err=True)
    for each in refused.findings:
        click.echo(f"  {each['element']}: {each['reason']} → {each['instead']}", err=True)


COMMANDS = (definitions,)
