"""Forms: JSON Schemas that render a page, validate the API and say which fields decide the route.

Two annotations are gridgov's own: `x-process` marks a field that becomes process data, `x-text` a field whose value
is free text or personal data and is therefore sealed before it is stored.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any, cast

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from engine.errors import Invalid

_FORBIDDEN_KEY = "typename"  # SpiffWorkflow's loader takes a dictionary with this key for one of its own objects

_CHINESE = {
    "required": "必填",
    "type": "类型不正确",
    "enum": "不在可选范围内",
    "maxLength": "超过长度上限",
    "minLength": "内容太短",
    "maximum": "超过最大值",
    "minimum": "低于最小值",
    "pattern": "格式不正确",
    "format": "格式不正确",
    "additionalProperties": "没有这个字段",
    "unevaluatedProperties": "没有这个字段",
    "maxItems": "项目过多",
    "minItems": "项目过少",
    "const": "取值不正确",
}


@dataclass(frozen=True)
class Form:
    """One schema, with references to the shared code lists resolved by `registry`."""

    name: str
    schema: Mapping[str, Any]
    registry: Registry[Any]

    @cached_property
    def validator(self) -> Draft202012Validator:
        return Draft202012Validator(
            self.schema, registry=self.registry, format_checker=Draft202012Validator.FORMAT_CHECKER
        )

    @cached_property
    def process_fields(self) -> frozenset[str]:
        return self._marked("x-process")

    @cached_property
    def text_fields(self) -> frozenset[str]:
        return self._marked("x-text")

    def _marked(self, mark: str) -> frozenset[str]:
        return frozenset(name for name, field in self.schema.get("properties", {}).items() if field.get(mark))

    def check(self, data: Mapping[str, Any]) -> None:
        """Raise Invalid naming every wrong field at once."""
        errors = [finding for error in self.validator.iter_errors(dict(data)) for finding in _findings(error)]
        if _FORBIDDEN_KEY in json.dumps(data):
            errors.append({"loc": _FORBIDDEN_KEY, "type": "reserved", "msg": "reserved name", "zh": "保留字段名"})
        if errors:
            unique = {(error["loc"], error["type"]): error for error in errors}
            raise Invalid(sorted(unique.values(), key=lambda error: (error["loc"], error["type"])))

    def process_data(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that decide the route; a field left out is None, so that every gateway finds its name."""
        return {name: data.get(name) for name in self.process_fields}

    def texts(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """The fields that must be sealed."""
        return {name: data[name] for name in sorted(self.text_fields) if data.get(name) not in (None, "", [])}


def _findings(error: ValidationError) -> Iterator[dict[str, Any]]:
    """One finding for each field: a condition (if/then, allOf) is reported by what it asks for."""
    if error.context:
        for inner in error.context:
            yield from _findings(inner)
        return
    rule = str(error.validator)
    path = "/".join(str(part) for part in error.absolute_path)
    for name in _missing_or_extra(error, rule):
        loc = f"{path}/{name}".strip("/")
        message = f"{name} is missing" if rule == "required" else error.message
        yield {"loc": loc, "type": rule, "msg": message, "zh": _CHINESE.get(rule, "不正确")}


def _missing_or_extra(error: ValidationError, rule: str) -> list[str]:
    if rule == "required" and isinstance(error.instance, dict):
        return [name for name in cast("list[str]", error.validator_value) if name not in error.instance]
    if rule in {"additionalProperties", "unevaluatedProperties"} and isinstance(error.instance, dict):
        known = set(error.schema.get("properties", {})) if isinstance(error.schema, dict) else set()
        return [name for name in error.instance if name not in known] or [""]
    return [""]


class Forms(dict[str, Form]):
    """The forms of one bundle by name."""

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Forms:
        """All `forms/*.json` of a bundle; a file without properties (a code list) is only referred to."""
        schemas = {PurePosixPath(name).name: json.loads(body) for name, body in files.items() if name.endswith(".json")}
        resources = [(name, DRAFT202012.create_resource(schema)) for name, schema in schemas.items()]
        registry: Registry[Any] = Registry().with_resources(resources)
        forms = cls()
        for name, schema in schemas.items():
            if "properties" in schema:
                stem = PurePosixPath(name).stem
                forms[stem] = Form(stem, schema, registry)
        return forms
