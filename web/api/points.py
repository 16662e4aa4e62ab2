"""Points that the rungs of supervision take off (扣分): seen by everybody at work, set by the administrator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from processes.codes import Rung
from processes.supervisions.points import MOST, points_of, set_points
from web.api.shapes import Strict, coded
from web.edge import acting, reading

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session

Points = Annotated[int, Field(ge=0, le=MOST)]
api = APIBlueprint(
    "points", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="supervisions")]
)


class PointsBody(Strict):
    """Points by rung; a rung that is left out keeps its own."""

    urge: Points | None = None
    supervise: Points | None = None
    yellow: Points | None = None
    red: Points | None = None
    interview: Points | None = None
    account: Points | None = None


@api.get("/supervisions/points", summary="Points that each rung takes off in your district")
def get_points() -> Response:
    def look(session: Session, actor: Actor) -> Any:
        return _json(points_of(session, actor.district_id))

    return reading(look)


@api.put("/admin/points", summary="Set the points of rungs; cards that were given keep theirs")
def put_points(body: PointsBody) -> Response:
    chosen = {Rung(rung): amount for rung, amount in body.model_dump().items() if amount is not None}

    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 200, _json(set_points(session, actor, chosen))

    return acting(act)


def _json(points: dict[Rung, int]) -> dict[str, Any]:
    return {"points": [{"rung": coded(rung), "points": amount} for rung, amount in points.items()]}
