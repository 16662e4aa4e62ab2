"""Completing a work item through the policy: the outcome chosen must be an action that is allowed now."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from engine import runtime
from engine.instances import ProcessInstance
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
    """Lock what the act will change, then ask the policy, then complete. Raises as `check_outcome` and as the runtime."""
    runtime.lock_each(session, _changed(session, item, data))
    check_outcome(session, actor, item, data)
    return runtime.complete(session, actor, item.id, data, version)


def _changed(session: Session, item: WorkItem, data: Mapping[str, Any]) -> list[int]:
    """Instances of cases: the item's own, and of a merge the main case's, which must not end or be merged meanwhile."""
    own = session.get_one(ProcessInstance, item.instance_id)
    changed = [own.parent_id or own.id]
    if data.get("main_case"):
        main = select(Case.instance_id).where(Case.number == str(data["main_case"]), Case.instance_id.is_not(None))
        changed += session.scalars(main.where(Case.district_id == item.district_id))
    return changed


def check_outcome(session: Session, actor: Actor, item: WorkItem, data: Mapping[str, Any]) -> None:
    """Raise NotAllowedNow or Forbidden when the outcome is no action of the actor now; see `actions.require`."""
    chosen = data.get("outcome") or data.get("result")
    if not isinstance(chosen, str) or not item.is_open:
        return
    code = _CODES.get(item.element, {}).get(chosen, chosen)
    if any(action.code == code and action.element == item.element for action in ACTIONS):
        require(session, actor, session.get_one(Case, item.subject_id), code)
