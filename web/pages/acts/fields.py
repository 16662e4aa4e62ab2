"""What the form of an action is made of when it is not the form of a work item."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from web.pages.form_view import Field
from web.translation import t

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from engine.worklist import WorkItem
    from processes.cases.models import Case

Fixed = Sequence[tuple[str, str, str]]
Beside = tuple[str, Fixed, Sequence[Field]]
"""The tail of the address behind the case's, hidden fields (name, value, type), fields."""
Form = Callable[["Session", "Actor", "Case"], Beside]

Fill = Callable[["Session", "Case", "WorkItem", Field], Field]
"""Puts into a field of a work item's form what is known; a part names them in `FILL`, by `form.field`."""


def area(name: str, zh: str, en: str, limit: int, *, required: bool = True) -> Field:
    """A text of several lines."""
    return Field(name, t(zh, en), "area", required=required, max_length=limit)
