"""Audit (审计): the trail and whether it holds, and who looked at what. No names, no texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from flask import Blueprint, render_template, request

from processes import auditing
from processes.auditing import Sought
from web.pages.showing import Shown, showing

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

blueprint = Blueprint("audit", __name__)
ROLES = frozenset({"auditor"})


@blueprint.get("/audit")
def index() -> Shown:
    return showing(
        lambda session, actor: render_template("audit/index.html", head=auditing.head(session, actor)), roles=ROLES
    )


@blueprint.get("/audit/trail")
def trail() -> Shown:
    """Entries in codes, of one subject or the latest of all."""

    def look(session: Session, actor: Actor) -> Shown:
        subject = request.args.get("subject", "").strip()[:64]
        found = auditing.trail(session, actor, subject, _before())
        more = found[-1].seq if not subject and len(found) == auditing.PAGE and found[-1].seq else None
        bodies = [(entry, json.loads(entry.body)) for entry in found]
        return render_template("audit/trail.html", subject=subject, found=bodies, more=more)

    return showing(look, roles=ROLES)


@blueprint.get("/audit/access")
def access() -> Shown:
    def look(session: Session, actor: Actor) -> Shown:
        args = request.args
        sought = Sought(
            args.get("actor", "").strip()[:64],
            args.get("subject", "").strip()[:128],
            args.get("outcome", ""),
            _before(),
        )
        found = auditing.accesses(session, actor, sought)
        more = found[-1].id if len(found) == auditing.PAGE else None
        return render_template("audit/access.html", sought=sought, found=found, more=more)

    return showing(look, roles=ROLES)


def _before() -> int | None:
    """Where the page before ended; what no id can be is left aside."""
    given = request.args.get("before", type=int)
    return given if given is not None and 0 <= given < 2**63 else None
