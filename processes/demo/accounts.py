"""The accounts of the demonstration: one for each kind of desk, with a password that everybody may know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from engine.network.people import Staff
from engine.sign_in.credentials import Credential, set_password

if TYPE_CHECKING:
    from engine.db import Session

DEMO_PASSWORD = "gridgov-demo"  # noqa: S105 # published on purpose; refused outside of the demonstration


@dataclass(frozen=True)
class Account:
    """Who one can be: staff number, and what this person does."""

    staff_no: str
    zh: str
    en: str


ACCOUNTS = (
    Account("C009009001001", "方格员 · 冯家寺社区", "cell worker · 冯家寺社区"),
    Account("G009009001", "网格员 · 冯家寺社区", "grid worker · 冯家寺社区"),
    Account("VA009009", "村(社区)服务站受理员 · 冯家寺社区", "village desk · 冯家寺社区"),
    Account("VB009009", "村(社区)分拨核查员 · 冯家寺社区", "village dispatcher and checker · 冯家寺社区"),
    Account("VD009009", "调解员 · 冯家寺社区人民调解委员会", "mediator · 冯家寺社区"),
    Account("SA009", "街道分中心受理员（回访） · 潆溪街道", "subdistrict desk, calls back · 潆溪街道"),
    Account("SB009", "街道分中心承办人 · 潆溪街道", "subdistrict handler · 潆溪街道"),
    Account("SC009", "街道分中心分拨员 · 潆溪街道", "subdistrict dispatcher · 潆溪街道"),
    Account("SE009", "街道分中心负责人（审批、裁定） · 潆溪街道", "subdistrict leader, decides and rules · 潆溪街道"),
    Account("SF009", "街道分中心督办员 · 潆溪街道", "subdistrict supervisor · 潆溪街道"),
    Account("QB", "区网格中心承办人", "district handler"),
    Account("QF", "区网格中心督办员", "district supervisor"),
    Account("D-command-A", "区委政法委指挥长", "commander of the command office"),
    Account("D-police-A", "部门联络员 · 区公安分局", "department liaison · police"),
    Account("D-linjiang-A", "法务服务中心受理员 · 临江新区", "legal service centre · 临江新区"),
    Account("D-linjiang-B", "法务服务中心负责人 · 临江新区", "leader of the centre · 临江新区"),
    Account("QH", "系统管理员", "administrator"),
    Account("QI", "审计员", "auditor"),
)


def open_accounts(session: Session) -> None:
    """Give the demo accounts their password, unless they have one."""
    numbers = [account.staff_no for account in ACCOUNTS]
    known = select(Staff.staff_no).join(Credential, Credential.staff_id == Staff.id)
    having = set(session.scalars(known.where(Staff.staff_no.in_(numbers))))
    there = set(session.scalars(select(Staff.staff_no).where(Staff.staff_no.in_(numbers))))
    for number in numbers:
        if number in there - having:
            set_password(session, "system:demo", number, DEMO_PASSWORD, demo=True)


def demo_accounts(session: Session) -> list[Account]:
    """Those that can sign in with the published password."""
    query = select(Staff.staff_no).join(Credential, Credential.staff_id == Staff.id).where(Credential.demo)
    there = set(session.scalars(query))
    return [account for account in ACCOUNTS if account.staff_no in there]
