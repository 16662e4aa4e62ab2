"""诉前调解: the court has a matter mediated before a suit, with a clock of its own (thirty days).

The case is reported at its place, so that the network knows of it; the mediation begins at once beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from engine.errors import Forbidden, NotFound
from engine.network.units import Unit, by_code, department, get
from processes.cases.reporting import report
from processes.mediations.committees import COURT
from processes.mediations.models import Mediation
from processes.mediations.operations import Wish, open_mediation

if TYPE_CHECKING:
    from engine.actors import Actor, Post
    from engine.db import Session
    from processes.cases.models import Case

COURT_ROLES = ("handler", "liaison", "desk")


def post_at_court(session: Session, actor: Actor) -> Post:
    """The post from which somebody at the court files. Raises Forbidden."""
    court = department(session, actor.district_id, COURT)
    for role in COURT_ROLES:
        for post in actor.posts:
            if post.unit_id == court.id and post.role == role:
                return post
    raise Forbidden


def open_before_suit(
    session: Session, actor: Actor, matter: Mapping[str, Any], committee: str | None
) -> tuple[Case, Mediation]:
    """Report a civil matter and begin its mediation, by the court itself or the committee that it entrusts (委派).

    `matter`: title, text, parties and, if known, place_unit (a code), address and type. Raises Forbidden, NotFound
    (place or committee is unknown), Invalid and MediationRefused.
    """
    post = post_at_court(session, actor)
    by = _committee(session, actor, committee) if committee else get(session, post.unit_id)
    district = get(session, actor.district_id)
    form = {
        "kind": "civil",
        "domain": "dispute_easing",
        "urgency": "ordinary",
        "head_count": "up_to_50",
        "source": "transferred",
        "place_unit": district.code,
        **{name: value for name, value in matter.items() if value},
    }
    case = report(session, replace(actor, posts=(post,)), form).case
    return case, open_mediation(session, actor, case, Wish(by, origin="court"))


def _committee(session: Session, actor: Actor, code: str) -> Unit:
    unit = by_code(session, code)
    if unit is None or unit.district_id != actor.district_id:
        raise NotFound
    return unit
