"""A worker's own door for machines: `/healthz` says whether its heart beats, `/metrics` what only it can count."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import make_wsgi_app

StartResponse = Callable[..., Any]


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 # the library's name
        """Scrapes are no news."""


def serve(host: str, port: int, is_alive: Callable[[], bool]) -> WSGIServer:
    """Answer in a thread of its own until the process ends. Raises OSError when the port is taken."""
    metrics = make_wsgi_app()

    def application(environ: dict[str, Any], start: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") == "/metrics":
            found: Iterable[bytes] = metrics(environ, start)
            return found
        alive = environ.get("PATH_INFO") == "/healthz" and is_alive()
        start("200 OK" if alive else "503 Service Unavailable", [("Content-Type", "application/json")])
        return [b'{"status":"ok"}\n' if alive else b'{"status":"no heartbeat"}\n']

    server = make_server(host, port, application, handler_class=_Quiet)
    threading.Thread(target=server.serve_forever, name="health", daemon=True).start()
    return server
