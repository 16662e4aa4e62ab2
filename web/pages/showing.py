"""How a page is shown: sign in or go there, look within one reading transaction, render."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from flask import Response, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from engine.errors import Forbidden
from web import cookies
from web.edge import sign_in, store
from web.pages import me
from web.problems import Unauthenticated

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

Shown = str | Response | AnyResponse
Look = Callable[["Session", "Actor"], Shown]


def showing(look: Look, *, roles: frozenset[str] | None = None) -> Shown:
    """Answer a page's GET. Without a session: to the sign-in page, and back here afterwards.

    `roles`: who may see it (Forbidden for others); None for everybody who is signed in.
    """
    with store().read() as session:
        try:
            actor = sign_in(session)
        except Unauthenticated:
            if is_fragment():
                raise
            return redirect(url_for("sign_in.form", next=request.full_path.rstrip("?")))
        if roles is not None and not actor.roles & roles:
            raise Forbidden
        g.me = me.load(session, actor)
        g.csrf_token = cookies.csrf_token(session)
        g.now = session.env.clock.now()
        return look(session, actor)


def is_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
