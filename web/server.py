"""gunicorn inside this program: one process, many threads, the ticker inside it when wanted."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import structlog
from gunicorn.app.base import BaseApplication

from engine.scheduler import Ticker
from engine.tuning import calm_collector, take_short_turns
from processes.demo import runs
from web import assembly, config, logs, stopping
from web.app import create_app
from web.demo_process import DemoProcess
from web.variables import BadSetting

if TYPE_CHECKING:
    from engine.db import Store

THREADS = 32
MARGIN = 1
"""Seconds between the last moment for what runs and the end of the stop."""

log = structlog.get_logger(__name__)


class Server(BaseApplication):  # type: ignore[misc] # gunicorn has no types
    """Everything of one server process. `drain`: seconds for which a stop is announced before it begins."""

    def __init__(self, host: str, port: int, settings: config.Settings, *, with_worker: bool) -> None:
        self._bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        self._settings = settings
        self._with_worker = with_worker
        self._ticker: Ticker | None = None
        self._month: DemoProcess | None = None
        self._store: Store | None = None
        self._draining = threading.Event()
        self._stopper: threading.Thread | None = None
        self.drain = settings.drain
        super().__init__()

    def run(self) -> None:
        stopping.StoppingArbiter(self).run()

    def load_config(self) -> None:
        settings = {
            "bind": self._bind,
            "workers": 1,
            "worker_class": stopping.DrainingWorker,
            "threads": THREADS,
            "graceful_timeout": stopping.SECONDS - MARGIN - self.drain,
            "control_socket_disable": True,
            "post_fork": _let_itself_be_stopped,
            "post_worker_init": self._start,
            "worker_exit": self._stop,
            "accesslog": None,
            "logger_class": logs.ServerLogger,
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def reload(self) -> None:
        """For SIGHUP: read the settings anew; with bad ones go on as before."""
        try:
            self._settings = config.from_environment()
        except BadSetting as error:
            log.error("settings not taken over", error=str(error))
        super().reload()

    def load(self) -> Any:
        self._store = assembly.build_store(self._settings)
        return create_app(self._store, self._settings, self._draining)

    def _start(self, _worker: Any) -> None:
        calm_collector()
        take_short_turns()
        if self._with_worker and self._store is not None:
            self._month = DemoProcess(self._store)
            self._month.start()
            self._ticker = Ticker(self._store, assembly.channels_of(self._settings), runs.holds)
            self._ticker.start()

    def begin_stop(self) -> None:
        """Not ready from now on; the ticker finishes its step while requests finish theirs. May be called again."""
        self._draining.set()
        if self._stopper is None:
            self._stopper = threading.Thread(target=self._stop_parts, name="stopping")
            self._stopper.start()

    def _stop_parts(self) -> None:
        if self._month is not None:
            self._month.stop()
        if self._ticker is not None:
            self._ticker.stop()

    def _stop(self, _server: Any, _worker: Any) -> None:
        self.begin_stop()
        if self._stopper is not None:
            self._stopper.join()
        if self._store is not None:
            self._store.dispose()


def _let_itself_be_stopped(_server: Any, _worker: Any) -> None:
    """Until it listens to signals itself, a worker has the master's handlers, which would swallow the order to stop."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
