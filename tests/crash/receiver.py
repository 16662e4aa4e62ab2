"""Somebody on the outside who takes effects over HTTP and remembers their keys."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Receiver:
    """`got`: key → every body that came under it, in order."""

    def __init__(self) -> None:
        self.got: dict[str, list[bytes]] = {}
        self._lock = threading.Lock()
        self.url = ""

    def take(self, key: str, body: bytes) -> None:
        with self._lock:
            self.got.setdefault(key, []).append(body)

    @property
    def repeated(self) -> int:
        """How many effects came more than once."""
        return sum(len(bodies) > 1 for bodies in self.got.values())


@contextmanager
def receiving() -> Iterator[Receiver]:
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            try:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if len(body) < int(self.headers["Content-Length"]):
                    return  # its sender died half-way
                receiver.take(self.headers["Idempotency-Key"], body)
                self.send_response(204)
                self.end_headers()
            except OSError:
                """Its sender died."""

        def log_message(self, *_args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    receiver.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
