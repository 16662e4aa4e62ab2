"""`gridgov doctor`: what is not as it should be, and what to do about it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from sqlalchemy.exc import SQLAlchemyError

from engine.doctor.checks import Result, State, as_data, examine, worst
from engine.doctor.mending import Rebuilt, mend_drift
from engine.errors import GridgovError
from processes.doctor import CHECKS, DEFAULT_BACKUPS
from web.cli.opening import opened, speaks_chinese

MARKS = {State.OK: ("正常", "ok"), State.WARN: ("注意", "warn"), State.BAD: ("错误", "BAD")}


@click.command()
@click.option("--full", is_flag=True, help="Also what takes longer the larger the database is.")
@click.option("--fix", is_flag=True, help="Rebuild timers that differ from the state first; recorded in the trail.")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
@click.option("--lang", type=click.Choice(["zh", "en"]), help="Default: the language of the terminal (LANG).")
@click.option(
    "--backups",
    type=click.Path(path_type=Path, file_okay=False),
    default=DEFAULT_BACKUPS,
    show_default=True,
    help="Where backups lie.",
)
def doctor(*, full: bool, fix: bool, as_json: bool, lang: str | None, backups: Path) -> None:
    """Look whether everything is as it should be. Ends with 0: ok, 1: something to watch, 2: something is wrong."""
    chinese = lang == "zh" if lang else speaks_chinese()
    try:
        with opened() as store:
            mended = mend_drift(store) if fix else {}
            results = list(examine(store, CHECKS, full=full, backups=backups))
    except (GridgovError, SQLAlchemyError) as error:
        _say_unopened(error, chinese=chinese, as_json=as_json)
        sys.exit(State.BAD.rank)
    if as_json:
        click.echo(json.dumps({**as_data(results), "mended": _mended(mended)}, ensure_ascii=False, indent=2))
    else:
        for instance_id, done in mended.items():
            told = (
                f"补 {done.missing}，删 {done.extra}，改 {done.moved}",
                f"+{done.missing} -{done.extra} ~{done.moved}",
            )
            click.echo(f"--fix: instance {instance_id}: {told[0 if chinese else 1]}")
        _tell(results, chinese=chinese)
    sys.exit(worst(results).rank)


def _mended(done: Mapping[int, Rebuilt]) -> dict[str, Any]:
    return {str(instance_id): vars(each) for instance_id, each in done.items()}


def _tell(results: Sequence[Result], *, chinese: bool) -> None:
    which = 0 if chinese else 1
    width = 2 + max(_width(check.title[which]) for check in CHECKS)
    for result in results:
        check, found = result.check, result.finding
        click.echo(f"{_padded(MARKS[found.state][which], 6)}{_padded(check.title[which], width)}{found.says[which]}")
        if found.state is not State.OK:
            click.echo(f"{'':6}→ {check.remedy[which]}")


def _padded(text: str, width: int) -> str:
    return text + " " * max(1, width - _width(text))


def _width(text: str) -> int:
    """Chinese characters are two columns wide on a terminal."""
    return sum(2 if ord(each) > 0x2E80 else 1 for each in text)


def _say_unopened(error: Exception, *, chinese: bool, as_json: bool) -> None:
    """There is nothing to look at: no key, no database."""
    code = error.code if isinstance(error, GridgovError) else type(error).__name__
    text = error.text("zh" if chinese else "en") if isinstance(error, GridgovError) else str(error).splitlines()[0]
    if as_json:
        click.echo(json.dumps({"state": State.BAD.value, "checks": [], "error": {"code": code, "text": text}}))
    else:
        click.echo(f"{_padded(MARKS[State.BAD][0 if chinese else 1], 6)}{text}", err=True)


COMMANDS = (doctor,)
