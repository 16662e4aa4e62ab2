"""For citizens without an account: report, follow by number and secret code, supplement, withdraw, rate.

Open to everybody and therefore counted, each look in a transaction of its own that is committed first. The secret code
travels in bodies only, never in an address, so that it stands in no log.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import segno
from flask import Response, jsonify, request
from flask_openapi import APIBlueprint, FileStorage, Tag
from pydantic import Field
from sqlalchemy import select

from engine.actors import Actor
from engine.errors import Invalid, NotFound
from engine.network.areas import unit_at
from engine.network.units import Level, Unit, by_code, lineage
from processes.cases import changing
from processes.cases.handling import finding
from processes.cases.reporting import tracking_code
from processes.citizens import admission, reporting
from processes.citizens.reporting import Photo, Story, citizen_of
from processes.citizens.supplementing import supplement
from processes.citizens.tracking import Tracked, track
from processes.codes import Kind
from processes.visits.following import Followed, follow
from web.api.areas import PositionQuery
from web.api.shapes import Strict, coded, iso, unit_json, units_by_id
from web.edge import acting, store

if TYPE_CHECKING:
    from engine.db import Session
    from processes.cases.models import Case

api = APIBlueprint("citizens", __name__, url_prefix="/api/v1/citizen", abp_tags=[Tag(name="citizens")])
Answer = TypeVar("Answer")
GROUP = 6
"""Characters of a code that are written together."""


class PlacesQuery(Strict):
    """`under`: a unit's code; without it the subdistricts."""

    under: str | None = Field(None, max_length=64)


class ReportForm(Strict):
    """`matter`, `place`: codes; `website` stays empty (people do not see it); `token` came with the empty form."""

    matter: str = Field(max_length=32)
    place: str = Field(max_length=64)
    text: str = Field(min_length=5, max_length=2000)
    address: str = Field("", max_length=200)
    name: str = Field("", max_length=80)
    phone: str = Field("", max_length=20)
    quiet: bool = False
    lng: float | None = Field(None, ge=-180, le=180, allow_inf_nan=False)
    lat: float | None = Field(None, ge=-90, le=90, allow_inf_nan=False)
    website: str = Field("", max_length=200)
    token: str = Field(max_length=100)
    photos: list[FileStorage] = Field(default_factory=list)


class CodeBody(Strict):
    """Number and secret code of the own case."""

    number: str = Field(min_length=1, max_length=32)
    code: str = Field(min_length=1, max_length=64)


class SupplementForm(CodeBody):
    """What is added."""

    words: str = Field(min_length=2, max_length=2000)
    photos: list[FileStorage] = Field(default_factory=list)


class RatingBody(CodeBody):
    """How content the citizen is."""

    answer: Literal["satisfied", "basic", "unsatisfied"]
    words: str | None = Field(None, max_length=1000)


def the_district(session: Session) -> Unit:
    """Where matters are reported. Raises NotFound while no district is set up."""
    query = select(Unit).where(Unit.level == Level.DISTRICT, Unit.valid_to.is_(None)).order_by(Unit.id).limit(1)
    found = session.scalar(query)
    if found is None:
        raise NotFound
    return found


@api.get("/places", summary="Subdistricts, the villages of one, or the grids of a village")
def get_places(query: PlacesQuery) -> Response:
    _count_place()
    with store().read() as session:
        above = by_code(session, query.under) if query.under else the_district(session)
        if above is None or above.level not in {Level.DISTRICT, Level.SUBDISTRICT, Level.VILLAGE}:
            raise NotFound
        below = select(Unit).where(Unit.parent_id == above.id, Unit.level.in_(list(Level)), Unit.valid_to.is_(None))
        return jsonify(places=[unit_json(unit) for unit in session.scalars(below.order_by(Unit.code))])


@api.get("/place", summary="The unit around a position, and the way down to it")
def get_place(query: PositionQuery) -> Response:
    _count_place()
    with store().read() as session:
        unit = unit_at(session, the_district(session).id, query.lng, query.lat)
        if unit is None:
            return jsonify(unit=None, path=[])
        found = units_by_id(session, lineage(unit))
        path = [unit_json(found[step]) for step in lineage(unit) if found[step].level != Level.DISTRICT]
        return jsonify(unit=unit_json(unit), path=path)


@api.post("/reports", summary="Report a matter; the answer holds its number and secret code, this once")
def post_report(form: ReportForm) -> Response:
    with store().read() as session:
        admission.check_filling(session, form.token, form.website)
        district_id = the_district(session).id
    with store().write() as session:
        admission.count_report(session, district_id, _address())

    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        return 201, {"number": reporting.report(session, actor.district_id, _story(form)).number}

    response = acting(act, who=lambda _session: Actor("citizen", district_id))
    shown = jsonify(receipt(response.get_json()["number"]))  # derived anew, so that no stored answer holds the code
    shown.status_code = response.status_code
    return shown


def receipt(number: str) -> dict[str, str]:
    """What the citizen keeps: number, code, and both as a link, which holds the code where no server sees it."""
    with store().read() as session:
        code = tracking_code(session, number)
    link = f"{request.host_url}track/{number}#{code}"
    groups = [code[i : i + GROUP] for i in range(0, len(code), GROUP)]
    picture = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
    return {"number": number, "code": " ".join(groups), "track": link, "qr": picture}


@api.post("/status", summary="Where your matter stands")
def post_status(body: CodeBody) -> Response:
    return jsonify(with_code(body.number, body.code, lambda session, case: status_json(track(session, case))))


@api.post("/supplements", summary="Add words and photos to your matter")
def post_supplement(form: SupplementForm) -> Response:
    def act(session: Session, case: Case) -> dict[str, Any]:
        admission.count_supplement(session, case.number)
        return {"at": iso(supplement(session, case, form.words, photos_sent()).at)}

    return _changing(form, act)


@api.post("/withdrawals", summary="Withdraw your matter")
def post_withdrawal(body: CodeBody) -> Response:
    def act(session: Session, case: Case) -> dict[str, Any]:
        changing.withdraw(session, citizen_of(case), case)
        return {"state": case.state}

    return _changing(body, act)


@api.post("/ratings", summary="Say how content you are")
def post_rating(body: RatingBody) -> Response:
    def act(session: Session, case: Case) -> dict[str, Any]:
        changing.rate(session, case.number, tracking_code(session, case.number), body.answer, body.words)
        return {"state": case.state}

    return _changing(body, act)


def with_code(number: str, code: str, look: Callable[[Session, Case], Answer]) -> Answer:
    """Look at the case of number and code, counted. Raises WrongCode, TooManyAtOnce."""
    number = number.strip()
    with store().write() as session:
        admission.count_code(session, number, _address())
    with store().write() as session:
        return look(session, admission.admit(session, number, code, _address()))


def with_code_of_visit(number: str, code: str, *, admitted: bool) -> Followed | None:
    """The visit of number and code, after `with_code` has counted the attempt; None when they are not right.

    `admitted`: the attempt was given back already, since the number is also that of a case.
    """
    number = number.strip()
    with store().write() as session:
        found = follow(session, number, code)
        if found is not None and not admitted:
            admission.welcome(session, number, _address())
        return found


def _changing(given: CodeBody, act: Callable[[Session, Case], dict[str, Any]]) -> Response:
    """Change the case of number and code, counted, once for each Idempotency-Key."""
    number = given.number.strip()
    admitted: list[Case] = []
    with store().write() as session:
        admission.count_code(session, number, _address())

    def who(session: Session) -> Actor:
        admitted[:] = [admission.admit(session, number, given.code, _address())]  # anew with each try
        return citizen_of(admitted[0])

    return acting(lambda session, _actor: (200, act(session, admitted[0])), who=who)


def status_json(tracked: Tracked) -> dict[str, Any]:
    """Codes and times; nobody is named in it."""
    promise = tracked.promise
    return {
        "number": tracked.number,
        "kind": coded(Kind(tracked.kind)),
        "title": tracked.title,
        "place": tracked.place.name,
        "state": coded(tracked.state),
        "merged": tracked.merged,
        "step": tracked.step,
        "steps": [{"step": step, "reached": iso(at)} for step, at in tracked.reached.items()],
        "holder": " ".join(unit.name for unit in tracked.holder),
        "promise": promise and {"about": promise.about, "at": iso(promise.at), "late": promise.late},
        "ended_at": iso(tracked.ended_at),
        "rating": tracked.rating,
        "reopened": tracked.reopened,
        "supplements": [{"at": iso(each.at), "words": each.words} for each in tracked.additions],
        "can": sorted(tracked.can),
    }


def _story(form: ReportForm) -> Story:
    if (form.lng is None) != (form.lat is None):
        raise Invalid([finding("lat", "give both lng and lat", "须同时给出经度和纬度")])
    return Story(
        matter=form.matter,
        place=form.place,
        text=form.text.strip(),
        address=form.address.strip(),
        name=form.name.strip(),
        phone=form.phone.strip(),
        quiet=form.quiet,
        position=(form.lng, form.lat) if form.lng is not None and form.lat is not None else None,
        photos=photos_sent(),
    )


def photos_sent() -> list[Photo]:
    """The pictures of the form that is sent."""
    photos = []
    for file in request.files.getlist("photos"):
        file.stream.seek(0)  # it was read for the form and for the hash of the body
        photos.append(Photo(file.filename or "", file.stream.read()))
    return photos


def _count_place() -> None:
    with store().write() as session:
        admission.count_places(session, _address())


def _address() -> str:
    return request.remote_addr or ""
