"""`gridgov config …` and `gridgov key …`"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from engine.environment import SystemEntropy
from engine.keys import KEY_BYTES, KeyRing
from web import inspection, variables
from web.cli.opening import speaks_chinese

MARKS = {inspection.OK: "ok", inspection.WARNING: "WARNING", inspection.BAD: "BAD", inspection.UNKNOWN: "UNKNOWN"}
MARKS_ZH = {inspection.OK: "可用", inspection.WARNING: "注意", inspection.BAD: "不可用", inspection.UNKNOWN: "未知"}


@click.group(name="config")
def config() -> None:
    """The settings of this installation."""


@config.command()
def check() -> None:
    """Every setting, where it came from, whether it is usable, what to do; exit 1 when something is not."""
    lines = inspection.look()
    chinese = speaks_chinese()
    which = 0 if chinese else 1
    marks = MARKS_ZH if chinese else MARKS
    width = max(len(line.name) for line in lines)
    for line in lines:
        source = f"  ({line.source})" if line.source else ""
        do = f"  → {line.do[which]}" if line.do[which] else ""
        click.echo(f"{line.name:{width}}  {marks[line.state]:8} {line.says[which]}{source}{do}")
    sys.exit(0 if inspection.is_usable(lines) else 1)


@config.command()
@click.option("--language", type=click.Choice(["zh", "en"]), default="en", show_default=True)
def table(language: str) -> None:
    """The table of all settings, as docs/operating.md has it."""
    click.echo(variables.markdown(language))


@click.group()
def key() -> None:
    """The master key."""


@key.command()
@click.argument("path", type=click.Path(path_type=Path, dir_okay=False))
def create(path: Path) -> None:
    """Make a new master key at PATH, for a new database. A key that is there already is never overwritten."""
    KeyRing.create(path, SystemEntropy().token_bytes(KEY_BYTES))
    click.echo(f"{path}: back it up now, apart from the database / 请立即备份，并与数据库分开存放")


COMMANDS = (config, key)
