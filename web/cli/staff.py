"""`gridgov staff …` and `gridgov token …`: people, their posts, passwords and tokens."""

from __future__ import annotations

from pathlib import Path

import click

from engine.network.people import by_staff_no, issue_token
from engine.network.staffing import import_staff
from engine.sign_in import credentials, sessions
from web.cli.opening import opened


@click.group()
def staff() -> None:
    """People, their posts and passwords."""


@staff.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_people(file: Path) -> None:
    """Import staff from a CSV (staff_no,name,unit_code,roles,phone): all or nothing."""
    with opened() as store, store.write() as session:
        done = import_staff(session, "system:import", file.read_bytes())
    click.echo(f"staff: {done.created} new, {done.updated} changed, {done.unchanged} as they were")


@staff.command()
@click.argument("staff_no")
@click.password_option(help="asked for when not given")
def password(staff_no: str, password: str) -> None:
    """Give STAFF_NO a password, and end all their sessions."""
    with opened() as store, store.write() as session:
        credentials.set_password(session, "system:cli", staff_no, password)
        sessions.end_all(session, by_staff_no(session, staff_no).id)
    click.echo(f"{staff_no}: password set / 密码已设置")


@click.group()
def token() -> None:
    """Bearer tokens of the API."""


@token.command()
@click.argument("user")
def issue(user: str) -> None:
    """Issue a token for a staff number; it is shown this once."""
    with opened() as store, store.write() as session:
        secret = issue_token(session, user)
    click.echo(secret)


COMMANDS = (staff, token)
