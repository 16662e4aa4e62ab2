"""The edge of a request: who asks, one unit of work, idempotency, the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from flask import Response, current_app, g, json, jsonify, request

from engine import commands, metrics
from engine.network.people import actor_for_token
from web.problems import MalformedJson, Unauthenticated

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store

MAX_KEY = 128
Act = Callable[["Session", "Actor"], tuple[int, dict[str, Any]]]


def store() -> Store:
    return cast("Store", current_app.extensions["gridgov"])


def sign_in(session: Session) -> Actor:
    """The actor of the bearer token. Raises Unauthenticated."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    actor = actor_for_token(session, token.strip()) if scheme.lower() == "bearer" else None
    if actor is None:
        raise Unauthenticated
    g.actor = actor
    return actor


def reading(look: Callable[[Session, Actor], Any]) -> Response:
    """Answer a GET: sign in, look, give JSON with status 200."""
    with store().read() as session:
        return jsonify(look(session, sign_in(session)))


def acting(act: Act) -> Response:
    """Answer a POST: sign in, act once for each Idempotency-Key, commit, give JSON."""
    with metrics.STEP_SECONDS.time(), store().write() as session:
        actor = sign_in(session)
        answer = _once(session, actor, act)
    response = jsonify(answer.response)
    response.status_code = answer.status
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _once(session: Session, actor: Actor, act: Act) -> commands.Answer:
    key = request.headers.get("Idempotency-Key")
    if not key:
        return commands.Answer(*act(session, actor))
    body = hashlib.sha256(request.get_data(cache=True)).digest()
    call = commands.Call(actor.ref, f"{request.method} {request.path}"[:MAX_KEY], key[:MAX_KEY], body)
    return commands.once(session, call, lambda: act(session, actor))


def json_body() -> dict[str, Any]:
    """The body as a JSON object. Raises MalformedJson."""
    try:
        data = json.loads(request.get_data(cache=True) or b"{}")
    except (ValueError, UnicodeDecodeError):
        raise MalformedJson from None
    if not isinstance(data, dict):
        raise MalformedJson
    return data


def refuse_malformed() -> None:
    """Before each request: a body that claims to be JSON must be; the validator would call it a missing field."""
    if request.method in {"POST", "PUT", "PATCH"} and request.is_json:
        json_body()
