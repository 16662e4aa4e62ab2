"""Completing a work item through the policy: the outcome chosen must be an action that is allowed now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime
from engine.worklist import WorkItem
from processes.cases.actions import ACTIONS, require
from processes.cases.models import Case

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.step import Step

_CODES = {"verify": {"accept": "accept_case"}}
"""Where a form's outcome has another name as an action."""


def complete(
    session: Session, actor: Actor, item: WorkItem, data: Mapping[str, Any], version: int | None = None
) -> Step:
    """Lock what the act will change, ask the policy, complete. Raises as `check_outcome` and as the runtime."""
    main = _main_of(session, item, data)
    if main is None:
        runtime.lock_by_item(session, item.id)
    else:
        runtime.lock_each(session, [item.instance_id, main])
    check_outcome(session, actor, item, data)
    return runtime.complete(session, actor, item.id, data, version)


def _main_of(session: Session, item: WorkItem, data: Mapping[str, Any]) -> int | None:
    """The instance of the case into which this one is merged: that must not end, or be merged itself, meanwhile."""
    number = data.get("main_case")
    if not number:
        return None
    named = select(Case.instance_id).where(Case.number == str(number), Case.district_id == item.district_id)
    return session.scalar(named)


def check_outcome(session: Session, actor: Actor, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Raise NotAllowedNow or Forbidden when the outcome is no action of the actor now; see `actions.require`."""
    chosen = data.get("outcome") or data.get("result")
    if not isinstance(chosen, str) or not item.is_open:
        return
    code = _CODES.get(item.element, {}).get(chosen, chosen)
    if any(action.code == code and action.element == item.element for action in ACTIONS):
        require(session, actor, session.get_one(Case, item.subject_id), code)
