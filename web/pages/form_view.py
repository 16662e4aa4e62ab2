"""A form as a page shows it: the JSON Schema of the deployed model, narrowed to one action with a fixed outcome."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from jsonschema import Draft202012Validator

from engine.forms import Form
from web.translation import t

SINGLE_LINE = 100
"""Texts up to this length are one line."""


@dataclass(frozen=True)
class Choice:
    """One value that may be chosen, with its label."""

    value: str
    label: str
    note: str = ""
    """Of a unit among several: what it is, said beside its name."""


@dataclass(frozen=True)
class Field:
    """One field. `control`: text, area, select, radio, boolean, check, unit, units, moment, date, number, score,
    files, position, rows, group or hidden; `name` is its path in the body, `needed_when` a condition `path:value`
    under which it must be filled in, `earliest` and `latest` as the control takes them.

    `units` are several of `choices`, `value` the codes chosen already. A `group` holds `fields` with whole names. A
    `score` is a radio of whole numbers.
    """

    name: str
    label: str
    control: str
    required: bool = False
    help: str = ""
    choices: Sequence[Choice] = ()
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    earliest: str = ""
    latest: str = ""
    value: Any = None
    needed_when: str = ""
    targets: str = ""
    """Of a unit: the address at which the sensible ones are found."""
    shown: str = ""
    """Of a unit that is chosen already: its name."""
    fields: Sequence[Field] = ()
    """Of rows: the fields of one; of a group: those in it."""
    add: str = ""
    """Of rows: what the button says that adds one."""

    @property
    def id(self) -> str:
        return "f-" + self.name.replace(".", "-")


def fields_of(form: Form, wanted: Sequence[str], fixed: Mapping[str, Any], prefix: str = "data.") -> list[Field]:
    """The fields `wanted` and all that the fixed values make required, in the order of the schema.

    Raises KeyError for a wanted field that the schema does not have.
    """
    schema = form.schema
    properties: Mapping[str, Any] = schema["properties"]
    needed = required_by(schema, fixed)
    names = [name for name in properties if name not in fixed and (name in wanted or name in needed)]
    missing = set(wanted) - set(properties)
    if missing:
        raise KeyError(sorted(missing))
    conditions = dict(_conditions(schema, names))
    return [
        replace(
            field(form, name, properties[name], prefix),
            required=name in needed,
            needed_when=f"{prefix}{conditions[name]}" if name in conditions and name not in needed else "",
        )
        for name in names
    ]


def required_by(schema: Mapping[str, Any], fixed: Mapping[str, Any]) -> set[str]:
    """The fields that must be filled in when `fixed` is given: `required`, and every `if` that holds for sure."""
    needed = set(schema.get("required", ()))
    for rule in schema.get("allOf", ()):
        if "if" in rule and Draft202012Validator(rule["if"]).is_valid(dict(fixed)):
            needed |= set(rule.get("then", {}).get("required", ()))
    return needed - set(fixed)


def _conditions(schema: Mapping[str, Any], shown: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(field, `other:value`) where a field is needed once a shown one has that value."""
    for rule in schema.get("allOf", ()):
        for other, value in _wanted_values(rule.get("if", {})):
            if other in shown:
                for name in rule.get("then", {}).get("required", ()):
                    yield name, f"{other}:{value}"


def _wanted_values(condition: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name, wanted in condition.get("properties", {}).items():
        if "const" in wanted:
            yield name, "true" if wanted["const"] is True else "false" if wanted["const"] is False else wanted["const"]


def field(form: Form, name: str, given: Mapping[str, Any], prefix: str = "") -> Field:
    """One field of a schema."""
    schema = resolved(form, given)
    made = Field(
        name=f"{prefix}{name}",
        label=_capitalised(t(schema.get("title", name), schema.get("title_en", name))),
        control=_control(given, schema, name),
        choices=_choices(schema),
        max_length=schema.get("maxLength"),
        minimum=schema.get("minimum"),
        maximum=schema.get("maximum"),
    )
    if made.control == "boolean":
        return replace(made, choices=(Choice("true", t("是", "Yes")), Choice("false", t("否", "No"))))
    if made.control == "rows":
        parts, needed = schema["items"].get("properties", {}), schema["items"].get("required", ())
        rows = [replace(field(form, part, parts[part]), required=part in needed) for part in parts]
        known = "x-add-zh" in schema
        add = t(schema["x-add-zh"], schema["x-add-en"]) if known else t("添加一项", "Add one")
        return replace(made, fields=rows, add=add, maximum=schema.get("maxItems"))
    return made


def resolved(form: Form, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """The schema with its reference to a code list followed; what stands beside the reference wins."""
    reference = schema.get("$ref")
    if reference is None:
        return schema
    return {**form.registry.resolver().lookup(reference).contents, **schema}


_BY_REFERENCE = {"unit": "unit", "files": "files", "position": "position"}
_BY_TYPE = {"integer": "number", "number": "number", "array": "rows"}
_BY_FORMAT = {"date": "date", "date-time": "moment"}
MOMENTS = frozenset({"deadline", "occurred_at"})
"""Fields that hold a time with its zone; the schemas say only that they are short texts."""


def _control(given: Mapping[str, Any], schema: Mapping[str, Any], name: str) -> str:
    reference = str(given.get("$ref", "")).rpartition("/")[2]
    if reference in _BY_REFERENCE:
        return _BY_REFERENCE[reference]
    if name in MOMENTS:
        return "moment"
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    if schema.get("type") == "boolean":
        return "boolean" if schema.get("x-process") else "check"
    if str(schema.get("items", {}).get("$ref", "")).endswith("/unit"):
        return "units"
    return _BY_TYPE.get(str(schema.get("type"))) or _text_control(schema)


def _text_control(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return "radio" if schema.get("x-process") else "select"
    return "text" if (schema.get("maxLength") or SINGLE_LINE + 1) <= SINGLE_LINE else "area"


def _choices(schema: Mapping[str, Any]) -> Sequence[Choice]:
    values = schema.get("enum", ())
    labels = zip(schema.get("x-enum-zh", values), schema.get("x-enum-en", values), strict=True)
    return [
        Choice(value, _capitalised(t(zh, en)))
        for value, (zh, en) in zip(values, labels, strict=True)
        if value is not None
    ]


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]
