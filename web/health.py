"""For machines: is the process up, may it be sent requests, how is it doing.

`/healthz` and `/readyz` tell nothing but yes and no, and may be seen by anybody. `/metrics` tells how much work there
is: it answers who brings the token of GRIDGOV_METRICS_TOKEN, and without such a token this machine only.
"""

from __future__ import annotations

import hmac
import ipaddress
import threading
from typing import cast

from flask import Blueprint, Response, abort, current_app, jsonify, request
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from engine import gauges
from engine.errors import TryLater
from engine.scheduler import live_workers
from processes.migrations import is_current
from web.cookies import settings
from web.edge import store

blueprint = Blueprint("health", __name__)
_BY_A_PROXY = ("X-Forwarded-For", "Forwarded", "X-Real-Ip", "Via")


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Whether requests may be sent here: database reachable, migrations done, not stopping; 503 names what is not.

    Whether a worker is alive is told too, and decides nothing: people can go on working while none is.
    """
    draining = cast("threading.Event", current_app.extensions["gridgov_draining"])
    needed = {"database": False, "migrations": False, "serving": not draining.is_set()}
    worker = False
    try:
        with store().read() as session:
            session.execute(text("select 1"))
            needed["database"] = True
            needed["migrations"] = is_current(session.connection())
            worker = live_workers(session) > 0
    except (SQLAlchemyError, TryLater):
        pass
    return jsonify(**needed, worker=worker), 200 if all(needed.values()) else 503


@blueprint.get("/metrics")
def scrape() -> Response:
    """Prometheus text. What stands in the database is read now: the worker may be another process."""
    if not _may_scrape():
        abort(404)
    gauges.refresh(store())
    return Response(generate_latest(), mimetype=CONTENT_TYPE_LATEST)


def _may_scrape() -> bool:
    token = settings().metrics_token
    if token is not None:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    through = any(name in request.headers for name in _BY_A_PROXY)
    return not through and ipaddress.ip_address(request.remote_addr or "0.0.0.0").is_loopback  # noqa: S104 # nobody
