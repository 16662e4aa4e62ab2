"""The mediation agreement (调解协议书) as a file, with all that 人民调解法 art. 29 asks of it; a draft before signing.

One context for both kinds of file. It shows the parties in clear, so whoever takes one must have to do with it, and
each is noted in the access log (个人信息保护法 art. 51).
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import segno
from sqlalchemy import select

from engine import access_log, vault
from engine.errors import Forbidden, NotFound
from engine.network.people import Staff, name_of
from engine.network.units import get
from engine.trail.entries import TrailHead
from engine.worklist import OPEN, WorkItem
from processes.cases.numbers import LOCAL
from processes.cases.revealing import OWNER_ROLES, may_reveal
from processes.codes import PROTECTED_ROLE, MediationKind
from processes.documents import render
from processes.mediations.models import Agreement, Mediation
from processes.procedures.models import Procedure

if TYPE_CHECKING:
    from engine.actors import Actor
    from engine.db import Session
    from processes.cases.models import Case

TEMPLATE = "agreement"
FORMATS = {"docx": render.docx, "pdf": render.pdf}
SIDES = {"applicant": "申请方", "respondent": "被申请方"}
OTHER_SIDE = "其他当事人"
ASIDE = frozenset({"reporter", "witness"})
"""Parts in a report that are no side of the dispute."""
BLANK = "＿＿＿＿＿＿＿＿"
"""What a draft leaves open, to be filled in by hand."""


@dataclass(frozen=True)
class Asked:
    """`kind`: docx or pdf; `request_id`: for the access log."""

    kind: str
    request_id: str


@dataclass(frozen=True)
class Document:
    """What a file is made of, outside of the transaction that has noted the look. `name`: without its ending."""

    name: str
    context: Mapping[str, Any]

    def render(self, kind: str, templates: Path | None) -> bytes:
        """`templates`: the house's own. Raises as `processes.documents.render` does."""
        return FORMATS[kind](TEMPLATE, self.context, templates)


def signed(session: Session, actor: Actor, case: Case, agreement_id: int, asked: Asked) -> Document:
    """The file of an agreement.

    Raises NotFound (also when its text was erased) and Forbidden (nothing to do with it).
    """
    agreement = session.get(Agreement, agreement_id)
    if agreement is None or agreement.case_id != case.id:
        raise NotFound
    _note_look(session, actor, case, agreement.procedure_id, asked, "file")
    mediation = session.get(Mediation, agreement.procedure_id)
    return Document(f"调解协议书 {agreement.number}", context(session, case, mediation, agreement))


def draft(session: Session, actor: Actor, case: Case, procedure_id: int, asked: Asked) -> Document:
    """The same before anything is signed, with blanks for what is not known yet. Raises as `signed`."""
    mediation = session.get(Mediation, procedure_id)
    if mediation is None or mediation.case_id != case.id:
        raise NotFound
    _note_look(session, actor, case, procedure_id, asked, "draft")
    return Document(f"调解协议书（草稿）{case.number}", context(session, case, mediation, None))


def _note_look(session: Session, actor: Actor, case: Case, procedure_id: int, asked: Asked, what: str) -> None:
    """Raises Forbidden, which the edge records."""
    committee_id = session.get_one(Procedure, procedure_id).unit_id
    if not may_take_file(session, actor, case, committee_id):
        raise Forbidden
    access_log.record(
        session,
        district_id=case.district_id,
        actor=actor.ref,
        action=f"case:agreement:{what}:{asked.kind}",
        subject=case.number,
        outcome=access_log.GRANTED,
        request_id=asked.request_id,
    )


def may_take_file(session: Session, actor: Actor, case: Case, committee_id: int) -> bool:
    """The committee's people, who keep the file (art. 27), and whoever may see the parties in clear."""
    roles = (PROTECTED_ROLE,) if case.restricted else OWNER_ROLES
    if actor.holds(committee_id, *roles):
        return True
    items = session.scalars(select(WorkItem).where(WorkItem.subject_id == case.id, WorkItem.state.in_(OPEN)))
    return may_reveal(actor, case, items)


def context(session: Session, case: Case, mediation: Mediation | None, agreement: Agreement | None) -> dict[str, Any]:
    """What a template can name; every value a text, but `parties` and `signers` (lists), `draft`, `oral` and `qr`.

    Raises NotFound when the texts were erased.
    """
    told = vault.open_text(session, case.summary)
    words = vault.open_text(session, agreement.words) if agreement else {}
    if told is None or words is None:
        raise NotFound
    kind = MediationKind(mediation.kind) if mediation else MediationKind.PEOPLE
    procedure_id = agreement.procedure_id if agreement else mediation.procedure_id if mediation else 0
    committee = get(session, session.get_one(Procedure, procedure_id).unit_id)
    parties = _parties(told.get("parties") or [])
    signers = _signers(words.get("signers"), parties)
    return {
        "title": "人民调解协议书" if kind is MediationKind.PEOPLE else "调解协议书",
        "draft": agreement is None,
        "oral": agreement is not None and agreement.oral,
        "number": agreement.number if agreement else BLANK,
        "case_number": case.number,
        "kind": kind.zh,
        "committee": committee.name,
        "mediator": _mediator(session, mediation) or BLANK,
        "parties": parties,
        "signers": signers,
        "facts": words.get("facts") or told.get("text") or "",
        "terms": words.get("terms") or BLANK,
        "remarks": words.get("words") or "",
        "perform_by": _day(agreement.perform_by) if agreement else BLANK,
        "signed_on": _day(agreement.signed_at) if agreement else BLANK,
        "confirm_by": _day(agreement.confirm_by) if agreement else "协议生效之日起三十日",
        "copies": str(len(parties) + 1),
        **_proof(session, case, agreement),
    }


def _proof(session: Session, case: Case, agreement: Agreement | None) -> dict[str, Any]:
    """Number and commitment of the sealed text, which stands in the trail, with the trail's root when this was made."""
    head = session.get(TrailHead, case.district_id)
    commitment = agreement.words.commitment if agreement is not None and agreement.words is not None else ""
    number = agreement.number if agreement else case.number
    out = io.BytesIO()
    segno.make(f"{number} {commitment}".strip(), error="m").save(out, kind="png", scale=4, border=1)
    return {
        "commitment": commitment,
        "trail_size": str(head.size) if head else "0",
        "trail_root": head.root.hex() if head else "",
        "made_at": session.env.clock.now().astimezone(LOCAL).strftime("%Y-%m-%d %H:%M"),
        "qr": render.Picture(out.getvalue(), 14),
    }


def _parties(given: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Who the dispute is between; when nobody says who is what, all who are known."""
    sides = [each for each in given if each.get("role") not in ASIDE]
    return [_party(each) for each in sides or given]


def _party(party: Mapping[str, Any]) -> dict[str, str]:
    return {
        "name": str(party.get("name") or BLANK),
        "side": SIDES.get(str(party.get("role")), OTHER_SIDE),
        "id_no": str(party.get("id_no") or ""),
        "phone": str(party.get("phone") or ""),
    }


def _signers(given: Any, parties: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Who signed; before that, or of an oral agreement, who would have to: the parties."""
    if isinstance(given, list) and given:
        return [{"name": str(each["name"]), "side": SIDES.get(str(each.get("side")), OTHER_SIDE)} for each in given]
    return [{"name": party["name"], "side": party["side"]} for party in parties]


def _mediator(session: Session, mediation: Mediation | None) -> str | None:
    staff = session.get(Staff, mediation.mediator_id) if mediation and mediation.mediator_id else None
    return name_of(session, staff) if staff else None


def _day(given: date | datetime) -> str:
    day = given.astimezone(LOCAL).date() if isinstance(given, datetime) else given
    return f"{day.year}年{day.month}月{day.day}日"
