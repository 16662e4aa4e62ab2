"""For machines: is the process up, is the installation ready, how is it doing."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from engine import incidents, metrics, outbox, timers
from engine.scheduler import live_workers
from processes.migrations import is_current
from web.edge import store

blueprint = Blueprint("health", __name__)


@blueprint.get("/healthz")
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Database reachable, migrations at head, a worker alive; 503 names what is not."""
    checks = {"database": False, "migrations": False, "worker": False}
    try:
        with store().read() as session:
            session.execute(text("select 1"))
            checks["database"] = True
            checks["migrations"] = is_current(session.connection())
            checks["worker"] = live_workers(session) > 0
    except SQLAlchemyError:
        pass
    return jsonify(checks), 200 if all(checks.values()) else 503


@blueprint.get("/metrics")
def scrape() -> Response:
    """Prometheus text. What stands in the database is read now: the worker may be another process."""
    with store().read() as session:
        metrics.TIMERS_ARMED.set(timers.armed_count(session))
        metrics.INCIDENTS_OPEN.set(incidents.open_count(session))
        metrics.OUTBOX_PENDING.set(outbox.pending_count(session))
    return Response(generate_latest(), mimetype=CONTENT_TYPE_LATEST)
