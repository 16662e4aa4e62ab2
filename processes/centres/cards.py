"""警企联系卡: a card whose QR code opens the front door for one enterprise, until it is revoked.

The secret in the QR code is derived from the card's number (as a citizen's code from that of the case); only its hash
is stored, by which a card is found again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, or_, select, update

from engine.errors import Conflict, Forbidden, Invalid, NotFound
from engine.network.units import Beside, Level, Unit, by_code, covered, get, is_within
from engine.trail.entries import Draft
from processes.cases import readers
from processes.cases.handling import finding
from processes.cases.numbers import LOCAL, next_in_series
from processes.cases.telling import telling
from processes.centres.models import ContactCard
from processes.centres.operations import ADMIN, may_edit
from processes.citizens import reporting
from processes.citizens.reporting import Story
from processes.codes import PROTECTED_ROLE

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

ISSUERS = ("desk", "leader")
"""Who at the centre issues and revokes cards (default)."""
MATTER = "business"
"""The citizens' matter under which an enterprise reports: a case of kind `enterprise`."""
MAX_PARTY = 80
"""Characters of a party's name in the report form."""


class CardRevoked(Conflict):
    """This card is no longer in use. Call {contact}, or 12345."""

    code = "card_revoked"
    zh = "此联系卡已停用。请联系{contact}，或拨打 12345。"


@dataclass(frozen=True)
class CardText:
    """What a card says: the enterprise, the code of the unit whose officer answers for it, the code of its place."""

    enterprise: str
    contact: str
    place: str


def may_issue(actor: Actor, centre: Unit) -> bool:
    """The centre's desk and whoever edits the centre."""
    return may_edit(actor, centre) or actor.holds(centre.id, *ISSUERS)


def issue(session: Session, actor: Actor, centre: Unit, text: CardText) -> tuple[ContactCard, str]:
    """A new card, and its secret, which can be derived again but is stored nowhere.

    Raises Forbidden; Invalid when the contact is no unit of the district, or the centre does not cover the place.
    """
    if not may_issue(actor, centre):
        raise Forbidden
    contact, place = _contact(session, centre, text.contact), _place(session, centre, text.place)
    now = session.env.clock.now()
    series = f"K{now.astimezone(LOCAL).year}"
    number = next_in_series(session, get(session, centre.district_id), series)
    secret = secret_of(session, number)
    card = ContactCard(
        district_id=centre.district_id,
        number=number,
        token_hash=_hash(secret),
        enterprise=text.enterprise,
        centre_id=centre.id,
        contact_unit_id=contact.id,
        place_unit_id=place.id,
        issued_at=now,
        issued_by=actor.ref,
    )
    session.add(card)
    session.flush()
    _note(session, actor, card, "centre:card:issue", {"contact": contact.code, "place": place.code})
    return card, secret


def issue_many(session: Session, actor: Actor, centre: Unit, texts: Sequence[CardText]) -> list[ContactCard]:
    """All or none. Raises as `issue`, with the row's place in the finding."""
    cards = []
    for at, text in enumerate(texts):
        try:
            cards.append(issue(session, actor, centre, text)[0])
        except Invalid as refused:
            raise Invalid([{**each, "loc": f"cards/{at}/{each['loc']}"} for each in refused.errors]) from None
    return cards


def revoke(session: Session, actor: Actor, centre: Unit, number: str) -> ContactCard:
    """停用; again changes nothing. Raises Forbidden, NotFound."""
    card = one_of(session, actor, centre, number)
    if not may_issue(actor, centre):
        raise Forbidden
    if card.revoked_at is None:
        card.revoked_at = session.env.clock.now()
        _note(session, actor, card, "centre:card:revoke", {"used": card.used})
    return card


def listed(session: Session, actor: Actor, centre: Unit, text: str = "", limit: int = 500) -> Sequence[ContactCard]:
    """The centre's cards that the actor may see, the newest first; `text`: part of an enterprise or number."""
    query = select(ContactCard).where(ContactCard.centre_id == centre.id, _visible(actor, centre))
    if text:
        found = ContactCard.enterprise.contains(text, autoescape=True)
        query = query.where(or_(found, ContactCard.number.endswith(text, autoescape=True)))
    return session.scalars(query.order_by(ContactCard.id.desc()).limit(limit)).all()


def one_of(session: Session, actor: Actor, centre: Unit, number: str) -> ContactCard:
    """Raises NotFound alike for what is unknown and what is not the actor's to see."""
    query = select(ContactCard).where(ContactCard.centre_id == centre.id, ContactCard.number == number)
    card = session.scalar(query.where(_visible(actor, centre)))
    if card is None:
        raise NotFound
    return card


def secret_of(session: Session, number: str) -> str:
    """The secret of a card."""
    return session.env.keys.derive_code("contact-card", number)


def open_by(session: Session, token: str) -> ContactCard:
    """The card of a QR code. Raises NotFound, and CardRevoked, which says whom to call."""
    card = session.scalar(select(ContactCard).where(ContactCard.token_hash == _hash(token.strip().upper())))
    if card is None:
        raise NotFound
    if card.revoked_at is not None:
        raise CardRevoked(contact=get(session, card.contact_unit_id).name)
    return card


def report(session: Session, token: str, story: Story) -> Case:
    """The enterprise writes its matter: a case of kind `enterprise` at the card's place, told to the contact unit too.

    Matter and place of the story are the card's. Raises as `open_by`, and as a citizen's report.
    """
    card = open_by(session, token)
    place, contact = get(session, card.place_unit_id), get(session, card.contact_unit_id)
    who = f"{card.enterprise} {story.name}".strip()[:MAX_PARTY]
    filled = Story(
        matter=MATTER,
        place=place.code,
        text=story.text,
        address=story.address,
        name=who,
        phone=story.phone,
        quiet=story.quiet,
        photos=story.photos,
    )
    case = reporting.report(session, card.district_id, filled)
    session.execute(update(ContactCard).where(ContactCard.id == card.id).values(used=ContactCard.used + 1))
    draft = Draft("centre:card:use", case.reporter_ref, case.number, {"card": card.number})
    session.drafts.append((card.district_id, draft))
    if not case.restricted:  # what is confidential stays with the unit that handles it
        readers.admit(session, case, contact)
        role = "liaison" if contact.level in set(Beside) else PROTECTED_ROLE
        session.tellings.append(telling(case, "card_used", contact.id, role, "card"))
    return case


def issued(session: Session, unit: Unit, begin: datetime, end: datetime) -> int:
    """How many cards were issued in [begin, end): of a district, by a centre, or with `unit` as their contact."""
    column = {Level.DISTRICT.value: ContactCard.district_id, Beside.CENTRE.value: ContactCard.centre_id}
    mine: Any = column.get(unit.level, ContactCard.contact_unit_id)
    query = select(func.count()).select_from(ContactCard)
    query = query.where(mine == unit.id, ContactCard.issued_at >= begin, ContactCard.issued_at < end)
    return session.scalar(query) or 0


def _visible(actor: Actor, centre: Unit) -> Any:
    """All for the administrator and people of the centre; for others the cards on which their unit stands."""
    if may_edit(actor, centre) or ADMIN in actor.roles or centre.id in actor.unit_ids:
        return ContactCard.id.is_not(None)
    return ContactCard.contact_unit_id.in_(actor.unit_ids)


def _contact(session: Session, centre: Unit, code: str) -> Unit:
    unit = by_code(session, code)
    if unit is None or unit.district_id != centre.district_id or unit.level in {Beside.CENTRE, Level.DISTRICT}:
        raise Invalid([finding("contact", "a unit of this district", "须为本区的单位")])
    return unit


def _place(session: Session, centre: Unit, code: str) -> Unit:
    unit = by_code(session, code)
    below = covered(session, centre)
    if unit is None or unit.level not in set(Level) or not any(is_within(unit, above) for above in below):
        raise Invalid([finding("place", "a place that the centre covers", "须在中心覆盖的街道之内")])
    return unit


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note(session: Session, actor: Actor, card: ContactCard, action: str, data: dict[str, Any]) -> None:
    session.drafts.append((card.district_id, Draft(action, actor.ref, card.number, data)))
