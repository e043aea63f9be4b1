"""Where versions come from: each kind of source, what it finds, and why it finds nothing."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from release_actions.components.document import load_components, load_text
from release_actions.components.sources import FoundVersion, MissingVersion, VersionSources
from release_actions.errors import ConfigurationError, Place

COMMON = """\
# what the images are built from
VLLM_REPO=https://github.com/vllm-project/vllm.git
VLLM_COMMIT_SHA=899f8517faad2b6ff7a1b8ba4e3f0f1b0f5c6f0a # maps to v0.17.1 tag
export CUDA_MAJOR="12"
CUDA_MINOR='9'  # quoted
EMPTY=
ROUTER=v0.9.0
"""
CHART = "apiVersion: v2\nname: router\nversion: 0.11.0\nappVersion: v0.10.0\n"
VALUES = "image:\n  tag: v0.9.0\nimages:\n  - newTag: 0.10\n"
PROJECT = """\
[build-system]
requires = [
  "hatchling",
]

[project]
name = "thing"   # version = "no"
version = "0.23"
urls = { version = "inline" }

[tool."my tool"]
escaped = "a\\u0041"
number = 5

[[tool.list]]
version = "9.9.9"

[tool.poetry]
version='1.2.3'
"""
FILES = {"docker/common-versions": COMMON, "Chart.yaml": CHART, "values.yaml": VALUES, "pyproject.toml": PROJECT}


def find(
    source: str, files: Mapping[str, str] = FILES, **tags: tuple[str, ...] | None
) -> FoundVersion | MissingVersion:
    """What a source of a small components file gives."""
    text = f"organisations: [a]\ncomponents:\n  x:\n    organisation: a\n    type: Image\n    version: {source}\n"
    document = load_text(text, file="c.yaml")
    sources = VersionSources("v0.6.0", files.get, lambda _: tags.get("git"), lambda _: tags.get("image"))
    return sources.find(document.components["x"].version)


@pytest.mark.parametrize(
    ("source", "version", "place"),
    [
        ("{kind: release}", "v0.6.0", Place("c.yaml", 6, 14)),
        ("{kind: literal, version: '0.23'}", "0.23", Place("c.yaml", 6, 39)),
        (
            "{kind: version-file, file: docker/common-versions, key: CUDA_MAJOR}",
            "12",
            ("docker/common-versions", 4, 0),
        ),
        ("{kind: version-file, file: docker/common-versions, key: CUDA_MINOR}", "9", ("docker/common-versions", 5, 0)),
        ("{kind: version-file, file: docker/common-versions, key: ROUTER}", "v0.9.0", ("docker/common-versions", 7, 0)),
        ("{kind: yaml, file: values.yaml, key: image.tag}", "v0.9.0", ("values.yaml", 2, 8)),
        ("{kind: yaml, file: values.yaml, key: 'images[0].newTag'}", "0.10", ("values.yaml", 4, 13)),
        ("{kind: helm-chart, file: Chart.yaml}", "0.11.0", ("Chart.yaml", 3, 10)),
        ("{kind: helm-chart, file: Chart.yaml, field: appVersion}", "v0.10.0", ("Chart.yaml", 4, 13)),
        ("{kind: toml, file: pyproject.toml, key: project.version}", "0.23", ("pyproject.toml", 8, 12)),
        ("{kind: toml, file: pyproject.toml, key: tool.poetry.version}", "1.2.3", ("pyproject.toml", 19, 10)),
        (
            "{kind: file, file: docker/common-versions, pattern: 'maps to (v[0-9.]+) tag'}",
            "v0.17.1",
            ("docker/common-versions", 3, 68),
        ),
    ],
)
def test_a_source_gives_a_version_and_its_place(source: str, version: str, place: Place | tuple[str, int, int]) -> None:
    assert find(source) == FoundVersion(version, place if isinstance(place, Place) else Place(*place))


@pytest.mark.parametrize(
    ("source", "rule", "message"),
    [
        (
            "{kind: version-file, file: nowhere, key: A}",
            "source-not-found",
            "nowhere does not exist.",
        ),
        (
            "{kind: version-file, file: docker/common-versions, key: CUDA}",
            "source-not-found",
            "docker/common-versions has no key CUDA.",
        ),
        (
            "{kind: version-file, file: docker/common-versions, key: EMPTY}",
            "source-no-version",
            "docker/common-versions:6 gives '', which is not a version.",
        ),
        (
            "{kind: file, file: docker/common-versions, pattern: '^CUDA_[A-Z]+=(.*)$'}",
            "source-no-version",
            "docker/common-versions:5:12 gives \"'9'  # quoted\", which is not a version.",
        ),
        (
            "{kind: file, file: docker/common-versions, pattern: 'maps to ([0-9.]+) tag'}",
            "source-not-found",
            "The pattern 'maps to ([0-9.]+) tag' finds nothing in docker/common-versions.",
        ),
        (
            "{kind: file, file: docker/common-versions, pattern: '_M[A-Z]+=.?([0-9]+)'}",
            "source-ambiguous",
            "The pattern '_M[A-Z]+=.?([0-9]+)' finds 2 versions in docker/common-versions: '12' in line 4 and '9' in "
            "line 5.",
        ),
        ("{kind: yaml, file: values.yaml, key: image.name}", "source-not-found", "values.yaml has no key image.name."),
        (
            "{kind: yaml, file: values.yaml, key: image}",
            "source-no-version",
            "The key image of values.yaml is a mapping.",
        ),
        (
            "{kind: toml, file: pyproject.toml, key: version}",
            "source-not-found",
            "pyproject.toml has no key version.",
        ),
        (
            "{kind: toml, file: pyproject.toml, key: tool.list.version}",
            "source-not-found",
            "pyproject.toml has no key tool.list.version.",
        ),
        (
            "{kind: toml, file: pyproject.toml, key: project.urls}",
            "source-no-version",
            "The key project.urls of pyproject.toml is not a text in quotes without escapes.",
        ),
    ],
)
def test_a_source_gives_nothing_and_says_why(source: str, rule: str, message: str) -> None:
    found = find(source)
    assert isinstance(found, MissingVersion)
    assert (found.rule, found.message) == (rule, message)
    assert found.hint


def test_one_version_in_two_places_is_found_with_both() -> None:
    found = find("{kind: file, file: f, pattern: 'A=(.*)'}", {"f": "A=v1.0.0\nB=v2.0.0\nA=v1.0.0\n"})
    assert found == FoundVersion("v1.0.0", Place("f", 1, 3), (Place("f", 3, 3),))


def test_a_version_file_with_two_meanings_gives_no_version() -> None:
    missing = find("{kind: version-file, file: f, key: A}", {"f": "A=v1.0.0\nA=v2.0.0\n"})

    assert isinstance(missing, MissingVersion)
    assert (missing.message, missing.place) == ("A is given twice, first in line 1.", Place("f", 2))


def test_a_version_file_that_no_shell_could_read_is_an_error() -> None:
    with pytest.raises(ConfigurationError) as caught:
        find("{kind: version-file, file: f, key: A}", {"f": "A='v1.0.0\n"})

    assert str(caught.value).startswith("f:1: The quote ' has no end. ")


def test_a_key_that_nobody_asks_for_may_be_the_shells() -> None:
    text = {"f": "A=v1.0.0\nB=$(date)\n"}

    found, missing = (
        find("{kind: version-file, file: f, key: A}", text),
        find("{kind: version-file, file: f, key: B}", text),
    )

    assert isinstance(found, FoundVersion)
    assert found.version == "v1.0.0"
    assert isinstance(missing, MissingVersion)
    assert missing.message == "The value of B is not plain text from '$(date)' on."


def test_a_string_of_several_lines_in_toml_is_refused() -> None:
    found = find("{kind: toml, file: f, key: version}", {"f": 'a = """\nversion = "1.0"\n"""\n'})
    assert isinstance(found, MissingVersion)
    assert found.message == "f has a string of several lines, which is not read here."
    assert found.hint == "Use 'kind: file' with a pattern for it."


def test_yaml_that_cannot_be_read_is_an_error_with_its_place() -> None:
    with pytest.raises(ConfigurationError) as caught:
        find("{kind: yaml, file: f, key: a}", {"f": "a: 1\na: 2\n"})
    assert str(caught.value) == "f:2:1: The key 'a' is given twice, first in line 1. Keep one of them."


def test_the_newest_stable_tag_by_version() -> None:
    tags = ("v0.9.0", "v0.10.0", "v0.11.0-rc.1", "v0", "v0.10", "latest", "other-v9.0.0")
    assert find("{kind: git-tag, repository: a/b}", git=tags) == FoundVersion("v0.10.0", Place("c.yaml", 6, 14))
    assert find("{kind: image-tag, image: ghcr.io/a/b}", image=tags) == FoundVersion("v0.10.0", Place("c.yaml", 6, 14))
    other = find("{kind: git-tag, repository: a/b, prefix: other-v}", git=tags)
    assert isinstance(other, FoundVersion)
    assert other.version == "other-v9.0.0"


ENV = """\
export REPO_ROOT=${REPO_ROOT:-$(realpath "$(git rev-parse --show-toplevel)")}
export GATEWAY_API_VERSION=v1.5.1
export GAIE_VERSION=${GAIE_VERSION:-v1.5.0}
export ROUTER_RELEASE_VERSION=${ROUTER_RELEASE_VERSION:-v0.10.0}
export ROUTER_EPP_VERSION=${ROUTER_EPP_VERSION:-main}
"""


def test_the_example_of_llm_d_finds_its_pins() -> None:
    document = load_components(Path(__file__).parents[2] / "examples" / "llm-d" / "components.yaml")
    files = {"guides/env.sh": ENV, "docker/common-versions": COMMON}
    sources = VersionSources("v0.9.0", files.get, lambda _: ("v0.8.0", "v0.9.1-rc.1"), lambda _: ("v0.10.2", "latest"))
    found = {id_: sources.find(part.version) for _, id_, part in document.parts()}
    assert {id_: one.version for id_, one in found.items() if isinstance(one, FoundVersion)} == {
        "router-endpoint-picker": "main",
        "router-disagg-sidecar": "v0.10.0",
        "kv-cache": "v0.8.0",
        "inference-sim": "v0.10.2",
        **dict.fromkeys(("cuda", "rocm", "xpu", "xpu-sglang", "cpu"), "v0.9.0"),
        "workload-variant-autoscaler": "v0.8.0",
        "vllm": "v0.17.1",
        "gateway-api-inference-extension": "v1.5.0",
        "gateway-api": "v1.5.1",
        "istio": "1.29.4",
    }


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (None, "The repository a/b cannot be seen."),
        ((), "The repository a/b has no stable tag beginning with v."),
        (("v1.0.0-rc.1",), "The repository a/b has no stable tag beginning with v."),
    ],
)
def test_no_stable_tag(tags: tuple[str, ...] | None, message: str) -> None:
    found = find("{kind: git-tag, repository: a/b}", git=tags)
    assert isinstance(found, MissingVersion)
    assert (found.rule, found.message) == ("source-not-found", message)


if sys.version_info >= (3, 11):
    import tomllib

    KEYS = st.from_regex(r"[a-z]{1,3}", fullmatch=True)
    VALUES_OF_TOML = st.sampled_from(['"v1.2.3"', "'0.5'", "5", "[1, 2]", '["a", "]"]', "{a = 1}", '[\n  "x",\n]'])
    LINES = st.one_of(
        st.builds("[{}]".format, KEYS),
        st.builds("[{}.{}]".format, KEYS, KEYS),
        st.builds("{} = {}".format, KEYS, VALUES_OF_TOML),
        st.builds("{}.{} = {} # c".format, KEYS, KEYS, VALUES_OF_TOML),
        st.just("# [a]"),
        st.just(""),
    )

    @given(st.lists(LINES, max_size=8).map("\n".join), st.lists(KEYS, min_size=1, max_size=3))
    def test_the_toml_reader_never_differs_from_the_parser(text: str, path: list[str]) -> None:
        try:
            value: object = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            return
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        found = find(f"{{kind: toml, file: f, key: {'.'.join(path)}}}", {"f": text})
        if isinstance(found, FoundVersion):
            assert found.version == value
        else:
            assert not isinstance(value, str)
