"""Forms of mediation (调解)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from web.pages.acts.fields import Form

WANTED: Mapping[str, Sequence[str]] = {}
"""The optional fields that make sense for an action."""
YES_NO: Mapping[str, tuple[tuple[str, str], tuple[str, str]]] = {}
"""What yes and no say, by `form.field`."""
INTROS: Mapping[str, tuple[str, str]] = {}
"""What will happen, said before it does."""
BESIDE: Mapping[str, Form] = {}
"""Forms that are sent elsewhere than to a work item."""
