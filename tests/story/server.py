"""The application behind a real HTTP server on loopback."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests
from werkzeug.serving import make_server

from engine.db import Store
from engine.network.people import issue_token
from web.app import create_app
from web.config import Settings


class Client:
    """One person at the API."""

    def __init__(self, base: str, token: str | None) -> None:
        self._base = base + "/api/v1"
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **params: Any) -> requests.Response:
        return requests.get(self._base + path, params=params, headers=self._headers, timeout=10)

    def post(self, path: str, body: Any = None, key: str | None = None, **more: Any) -> requests.Response:
        headers = {**self._headers, **({"Idempotency-Key": key} if key else {}), **more.pop("headers", {})}
        return requests.post(self._base + path, json=body, headers=headers, timeout=10, **more)

    def put(self, path: str, body: Any) -> requests.Response:
        return requests.put(self._base + path, json=body, headers=self._headers, timeout=10)

    def done(self, path: str, body: Any = None) -> Any:
        """POST that must succeed; the answer."""
        answer = self.post(path, body)
        assert answer.ok, answer.text
        return answer.json()


class Town:
    """The server and a client for each member of staff."""

    def __init__(self, base: str, store: Store) -> None:
        self.base = base
        self._store = store

    def client(self, staff_no: str) -> Client:
        with self._store.write() as session:
            return Client(self.base, issue_token(session, staff_no))

    @property
    def nobody(self) -> Client:
        return Client(self.base, None)


@contextmanager
def serving(store: Store, max_body: int = 1_000_000, *, demo: bool = False) -> Iterator[Town]:
    settings = Settings(str(store.url), Path("unused"), max_body, None, "", demo=demo)
    server = make_server("127.0.0.1", 0, create_app(store, settings), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Town(f"http://127.0.0.1:{server.server_port}", store)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
