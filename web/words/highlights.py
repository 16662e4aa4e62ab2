"""Where the words of a search stand in a text: the text cut into pieces, each with whether it was searched for."""

from __future__ import annotations

from collections.abc import Sequence

from processes.cases.search import letters

Pieces = list[tuple[str, bool]]
AROUND = 20
"""Characters shown on each side of the first find in a long text."""


def marked(text: str, words: Sequence[str]) -> Pieces:
    """The whole text; `words` as `search.plain` gives them."""
    hit = _positions(text, words)
    pieces: Pieces = []
    for position, character in enumerate(text):
        found = position in hit
        if pieces and pieces[-1][1] == found:
            pieces[-1] = (pieces[-1][0] + character, found)
        else:
            pieces.append((character, found))
    return pieces


def excerpt(text: str, words: Sequence[str]) -> Pieces | None:
    """The part of a text around its first find; None when no word stands in it."""
    hit = _positions(text, words)
    if not hit:
        return None
    start, end = max(0, min(hit) - AROUND), min(len(text), min(hit) + 2 * AROUND)
    pieces = marked(" ".join(text[start:end].split()), words)
    return [*([("…", False)] if start else []), *pieces, *([("…", False)] if end < len(text) else [])]


def _positions(text: str, words: Sequence[str]) -> set[int]:
    """Positions in the text as written, although width, case and blanks do not count when words are compared."""
    pairs = list(letters(text))
    plain = "".join(character for character, _ in pairs)
    found: set[int] = set()
    for word in words:
        at = plain.find(word)
        while at >= 0 and word:
            found.update(position for _, position in pairs[at : at + len(word)])
            at = plain.find(word, at + len(word))
    return found
