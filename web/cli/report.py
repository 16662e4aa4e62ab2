"""`gridgov report …`: a bulletin as a file, for whoever has no browser at hand."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import click

from engine.calendar import ZONE
from engine.errors import NotFound
from engine.network.units import by_code
from processes.bulletins.figures import compute
from processes.bulletins.periods import Period, PeriodKind, period_of, range_of
from processes.bulletins.shape import Figures, to_shown_json
from web.cli.opening import opened, the_district
from web.pages.bulletin_files import FORMATS, Paper, make

SUFFIXES = (*FORMATS, "json")
DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--unit", metavar="CODE", help="a unit or centre; the district when left out")
@click.option("--period", type=click.Choice([kind.value for kind in PeriodKind]), default="month", show_default=True)
@click.option("--begin", type=DAY, help="a day in the period, today when left out; of a range the first")
@click.option("--end", type=DAY, help="the last day of a range")
def report(file: Path, unit: str | None, period: str, begin: datetime | None, end: datetime | None) -> None:
    """Write the bulletin (运行简报) of a unit and period to FILE: .docx, .pdf, .xlsx or .json by its name.

    The figures of now, marked as not issued: an edition is issued on the bulletin's page, by whoever leads the unit.
    """
    suffix = file.suffix.removeprefix(".").lower()
    if suffix not in SUFFIXES:
        raise click.BadParameter(f"ends in none of {', '.join(SUFFIXES)}", param_hint="FILE")
    wanted = _period(PeriodKind(period), begin, end)
    with opened() as store, store.read() as session:
        found = by_code(session, unit) if unit else the_district(session)
        if found is None:
            raise NotFound
        figures = compute(session, found, wanted)
    file.write_bytes(_content(figures, suffix))
    click.echo(f"{file}: {figures.name}, {figures.begins_on} – {figures.ends_on}")


def _period(kind: PeriodKind, begin: datetime | None, end: datetime | None) -> Period:
    day: date = begin.date() if begin else datetime.now(UTC).astimezone(ZONE).date()
    if kind is PeriodKind.RANGE:
        return range_of(day, end.date() if end else day)
    return period_of(kind, day)


def _content(figures: Figures, suffix: str) -> bytes:
    if suffix == "json":
        return json.dumps(to_shown_json(figures), ensure_ascii=False, indent=1).encode()
    return make(Paper(figures), suffix)


COMMANDS = (report,)
