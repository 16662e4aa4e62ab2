"""`gridgov serve` and `gridgov worker`."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from typing import Any

import click
import structlog
from gunicorn.app.base import BaseApplication

from engine.db import Store
from engine.scheduler import Ticker
from engine.tuning import calm_collector
from processes.demo import runs
from processes.demo.opening import open_demo
from processes.migrations.alone import alone
from web import assembly, config
from web.app import create_app
from web.cli import database, demo
from web.cli.opening import opened
from web.demo_process import DemoProcess

THREADS = 32
STOP_SECONDS = 10


def log_json() -> None:
    """Structured logs on standard error."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
    )


PORT_OPTION = click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@PORT_OPTION
@click.option("--no-worker", is_flag=True, help="serve only; run `gridgov worker` elsewhere")
def serve(host: str, port: int, no_worker: bool) -> None:
    """Serve the API, with the worker inside."""
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
    log_json()
    click.echo(f"gridgov: http://{host}:{port}")
    Server(host, port, with_worker=with_worker).run()


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


class Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """gunicorn in this program: one process, many threads, the ticker inside it."""

    def __init__(self, host: str, port: int, *, with_worker: bool) -> None:
        self._bind = f"{host}:{port}"
        self._with_worker = with_worker
        self._ticker: Ticker | None = None
        self._month: DemoProcess | None = None
        self._store: Store | None = None
        super().__init__()

    def load_config(self) -> None:
        settings = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "graceful_timeout": STOP_SECONDS,
            "control_socket_disable": True,
            "post_worker_init": self._start,
            "worker_exit": self._stop,
            "accesslog": None,
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        settings = config.from_environment()
        self._store = assembly.build_store(settings)
        return create_app(self._store, settings)

    def _start(self, _worker: Any) -> None:
        calm_collector()
        if self._with_worker and self._store is not None:
            self._month = DemoProcess(self._store)
            self._month.start()
            self._ticker = Ticker(self._store, assembly.channels_of(config.from_environment()), runs.holds)
            self._ticker.start()

    def _stop(self, _server: Any, _worker: Any) -> None:
        if self._month is not None:
            self._month.stop()
        if self._ticker is not None:
            self._ticker.stop()
        if self._store is not None:
            self._store.dispose()


@click.command()
def worker() -> None:
    """Run the worker alone: timers, notices, housekeeping."""
    log_json()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    with opened() as store:
        ticker = Ticker(store, assembly.channels_of(config.from_environment()), runs.holds)
        ticker.start()
        stopping.wait()
        ticker.stop()


COMMANDS = (serve, up, worker)
