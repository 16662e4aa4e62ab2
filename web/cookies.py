"""The session cookie, and what follows from it: who is signed in, and the token that every change must carry."""

from __future__ import annotations

import hmac
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from flask import current_app, g, request
from werkzeug.wrappers import Response

from engine.errors import TryLater
from engine.network.people import actor_of
from engine.sign_in import sessions
from web.problems import StalePage

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store
    from web.config import Settings

CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_SITES = frozenset({None, "same-origin", "none"})


def settings() -> Settings:
    return cast("Settings", current_app.extensions["gridgov_settings"])


def cookie_name() -> str:
    """`__Host-` binds the cookie to this host and to TLS; browsers refuse that prefix without TLS."""
    return "__Host-sid" if request.is_secure else "sid"


def secret() -> str | None:
    return request.cookies.get(cookie_name()) or None


def actor_of_cookie(session: Session) -> Actor | None:
    """Who is signed in on this browser, once for each request. Raises StalePage for a change without the token."""
    given = secret()
    if given is None:
        return None
    found = sessions.find(session, given, settings().session_limits)
    if found is None:
        return None
    row, staff = found
    check_token(session, given)
    g.touch = session.env.clock.now() - row.seen_at > sessions.SEEN_EVERY
    return actor_of(session, staff)


def check_token(session: Session, given: str) -> None:
    """OWASP's synchroniser token, and Fetch Metadata where the browser sends it. Raises StalePage."""
    if request.method in SAFE_METHODS:
        return
    expected = sessions.csrf_token(session, given)
    sent = request.headers.get(CSRF_HEADER) or ""
    if request.headers.get("Sec-Fetch-Site") not in _SITES or not hmac.compare_digest(expected, sent):
        raise StalePage


def is_from_here() -> bool:
    """Whether a form without a session (signing in) was sent by a page of this site."""
    origin = request.headers.get("Origin")
    same_origin = origin is None or origin == request.host_url.rstrip("/")
    return same_origin and request.headers.get("Sec-Fetch-Site") in _SITES


def csrf_token(session: Session) -> str:
    """For the page's head; empty when nobody is signed in."""
    given = secret()
    return sessions.csrf_token(session, given) if given else ""


def keep_alive(store: Store) -> None:
    """After a request of somebody signed in: they are still there. What the request has done does not hang on it."""
    given = secret()
    if g.get("touch") and given:
        with suppress(TryLater), store.write() as session:
            sessions.touch(session, given)


def give(response: Response, value: str) -> None:
    _set(response, value, None)


def take_away(response: Response) -> None:
    _set(response, "", 0)


def _set(response: Response, value: str, max_age: int | None) -> None:
    response.set_cookie(
        cookie_name(), value, max_age=max_age, path="/", secure=request.is_secure, httponly=True, samesite="Lax"
    )


def remember(response: Response, name: str, value: str) -> None:
    """A wish of the person (language, size of type) that the server reads on every page; a year."""
    response.set_cookie(name, value, max_age=365 * 24 * 3600, path="/", secure=request.is_secure, samesite="Lax")
