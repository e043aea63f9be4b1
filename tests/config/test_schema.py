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
from hypothesis import HealthCheck, assume, event, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import DataObject, SearchStrategy
from tests.config.verdicts import Verdicts, values_of

import schema as script
from release_actions.components.document import load_components
from release_actions.config import load_config
from release_actions.config.shapes import (
    Boolean,
    Choice,
    Integer,
    KnownKeys,
    ListOf,
    MapOf,
    OneOf,
    OneOrMore,
    OrFalse,
    Parsed,
    RecordOf,
    Shape,
    Text,
)
from release_actions.config.source import UNREADABLE
from release_actions.rehearsal.scenario import load_scenario

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted(ROOT.glob("examples/*/release.yaml"))
SCENARIOS = sorted(ROOT.glob("examples/*/rehearsal.yaml"))
COMPONENT_FILES = sorted(ROOT.glob("examples/*/components.yaml"))
RELEASE, SCENARIO, COMPONENTS, MANIFEST = (Verdicts(subject.shape) for subject in script.SUBJECTS)
each_file = pytest.mark.parametrize(
    "verdicts",
    [RELEASE, SCENARIO, COMPONENTS, MANIFEST],
    ids=["release", "scenario", "components", "component-manifest"],
)
LONGEST_KEY = 1_000
often = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


PRINTABLE = st.characters(codec="utf-8", exclude_categories=["Cs", "Zl", "Zp", "Cn"]).filter(
    lambda character: not UNREADABLE.search(f"x{character}") and character != "\x85"
)
TEXTS = st.text(PRINTABLE, max_size=8)


@functools.singledispatch
def values(shape: Shape[Any]) -> SearchStrategy[Any]:
    """Values that a shape describes, as JSON."""
    raise TypeError(shape)


@values.register(OneOrMore)
def _(shape: OneOrMore[Any]) -> SearchStrategy[Any]:
    return st.one_of(values(shape.item), values(shape.several))


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
def _(shape: KnownKeys) -> SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={wanted.name: values(wanted.shape) for wanted in shape.keys})


@values.register
def _(shape: MapOf) -> SearchStrategy[Any]:  # type: ignore[type-arg]  # as above
    # A key of YAML has at most 1,024 characters (YAML 1.2.2, section 7.4.2), whatever a pattern allows.
    # The keys of a JSON object are texts, also where the shape takes numbers.
    keys = values(shape.key).map(str).filter(lambda key: len(key) <= LONGEST_KEY)
    return st.dictionaries(keys, values(shape.value), min_size=shape.least, max_size=2)


@values.register
def _(shape: OrFalse) -> SearchStrategy[Any]:  # type: ignore[type-arg]  # as above
    return st.just(value=False) | values(shape.shape)


@values.register
def _(shape: OneOf) -> SearchStrategy[Any]:
    return st.one_of(*(values(kind) for kind in shape.kinds.values()))


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


DOCUMENTS = {
    verdicts: values(subject.shape)
    for verdicts, subject in zip((RELEASE, SCENARIO, COMPONENTS, MANIFEST), script.SUBJECTS, strict=True)
}


@each_file
@often
@given(data=st.data())
def test_a_document_made_from_the_shapes_is_accepted_by_both(verdicts: Verdicts, data: DataObject) -> None:
    document = data.draw(DOCUMENTS[verdicts])
    assert verdicts.schema_accepts(document)
    assert verdicts.loader_accepts(document)


@each_file
@often
@given(data=st.data())
def test_a_mutated_document_gets_the_same_verdict_from_both(verdicts: Verdicts, data: DataObject) -> None:
    document = data.draw(DOCUMENTS[verdicts])
    what = mutate(data, document)
    verdict = verdicts.schema_accepts(document)
    event(f"{what}: {'accepted' if verdict else 'refused'}")
    assert verdicts.loader_accepts(document) is verdict, json.dumps(document)


@settings(often, max_examples=500)
@given(data=st.data(), example=st.sampled_from([*EXAMPLES, *SCENARIOS]))
def test_a_mutated_example_gets_the_same_verdict_from_both(data: DataObject, example: Path) -> None:
    verdicts = RELEASE if example in EXAMPLES else SCENARIO
    document = values_of(example.read_text(encoding="utf-8"))
    before = copy.deepcopy(document)
    mutate(data, document)
    assume(document != before)
    assert verdicts.loader_accepts(document) is verdicts.schema_accepts(document), json.dumps(document)


@pytest.mark.parametrize(
    "document",
    [
        {"repository": "o/r", "images": {"a": {}}, "cleanup": {"x": {"channel": "dev"}}},
        {"repository": "o/r", "images": {"a": {}}, "cleanup": {"x": {"channel": "release", "use-regex": True}}},
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
    assert not RELEASE.schema_accepts(document)
    assert not RELEASE.loader_accepts(document)


@pytest.mark.parametrize("subject", script.SUBJECTS, ids=lambda subject: subject.schema_file.name)
def test_a_schema_is_one_by_its_own_metaschema(subject: script.Subject) -> None:
    published = json.loads((ROOT / subject.schema_file).read_text(encoding="utf-8"))
    assert published["$schema"] == jsonschema.Draft7Validator.META_SCHEMA["$schema"]
    jsonschema.Draft7Validator.check_schema(published)


@each_file
def test_every_pattern_is_read_alike_by_python_and_ecma_262(verdicts: Verdicts) -> None:
    """Classes such as those for digits and words hold other characters in each, and so do inline flags and groups."""
    patterns = [match.group(1) for match in re.finditer(r'"pattern": "(.*)"', json.dumps(verdicts.schema, indent=1))]
    assert len(patterns) > 5
    odd = [pattern for pattern in patterns if re.search(r"\\\\[dDwWsSbBAZ]|\(\?[P#a-zA-Z<]", pattern)]
    assert odd == []


def test_every_key_is_described() -> None:
    bare = [
        f"{path}.{known.name}"
        for subject in script.SUBJECTS
        for path, shape in script.records(subject.shape)
        for known in shape.keys
        if not known.about.endswith(".")
    ]
    assert bare == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.parent.name)
def test_an_example_is_accepted_by_the_schema_and_by_the_loader(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    assert RELEASE.schema_accepts(values_of(text))
    assert load_config(example).published
    assert text.startswith("# yaml-language-server: $schema=../../schema/release.schema.json\n")


@pytest.mark.parametrize("example", SCENARIOS, ids=lambda path: path.parent.name)
def test_a_scenario_is_accepted_by_the_schema_and_by_the_loader(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    assert SCENARIO.schema_accepts(values_of(text))
    assert load_scenario(example).steps
    assert text.startswith("# yaml-language-server: $schema=../../schema/scenario.schema.json\n")


def test_there_are_examples() -> None:
    scenarios = ["llm-d", "single-image", "vllm"]
    expected = ((EXAMPLES, ["llm-d", "perf-gate", "single-image", "vllm"]), (SCENARIOS, scenarios))
    for found, names in expected:
        assert [example.parent.name for example in found] == names


def test_the_generated_files_are_current() -> None:
    assert script.stale() == []


def test_a_stale_file_is_named_and_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for path in (path for subject in script.SUBJECTS for path in (subject.page, subject.example) if path):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text((ROOT / path).read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(script, "ROOT", tmp_path)
    assert script.main(["--check"]) == 1
    assert capsys.readouterr().err.splitlines() == [
        f"{path} is stale: run python scripts/schema.py"
        for path in (*(subject.schema_file for subject in script.SUBJECTS), script.REPORT)
    ]
    assert not (tmp_path / script.RELEASE.schema_file).exists()
    assert script.main([]) == 0
    assert script.main(["--check"]) == 0


@pytest.mark.parametrize("example", COMPONENT_FILES, ids=lambda path: path.parent.name)
def test_a_components_file_is_accepted_by_the_schema_and_by_the_loader(example: Path) -> None:
    text = example.read_text(encoding="utf-8")
    assert COMPONENTS.schema_accepts(values_of(text))
    assert load_components(example).components
    assert text.startswith("# yaml-language-server: $schema=../../schema/components.schema.json\n")
