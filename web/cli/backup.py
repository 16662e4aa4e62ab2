"""`gridgov backup` and `gridgov restore`."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from tqdm import tqdm

from engine.backup.archive import Archive, Manifest
from engine.backup.checking import check
from engine.backup.making import Progress, back_up
from engine.keys import KeyRing, write_key_file
from processes.restoring import restore as restore_archive
from web import assembly, config
from web.cli.opening import opened

if TYPE_CHECKING:
    from web.config import Settings

FILE = click.Path(path_type=Path)


class WithDefault(click.Group):
    """A group whose first argument may be something else than a command: `gridgov backup DEST`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_named = not args or args[0] in self.commands or args[0] == "--help"
        return super().parse_args(ctx, args if is_named else ["make", *args])


@click.group(cls=WithDefault)
def backup() -> None:
    """Back up the database with its files: `gridgov backup DEST`. People go on working meanwhile."""


@backup.command()
@click.argument("destination", type=FILE)
@click.option("--with-key", is_flag=True, help="put the master key in too: whoever has the file can read everything")
def make(destination: Path, with_key: bool) -> None:
    """Write a backup to the new file DESTINATION, or into that folder under a name of its own."""
    settings, begun = config.from_environment(), time.monotonic()
    with opened() as store:
        if destination.is_dir():
            destination /= f"gridgov-{store.env.clock.now():%Y%m%dT%H%M%SZ}.zip"
        key = settings.key_file.read_bytes() if with_key else None
        with _bar() as progress:
            manifest = back_up(store, destination, progress, key=key)
    click.echo(f"{destination}")
    _show(manifest, destination, time.monotonic() - begun)
    if not with_key:
        click.echo(f"Without the master key {manifest.key_check}: keep that apart / 不含主密钥，请另行保管")


@backup.command()
@click.argument("file", type=FILE)
def verify(file: Path) -> None:
    """Check that FILE is whole and undamaged. Needs no database and no key. Exit 1 on any finding."""
    begun = time.monotonic()
    with Archive(file) as archive:
        with _bar() as progress:
            found = check(archive, progress)
        _show(archive.manifest, file, time.monotonic() - begun)
    _finish(found)


@click.command()
@click.argument("file", type=FILE)
def restore(file: Path) -> None:
    """Restore FILE into the empty database of GRIDGOV_DATABASE_URL, of either kind, and prove that it is all there.

    The master key at GRIDGOV_KEY_FILE must be the backup's; when there is none, the one in the backup is put there.
    """
    settings, begun = config.from_environment(), time.monotonic()
    with Archive(file) as archive:
        keys = _keys(settings, archive)
        with _bar() as progress:
            done = restore_archive(settings.database_url, assembly.environment(keys), archive, progress)
    _show(done.manifest, file, time.monotonic() - begun)
    click.echo("every row was read back and is as it was backed up")
    _finish(done.findings)


def _keys(settings: Settings, archive: Archive) -> KeyRing:
    content = archive.key()
    if content is not None and not settings.key_file.exists():
        write_key_file(settings.key_file, content)
    return KeyRing.load(settings.key_file)


def _show(manifest: Manifest, file: Path, seconds: float) -> None:
    size = file.stat().st_size
    click.echo(
        f"{manifest.made_at}, {manifest.database}, revision {manifest.revision}, key {manifest.key_check}\n"
        f"{len(manifest.tables)} tables, {manifest.rows:,} rows, {size / 1e6:,.1f} MB, {seconds:.1f} s"
    )
    for log in manifest.logs:
        click.echo(f"trail {log.origin} size {log.size} root {log.root}")
    with file.open("rb") as content:
        click.echo(f"sha256 {hashlib.file_digest(content, 'sha256').hexdigest()}")


def _finish(found: list[str]) -> None:
    for each in found:
        click.echo(each, err=True)
    click.echo("ok" if not found else f"{len(found)} findings")
    sys.exit(1 if found else 0)


@contextmanager
def _bar() -> Iterator[Progress]:
    """A bar on a terminal, nothing in a log."""
    with tqdm(unit=" rows", unit_scale=True, disable=None) as bar:

        def move(table: str, done: int, total: int) -> None:
            bar.total = total
            bar.set_description(table, refresh=False)
            bar.update(done - bar.n)

        yield move


COMMANDS = (backup, restore)
