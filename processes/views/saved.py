"""A person's own views: save, rename, remove. Nobody else sees them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.errors import Conflict, Forbidden, NotFound
from engine.keys import NONCE_BYTES
from processes.views.built_in import Wish
from processes.views.models import SavedView

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

MOST = 20


class TooManyViews(Conflict):
    """You have {limit} views already; remove one first."""

    code = "too_many_views"
    zh = "您已有 {limit} 个视图，请先删除一个。"


class NameInUse(Conflict):
    """You have a view of this name already."""

    code = "name_in_use"
    zh = "您已有同名视图，请换一个名称。"


@dataclass(frozen=True)
class Own:
    """A saved view, opened."""

    id: int
    name: str
    wish: Wish


def views_of(session: Session, actor: Actor) -> Sequence[Own]:
    """The actor's own, the oldest first."""
    query = select(SavedView).where(SavedView.staff_id == actor.staff_id).order_by(SavedView.id)
    return [_opened(session, row) for row in session.scalars(query)]


def save(session: Session, actor: Actor, name: str, wish: Wish) -> Own:
    """Raises Forbidden for who is no staff, TooManyViews and NameInUse."""
    if actor.staff_id is None:
        raise Forbidden
    if len(views_of(session, actor)) >= MOST:
        raise TooManyViews(limit=MOST)
    _check_name(session, actor, name)
    now = session.env.clock.now()
    row = SavedView(district_id=actor.district_id, staff_id=actor.staff_id, content_sealed=b"", created_at=now)
    _seal(session, row, name, wish)
    session.add(row)
    session.flush()
    return Own(row.id, name, wish)


def rename(session: Session, actor: Actor, view_id: int, name: str) -> Own:
    """Raises NotFound for another person's view, NameInUse."""
    row = _own_row(session, actor, view_id)
    _check_name(session, actor, name, view_id)
    wish = _opened(session, row).wish
    _seal(session, row, name, wish)
    return Own(row.id, name, wish)


def remove(session: Session, actor: Actor, view_id: int) -> None:
    """Raises NotFound for another person's view."""
    session.delete(_own_row(session, actor, view_id))


def _own_row(session: Session, actor: Actor, view_id: int) -> SavedView:
    row = session.get(SavedView, view_id)
    if row is None or row.staff_id != actor.staff_id:
        raise NotFound
    return row


def _check_name(session: Session, actor: Actor, name: str, own_id: int | None = None) -> None:
    if any(view.name == name and view.id != own_id for view in views_of(session, actor)):
        raise NameInUse


def _seal(session: Session, row: SavedView, name: str, wish: Wish) -> None:
    content = json.dumps({"name": name, "wish": asdict(wish)}, ensure_ascii=False)
    nonce = session.env.entropy.token_bytes(NONCE_BYTES)
    row.content_sealed = session.env.keys.seal_field(content, _about(row), nonce)


def _opened(session: Session, row: SavedView) -> Own:
    content = json.loads(session.env.keys.open_field(row.content_sealed, _about(row)))
    return Own(row.id, content["name"], Wish(**content["wish"]))


def _about(row: SavedView) -> str:
    return f"saved_view:{row.staff_id}"
