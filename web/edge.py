"""The edge of a request: who asks, one unit of work, idempotency, the answer."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import structlog
from flask import Response, current_app, g, jsonify, request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from engine import commands, incidents, metrics, troubles
from engine.errors import Busy, TryLater, UserError
from engine.network.people import actor_for_token
from engine.step import StepFailed
from web import cookies
from web.problems import BadKey, MalformedJson, Unauthenticated, Unreadable, summary_of

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session, Store

MAX_KEY = 128
MEDIA_TYPES = ("application/json", "multipart/form-data")
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")
Act = Callable[["Session", "Actor"], tuple[int, dict[str, Any]]]
Rows = list[tuple[str, dict[str, Any]]]

log = structlog.get_logger(__name__)


def store() -> Store:
    return cast("Store", current_app.extensions["gridgov"])


OPEN_ENDPOINTS = frozenset(
    {
        "cards.post_report",
        "cases.post_rating",
        "citizens.get_places",
        "citizens.get_place",
        "citizens.post_report",
        "citizens.post_status",
        "citizens.post_supplement",
        "citizens.post_withdrawal",
        "citizens.post_rating",
    }
)
"""What citizens reach with number and secret code, or with a contact card, instead of a token."""


def refuse_nameless() -> None:
    """Before each request to the API: without a token nothing of it is even looked at."""
    closed = request.path.startswith("/api/") and request.endpoint not in {None, *OPEN_ENDPOINTS}
    if closed and not request.headers.get("Authorization") and not cookies.secret():
        raise Unauthenticated


def sign_in(session: Session) -> Actor:
    """The actor of the bearer token, else of the browser's session. Raises Unauthenticated, StalePage."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        actor = actor_for_token(session, token.strip()) if scheme.lower() == "bearer" else None
    else:
        actor = cookies.actor_of_cookie(session)
    if actor is None:
        raise Unauthenticated
    g.actor = actor
    return actor


def reading(look: Callable[[Session, Actor], Any]) -> Response:
    """Answer a GET: sign in, look, give JSON with status 200."""
    with store().read() as session:
        return jsonify(look(session, sign_in(session)))


def acting(act: Act, lifetime: timedelta = commands.LIFETIME, *, who: Callable[[Session], Actor] = sign_in) -> Response:
    """Answer a POST: sign in, act once for each Idempotency-Key (known for `lifetime`), commit, give JSON.

    `who`: finds who acts where nobody signs in. What the database refused is tried again where that is safe
    (`troubles.again`): `act` and `who` may be called more than once, each time in a new transaction.
    """

    def unit() -> commands.Answer:
        with metrics.STEP_SECONDS.time(), store().write() as session:
            return _once(session, who(session), act, lifetime)

    answer = troubles.again(unit, repeatable=bool(request.headers.get("Idempotency-Key")))
    response = jsonify(answer.response)
    response.status_code = answer.status
    if answer.replayed:
        response.headers["Idempotent-Replayed"] = "true"
    return response


def _once(session: Session, actor: Actor, act: Act, lifetime: timedelta) -> commands.Answer:
    key = request.headers.get("Idempotency-Key")
    if not key:
        return commands.Answer(*act(session, actor))
    if len(key) > MAX_KEY:
        raise BadKey(limit=MAX_KEY)  # cut short, two keys could become one, and the second act would be lost
    call = commands.Call(actor.ref, f"{request.method} {request.path}"[:MAX_KEY], key, _body_hash())
    return commands.once(session, call, lambda: act(session, actor), lifetime)


def trying(act: Callable[[Session, Actor], dict[str, Any]]) -> dict[str, Any]:
    """What an act would come to: carried out with the database's own checks, and rolled back."""
    found: dict[str, Any] = {}
    try:
        with store().write() as session:
            found = act(session, sign_in(session))
            session.flush()
            raise _OnlyTried
    except _OnlyTried:
        return found


class _OnlyTried(Exception):
    """Leaves a transaction without keeping anything of it."""


def acting_on_each(acts: Sequence[tuple[str, Any, Callable[[Session, Actor], dict[str, Any]]]]) -> Rows:
    """Carry out many acts, (name, body, act) each, every one in a transaction of its own; results in their order.

    `{"ok": true, …}` or `{"ok": false, "problem": {code, title, detail}}`. Under the request's key each act has a key
    of its own, so that a request that was cut off half-way goes on where it stopped. When the database is away or
    full, the rest is not tried, and says so.
    """
    key = request.headers.get("Idempotency-Key")
    if key and len(key) > MAX_KEY // 2:
        raise BadKey(limit=MAX_KEY // 2)
    rows: Rows = []
    trouble: TryLater | None = None
    for name, body, act in acts:
        if trouble is None or isinstance(trouble, Busy):
            row, trouble = _tried(partial(_one_of_many, name, body, act, key), repeatable=bool(key))
        else:
            row = {"ok": False, "problem": summary_of(trouble)}
        rows.append((name, row))
    return rows


def _tried(unit: Callable[[], dict[str, Any]], *, repeatable: bool) -> tuple[dict[str, Any], TryLater | None]:
    try:
        return troubles.again(unit, repeatable=repeatable), None
    except TryLater as trouble:
        return {"ok": False, "problem": summary_of(trouble)}, trouble


def _one_of_many(
    name: str, body: Any, act: Callable[[Session, Actor], dict[str, Any]], key: str | None
) -> dict[str, Any]:
    try:
        with metrics.STEP_SECONDS.time(), store().write() as session:
            actor = sign_in(session)
            if key is None:
                return {"ok": True, **act(session, actor)}
            digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).digest()
            call = commands.Call(actor.ref, f"{request.method} {request.path}"[:MAX_KEY], f"{key}:{name}", digest)
            return commands.once(session, call, lambda: (200, {"ok": True, **act(session, actor)})).response
    except Unauthenticated:
        raise
    except UserError as error:
        return {"ok": False, "problem": summary_of(error)}
    except StepFailed as error:
        log.error("one of many failed", path=request.path, act=name, exc_info=error)
        incidents.open_for_failed_step(store(), error)
        return {"ok": False, "problem": summary_of(error)}


def _body_hash() -> bytes:
    """SHA-256 of the body; of a form its fields and files, since each sending has another boundary."""
    if request.mimetype != "multipart/form-data":
        return hashlib.sha256(request.get_data(cache=True)).digest()
    parts: list[list[str]] = [["field", name, value] for name, value in request.form.items(multi=True)]
    for name, upload in request.files.items(multi=True):
        upload.stream.seek(0)
        parts.append(["file", name, upload.filename or "", hashlib.file_digest(upload.stream, "sha256").hexdigest()])  # type: ignore[arg-type] # a binary stream
        upload.stream.seek(0)
    return hashlib.sha256(json.dumps(parts).encode()).digest()


def json_body() -> dict[str, Any]:
    """The body as a JSON object. Raises MalformedJson, also for NaN, NUL and halves of characters."""
    content = request.get_data(cache=True)
    if request.content_length is None and len(content) >= current_app.config["MAX_CONTENT_LENGTH"]:
        raise RequestEntityTooLarge  # a chunked body is cut off at the limit, not refused
    try:
        text = content.decode() or "{}"
        data = json.loads(text, parse_constant=_refuse_constant)
        if _SURROGATE.search(text):
            json.dumps(data, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise MalformedJson from None
    if not isinstance(data, dict) or _NUL.search(text):
        raise MalformedJson
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def refuse_malformed() -> None:
    """Before each request, since the validator would call a malformed body a missing field.

    Raises MalformedJson, Unreadable, UnsupportedMediaType.
    """
    if b"%00" in request.query_string or "\0" in request.path:
        raise Unreadable
    if request.method not in {"POST", "PUT", "PATCH"}:
        return
    if request.is_json:
        json_body()
    elif request.path.startswith("/api/") and request.mimetype not in MEDIA_TYPES and request.get_data(cache=True):
        raise UnsupportedMediaType
