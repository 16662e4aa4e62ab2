"""The plain page at `/`: what is running, and where the API is."""

from __future__ import annotations

from importlib.metadata import version

from flask import Blueprint, render_template, request
from sqlalchemy import func, select

from engine.network.units import Unit
from engine.scheduler import live_workers
from processes.cases.models import Case
from processes.codes import ENDED
from web.edge import store
from web.problems import language

blueprint = Blueprint("page", __name__)


@blueprint.get("/")
def index() -> str:
    """Counts only; nothing of any case."""
    chosen = request.args.get("lang", language())
    with store().read() as session:
        district = session.scalar(select(Unit.name).where(Unit.level == "district").limit(1))
        units = session.scalar(select(func.count()).where(Unit.valid_to.is_(None)))
        running = session.scalar(select(func.count()).where(Case.state.not_in([state.value for state in ENDED])))
        workers = live_workers(session)
    return render_template(
        "index.html",
        lang="en" if chosen.startswith("en") else "zh",
        version=version("gridgov"),
        database=store().url.get_backend_name(),
        district=district,
        units=units,
        running=running,
        workers=workers,
    )
