"""`gridgov case …`"""

from __future__ import annotations

import click
from sqlalchemy import select

from engine.errors import NotFound
from processes.cases import search
from processes.cases.erasing import erase as erase_case
from processes.cases.erasing import erase_visit
from processes.cases.models import Case
from processes.visits.models import Visit
from web.cli.opening import opened, operator


@click.group()
def case() -> None:
    """Cases: what only the operator does to them."""


@case.command()
@click.argument("number")
@click.confirmation_option(prompt="Its texts and files can never be read again. Erase?")
def erase(number: str) -> None:
    """Erase what an ended case or visit says, at the lawful request of a person in it; the trail keeps its codes."""
    with opened() as store, store.write() as session:
        found = session.scalar(select(Case).where(Case.number == number))
        visit = session.scalar(select(Visit).where(Visit.number == number)) if found is None else None
        if found is not None:
            done = erase_case(session, operator(session), found)
        elif visit is not None:
            done = erase_visit(session, operator(session), visit)
        else:
            raise NotFound
    click.echo(f"{number} erased" if done else f"{number} was erased before")


@case.command()
def reindex() -> None:
    """Build the search index anew, as after an upgrade that changed it; cases stay in use meanwhile."""
    done, last = 0, 0
    with opened() as store:
        while True:
            with store.write() as session:
                batch = search.reindex(session, after=last)
            if not batch:
                break
            done, last = done + len(batch), batch[-1]
    click.echo(f"{done} cases can be found")


COMMANDS = (case,)
