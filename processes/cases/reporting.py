"""上报: a matter comes in, settled on the spot or not; the case row is written first, then its model starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine import runtime, vault
from engine.definitions import deploy
from engine.errors import Forbidden, Invalid, NotFound
from engine.network.units import Level, Unit, by_code, get, is_within, nearest_above, network_level_of
from engine.trail.entries import Draft
from processes.cases import duplicates, hops, numbers, readers, search
from processes.cases.models import Case
from processes.codes import Disposition, Kind, Source, State

if TYPE_CHECKING:
    from engine.actors import Actor, Post
    from engine.db import Session

REPORTING_ROLES = ("cell_worker", "grid_worker", "handler", "desk", "dispatcher", "liaison")
WORKER_ROLES = frozenset({"cell_worker", "grid_worker"})
UNCALLED_SOURCES = frozenset({Source.PATROL, Source.MACHINE})
TEXTS = ("title", "text", "address", "parties", "files")


@dataclass(frozen=True)
class Reported:
    """A new case, and the secret code by which its citizen follows it (None when there is nobody to call)."""

    case: Case
    tracking_code: str | None


def report(
    session: Session, actor: Actor, data: Mapping[str, Any], *, on: Post | None = None, number: str | None = None
) -> Reported:
    """Open a case from the `report` form. `on`: the post for which staff open it in the course of other work.

    `number`: of the visit that it was (一号通办); then it stays at first with the unit of that post, a centre.

    Raises Forbidden (no post that reports), NotFound (the place is unknown or not yours to report on) and Invalid.
    """
    form = session.env.catalogue.get(session, deploy.active(session, "case").id).forms["report"]
    form.check(data)
    post = on or reporting_post(actor)
    place = find_place(session, actor, None if on else post, str(data["place_unit"]))
    origin = get(session, post.unit_id) if post else place
    owner = origin if number else first_owner(session, origin, place)
    number = number or numbers.next_number(session, get(session, actor.district_id), session.env.clock.now())
    actor = _known_as(actor, number)
    case = _new_case(session, actor, post, data, number=number, place=place, origin=origin, owner=owner)
    session.add(case)
    session.flush()
    sealed = _seal_summary(session, case, data)
    case.likeness_id = duplicates.likest(session, case, str(data["title"]))
    readers.admit(session, case, owner, *([origin] if post else []))
    if case.restricted and actor.staff_id is not None:
        readers.name_readers(session, case, [actor.staff_id])
    hops.open_first(session, case, owner, Disposition.REPORT, case.reported_at)
    _start(session, actor, case, data, _report_entry(actor, case, owner, sealed.commitment))
    code = tracking_code(session, case.number) if case.has_citizen else None
    return Reported(case, code)


def tracking_code(session: Session, number: str) -> str:
    """The secret code of a case, derived from its number; it is stored nowhere."""
    return session.env.keys.derive_code("case-tracking", number)


def _known_as(actor: Actor, number: str) -> Actor:
    """A citizen without an account acts under the number of their case: nothing else of them is known for sure."""
    return actor if actor.staff_id is not None else replace(actor, ref=f"citizen:{number}")


def reporting_post(actor: Actor) -> Post | None:
    """The post from which staff report; None for a citizen, who has none."""
    if actor.staff_id is None:
        return None
    for role in REPORTING_ROLES:
        for post in actor.posts:
            if post.role == role:
                return post
    raise Forbidden


def find_place(session: Session, actor: Actor, post: Post | None, code: str) -> Unit:
    """The unit where it happened: in the reporter's own subdistrict, for the district and citizens anywhere in it."""
    place = by_code(session, code)
    if place is None or place.district_id != actor.district_id or place.level not in {str(level) for level in Level}:
        raise NotFound
    if post is not None and not is_within(place, area_of(session, post)):
        raise NotFound
    return place


def area_of(session: Session, post: Post) -> Unit:
    """What may be reported on from a post: its subdistrict; above that, or from beside it, all below."""
    home = get(session, post.unit_id)
    if home.level in {Level.CELL, Level.GRID, Level.VILLAGE, Level.SUBDISTRICT}:
        return nearest_above(session, home, Level.SUBDISTRICT)
    return get(session, home.parent_id) if home.parent_id is not None else home


def first_owner(session: Session, origin: Unit, place: Unit) -> Unit:
    """The reporter's unit if it is a grid or higher, the grid above a cell; else the grid of the place."""
    start = origin if origin.level in {str(level) for level in Level} else place
    return nearest_above(session, start, Level.GRID) if start.level == Level.CELL else start


def first_checker(session: Session, origin: Unit, place: Unit) -> Unit:
    """The village of the reporter's grid or cell, else of the place; a higher reporter's own unit."""
    start = origin if origin.level in {Level.CELL, Level.GRID, Level.VILLAGE} else place
    if start.level in {Level.CELL, Level.GRID, Level.VILLAGE}:
        return nearest_above(session, start, Level.VILLAGE)
    return start


def _new_case(
    session: Session,
    actor: Actor,
    post: Post | None,
    data: Mapping[str, Any],
    *,
    number: str,
    place: Unit,
    origin: Unit,
    owner: Unit,
) -> Case:
    now = session.env.clock.now()
    source = Source(data.get("source") or _source_of(post))
    position = data.get("position") or {}
    case = Case(
        district_id=actor.district_id,
        number=number,
        state=State.REPORTED.value,
        kind=data["kind"],
        domain=data["domain"],
        type=data.get("type"),
        urgency=data["urgency"],
        head_count=data["head_count"],
        source=source.value,
        restricted=bool(data.get("restricted")),
        place_unit_id=place.id,
        lng=position.get("lng"),
        lat=position.get("lat"),
        owner_id=owner.id,
        last_owner_id=owner.id,
        level=network_level_of(session, owner).value,
        checker_id=first_checker(session, origin, place).id,
        reporter_ref=actor.ref,
        reporter_staff_id=actor.staff_id,
        reporter_unit_id=post.unit_id if post else None,
        has_citizen=source not in UNCALLED_SOURCES and bool(data.get("parties") or actor.staff_id is None),
        on_spot=bool(data.get("settled")),
        occurred_at=_moment(data.get("occurred_at"), now),
        reported_at=now,
    )
    if case.kind == Kind.CRIMINAL and data.get("settled"):
        raise Invalid([_finding("settled", "a criminal lead is never settled on the spot", "刑事线索不得当场办结")])
    return case


def _source_of(post: Post | None) -> Source:
    if post is None:
        return Source.CITIZEN
    return Source.WORKER if post.role in WORKER_ROLES else Source.DESK


def _moment(given: str | None, now: datetime) -> datetime | None:
    if given is None:
        return None
    moment = datetime.fromisoformat(given)
    if moment.tzinfo is None:
        raise Invalid([_finding("occurred_at", "give the time with its zone", "时间须带时区")])
    if moment > now:
        raise Invalid([_finding("occurred_at", "lies in the future", "发生时间不能晚于现在")])
    return moment


def _finding(loc: str, msg: str, zh: str) -> dict[str, Any]:
    return {"loc": loc, "type": "value", "msg": msg, "zh": zh}


def _seal_summary(session: Session, case: Case, data: Mapping[str, Any]) -> vault.SealedText:
    summary = {name: data[name] for name in TEXTS if data.get(name)}
    case.summary = vault.seal(session, case.district_id, case.id, "summary", summary)
    search.index(session, case, summary)
    return case.summary


def _start(session: Session, actor: Actor, case: Case, data: Mapping[str, Any], draft: Draft) -> None:
    session.drafts.append((case.district_id, draft))
    subject = runtime.Subject(case.district_id, case.id, case.number)
    process_data = {"case_no": case.number, "settled": case.on_spot, "outcome": None, "target": None}
    case.instance_id = runtime.start(session, actor, "case", subject, process_data, form=data).instance.id


def _report_entry(actor: Actor, case: Case, owner: Unit, commitment: str) -> Draft:
    codes = {
        "kind": case.kind,
        "urgency": case.urgency,
        "source": case.source,
        "owner": owner.code,
        "restricted": case.restricted,
        "on_spot": case.on_spot,
    }
    return Draft("case:case:report", actor.ref, case.number, codes, (commitment,))
