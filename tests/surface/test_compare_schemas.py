"""JSON Schemas: a value that was accepted and is refused is always seen."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from release_actions.errors import ConfigurationError
from release_actions.surface.change import Change, Effect
from release_actions.surface.compare import compare_surfaces
from release_actions.surface.json_schema import capture_schema
from release_actions.surface.model import Group, Kind, Surface

CONFIG = {
    "type": "object",
    "additionalProperties": False,
    "required": ["images"],
    "properties": {
        "images": {"type": "object", "additionalProperties": {"$ref": "#/definitions/image"}, "minProperties": 1},
        "mode": {"enum": ["check", "enforce"], "default": "check"},
        "keep": {"anyOf": [{"const": False}, {"type": "integer", "minimum": 1}]},
        "source": {
            "oneOf": [
                {
                    "type": "object",
                    "required": ["from"],
                    "properties": {"from": {"enum": ["git"]}, "prefix": {"type": "string"}},
                },
                {
                    "type": "object",
                    "required": ["from"],
                    "properties": {"from": {"enum": ["file"]}, "path": {"type": "string"}},
                },
            ]
        },
    },
    "definitions": {
        "image": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "platforms": {"type": "array", "items": {"type": "string", "pattern": "^linux/"}, "minItems": 1},
                "build-args": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
            },
        }
    },
}


def changes(before: Any, after: Any, kind: Kind = Kind.CONFIGURATION) -> list[Change]:
    surfaces = [Surface({"s": capture_schema(json.dumps(schema), "s", kind)}) for schema in (before, after)]
    return list(compare_surfaces(*surfaces))


def edited(*steps: str | int, to: Any = None) -> Any:
    """CONFIG with one value replaced, or without it when there is nothing to put there."""
    schema: Any = copy.deepcopy(CONFIG)
    node = schema
    for step in steps[:-1]:
        node = node[step]
    if to is None:
        del node[steps[-1]]
    else:
        node[steps[-1]] = to
    return schema


IMAGE = ("definitions", "image", "properties")


@pytest.mark.parametrize(
    ("after", "rule", "name", "config", "document"),
    [
        (edited("properties", "mode"), "key-removed", "mode", "breaking", "breaking"),
        (edited(*IMAGE, "platforms"), "key-removed", "images.*.platforms", "breaking", "breaking"),
        (edited("properties", "mode", "default", to="enforce"), "default-changed", "mode", "breaking", "compatible"),
        (edited("properties", "mode", "enum", to=["check"]), "value-narrowed", "mode", "breaking", "compatible"),
        (
            edited("properties", "mode", "enum", to=["check", "enforce", "x"]),
            "value-widened",
            "mode",
            "compatible",
            "breaking",
        ),
        (edited("required", to=["images", "mode"]), "key-required", "mode", "breaking", "compatible"),
        (edited("required", to=[]), "key-optional", "images", "compatible", "breaking"),
        (edited("properties", "keep", "anyOf", 0), "value-narrowed", "keep?false", "breaking", "compatible"),
        (
            edited("properties", "keep", "anyOf", 1, "minimum", to=2),
            "value-narrowed",
            "keep?integer",
            "breaking",
            "compatible",
        ),
        (edited(*IMAGE, "platforms", "minItems"), "value-widened", "images.*.platforms", "compatible", "breaking"),
        (
            edited(*IMAGE, "platforms", "items", "pattern"),
            "value-widened",
            "images.*.platforms[]",
            "compatible",
            "breaking",
        ),
        (
            edited(*IMAGE, "platforms", "items", "pattern", to="^x"),
            "value-changed",
            "images.*.platforms[]",
            "unclear",
            "unclear",
        ),
        (
            edited(*IMAGE, "build-args", "additionalProperties", to=False),
            "value-narrowed",
            "images.*.build-args",
            "breaking",
            "compatible",
        ),
        (edited("properties", "new", to={"type": "string"}), "key-added", "new", "compatible", "compatible"),
        (edited("properties", "source", "oneOf", 0), "value-narrowed", "source?from=git", "breaking", "compatible"),
        (
            edited("properties", "source", "oneOf", 1, "properties", "path"),
            "key-removed",
            "source?from=file.path",
            "breaking",
            "breaking",
        ),
    ],
)
def test_a_change_of_a_schema_is_judged_by_who_writes_the_file(
    after: Any, rule: str, name: str, config: str, document: str
) -> None:
    for kind, effect in ((Kind.CONFIGURATION, config), (Kind.DOCUMENT, document)):
        found = {(change.rule, change.subject.name, change.effect.value) for change in changes(CONFIG, after, kind)}

        assert (rule, name, effect) in found


@pytest.mark.parametrize("default", [[], {}, ["linux/amd64"], None, True, 1.5])
def test_a_default_of_any_kind_is_compared(default: Any) -> None:
    def schema(value: Any) -> dict[str, Any]:
        return {"type": "object", "properties": {"platforms": {"default": value}}}

    found = changes(schema(default), schema("other"))

    assert [change.rule for change in found] == ["default-changed"]
    assert "is 'other'" in found[0].message


def test_a_removed_mapping_is_reported_once() -> None:
    found = changes(CONFIG, edited("properties", "source"))

    assert [(change.rule, change.subject.name) for change in found] == [("key-removed", "source")]


@pytest.mark.parametrize("word", ["title", "description", "examples", "$comment", "$id"])
def test_words_for_people_are_no_change(word: str) -> None:
    assert changes(CONFIG, {**CONFIG, word: "other words"}) == []


def test_the_order_of_alternatives_is_no_change() -> None:
    turned = edited("properties", "keep", "anyOf", to=[*reversed(CONFIG["properties"]["keep"]["anyOf"])])  # type: ignore[index]

    assert changes(CONFIG, turned) == []


def test_a_reference_says_what_it_refers_to() -> None:
    inlined = edited("properties", "images", "additionalProperties", to=CONFIG["definitions"]["image"])  # type: ignore[index]

    assert changes(CONFIG, inlined) == []


def test_a_schema_that_contains_itself_ends() -> None:
    tree = {"type": "object", "properties": {"left": {"$ref": "#"}, "name": {"type": "string"}}}

    names = capture_schema(json.dumps(tree), "s", Kind.CONFIGURATION).elements(Group.KEYS)

    assert {"left", "name"} < set(names)
    assert changes(tree, tree) == []


@pytest.mark.parametrize("text", ["{", "[]", '"x"', '{"properties": {"a": {"$ref": "#/definitions/none"}}}'])
def test_what_is_no_schema_is_refused(text: str) -> None:
    with pytest.raises(ConfigurationError):
        capture_schema(text, "s", Kind.CONFIGURATION)


NAMES = st.sampled_from(["a", "b", "c.d", "e?", "*"])
SCALARS = st.one_of(
    st.just({"type": "string"}),
    st.builds(lambda least: {"type": "string", "minLength": least}, st.integers(0, 2)),
    st.builds(lambda most: {"type": "string", "maxLength": most}, st.integers(0, 2)),
    st.builds(lambda least: {"type": "integer", "minimum": least}, st.integers(0, 2)),
    st.builds(
        lambda kinds: {"type": sorted(kinds)}, st.sets(st.sampled_from(["string", "number", "null"]), min_size=1)
    ),
    st.builds(lambda values: {"enum": sorted(values)}, st.sets(st.sampled_from(["x", "y", "zz"]), min_size=1)),
    st.just({"const": False}),
    st.just({}),
)


def objects(below: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    def build(properties: dict[str, Any], required: set[str]) -> dict[str, Any]:
        closed = {"type": "object", "properties": properties, "additionalProperties": False}
        return {**closed, "required": sorted(required & set(properties))}

    closed = st.builds(build, st.dictionaries(NAMES, below, max_size=3), st.sets(NAMES))
    mapped = st.builds(lambda value: {"type": "object", "additionalProperties": value}, below)
    listed = st.builds(
        lambda item, least: {"type": "array", "items": item, "minItems": least}, below, st.integers(0, 1)
    )
    either = st.builds(
        lambda word, parts: {word: parts}, st.sampled_from(["anyOf", "oneOf"]), st.lists(below, min_size=1, max_size=3)
    )
    return st.one_of(closed, mapped, listed, either)


SCHEMAS = st.recursive(SCALARS, objects, max_leaves=6)
VALUES = [None, False, True, 0, 1, 1.5, "", "x", "zz", "xyz"]


def instance(schema: Any, chance: random.Random) -> Any:  # noqa: PLR0911  # a line for each form
    """A value that a schema may accept: mostly one that it does."""
    if chance.random() < 0.05:
        return chance.choice(VALUES)
    for word in ("anyOf", "oneOf"):
        if word in schema:
            return instance(chance.choice(schema[word]), chance)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return chance.choice(schema["enum"])
    if schema.get("type") == "array":
        return [instance(schema["items"], chance) for _ in range(chance.randrange(3))]
    if schema.get("type") == "object":
        if "properties" not in schema:
            return {name: instance(schema["additionalProperties"], chance) for name in chance.sample(["a", "b"], 1)}
        names = [name for name in schema["properties"] if name in schema["required"] or chance.random() < 0.5]
        return {name: instance(schema["properties"][name], chance) for name in names}
    return chance.choice(VALUES)


def mutate(schema: Any, chance: random.Random, donor: Any) -> Any:
    """A schema with a few random edits, so that it is like the one before."""
    if chance.random() < 0.15:
        return donor
    if isinstance(schema, dict):
        edited = {
            key: mutate(value, chance, donor) if key not in {"type", "enum", "const"} else value
            for key, value in schema.items()
        }
        if "properties" in edited:
            if not isinstance(edited["properties"], dict) or not all(
                isinstance(v, dict) for v in edited["properties"].values()
            ):
                return schema
            edited["required"] = [
                name for name in schema["required"] if name in edited["properties"] and chance.random() < 0.8
            ]
        return edited if is_schema(edited) else schema
    return schema


def is_schema(schema: Any) -> bool:
    try:
        jsonschema.Draft7Validator.check_schema(schema)
    except jsonschema.SchemaError:
        return False
    return True


def accepts(schema: Any, value: Any) -> bool:
    return bool(jsonschema.Draft7Validator(schema).is_valid(value))


@settings(max_examples=25, deadline=None)
@given(before=SCHEMAS, donor=SCHEMAS, seed=st.integers(0, 2**16))
def test_no_value_is_refused_newly_without_a_finding(before: Any, donor: Any, seed: int) -> None:
    chance = random.Random(seed)
    after = mutate(before, chance, donor)
    values = [instance(before, chance) for _ in range(6)]
    refused = [value for value in values if accepts(before, value) and not accepts(after, value)]

    found = changes(before, after)

    assert not refused or any(change.effect is not Effect.COMPATIBLE for change in found), (before, after, refused)


@settings(max_examples=25, deadline=None)
@given(before=SCHEMAS, donor=SCHEMAS, seed=st.integers(0, 2**16))
def test_no_document_is_written_newly_without_a_finding(before: Any, donor: Any, seed: int) -> None:
    chance = random.Random(seed)
    after = mutate(before, chance, donor)
    values = [instance(after, chance) for _ in range(6)]
    new = [value for value in values if accepts(after, value) and not accepts(before, value)]

    found = changes(before, after, Kind.DOCUMENT)

    # A new key is no surprise to a reader who passes over what it does not know.
    added = any(change.rule == "key-added" for change in found)
    assert not new or added or any(change.effect is not Effect.COMPATIBLE for change in found), (before, after, new)


@settings(max_examples=15, deadline=None)
@given(schema=SCHEMAS)
def test_a_schema_and_itself_have_no_difference(schema: Any) -> None:
    assert changes(schema, schema) == []
    assert changes(schema, schema, Kind.DOCUMENT) == []
