"""`gridgov db …`"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from engine import calendar
from processes import migrations
from processes.migrations.turns import alone
from web.cli.opening import opened

if TYPE_CHECKING:
    from engine.db import Store


@click.group()
def db() -> None:
    """The database and its migrations."""


@db.command()
def upgrade() -> None:
    """Bring the database to this release; fills the working calendar when it is empty."""
    with opened(create_key=True) as store:
        bring_up(store)
    click.echo("database is up to date / 数据库已是最新")


def bring_up(store: Store) -> None:
    """Migrate, and fill the working calendar when it is empty; other processes that want the same wait meanwhile."""
    with alone(store.engine):
        migrations.upgrade(store.engine)
        with store.write() as session:
            calendar.seed(session)


@db.command()
def check() -> None:
    """Refuse a model change that has no migration."""
    with opened() as store, store.engine.connect() as connection:
        found = migrations.missing(connection)
    for each in found:
        click.echo(each, err=True)
    sys.exit(1 if found else 0)


@db.command()
@click.argument("message")
def revision(message: str) -> None:
    """Write a new migration from the models (for developers)."""
    with opened(create_key=True) as store:
        migrations.revision(store.engine, message)


COMMANDS = (db,)
