"""Case numbers: district code, local day, running number of the day. Other papers have series of their own."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from sqlalchemy.dialects import postgresql, sqlite

from processes.cases.models import CaseCounter

if TYPE_CHECKING:
    from engine.db import Session
    from engine.network.units import Unit

LOCAL = ZoneInfo("Asia/Shanghai")


def next_number(session: Session, district: Unit, at: datetime) -> str:
    """The next free number, e.g. 511302-20261124-00017; one row is locked until the commit."""
    return next_in_series(session, district, at.astimezone(LOCAL).strftime("%Y%m%d"))


def next_in_series(session: Session, district: Unit, series: str) -> str:
    """The next free number of a series of at most eight characters, e.g. 511302-K2026-00353."""
    insert = (sqlite.insert if session.is_sqlite else postgresql.insert)(CaseCounter)
    statement = insert.values(district_id=district.id, day=series, last=1).on_conflict_do_update(
        index_elements=["district_id", "day"], set_={"last": CaseCounter.last + 1}
    )
    last = session.scalars(statement.returning(CaseCounter.last)).one()
    return f"{district.code}-{series}-{last:05d}"
