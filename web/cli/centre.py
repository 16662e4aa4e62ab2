"""`gridgov centre …`: the legal service centre."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from engine.errors import OperatorError
from processes.centres import operations, reading, seeding
from web.cli.opening import opened, operator

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.network.units import Unit


class NoCentre(OperatorError):
    """The district has no centre, or several; import one with level `centre`, or give its code."""

    code = "no_centre"
    zh = "辖区没有法务服务中心，或有多个；请先导入层级为 centre 的单位，或写明编码。"


@click.group()
def centre() -> None:
    """The legal service centre (法务服务中心)."""


@centre.command()
@click.argument("code", required=False)
def seed(code: str | None) -> None:
    """Write the default set of centre CODE (1+5+11+N, 38 duties); one that was set up is left as it is."""
    with opened() as store, store.write() as session:
        actor = operator(session)
        unit = operations.centre_of(session, actor, code) if code else _only_one(session, actor)
        done = seeding.seed(session, actor, unit)
        said = "default set written / 已写入默认设置" if done else "was set up before / 已有设置，未改动"
        click.echo(f"{unit.code}: {said}")


def _only_one(session: Session, actor: Actor) -> Unit:
    found = reading.centres(session, actor.district_id)
    if len(found) != 1:
        raise NoCentre
    return found[0]


COMMANDS = (centre,)
