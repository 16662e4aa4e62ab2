"""`gridgov staff …`: passwords."""

from __future__ import annotations

import click

from engine.network.people import by_staff_no
from engine.sign_in import credentials, sessions
from web.cli.opening import opened


@click.group()
def staff() -> None:
    """Staff of the network."""


@staff.command()
@click.argument("staff_no")
@click.password_option(help="asked for when not given")
def password(staff_no: str, password: str) -> None:
    """Give STAFF_NO a password, and end all their sessions."""
    with opened() as store, store.write() as session:
        credentials.set_password(session, "system:cli", staff_no, password)
        sessions.end_all(session, by_staff_no(session, staff_no).id)
    click.echo(f"{staff_no}: password set / 密码已设置")


COMMANDS = (staff,)
