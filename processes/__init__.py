"""Disputes and everything around them: cases, dispositions, requests, supervision, who may do what."""

from __future__ import annotations

from pathlib import Path


def models_folder() -> Path:
    """Where the models that come with gridgov lie."""
    return Path(__file__).resolve().parent.parent / "bpmn"
