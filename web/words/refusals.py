"""Refusals as they are told to a person: who was first, and when, as people say it."""

from __future__ import annotations

from datetime import datetime

from engine.errors import AlreadyTaken, GridgovError
from engine.worklist import COMPLETED, ItemClosed
from web.translation import language, t
from web.words import moments


def told(error: GridgovError, now: datetime) -> str:
    """已由 张* 于 今天 09:12 签收; this has been done already; every other error in its own words."""
    name, at = error.fields.get("name"), error.fields.get("at")
    if isinstance(error, AlreadyTaken) and name and at:
        when = moments.moment(datetime.fromisoformat(at), now)
        return t(f"已由 {name} 于 {when} 签收。", f"{name} took it {when}.")
    if isinstance(error, ItemClosed):
        if error.fields.get("state") == COMPLETED:
            if name and at:
                when = moments.moment(datetime.fromisoformat(at), now)
                return t(f"这项待办已由 {name} 于 {when} 办结。", f"{name} did this {when}.")
            return t("这项待办已经办结。", "This has been done already.")
        return t("这项待办已取消。", "This was cancelled.")
    return error.text(language())
