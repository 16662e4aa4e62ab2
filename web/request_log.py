"""One line in the log for each request, and the id by which a person can name it to support."""

from __future__ import annotations

import re
import time
import uuid

import structlog
from flask import Response, g, request
from prometheus_client import Histogram

HEADER = "X-Request-Id"
_WELL_FORMED = re.compile(r"[A-Za-z0-9-]{8,36}")
_NUMBER = re.compile(r"\d{6}-\d{8}-\d{5,7}")
"""A case's; what else may stand in an address is not logged."""
_OFTEN_AND_DULL = frozenset({"static", "health.healthz", "health.readyz", "health.scrape"})
REQUESTS = Histogram("gridgov_request_seconds", "Time of requests by kind of answer: 2xx, 3xx, 4xx, 5xx", ["answer"])
log = structlog.get_logger(__name__)


def begin() -> None:
    """Before a request: the id that the proxy gave it, else one of ours; every log line until the end carries it."""
    given = request.headers.get(HEADER, "")
    g.request_id = given if _WELL_FORMED.fullmatch(given) else str(uuid.uuid4())
    g.began = time.perf_counter()
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(request_id=g.request_id)
    number = str((request.view_args or {}).get("number", ""))
    if _NUMBER.fullmatch(number):
        structlog.contextvars.bind_contextvars(case=number)


def finish(response: Response) -> Response:
    """After it. The route is logged, never the address: that may hold a name that somebody looked for."""
    response.headers[HEADER] = g.get("request_id", "")
    actor = g.get("actor")
    endpoint = request.endpoint or ""
    seconds = time.perf_counter() - g.began
    dull = endpoint in _OFTEN_AND_DULL or endpoint.startswith("assets.")
    if not dull:
        REQUESTS.labels(f"{response.status_code // 100}xx").observe(seconds)
    (log.debug if dull else log.info)(
        "request",
        method=request.method,
        route=str(request.url_rule) if request.url_rule else None,
        status=response.status_code,
        ms=round(seconds * 1000, 1),
        **({"actor": actor.ref} if actor else {}),
    )
    return response


def forget(_error: BaseException | None) -> None:
    """The thread's next lines belong to somebody else."""
    structlog.contextvars.clear_contextvars()
