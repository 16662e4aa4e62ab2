"""`gridgov trail …`"""

from __future__ import annotations

import sys

import click

from engine.trail.verify import verify as verify_trail
from processes.reconcile import reconcile as reconcile_tables
from web.cli.opening import opened, the_district


@click.group()
def trail() -> None:
    """The audit trail."""


@trail.command()
def verify() -> None:
    """Recompute the Merkle log and print its size and root; exit 1 on any finding."""
    with opened() as store, store.read() as session:
        verdict = verify_trail(session, the_district(session).id)
    click.echo(f"size {verdict.size}\nroot {verdict.root_hex}")
    _finish(verdict.findings)


@trail.command()
def reconcile() -> None:
    """Compare the tables with the trail; exit 1 on any difference."""
    with opened() as store, store.read() as session:
        findings = reconcile_tables(session, the_district(session).id)
    _finish(findings)


def _finish(findings: list[str]) -> None:
    for each in findings:
        click.echo(each, err=True)
    click.echo("ok" if not findings else f"{len(findings)} findings")
    sys.exit(1 if findings else 0)


COMMANDS = (trail,)
