"""`gridgov serve` and `gridgov worker`."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading

import click
import structlog
from gunicorn import systemd

from engine.scheduler import Ticker
from engine.tuning import give_way, take_short_turns
from processes.demo import runs
from processes.demo.opening import open_demo
from processes.migrations.turns import alone
from web import assembly, config, logs, variables, worker_health
from web.cli import database, demo
from web.cli.opening import opened
from web.server import MARGIN, Server
from web.stopping import SECONDS

log = structlog.get_logger(__name__)

PORT_OPTION = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@PORT_OPTION
@click.option("--no-worker", is_flag=True, help="serve only; run `gridgov worker` elsewhere")
def serve(host: str, port: int, no_worker: bool) -> None:
    """Serve pages and API, with the worker inside. On a socket from systemd, when there is one, instead of the port.

    SIGTERM finishes what runs, within ten seconds; SIGHUP starts afresh behind the same socket, reading files of
    secrets anew.
    """
    if not systemd.listen_fds(unset_environment=False):
        refuse_taken(host, port)
    run_server(host, port, with_worker=not no_worker)


@click.command()
@PORT_OPTION
def up(port: int) -> None:
    """What `make run` does, in one start: migrate, load the demo into a new database, serve with the worker inside."""
    refuse_taken("127.0.0.1", port)
    with opened(create_key=True) as store:
        with alone(store.engine):
            database.bring_up(store)
            open_demo(store, assembly.models())
        with store.read() as session:
            is_demo = runs.find(session) is not None
    if is_demo:
        os.environ["GRIDGOV_DEMO"] = "1"
        demo.print_accounts()
    run_server("127.0.0.1", port, with_worker=True)


def run_server(host: str, port: int, *, with_worker: bool) -> None:
    settings = prepare()
    click.echo(f"gridgov: http://{host}:{port}")
    Server(host, port, settings, with_worker=with_worker).run()


def prepare() -> config.Settings:
    """What a long-running command does first: refuse what it cannot run with, before anything is begun."""
    settings = config.from_environment()
    assembly.keys_of(settings, create=False)
    logs.configure()
    for name, near in variables.unknown().items():
        log.warning("a setting that does not exist", name=name, meant=near)
    return settings


def refuse_taken(host: str, port: int) -> None:
    """Say so in plain words when another program has the port."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            click.echo(
                f"Port {port} is taken. Stop the other program or choose another: make run PORT={port + 1}\n"
                f"端口 {port} 已被占用。请停止占用程序，或换一个端口：make run PORT={port + 1}",
                err=True,
            )
            sys.exit(1)


@click.command()
@click.option("--health-port", type=click.IntRange(1, 65535), help="answer /healthz and /metrics on this port")
@click.option("--health-host", default="127.0.0.1", show_default=True)
def worker(health_port: int | None, health_host: str) -> None:
    """Run the worker alone: timers, notices, housekeeping. SIGTERM finishes the step that runs, within ten seconds."""
    settings = prepare()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    take_short_turns()
    give_way()
    with opened() as store:
        ticker = Ticker(store, assembly.channels_of(settings), runs.holds)
        ticker.start()
        if health_port is not None:
            worker_health.serve(health_host, health_port, ticker.is_beating)
        stopping.wait()
        _stop_in_time(ticker)


def _stop_in_time(ticker: Ticker) -> None:
    stopper = threading.Thread(target=ticker.stop, name="stopping", daemon=True)
    stopper.start()
    stopper.join(SECONDS - MARGIN)
    if stopper.is_alive():
        log.warning("a job was still running; what it had begun is rolled back and done by another worker")
        os._exit(0)


COMMANDS = (serve, up, worker)
