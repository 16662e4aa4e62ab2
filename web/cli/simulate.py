"""`gridgov simulate`"""

from __future__ import annotations

from datetime import date, datetime

import click
from tqdm import tqdm

from processes.simulation.run import Plan
from processes.simulation.run import simulate as run_simulation
from web import assembly, config


@click.command()
@click.option("--days", default=30, type=click.IntRange(1, 366), show_default=True)
@click.option("--cases-per-day", default=10, type=click.IntRange(1, 500), show_default=True)
@click.option("--seed", default=1, show_default=True)
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="last day (default: today)")
def simulate(days: int, cases_per_day: int, seed: int, until: datetime | None) -> None:
    """Run the real models on a simulated clock with simulated staff, into a new database."""
    last = until.date() if until else date.today()  # noqa: DTZ011 # the day on the operator's wall
    settings = config.from_environment()
    plan = Plan(days=days, cases_per_day=cases_per_day, seed=seed, until=last)
    with tqdm(total=days, unit="day") as bar:
        result = run_simulation(settings.database_url, assembly.keys_of(settings, create=True), plan, bar.update)
    click.echo(f"{result.cases} cases, {result.steps} steps, {result.escalated} escalations")
    click.echo(f"root {result.root_hex}")


COMMANDS = (simulate,)
