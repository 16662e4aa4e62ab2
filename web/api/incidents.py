"""What got stuck, for the administrator: lists with reason and history, one act or many, tokens tried and moved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from flask import Response, jsonify
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine import incidents as log
from engine import stuck
from engine.doctor.checks import as_data, examine
from engine.doctor.mending import mend_drift
from engine.incidents import MAX_WORDS, OperatorAct
from engine.moving import Moved, Picture, Wanted
from engine.stuck import Stuck
from processes import operating
from processes.administration import require_admin
from processes.doctor import CHECKS, DEFAULT_BACKUPS
from web.api.shapes import RowId, Strict, iso, unit_json, units_by_id
from web.edge import acting, acting_on_each, reading, sign_in, store, trying

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

MAX_MANY = 200
Kind = Literal["step", "timer", "gateway", "effect"]
Words = Field(min_length=2, max_length=MAX_WORDS)
api = APIBlueprint(
    "incidents_api",
    __name__,
    url_prefix="/api/v1/admin",
    abp_security=[{"bearer": []}],
    abp_tags=[Tag(name="incidents")],
)


class StuckQuery(Strict):
    """`after`: the id to go on behind; `older_hours`: stuck for at least so long; `model`: not for effects."""

    kind: Kind | None = None
    state: Literal["open", "resolved"] = "open"
    model: str | None = Field(None, max_length=64)
    element: str | None = Field(None, max_length=64)
    older_hours: int | None = Field(None, ge=1, le=24 * 366)
    after: RowId | None = None
    limit: int = Field(stuck.PAGE, ge=1, le=MAX_MANY)


class IncidentPath(Strict):
    """An incident by its id."""

    incident_id: RowId


class EffectPath(Strict):
    """An effect of the outbox by its id."""

    effect_id: RowId


class InstancePath(Strict):
    """A running model by its id."""

    instance_id: RowId


class WordsBody(Strict):
    """Why, or what was done. Kept in clear with the row: no names, no telephone numbers."""

    words: str = Words


class BulkBody(Strict):
    """`act` for each of the incidents and effects; `words` for `skip` and `resolve`."""

    act: Literal["retry", "skip", "resolve"]
    incidents: list[RowId] = Field(default_factory=list, max_length=MAX_MANY)
    effects: list[RowId] = Field(default_factory=list, max_length=MAX_MANY)
    words: str | None = Field(None, min_length=2, max_length=MAX_WORDS)


class MoveBody(Strict):
    """`scope`: the call in which the token stands, where its element does not say enough; `dry`: only tried."""

    element: str = Field(max_length=64)
    target: str = Field(max_length=64)
    scope: str | None = Field(None, max_length=32)
    words: str = Words
    dry: bool = False


@api.get("/incidents", summary="What is stuck, and how many at each place for each reason")
def get_incidents(query: StuckQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        require_admin(actor)
        older = timedelta(hours=query.older_hours) if query.older_hours else None
        wanted = stuck.Wanted(query.state, query.kind, query.model, query.element, older, query.after)
        find = stuck.effects if query.kind == stuck.EFFECT else stuck.incidents
        groups = stuck.groups(session, actor)
        return {
            "found": [stuck_json(one) for one in find(session, actor, wanted, query.limit)],
            "counts": dict(stuck.counts(session, actor)),
            "groups": [{**vars(group), "oldest": iso(group.oldest)} for group in groups],
        }

    return reading(look)


@api.get("/incidents/<incident_id>", summary="One incident with its stack and its history")
def get_incident(path: IncidentPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        require_admin(actor)
        row = log.get(session, actor, path.incident_id)
        one = stuck.incident(session, actor, row.id)
        return {**stuck_json(one), "stack": one.stack, "history": _history_json(log.history(session, row))}

    return reading(look)


@api.get("/effects/<effect_id>", summary="One effect in trouble with its stack and its history")
def get_effect(path: EffectPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        require_admin(actor)
        one = stuck.effect(session, actor, path.effect_id)
        return {**stuck_json(one), "stack": one.stack, "history": _history_json(stuck.history(session, one.id))}

    return reading(look)


@api.post("/incidents/<incident_id>/retry", summary="Arm the timers of an incident anew")
def post_retry(path: IncidentPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, {"armed": operating.retry_incident(session, actor, path.incident_id)}

    return acting(act)


@api.post("/incidents/<incident_id>/skip", summary="Let the mark of a failing timer pass without its effect")
def post_skip(path: IncidentPath, body: WordsBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, {"id": operating.skip_incident(session, actor, path.incident_id, body.words).id}

    return acting(act)


@api.post("/incidents/<incident_id>/resolution", summary="Resolve an incident, saying what was done")
def post_resolution(path: IncidentPath, body: WordsBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, {"id": operating.resolve_incident(session, actor, path.incident_id, body.words).id}

    return acting(act)


@api.post("/effects/<effect_id>/retry", summary="Send an effect at the next tick")
def post_effect_retry(path: EffectPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, {"id": operating.retry_effect(session, actor, path.effect_id).id}

    return acting(act)


@api.post("/effects/<effect_id>/skip", summary="Give an effect up for good")
def post_effect_skip(path: EffectPath, body: WordsBody) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, {"id": operating.skip_effect(session, actor, path.effect_id, body.words).id}

    return acting(act)


@api.post("/incidents/bulk", summary="Act on many, each for itself")
def post_bulk(body: BulkBody) -> Response:
    """Each is one transaction and has one result; one that is refused does not hold up the others."""
    chosen = [("incident", each) for each in body.incidents] + [("effect", each) for each in body.effects]
    acts = [(f"{kind}:{each}", body.model_dump(), _doing(body, kind, each)) for kind, each in chosen[:MAX_MANY]]
    rows = acting_on_each(acts)
    return jsonify(
        results=[{"kind": kind, "id": each, **row} for (kind, each), (_, row) in zip(chosen, rows, strict=False)]
    )


@api.get("/instances/<instance_id>/tokens", summary="The tokens of a running model, and where each can be put")
def get_tokens(path: InstancePath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        found = operating.choices(session, actor, path.instance_id)
        return {
            "tokens": [
                {"element": each.place.element, "process": each.place.process, "scope": each.place.scope}
                | {"possible": each.possible, "refused": {target: why[0] for target, why in each.refused.items()}}
                for each in found
            ]
        }

    return reading(look)


@api.post("/instances/<instance_id>/move", summary="Put a token elsewhere in its process; `dry` only tries")
def post_move(path: InstancePath, body: MoveBody) -> Response:
    def move(session: Session, actor: Actor) -> dict[str, Any]:
        wanted = Wanted(body.element, body.target, body.scope)
        done = operating.move_token(session, actor, path.instance_id, wanted, body.words)
        return {**_moved_json(session, done), "kept": not body.dry}

    return jsonify(trying(move)) if body.dry else acting(lambda session, actor: (200, move(session, actor)))


@api.get("/health", summary="What `gridgov doctor` finds, without what is dear on a large database")
def get_health() -> Response:
    with store().read() as session:
        require_admin(sign_in(session))
    return jsonify(as_data(list(examine(store(), CHECKS, backups=DEFAULT_BACKUPS))))


@api.post("/timers/rebuild", summary="Rebuild the timers that differ from the state of their instances")
def post_rebuild() -> Response:
    """Each instance in a transaction of its own; doing it again finds nothing more to do."""
    with store().read() as session:
        actor = sign_in(session)
        require_admin(actor)
    done = mend_drift(store(), actor)
    return jsonify(rebuilt=[{"instance": instance_id, **vars(each)} for instance_id, each in done.items()])


def _doing(body: BulkBody, kind: str, row_id: int) -> Any:
    words = body.words or ""

    def do(session: Session, actor: Actor) -> dict[str, Any]:
        if body.act != "retry" and not words:
            raise log.WordsMissing
        if kind == "effect":
            if body.act == "retry":
                operating.retry_effect(session, actor, row_id)
            else:
                operating.skip_effect(session, actor, row_id, words)
        elif body.act == "retry":
            operating.retry_incident(session, actor, row_id)
        elif body.act == "skip":
            operating.skip_incident(session, actor, row_id, words)
        else:
            operating.resolve_incident(session, actor, row_id, words)
        return {}

    return do


def stuck_json(one: Stuck) -> dict[str, Any]:
    """All but the stack; moments in ISO 8601."""
    left_out = {"stack", "waiting"}
    moments = {name: iso(getattr(one, name)) for name in ("since", "failed_at", "next_try_at", "resolved_at")}
    plain = {name: value for name, value in vars(one).items() if name not in left_out | moments.keys()}
    return {**plain, **moments, "can_retry": one.can_retry, "can_skip": one.can_skip}


def _history_json(lines: Sequence[OperatorAct]) -> list[dict[str, Any]]:
    return [
        {"at": iso(line.at), "actor": line.actor, "act": line.act, "words": line.words, "details": line.details}
        for line in lines
    ]


def _moved_json(session: Session, done: Moved) -> dict[str, Any]:
    return {"before": _picture_json(session, done.before), "after": _picture_json(session, done.after)}


def _picture_json(session: Session, picture: Picture) -> dict[str, Any]:
    units = units_by_id(session, [item.unit_id for item in picture.items])
    return {
        "tokens": list(picture.tokens),
        "items": [
            {"element": item.element, "unit": unit_json(units.get(item.unit_id)), "role": item.role}
            for item in picture.items
        ],
        "timers": [{"element": element, "due_at": iso(due_at)} for due_at, element in picture.timers],
        "messages": list(picture.messages),
    }
