"""Completing a work item through the policy: the outcome chosen must be an action that is allowed now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine.worklist import WorkItem
from processes.cases.actions import ACTIONS, require
from processes.cases.models import Case

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

_CODES = {"verify": {"accept": "accept_case"}}
"""Where a form's outcome has another name as an action."""


def check_outcome(session: Session, actor: Actor, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Raise NotAllowedNow or Forbidden when the outcome is no action of the actor now; see `actions.require`."""
    chosen = data.get("outcome") or data.get("result")
    if not isinstance(chosen, str) or not item.is_open:
        return
    code = _CODES.get(item.element, {}).get(chosen, chosen)
    if any(action.code == code and action.element == item.element for action in ACTIONS):
        require(session, actor, session.get_one(Case, item.subject_id), code)
