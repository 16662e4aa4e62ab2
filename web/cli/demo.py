"""`gridgov demo …` and what `make run` prepares."""

from __future__ import annotations

import click
from sqlalchemy import select

from engine.actors import system
from engine.definitions.deploy import deploy
from engine.network.units import Unit
from processes.demo.loading import load_demo
from processes.registry import known
from web import assembly
from web.cli.opening import opened


@click.group()
def demo() -> None:
    """The demo district 顺庆区."""


@demo.command()
def load() -> None:
    """Import the demo district and deploy the models, unless a network is there already."""
    with opened() as store, store.write() as session:
        found = session.scalar(select(Unit).where(Unit.level == "district"))
        district = found or load_demo(session)
        deploy(session, system(district.id, "demo"), assembly.models(), known(session.env.registry))
    click.echo(f"{district.name} {district.code}")


COMMANDS = (demo,)
