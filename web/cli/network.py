"""`gridgov network …`: units and their areas."""

from __future__ import annotations

from pathlib import Path

import click

from engine.network.areas import import_areas
from engine.network.importing import close_unit, import_units
from web.cli.opening import opened, operator

ACTOR = "system:import"
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def network() -> None:
    """Units of the five-level network."""


@network.command("import")
@click.argument("file", type=FILE)
def import_(file: Path) -> None:
    """Import units from a CSV (code,parent_code,level,name[,covers]): all or nothing."""
    with opened() as store, store.write() as session:
        done = import_units(session, ACTOR, file.read_bytes())
    click.echo(f"units: {done.created} new, {done.updated} changed, {done.unchanged} as they were")


@network.command()
@click.argument("file", type=FILE)
def areas(file: Path) -> None:
    """Import areas from a GeoJSON FeatureCollection in WGS-84, units named in properties.code: all or nothing."""
    with opened() as store, store.write() as session:
        count = import_areas(session, ACTOR, file.read_bytes())
    click.echo(f"areas: {count}")


@network.command()
@click.argument("code")
def close(code: str) -> None:
    """Close a unit that has no open work."""
    with opened() as store, store.write() as session:
        close_unit(session, operator(session), code)
    click.echo(f"closed {code}")


COMMANDS = (network,)
