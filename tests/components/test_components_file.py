"""Mistakes in components.yaml, in the words a user reads, and components.json there and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.components import manifest
from release_actions.components.document import fill_template, load_text, title_of
from release_actions.components.manifest import ComponentEntry, ComponentManifest, RemovedEntry
from release_actions.errors import ConfigurationError

HEAD = "organisations: [a]\ncomponents:\n"
ROW = "{organisation: a, type: Image, version: {kind: release}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "organisations: [a]\n",
            "c.yaml:1:1: The file needs the key 'components'. The components in the order of the table, by an id that "
            "does not change with the name.",
        ),
        (
            HEAD + "  x: {organisation: a, type: Image, version: {kind: releases}}\n",
            "c.yaml:3:53: 'components.x.version.kind' is 'releases', which is not one of release, literal, file, yaml, "
            "toml, version-file, helm-chart, git-tag, image-tag. Did you mean 'release'?",
        ),
        (
            HEAD + f"  x: {ROW}, git-tag: '{{version}}'}}\n",
            "c.yaml:3:63: 'git-tag' of a component only has a meaning together with 'repository'. Add 'repository', or "
            "remove it.",
        ),
        (
            HEAD + f"  x: {ROW}, repository: a/x, git-tag: v}}\n",
            "c.yaml:3:89: 'components.x.git-tag' is 'v', which is not a template of git tags. Write for example "
            "'router-v{number}'.",
        ),
        (
            HEAD + f"  x: {ROW}}}\ninfrastructure:\n  x: {{version: {{kind: release}}}}\n",
            "c.yaml:5:3: The id 'x' is in 'components' and in 'infrastructure'. Remove one of them.",
        ),
        (
            HEAD + f"  x: {ROW}}}\n  y: {ROW}, aliases: [A/X]}}\n",
            "c.yaml:4:3: 'A/X' is the name of 'x' and of 'y'. Give one of them a variant.",
        ),
        (
            HEAD + "  x: {organisation: a, type: Image, version: {kind: file, file: f, pattern: 'v('}}\n",
            "c.yaml:3:77: The pattern is not a regular expression: missing ), unterminated subpattern at position 1. "
            "Write a backslash before characters that are meant as they are.",
        ),
        (
            HEAD + "  x: {organisation: a, type: Image, version: {kind: file, file: f, pattern: '(a)(b)'}}\n",
            "c.yaml:3:77: The pattern has 2 groups. Put the version, and nothing else, into parentheses; (?:...) "
            "groups without counting.",
        ),
        (
            HEAD + "  x: {organisation: a, type: Image | y, version: {kind: literal, version: 0.10}}\n",
            "c.yaml:3:30: 'components.x.type' is 'Image | y', which is not a type. Write for example Image (New).\n"
            "c.yaml:3:75: 'components.x.version.version' is '0.10', which YAML takes for a number. Put it in quotes: "
            "'0.10'.",
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_text(text, file="c.yaml")
    assert str(caught.value) == message


def test_the_title_has_the_organisation_and_the_variant() -> None:
    document = load_text(
        HEAD + f"  x: {ROW}, name: x-y/z, variant: EFA}}\n  w: {ROW}}}\n"
        "infrastructure:\n  gw: {name: Gateway API, version: {kind: release}}\n  istio: {version: {kind: release}}\n"
    )
    titles = [title_of(id_, part) for _, id_, part in document.parts()]
    assert titles == ["a/x-y/z (EFA)", "a/w", "Gateway API", "istio"]


@pytest.mark.parametrize(
    ("template", "version", "tag"),
    [
        ("{version}", "v1.2.3", "v1.2.3"),
        ("{number}", "v1.2.3", "1.2.3"),
        ("router-v{number}", "1.2.3", "router-v1.2.3"),
        ("{number}", "vllm-v1", "vllm-v1"),
    ],
)
def test_the_tag_of_a_version(template: str, version: str, tag: str) -> None:
    assert fill_template(template, version) == tag


FULL = ComponentManifest(
    schema=1,
    repository="llm-d/llm-d",
    release="v0.5.0",
    previous_release="v0.4.0",
    components=(
        ComponentEntry(
            id="cuda",
            name="llm-d/llm-d-cuda",
            variant="EFA",
            type="Image",
            version="v0.5.0",
            previous="v0.4.0",
            repository="llm-d/llm-d",
            compare="https://github.com/llm-d/llm-d/compare/v0.4.0...v0.5.0",
        ),
    ),
    infrastructure=(ComponentEntry(id="gw", name="Gateway API", version="0.10"),),
    removed=(RemovedEntry(id="aws", name="llm-d/llm-d-aws", reason="merged"),),
)


def test_components_json_comes_back_as_it_was() -> None:
    assert manifest.read(manifest.write(FULL)) == FULL


def test_components_json_to_the_letter() -> None:
    small = ComponentManifest(
        schema=1, release="v1.0.0", components=(ComponentEntry(id="a", name="a/a", type="Image", version="0.10"),)
    )
    assert manifest.write(small) == (
        '{\n  "schema": 1,\n  "release": "v1.0.0",\n  "components": [\n    {\n      "id": "a",\n      "name": "a/a",\n'
        '      "type": "Image",\n      "version": "0.10"\n    }\n  ]\n}\n'
    )


@given(st.text(min_size=1).filter(lambda text: text.isprintable()))
def test_any_reason_comes_back(reason: str) -> None:
    removed = (RemovedEntry(id="x", name="a/x", reason=reason.encode("utf-16", "ignore").decode("utf-16")),)
    made = ComponentManifest(schema=1, release="v1", components=FULL.components, removed=removed)
    text = manifest.write(made)
    assert text.isascii()
    if max(reason) <= "\uffff":
        assert manifest.read(text) == made


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            '{"schema": 2, "anything": []}',
            "components.json:1:12: The file has the form 2, and this version of release-actions knows the form 1. Use "
            "a newer version of release-actions.",
        ),
        (
            '{"schema": 1, "release": "v1"}',
            "components.json:1:1: The file needs the key 'components'. The components, in the table's order.",
        ),
        (
            "[]",
            "components.json:1:1: The file is a list, which is not a mapping. Its keys are schema, repository, "
            "release, previous-release, components, infrastructure, removed.",
        ),
    ],
)
def test_a_file_that_is_not_components_json(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        manifest.read(text)
    assert str(caught.value) == message
