"""Captures a JSON Schema as a flat list: every place that a value can be at, with what must hold there.

The name of a place is a path: `images.*.platforms[]` is an item of the list `platforms` of any entry of `images`, and
`?` begins one of several alternatives. What a schema says that has no meaning here is kept as it is written, so that a
change of it is seen and not judged.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from release_actions.errors import ConfigurationError, Place
from release_actions.surface.model import Group, Interface, Kind

ROOT = "(file)"
"""The name of the whole value."""

ANY_KEY = "*"
"""The name of the value of every key that is not named."""

EXACTLY_ONE, AT_LEAST_ONE = "exactly one", "at least one"
"""How many alternatives a value may be of."""

LOWER_BOUNDS = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")

WORDS_FOR_PEOPLE = frozenset(
    {
        "$schema",
        "$id",
        "$comment",
        "title",
        "description",
        "examples",
        "deprecated",
        "readOnly",
        "writeOnly",
        "markdownDescription",
    }
)
"""Keywords that refuse no value."""

WALKED = frozenset(
    {"$ref", "$defs", "definitions", "properties", "patternProperties", "items", "anyOf", "oneOf", "allOf", "required"}
)
"""Keywords that become places of their own or an attribute of one."""

JUDGED = (
    WORDS_FOR_PEOPLE
    | {*LOWER_BOUNDS, *UPPER_BOUNDS, "type", "const", "enum", "default", "additionalProperties"}
    | WALKED - {"allOf"}
)
"""Keywords that are compared by their meaning, or not at all. `allOf` is walked, and kept as it is written too."""


@dataclass
class Flattened:
    """The places of a schema so far. `whole` is the schema that references point into."""

    whole: Mapping[str, Any]
    file: str
    places: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, path: str, attributes: Mapping[str, Any]) -> None:
        """Add what holds at a place. Two parts of one `allOf` may say it about the same one."""
        known = self.places.setdefault(path, {})
        for name, value in attributes.items():
            if name in known and known[name] != value and name != "required":
                known.setdefault("other", {})[f"{name} again"] = value
            elif not (name == "required" and known.get("required")):
                known[name] = value


def capture_schema(text: str, file: str, kind: Kind) -> Interface:
    """The surface of a JSON Schema. Raises `ConfigurationError` for a text that is not one."""
    try:
        schema = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"This is not JSON: {str(error)[:120]!r}."
        raise ConfigurationError(message, place=Place(file)) from error
    if not isinstance(schema, Mapping):
        message = "This is not a JSON Schema: it is not an object."
        raise ConfigurationError(message, place=Place(file))
    flat = Flattened(schema, file)
    flatten(schema, "", {}, (), flat)
    return Interface(kind, {Group.KEYS: flat.places}, {(Group.KEYS, name): Place(file) for name in flat.places})


def flatten(schema: Any, path: str, attributes: Mapping[str, Any], followed: tuple[str, ...], flat: Flattened) -> None:
    """Add a schema and everything below it. `followed`: references that led here, so that a circle ends."""
    if isinstance(schema, bool) or not isinstance(schema, Mapping):
        flat.add(path or ROOT, {**attributes, **({} if schema is True else {"other": {"schema": schema}})})
        return
    schema, followed = resolve(schema, followed, flat)
    flat.add(path or ROOT, {**attributes, **describe(schema)})
    required = schema.get("required", [])
    for name, below in schema.get("properties", {}).items():
        flatten(below, join(path, name), {"required": name in required}, followed, flat)
    for name in required:
        if name not in schema.get("properties", {}):
            flat.add(join(path, str(name)), {"required": True})
    for pattern, below in schema.get("patternProperties", {}).items():
        flatten(below, join(path, f"/{pattern}/"), {}, followed, flat)
    if isinstance(schema.get("additionalProperties"), Mapping):
        flatten(schema["additionalProperties"], f"{path}.{ANY_KEY}", {}, followed, flat)
    if isinstance(schema.get("items"), Mapping):
        flatten(schema["items"], f"{path}[]", {}, followed, flat)
    for part in schema.get("allOf", []):
        flatten(part, path, {}, followed, flat)
    for label, part in label_alternatives(alternatives_of(schema)):
        flatten(part, f"{path}?{escape(label)}", {}, followed, flat)


def resolve(
    schema: Mapping[str, Any], followed: tuple[str, ...], flat: Flattened
) -> tuple[Mapping[str, Any], tuple[str, ...]]:
    """A schema with its reference filled in. One that leads outside the file, or in a circle, stays as it is."""
    while isinstance(schema.get("$ref"), str):
        reference = schema["$ref"]
        rest = {name: value for name, value in schema.items() if name != "$ref"}
        if reference in followed or not reference.startswith("#"):
            return {**rest, "refers-to": reference}, followed
        target: Any = flat.whole
        for part in filter(None, reference[1:].split("/")):
            step = part.replace("~1", "/").replace("~0", "~")
            target = target.get(step) if isinstance(target, Mapping) else None
        if not isinstance(target, Mapping):
            message = f"The reference {reference!r} leads nowhere."
            raise ConfigurationError(message, place=Place(flat.file))
        schema, followed = {**target, **rest}, (*followed, reference)
    return schema, followed


def describe(schema: Mapping[str, Any]) -> dict[str, Any]:
    """What holds for a value itself, in a form that two schemas can be compared by."""
    found: dict[str, Any] = {}
    if "type" in schema:
        found["type"] = sorted([schema["type"]] if isinstance(schema["type"], str) else schema["type"])
    if "const" in schema:
        found["values"] = [schema["const"]]
    elif "enum" in schema:
        found["values"] = schema["enum"]
    found |= {name: schema[name] for name in (*LOWER_BOUNDS, *UPPER_BOUNDS) if name in schema}
    if schema.get("additionalProperties") is False:
        found["closed"] = True
    if "default" in schema:
        found["default"] = schema["default"]
    parts = alternatives_of(schema)
    if parts:
        found["alternatives"] = EXACTLY_ONE if "oneOf" in schema and not are_apart(parts) else AT_LEAST_ONE
    other = {name: value for name, value in schema.items() if name not in JUDGED and value is not False}
    if isinstance(schema.get("items"), (list, bool)):
        other["items"] = schema["items"]
    if {"oneOf", "anyOf"} <= set(schema):
        other["anyOf"] = schema["anyOf"]
    return {**found, **({"other": other} if other else {})}


def alternatives_of(schema: Mapping[str, Any]) -> Sequence[Any]:
    """The alternatives that become places. Of a schema with both keywords, `anyOf` is kept as it is written."""
    parts: Sequence[Any] = schema.get("oneOf") or schema.get("anyOf") or []
    return parts


def are_apart(parts: Sequence[Any]) -> bool:
    """Whether no value can be of two alternatives, so that "exactly one" says no more than "at least one"."""
    if not all(isinstance(part, Mapping) for part in parts):
        return False
    kinds = [part.get("type") for part in parts]
    if all(isinstance(kind, str) for kind in kinds):
        apart = {"number" if kind == "integer" else kind for kind in kinds}
        if len(apart) == len(kinds):
            return True
    constants = [json.dumps(part["const"]) for part in parts if "const" in part]
    if len(constants) == len(parts):
        return len(set(constants)) == len(parts)
    choosers = [_find_chooser(part) for part in parts]
    required = all(
        chooser and chooser[0] in part.get("required", []) for chooser, part in zip(choosers, parts, strict=True)
    )
    names = {chooser[0] for chooser in choosers if chooser}
    return required and len(names) == 1 and len({chooser[1] for chooser in choosers if chooser}) == len(parts)


def label_alternatives(parts: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    """Each alternative with a name that does not change when another one is added before it."""
    labels = [_label_of(part) for part in parts]
    counts = Counter(labels)
    for label, part in zip(labels, parts, strict=True):
        yield (label if counts[label] == 1 else f"{label} {digest_of(part)}"), part


def _label_of(part: Any) -> str:
    if not isinstance(part, Mapping):
        return json.dumps(part)
    if "const" in part:
        return json.dumps(part["const"])
    chooser = _find_chooser(part)
    if chooser:
        return f"{chooser[0]}={chooser[1]}"
    if set(part) == {"required"}:
        return "with " + " and ".join(map(str, part["required"]))
    kind = part.get("type")
    return kind if isinstance(kind, str) else "any"


def _find_chooser(part: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first key of an object that has only one value, with the value; None without one."""
    for name, below in part.get("properties", {}).items():
        if isinstance(below, Mapping):
            values = [below["const"]] if "const" in below else below.get("enum", [])
            if len(values) == 1:
                return name, str(values[0])
    return None


def digest_of(schema: Any) -> str:
    """A short name for a schema by what it says."""
    return hashlib.sha256(json.dumps(schema, sort_keys=True).encode()).hexdigest()[:8]


def escape(name: str) -> str:
    """A name without the signs that have a meaning in a path."""
    return re.sub(r"[%.\[?(]", lambda sign: f"%{ord(sign.group()):02X}", name)


def join(path: str, name: str) -> str:
    """The path of a key below another."""
    escaped = escape(name) if name != ANY_KEY else "%2A"
    return f"{path}.{escaped}" if path else escaped


def parent_of(path: str) -> str:
    """The path that a place is below; empty for the whole value."""
    if path == ROOT:
        return ""
    cut = max(path.rfind("."), path.rfind("["), path.rfind("?"))
    return path[:cut] if cut > 0 else ROOT
