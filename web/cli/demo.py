"""`gridgov demo …` and what `make run` prepares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from engine.actors import system
from engine.definitions.deploy import deploy, known_to
from engine.definitions.models import Definition
from engine.network.units import Unit
from processes.demo.accounts import ACCOUNTS, DEMO_PASSWORD, open_accounts
from processes.demo.loading import load_demo
from web import assembly
from web.cli.opening import opened

if TYPE_CHECKING:
    from engine.db import Session, Store

DEPLOYER = "demo"


@click.group()
def demo() -> None:
    """The demo district 顺庆区."""


@demo.command()
def load() -> None:
    """Import the demo district unless a network is there, and deploy the models unless somebody deployed others."""
    with opened() as store:
        click.echo(bring_in(store))


def bring_in(store: Store) -> str:
    """Name and code of the district. Models that a person deployed stay: a restart must not undo them."""
    with store.write() as session:
        found = session.scalar(select(Unit).where(Unit.level == "district", Unit.valid_to.is_(None)))
        district = found or load_demo(session)
        open_accounts(session)
        if not _has_own_models(session):
            deploy(session, system(district.id, DEPLOYER), assembly.models(), known_to(session.env.registry))
    return f"{district.name} {district.code}"


def print_accounts() -> None:
    """The published accounts, for the terminal of `make run`."""
    click.echo(f"Demo accounts, password {DEMO_PASSWORD} / 演示账号，密码 {DEMO_PASSWORD}：")
    for account in ACCOUNTS:
        click.echo(f"  {account.staff_no:<16} {account.zh} / {account.en}")


def _has_own_models(session: Session) -> bool:
    ours = f"system:{DEPLOYER}"
    return session.scalar(select(Definition.id).where(Definition.active, Definition.deployed_by != ours)) is not None


COMMANDS = (demo,)
