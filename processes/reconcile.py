"""`trail reconcile`: do the tables say what the trail says?

The trail is read as the truth: from its entries each case's owner and end are worked out anew and compared with
the rows; sealed texts are compared with their commitments.
"""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from engine import vault
from engine.network.units import Unit
from engine.trail import entries
from engine.vault import SealedText
from engine.worklist import WorkItem
from processes.cases.models import Case, Stay
from processes.codes import Disposition
from processes.postponing.models import WAITING, PostponedAct
from processes.visits.models import Visit

if TYPE_CHECKING:
    from engine.db import Session

_ENDS = {
    "case:case:archive": "archived",
    "case:case:decline": "declined",
    "case:case:merge": "merged",
    "case:case:withdraw": "withdrawn",
}
_VISITS = {"visit:visit:receive": True, "visit:visit:close": False}
_MOVES = {f"case:stay:{how.value}" for how in Disposition} - {"case:stay:on_spot"}


@dataclass
class Told:
    """What the trail tells of one case."""

    owner: str | None = None
    end: str | None = None
    moves: int = 0


@dataclass
class Ledger:
    """What the trail tells of a district."""

    cases: dict[str, Told] = field(default_factory=dict)
    visits: dict[str, bool] = field(default_factory=dict)
    """Number of each visit → whether it is still open."""
    commitments: set[str] = field(default_factory=set)
    completed: Counter[str] = field(default_factory=Counter)


def reconcile(session: Session, district_id: int) -> list[str]:
    """Every difference between tables and trail, in words; empty when there is none."""
    ledger = read_ledger(session, district_id)
    return [
        *_compare_cases(session, district_id, ledger),
        *_compare_visits(session, district_id, ledger),
        *_compare_items(session, district_id, ledger),
        *_compare_texts(session, district_id, ledger),
    ]


def read_ledger(session: Session, district_id: int) -> Ledger:
    """Go through the whole trail once."""
    ledger = Ledger()
    for entry in entries.stream(session, district_id):
        body = json.loads(entry.body)
        ledger.commitments.update(body["commit"])
        _tell(ledger, entry.action, entry.subject, body["data"])
    return ledger


def _tell(ledger: Ledger, action: str, subject: str, data: dict[str, Any]) -> None:
    if action == "case:case:report":
        ledger.cases[subject] = Told(owner=data["owner"])
        return
    if action == "work:item:complete":
        ledger.completed[subject] += 1  # also of a visit, which is no case, or became one of the same number later
    if action in _VISITS:
        ledger.visits[subject] = _VISITS[action]
    told = ledger.cases.get(subject)
    if told is None:
        return
    if action in _MOVES:
        told.owner, told.moves = data["to"], told.moves + 1
    elif action == "case:case:close":
        told.owner = None
    elif action in _ENDS:
        told.owner, told.end = None, told.end or _ENDS[action]


def _compare_cases(session: Session, district_id: int, ledger: Ledger) -> list[str]:
    found = []
    moves = {row[0]: row[1] for row in session.execute(select(Stay.case_id, func.count()).group_by(Stay.case_id))}
    query = select(Case, Unit.code).outerjoin(Unit, Unit.id == Case.owner_id).where(Case.district_id == district_id)
    rows = {case.number: (case, code) for case, code in session.execute(query)}
    for number, told in ledger.cases.items():
        if number not in rows:
            found.append(f"{number}: is in the trail, not in the table")
            continue
        case, owner = rows[number]
        if owner != told.owner:
            found.append(f"{number}: the owner is {owner}, the trail says {told.owner}")
        if told.end is not None and case.state != told.end:
            found.append(f"{number}: the state is {case.state}, the trail says {told.end}")
        if moves.get(case.id, 0) != told.moves + 1:
            found.append(f"{number}: has {moves.get(case.id, 0)} stays, the trail says {told.moves + 1}")
    found += [f"{number}: is in the table, not in the trail" for number in rows.keys() - ledger.cases.keys()]
    return found


def _compare_visits(session: Session, district_id: int, ledger: Ledger) -> list[str]:
    query = select(Visit.number, Visit.closed_at).where(Visit.district_id == district_id)
    rows = {number: closed_at is None for number, closed_at in session.execute(query)}
    return [
        f"{number}: the visit is {_VISIT_IS[rows.get(number)]}, the trail says {_VISIT_IS[ledger.visits.get(number)]}"
        for number in sorted(rows.keys() | ledger.visits.keys())
        if rows.get(number) != ledger.visits.get(number)
    ]


_VISIT_IS = {True: "open", False: "closed", None: "missing"}


def _compare_items(session: Session, district_id: int, ledger: Ledger) -> list[str]:
    query = select(WorkItem.subject_no, func.count()).where(
        WorkItem.district_id == district_id, WorkItem.state == "completed"
    )
    rows = dict(session.execute(query.group_by(WorkItem.subject_no)).all())
    return [
        f"{number}: {rows.get(number, 0)} items are completed, the trail says {ledger.completed.get(number, 0)}"
        for number in sorted(rows.keys() | ledger.completed.keys())
        if rows.get(number, 0) != ledger.completed.get(number, 0)
    ]


def _compare_texts(session: Session, district_id: int, ledger: Ledger) -> list[str]:
    found = [f"sealed text {problem.sealed_id}: {problem.reason}" for problem in vault.check(session)]
    unsaid = select(PostponedAct.form_id).where(PostponedAct.state == WAITING, PostponedAct.form_id.is_not(None))
    query = select(SealedText.id, SealedText.commitment).where(
        SealedText.district_id == district_id, SealedText.id.not_in(unsaid)
    )
    for sealed_id, commitment in session.execute(query):
        if commitment not in ledger.commitments:
            found.append(f"sealed text {sealed_id}: its commitment is not in the trail")
    return found
