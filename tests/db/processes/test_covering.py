"""A centre is an overlay: it reads, whistles and supervises for the subdistricts that it covers, and no further."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from engine.errors import Forbidden, NotFound
from engine.network.units import CentreCover
from processes import access
from processes.cases.models import Case
from processes.codes import Rung, WhistleReason
from processes.supervisions.operations import supervise
from processes.whistles.calling import Calling, whistle
from tests.cast import CENTRE, S2, Cast, D


@pytest.fixture
def number(sqlite_cast: Cast) -> str:
    """A case in hand of a grid below a covered subdistrict."""
    reported: str = sqlite_cast.report().case.number
    sqlite_cast.do(reported, "verify", result="accept")
    return reported


def held(cast: Cast, staff_no: str, number: str) -> Case:
    with cast.store.write() as session:
        return access.hold_case(session, cast(staff_no), number)


def test_a_centre_whistles_and_supervises_for_what_it_covers(sqlite_cast: Cast, number: str) -> None:
    dispatcher, supervisor = sqlite_cast("C-" + CENTRE), sqlite_cast("B-" + CENTRE)
    calling = Calling([f"{D}-police"], WhistleReason.JOINT_ENFORCEMENT, "请到场")
    with sqlite_cast.store.write() as session:
        case = access.hold_case(session, dispatcher, number)
        assert whistle(session, dispatcher, case, calling).unit_id == sqlite_cast.unit(CENTRE).id
        raised = supervise(session, supervisor, case, Rung.URGE)
        assert raised.issuer_id == sqlite_cast.unit(CENTRE).id


def test_a_centre_sees_nothing_of_what_it_does_not_cover(sqlite_cast: Cast, number: str) -> None:
    elsewhere = sqlite_cast.unit(S2).id
    with sqlite_cast.store.write() as session:
        session.execute(update(CentreCover).where(CentreCover.unit_id != elsewhere).values(unit_id=-1))
    with pytest.raises(NotFound):
        held(sqlite_cast, "C-" + CENTRE, number)
    case = sqlite_cast.case(number)
    with pytest.raises(Forbidden), sqlite_cast.store.write() as session:
        supervise(session, sqlite_cast("B-" + CENTRE), case, Rung.URGE)
