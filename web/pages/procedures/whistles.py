"""What a case's page says of a whistle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from processes.cases.models import Case
from processes.whistles.board import clocks_of
from processes.whistles.calls import calls_of
from processes.whistles.models import Whistle
from web.pages import whistle_view

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.procedures.models import Procedure


def load(session: Session, actor: Actor, procedure: Procedure) -> Any:
    case, whistle = session.get_one(Case, procedure.case_id), session.get_one(Whistle, procedure.id)
    running = clocks_of(session, procedure) if procedure.ended_at is None else {}
    return whistle_view.load(session, actor, case, procedure, whistle, calls_of(session, procedure.id), running)
