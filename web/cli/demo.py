"""`gridgov demo …` and what `make run` prepares."""

from __future__ import annotations

import os
import signal

import click

from processes.demo import month
from processes.demo.accounts import ACCOUNTS, DEMO_PASSWORD
from processes.demo.opening import open_demo
from web import assembly
from web.cli.opening import opened
from web.demo_process import KINDNESS


@click.group()
def demo() -> None:
    """The demo district 顺庆区."""


@demo.command()
def load() -> None:
    """Import the demo district unless a network is there, and deploy the models unless somebody deployed others."""
    with opened() as store:
        district = open_demo(store, assembly.models(), lived=False)
    click.echo(f"{district.name} {district.code}")


@demo.command()
def live() -> None:
    """Live the month of cases that `gridgov up` has begun; it does so by itself, in a process of its own."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # may die anywhere: the next start goes on
    os.nice(KINDNESS)
    with opened() as store:
        row = month.live(store)
    click.echo(f"{row.state}: {row.cases} cases" if row else "no demo")


def print_accounts() -> None:
    """The published accounts, for the terminal of `make run`."""
    click.echo(f"Demo accounts, password {DEMO_PASSWORD} / 演示账号，密码 {DEMO_PASSWORD}：")
    for account in ACCOUNTS:
        click.echo(f"  {account.staff_no:<16} {account.zh} / {account.en}")


COMMANDS = (demo,)
