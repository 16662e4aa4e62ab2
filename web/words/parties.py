"""Parties as everybody sees them: masked (张*, 138****5678, 511302********1234)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.network.people import masked
from web.words import codes


@dataclass(frozen=True)
class PartyView:
    """One party; empty where nothing is known."""

    name: str
    role: str
    phone: str
    id_no: str


def shown(party: Mapping[str, Any]) -> PartyView:
    """De-identified (GB/T 35273)."""
    phone, identity = str(party.get("phone") or ""), str(party.get("id_no") or "")
    return PartyView(
        name=masked(str(party.get("name", ""))),
        role=codes.party_role(party.get("role")),
        phone=masked_phone(phone) if phone else "",
        id_no=masked_identity(identity) if identity else "",
    )


def masked_phone(phone: str) -> str:
    return phone[:3] + "****" + phone[-4:] if len(phone) > 7 else "****"


def masked_identity(identity: str) -> str:
    return identity[:6] + "********" + identity[-4:] if len(identity) > 10 else "********"
