from __future__ import annotations

from tests.foreign.document import PATH, text


def test_the_document_says_what_the_validation_says() -> None:
    """`python -m tests.foreign` writes it anew."""
    assert PATH.read_text(encoding="utf-8") == text()
