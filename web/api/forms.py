"""The forms as JSON Schemas, as the active models have them; also where the OpenAPI document takes them from."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from flask import Response
from flask_openapi import APIBlueprint, Tag
from pydantic import Field

from engine.definitions import deploy
from engine.errors import NotFound
from processes import models_folder
from web.api.shapes import Strict
from web.edge import reading

api = APIBlueprint("forms", __name__, url_prefix="/api/v1", abp_security=[{"bearer": []}], abp_tags=[Tag(name="forms")])
MODELS = ("case", "request", "supervision")


class FormPath(Strict):
    """A form by its name."""

    name: str = Field(max_length=64)


@api.get("/forms/<name>", summary="A form with its code lists resolved")
def get_form(path: FormPath) -> Response:
    """Raises NotFound."""

    def look(session: Any, _actor: Any) -> Any:
        for key in MODELS:
            compiled = session.env.catalogue.get(session, deploy.active(session, key).id)
            if path.name in compiled.forms:
                codes = json.loads((models_folder() / "forms" / "codes.json").read_text("utf-8"))
                return resolved(compiled.forms[path.name].schema, codes["$defs"])
        raise NotFound

    return reading(look)


def resolved(schema: Any, codes: dict[str, Any]) -> Any:
    """The schema with references to code lists replaced by the lists."""
    if isinstance(schema, dict):
        reference = schema.get("$ref")
        if isinstance(reference, str):
            rest = {name: value for name, value in schema.items() if name != "$ref"}
            return {**resolved(codes[reference.rpartition("/")[2]], codes), **rest}
        return {name: resolved(value, codes) for name, value in schema.items() if name != "$schema"}
    if isinstance(schema, list):
        return [resolved(value, codes) for value in schema]
    return schema


@cache
def shipped(name: str) -> dict[str, Any]:
    """A form that comes with gridgov, resolved, for the OpenAPI document."""
    folder = models_folder() / "forms"
    codes = json.loads((folder / "codes.json").read_text("utf-8"))["$defs"]
    schema: dict[str, Any] = resolved(json.loads((folder / f"{name}.json").read_text("utf-8")), codes)
    return schema
