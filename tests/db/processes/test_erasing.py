"""Texts can be erased while the log still verifies."""

from __future__ import annotations

from engine import vault
from engine.trail.verify import verify
from processes.cases.models import Case
from processes.reconcile import reconcile
from tests.cast import Cast


def test_an_erased_case_cannot_be_read_and_the_trail_still_verifies_and_reconciles(cast: Cast) -> None:
    case_id = cast.report().case.id
    with cast.store.read() as session:
        assert vault.open_text(session, session.get_one(Case, case_id).summary)["title"] == "围墙纠纷"
    with cast.store.write() as session:
        assert vault.erase(session, case_id)
        assert not vault.erase(session, case_id + 1)
    with cast.store.read() as session:
        assert vault.open_text(session, session.get_one(Case, case_id).summary) is None
        assert verify(session, cast.district_id).findings == []
        assert reconcile(session, cast.district_id) == []


def test_a_sealed_text_that_was_changed_is_found(cast: Cast) -> None:
    cast.report()
    with cast.store.write() as session:
        row = session.get_one(vault.SealedText, 1)
        row.ciphertext = row.ciphertext[:-1] + bytes([row.ciphertext[-1] ^ 1])
    with cast.store.read() as session:
        assert reconcile(session, cast.district_id) == ["sealed text 1: cannot be decrypted"]
