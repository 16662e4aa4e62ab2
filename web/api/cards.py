"""Contact cards (警企联系卡): issue, one or many, revoke; and, for the enterprise itself, report with one.

A card's secret stands in no stored answer: it is derived anew each time it is shown.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import segno
from flask import Response, jsonify, request
from flask_openapi import APIBlueprint, FileStorage, Tag
from pydantic import Field

from engine.actors import Actor
from engine.errors import Forbidden
from processes.centres import cards
from processes.centres.cards import CardText
from processes.centres.operations import centre_of
from processes.citizens import admission
from processes.citizens.reporting import Story
from web.api.centres import CentrePath
from web.api.citizens import photos_sent, receipt
from web.api.shapes import Strict, iso, unit_json, units_by_id
from web.edge import acting, acting_on_each, reading, store

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.db import Session
    from engine.network.units import Unit
    from processes.centres.models import ContactCard

api = APIBlueprint("cards", __name__, url_prefix="/api/v1", abp_tags=[Tag(name="contact cards")])
SECURED: list[dict[str, Any]] = [{"bearer": []}]
MOST = 500
"""Cards in one request."""


class CardBody(Strict):
    """`contact`: code of the unit whose officer answers for the enterprise; `place`: code of a unit it lies in."""

    enterprise: str = Field(min_length=2, max_length=60)
    contact: str = Field(max_length=64)
    place: str = Field(max_length=64)


class CardsBody(Strict):
    """Many cards; each has its own result."""

    cards: list[CardBody] = Field(min_length=1, max_length=MOST)


class CardsQuery(Strict):
    """`q`: part of an enterprise's name, or the end of a number."""

    q: str = Field("", max_length=64)


class CardPath(CentrePath):
    """A card by its number."""

    number: str = Field(max_length=32)


class CardReportForm(Strict):
    """`card`: the secret of the QR code; `website` stays empty; `token` came with the empty form."""

    card: str = Field(min_length=1, max_length=64)
    text: str = Field(min_length=5, max_length=2000)
    address: str = Field("", max_length=200)
    name: str = Field("", max_length=20)
    phone: str = Field("", max_length=20)
    quiet: bool = False
    website: str = Field("", max_length=200)
    token: str = Field(max_length=100)
    photos: list[FileStorage] = Field(default_factory=list)


@api.get("/centres/<code>/cards", summary="Contact cards that you may see, the newest first", security=SECURED)
def get_cards(path: CentrePath, query: CardsQuery) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        centre = centre_of(session, actor, path.code)
        found = cards.listed(session, actor, centre, query.q.strip())
        units = units_by_id(session, [each for row in found for each in (row.contact_unit_id, row.place_unit_id)])
        return {"cards": [card_json(row, units) for row in found]}

    return reading(look)


@api.post("/centres/<code>/cards", summary="Issue a contact card", security=SECURED)
def post_card(path: CentrePath, body: CardBody) -> Response:
    return acting(lambda session, actor: (201, _issue(path.code, body, session, actor)))


@api.post("/centres/<code>/cards/bulk", summary="Issue many, each in its own transaction", security=SECURED)
def post_cards(path: CentrePath, body: CardsBody) -> Response:
    acts = [(str(at), each.model_dump(), partial(_issue, path.code, each)) for at, each in enumerate(body.cards)]
    results = [{"row": int(name), **result} for name, result in acting_on_each(acts)]
    return jsonify(results=results)


@api.get("/centres/<code>/cards/<number>", summary="One card with its link and QR code", security=SECURED)
def get_card(path: CardPath) -> Response:
    def look(session: Session, actor: Actor) -> Any:
        centre = centre_of(session, actor, path.code)
        card = cards.one_of(session, actor, centre, path.number)
        if not cards.may_issue(actor, centre):
            raise Forbidden
        units = units_by_id(session, [card.contact_unit_id, card.place_unit_id])
        link = link_of(session, card)
        return {**card_json(card, units), "link": link, "qr": qr_of(link)}

    return reading(look)


@api.post("/centres/<code>/cards/<number>/revocation", summary="Revoke a card", security=SECURED)
def post_revocation(path: CardPath) -> Response:
    def act(session: Session, actor: Actor) -> tuple[int, dict[str, Any]]:
        card = cards.revoke(session, actor, centre_of(session, actor, path.code), path.number)
        return 200, {"number": card.number, "revoked_at": iso(card.revoked_at)}

    return acting(act)


@api.post("/citizen/card-reports", summary="Report with a contact card; the answer holds number and secret code")
def post_report(form: CardReportForm) -> Response:
    with store().read() as session:
        admission.check_filling(session, form.token, form.website)
    card = open_counted(form.card)
    with store().write() as session:
        admission.count_report(session, card.district_id, request.remote_addr or "")
        admission.count_card_report(session, card.number)

    def act(session: Session, _actor: Actor) -> tuple[int, dict[str, Any]]:
        return 201, {"number": cards.report(session, form.card, _story(form)).number}

    response = acting(act, who=lambda _session: Actor("citizen", card.district_id))
    shown = jsonify(receipt(response.get_json()["number"]))
    shown.status_code = response.status_code
    return shown


def open_counted(secret: str) -> ContactCard:
    """The card of a QR code, each look counted. Raises NotFound, CardRevoked, TooManyAtOnce."""
    with store().write() as session:
        admission.count_card(session, request.remote_addr or "")
    with store().read() as session:
        return cards.open_by(session, secret)


def link_of(session: Session, card: ContactCard) -> str:
    """What the QR code holds."""
    return f"{request.host_url}card/{cards.secret_of(session, card.number)}"


def qr_of(link: str) -> str:
    """The QR code as a picture that a page may hold."""
    picture: str = segno.make(link, error="m", micro=False).svg_data_uri(scale=4, border=2, dark="#000", light="#fff")
    return picture


def card_json(card: ContactCard, units: Mapping[int, Unit]) -> dict[str, Any]:
    return {
        "number": card.number,
        "enterprise": card.enterprise,
        "contact": unit_json(units.get(card.contact_unit_id)),
        "place": unit_json(units.get(card.place_unit_id)),
        "issued_at": iso(card.issued_at),
        "revoked_at": iso(card.revoked_at),
        "used": card.used,
    }


def _issue(code: str, body: CardBody, session: Session, actor: Actor) -> dict[str, Any]:
    text = CardText(body.enterprise.strip(), body.contact, body.place)
    card, _ = cards.issue(session, actor, centre_of(session, actor, code), text)
    return {"number": card.number}


def _story(form: CardReportForm) -> Story:
    return Story(
        matter="",
        place="",
        text=form.text.strip(),
        address=form.address.strip(),
        name=form.name.strip(),
        phone=form.phone.strip(),
        quiet=form.quiet,
        photos=photos_sent(),
    )
