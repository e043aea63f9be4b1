"""A `dependencies.yaml` of zeitgeist says which lines hold which version, and each that does not is found."""

from __future__ import annotations

import pytest

from release_actions.drift.expectations import check_expectations, read_expectations
from release_actions.errors import ConfigurationError

FILE = """\
dependencies:
  - name: golang
    version: 1.26.8
    refPaths:
      - path: Dockerfile
        match: FROM golang
      - path: go.mod
        match: ^go \\d+
  - name: without-paths
    version: "2"
"""


def findings(files: dict[str, str]) -> list[str]:
    expected = read_expectations(FILE, "dependencies.yaml")
    return [f"{stray.place}: {stray.rule}: {stray.message}" for stray in check_expectations(expected, files.get)]


def test_lines_with_the_version_are_right() -> None:
    assert findings({"Dockerfile": "FROM golang:1.26.8\n", "go.mod": "module x\ngo 1.26.8\n"}) == []


def test_each_line_without_the_version_is_found() -> None:
    found = findings({"Dockerfile": "FROM golang:1.26.8\nFROM golang:1.25\n", "go.mod": "go 1.26.8\n"})

    assert found == ["Dockerfile:2:1: dependency-stale: golang should be 1.26.8 here, as dependencies.yaml:6:16 says."]


def test_a_file_or_line_that_is_not_there_is_found() -> None:
    found = findings({"go.mod": "module x\n"})

    assert found == [
        "dependencies.yaml:6:16: dependency-missing: golang is expected in Dockerfile, which does not exist.",
        "dependencies.yaml:8:16: dependency-missing: No line of go.mod matches '^go \\\\d+' for golang.",
    ]


def test_a_file_that_is_not_there_names_the_nearest() -> None:
    expected = read_expectations(FILE, "dependencies.yaml")

    stray, *_ = check_expectations(expected, lambda _: None, lambda path: f"Did you mean 'docker/{path}'?")

    assert stray.hint == "Did you mean 'docker/Dockerfile'?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\n", "has no list 'dependencies'"),
        ("dependencies:\n  - version: 1\n", "needs a name and a version"),
        ("dependencies:\n  - {name: a, version: '1', refPaths: [{path: b}]}\n", "needs path and match"),
        ("dependencies:\n  - {name: a, version: '1', refPaths: [{path: b, match: '('}]}\n", "is wrong"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_place(text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as refused:
        read_expectations(text, "dependencies.yaml")

    assert refused.value.problems[0].place is not None
