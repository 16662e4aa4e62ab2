"""The bytes of a trail entry are canonical JSON in the sense of RFC 8785."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from engine.trail.entries import Draft, canonical

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
CODES = st.one_of(TEXT, st.integers(-(2**53) + 1, 2**53 - 1), st.booleans(), st.none())
KEYS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12)


@given(st.dictionaries(KEYS, st.one_of(CODES, st.lists(CODES, max_size=3))), TEXT)
def test_entries_are_written_as_rfc_8785_says(data: dict[str, object], subject: str) -> None:
    body = canonical("511302", 7, datetime(2026, 11, 24, tzinfo=UTC), Draft("a:b:c", "x", subject, data, ("ff",)))
    assert body == rfc8785.dumps(json.loads(body))
