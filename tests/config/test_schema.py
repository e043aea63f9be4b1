"""The JSON Schema, the loader's first stage and the published files say the same."""

from __future__ import annotations

import copy
import functools
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy

import schema as script
from config.verdicts import SCHEMA, loader_accepts, schema_accepts
from release_actions.config import load_config
from release_actions.config.document import SHAPE
from release_actions.shapes import Boolean, Choice, Integer, ListOf, MapOf, OrFalse, Parsed, RecordOf, Shape, Text
from release_actions.source import UNREADABLE

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(ROOT.glob("examples/*/release.yaml"))
often = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cs", "Zl", "Zp", "Cn"]).filter(
    lambda character: not UNREADABLE.search(f"x{character}") and character != "\x85"
)
TEXTS = st.text(PRINTABLE, max_size=8)


@functools.singledispatch
def values(shape: Shape[Any]) -> SearchStrategy[Any]:
    """Values that a shape describes, as JSON."""
    raise TypeError(shape)


@values.register
def _(shape: Text) -> SearchStrategy[Any]:
    if shape.pattern:
        return st.from_regex(shape.pattern, fullmatch=True).filter(lambda text: shape.empty or bool(text))
    return st.sampled_from(["a", "ü b", "0.10", 5, 0.1, True]) | TEXTS.filter(lambda text: shape.empty or bool(text))


@values.register
def _(shape: Parsed) -> SearchStrategy[Any]:  # type: ignore[type-arg]  # singledispatch takes the bare class
    return values(shape.text)


@values.register
def _(_shape: Boolean) -> SearchStrategy[Any]:
    return st.booleans()


@values.register
def _(shape: Integer) -> SearchStrategy[Any]:
    return st.integers(shape.least, shape.least + 1000 if shape.most is None else shape.most)


@values.register
def _(shape: Choice) -> SearchStrategy[Any]:
    return st.sampled_from(shape.choices)


@values.register
def _(shape: ListOf) -> SearchStrategy[Any]:  # type: ignore[type-arg]  # as above
    unique = json.dumps if shape.unique else None
    return st.lists(values(shape.item), min_size=shape.least, max_size=2, unique_by=unique)


@values.register
def _(shape: MapOf) -> SearchStrategy[Any]:  # type: ignore[type-arg]  # as above
    return st.dictionaries(values(shape.key), values(shape.value), min_size=shape.least, max_size=2)


@values.register
def _(shape: OrFalse) -> SearchStrategy[Any]:  # type: ignore[type-arg]  # as above
    return st.just(value=False) | values(shape.shape)


@values.register
def _(shape: RecordOf) -> SearchStrategy[Any]:  # type: ignore[type-arg]  # as above
    return records(shape)


@st.composite
def records(draw: st.DrawFn, shape: RecordOf[Any]) -> dict[str, Any]:
    """A mapping with the keys it needs, some of the others, and only keys that go together."""
    wanted = {known.name for known in shape.keys if known.required}
    wanted |= draw(st.sets(st.sampled_from([known.name for known in shape.keys]), max_size=4))
    if shape.one_of:
        wanted = wanted - set(shape.one_of) | {draw(st.sampled_from(shape.one_of))}
    if shape.any_of:
        wanted.add(draw(st.sampled_from(shape.any_of)))
    for name, others in shape.needs.items():
        if name in wanted:
            wanted |= set(others)
    return {known.name: draw(values(known.shape)) for known in shape.keys if known.name in wanted}


def holders(value: object) -> Iterator[dict[str, Any] | list[Any]]:
    """Every list and mapping in a document, outermost first."""
    if isinstance(value, (dict, list)):
        yield value
        for below in value.values() if isinstance(value, dict) else value:
            yield from holders(below)


WRONG = st.one_of(
    st.sampled_from(
        [None, True, False, "", "true", "v0", "-x", "x\n", "a b", "{patch}", "latest", [], {}, [[]], {"x": 1}]
    ),
    st.sampled_from([0, -1, 5, 1.5, 7.0, 10**15, "5", "30", "linux", "linux/amd64", ["linux/amd64"] * 2]),
    TEXTS,
)


def mutate(data: DataObject, document: dict[str, Any]) -> str:
    """Change one thing in a document, and say what."""
    holder = data.draw(st.sampled_from(list(holders(document))))
    places = list(holder) if isinstance(holder, dict) else list(range(len(holder)))
    kind = data.draw(st.sampled_from(["replace", "delete", "rename", "add"]))
    if kind == "add" or not places:
        if isinstance(holder, dict):
            holder[data.draw(st.sampled_from(["x", "name", "packages", "channel", "Bad Key", ""]))] = data.draw(WRONG)
        else:
            holder.append(data.draw(WRONG | st.sampled_from(holder) if holder else WRONG))
        return "add"
    place: Any = data.draw(st.sampled_from(places))
    if kind == "replace" or isinstance(holder, list):
        holder[place] = data.draw(WRONG)
        return "replace"
    value = holder.pop(place)
    if kind == "rename":
        holder[data.draw(st.sampled_from([place.upper(), place + "s", place[1:], "dev", "release"]))] = value
    return kind


DOCUMENTS = values(SHAPE)


@often
@given(document=DOCUMENTS)
def test_a_document_made_from_the_shapes_is_accepted_by_both(document: dict[str, Any]) -> None:
    assert schema_accepts(document)
    assert loader_accepts(document)


@often
@given(data=st.data(), document=DOCUMENTS)
def test_a_mutated_document_gets_the_same_verdict_from_both(data: DataObject, document: dict[str, Any]) -> None:
    what = mutate(data, document)
    verdict = schema_accepts(document)
    event(f"{what}: {'accepted' if verdict else 'refused'}")
    assert loader_accepts(document) is verdict, json.dumps(document)


@settings(often, max_examples=500)
@given(data=st.data(), example=st.sampled_from(EXAMPLES))
def test_a_mutated_example_gets_the_same_verdict_from_both(data: DataObject, example: Path) -> None:
    document = yaml.safe_load(example.read_text(encoding="utf-8"))
    before = copy.deepcopy(document)
    mutate(data, document)
    assume(document != before)
    assert loader_accepts(document) is schema_accepts(document), json.dumps(document)


@pytest.mark.parametrize(
    "document",
    [
        {"repository": "o/r", "images": {"a": {}}, "cleanup": {"x": {"channel": "dev"}}},
        {"repository": "o/r", "images": {"a": {}}, "cleanup": {"x": {"keep-n": 1, "delete-untagged": True}}},
        {"repository": "o/r\n", "images": {"a": {}}},
        {"repository": "o/r", "images": {}},
        {"repository": "o/r", "images": {"a": {"build-args": {"A": None}}}},
        {"repository": "o/r", "images": {"a": {"channels": {"dev": True}}}},
        {"repository": 5, "images": {"a": {}}},
        [],
        None,
        "text",
    ],
)
def test_both_refuse(document: object) -> None:
    assert not schema_accepts(document)
    assert not loader_accepts(document)


def test_the_schema_is_a_schema_by_its_own_metaschema() -> None:
    published = json.loads((ROOT / script.SCHEMA).read_text(encoding="utf-8"))
    assert published["$schema"] == jsonschema.Draft7Validator.META_SCHEMA["$schema"]
    jsonschema.Draft7Validator.check_schema(published)


def test_every_pattern_is_read_alike_by_python_and_ecma_262() -> None:
    """Classes such as those for digits and words hold other characters in each, and so do inline flags and groups."""
    patterns = [match.group(1) for match in re.finditer(r'"pattern": "(.*)"', json.dumps(SCHEMA, indent=1))]
    assert len(patterns) > 10
    odd = [pattern for pattern in patterns if re.search(r"\\\\[dDwWsSbBAZ]|\(\?[P#a-zA-Z<]", pattern)]
    assert odd == []


def test_every_key_is_described() -> None:
    bare = [
        f"{path}.{known.name}"
        for path, shape in script.records(SHAPE)
        for known in shape.keys
        if not known.about.endswith(".")
    ]
    assert bare == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_is_accepted_by_the_schema_and_by_the_loader(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    assert schema_accepts(yaml.safe_load(text))
    assert load_config(example).published
    assert text.startswith("# yaml-language-server: $schema=../../schema/release.schema.json\n")


def test_there_are_examples() -> None:
    assert [example.parent.name for example in EXAMPLES] == ["llm-d", "single-image"]


def test_the_generated_files_are_current() -> None:
    assert script.stale() == []


def test_a_stale_file_is_named_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (script.PAGE, script.EXAMPLE):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    assert script.main(["--check"]) == 1
    assert capsys.readouterr().out == f"{script.SCHEMA} is stale. Run: python scripts/schema.py\n"
    assert not (tmp_path / script.SCHEMA).exists()
    assert script.main([]) == 0
    assert script.main(["--check"]) == 0
