"""What images say of themselves where release.yaml says nothing: the same for every build of a commit."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest
from tests.builds.planned import plan

from release_actions.builds import plan_report
from release_actions.builds.event import Build
from release_actions.builds.image_metadata import Metadata, RepositoryFacts, find_own_labels, read_seconds
from release_actions.config import load_text
from release_actions.config.grammar import BUILT_AS
from release_actions.errors import ConfigurationError
from release_actions.versions.version import parse

NOW = datetime(2026, 2, 3, 23, 0, tzinfo=timezone.utc)
SHA = "0123456789abcdef0123456789abcdef01234567"
WEB = "https://github.com/acme/app"
FACTS = RepositoryFacts("acme/app", "Serves pages", "Apache-2.0")
CONFIG = """\
repository: acme/app
channels:
  release: {name: "acme-{image}"}
  dev: {name: "acme-{image}-dev"}
defaults: {platforms: [linux/amd64, linux/arm64]}
images:
  web: {}
  cli: {dockerfile: cli/Dockerfile}
"""
OCI = "org.opencontainers.image."


def labels_of(
    metadata: Metadata, text: str = CONFIG, build: Build | None = None, now: datetime = NOW
) -> list[dict[str, str]]:
    """All labels of each job of a run, as the workflow gives them to the build: the common ones first."""
    run = Build(build.version if build else None, sha=SHA, web=WEB, metadata=metadata)
    planned = plan(load_text(text), run, ("all",), now)
    lines = plan_report.make_outputs(planned, run)["labels"]
    return [read_lines(f"{lines}\n{job.entry()['labels']}") for job in planned.jobs]


def read_lines(text: object) -> dict[str, str]:
    return dict(line.split("=", 1) for line in str(text).splitlines() if line)


def test_an_image_says_what_the_repository_the_commit_and_the_package_are() -> None:
    first, *others = labels_of(Metadata(FACTS, 1_770_159_600))

    assert first == {
        f"{OCI}title": "acme-web",
        f"{OCI}description": "Serves pages",
        f"{OCI}url": WEB,
        f"{OCI}source": WEB,
        f"{OCI}licenses": "Apache-2.0",
        f"{OCI}created": "2026-02-03T23:00:00Z",
        f"{OCI}version": "sha-0123456",
        f"{OCI}revision": SHA,
        BUILT_AS: "web:sha-0123456",
    }
    assert [labels[f"{OCI}title"] for labels in others] == ["acme-web", "acme-cli", "acme-cli"]


def test_a_later_build_of_the_commit_has_the_same_labels() -> None:
    metadata = Metadata(FACTS, 1_770_159_600)
    later = datetime(2027, 1, 1, tzinfo=timezone.utc)

    assert labels_of(metadata) == labels_of(metadata, now=later)


def test_a_release_and_a_dev_build_have_one_title() -> None:
    release = labels_of(Metadata(), build=Build(version=parse("v1.0.0")))

    assert [each[f"{OCI}title"] for each in release] == [each[f"{OCI}title"] for each in labels_of(Metadata())]


def test_what_release_yaml_says_comes_before_what_github_says() -> None:
    own = CONFIG.replace("web: {}", f"web: {{labels: {{{OCI}description: Pages only, {OCI}created: never}}}}")

    web, _, cli, _ = labels_of(Metadata(FACTS, 5), own)

    assert (web[f"{OCI}description"], web[f"{OCI}created"]) == ("Pages only", "never")
    assert cli[f"{OCI}description"] == "Serves pages"


def test_what_a_dockerfile_says_is_not_replaced() -> None:
    own = {("cli/Dockerfile", ""): frozenset({f"{OCI}description", f"{OCI}licenses"})}

    web, _, cli, _ = labels_of(Metadata(FACTS, 5, own))

    assert (web[f"{OCI}description"], web[f"{OCI}licenses"]) == ("Serves pages", "Apache-2.0")
    assert not {f"{OCI}description", f"{OCI}licenses"} & set(cli)


def test_a_fork_says_nothing_of_the_repository_that_releases() -> None:
    (labels, *_) = labels_of(Metadata(RepositoryFacts("eve/app", "Mine", "MIT")))

    assert not {f"{OCI}description", f"{OCI}licenses", f"{OCI}created"} & set(labels)


def test_what_all_images_share_is_said_once() -> None:
    run = Build(sha=SHA, web=WEB, metadata=Metadata(FACTS, 5))
    planned = plan(load_text(CONFIG), run, ("all",), NOW)
    outputs = plan_report.make_outputs(planned, run)

    assert outputs["source-date-epoch"] == "5"
    assert list(read_lines(outputs["labels"])) == [
        f"{OCI}{name}" for name in ("description", "url", "licenses", "created")
    ]
    assert not any("description" in str(job.entry()["labels"]) for job in planned.jobs)


def test_annotations_are_filled_and_an_image_adds_to_the_defaults() -> None:
    text = CONFIG.replace("defaults: {", "defaults: {annotations: {com.acme.team: web, com.acme.for: '{arch}'}, ")
    text = text.replace("web: {}", "web: {annotations: {com.acme.team: pages}}")
    run = Build(sha=SHA, web=WEB)

    jobs = plan(load_text(text), run, ("all",), NOW).jobs

    assert [job.entry()["annotations"] for job in jobs] == [
        "com.acme.team=pages\ncom.acme.for=amd64",
        "com.acme.team=pages\ncom.acme.for=arm64",
        "com.acme.team=web\ncom.acme.for=amd64",
        "com.acme.team=web\ncom.acme.for=arm64",
    ]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("'{plattform}'", "'{plattform}' is not a placeholder of a value."),
        ('"a\\nb"', "The annotation 'com.acme.team' has more than one line."),
    ],
)
def test_an_annotation_that_cannot_be_passed_on_is_a_mistake(value: str, message: str) -> None:
    with pytest.raises(ConfigurationError) as error:
        load_text(CONFIG.replace("web: {}", f"web: {{annotations: {{com.acme.team: {value}}}}}"))

    assert [problem.message for problem in error.value.problems] == [message]


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"full_name": "a/b", "description": "x", "license": {"spdx_id": "MIT"}}, RepositoryFacts("a/b", "x", "MIT")),
        ({"full_name": "a/b", "description": None, "license": None}, RepositoryFacts("a/b")),
        ({"full_name": "a/b", "description": "two\r\nlines\t and\x1b[1m"}, RepositoryFacts("a/b", "two lines and [1m")),
        ({"description": 7, "license": "MIT"}, RepositoryFacts()),
    ],
)
def test_facts_of_a_repository_are_texts_of_one_line(payload: dict[str, Any], expected: RepositoryFacts) -> None:
    assert RepositoryFacts.of(payload) == expected


def test_a_licence_that_github_does_not_know_is_none() -> None:
    (labels, *_) = labels_of(Metadata(RepositoryFacts("acme/app", "", "NOASSERTION")))

    assert f"{OCI}licenses" not in labels


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0", 0), ("1770159600", 1_770_159_600), ("", None), ("-1", None), ("1.5", None), ("9" * 12, None), ("٣", None)],
)
def test_a_time_is_seconds_that_can_be_written(text: str, expected: int | None) -> None:
    assert read_seconds(text) == expected


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("", {"org.example.last", "org.example.more", "org.example.base", "old form"}),
        ("tools", {"org.example.tools"}),
        ("1", {"org.example.tools"}),
        ("Base", {"org.example.base", "old form"}),
        ("unknown", set()),
    ],
)
def test_labels_of_a_dockerfile_are_those_of_its_stages(target: str, expected: set[str]) -> None:
    text = """\
FROM --platform=$BUILDPLATFORM alpine:3 AS Base
LABEL org.example.base=1
LABEL "old form" has blanks = and signs
FROM golang AS tools
LABEL org.example.tools="a b=c"
# LABEL org.example.comment=1
FROM base
COPY --from=tools /x /x
label org.example.last="z" \\
  org.example.more=1
"""
    assert find_own_labels(text, target) == expected


def test_a_stage_named_as_its_own_base_ends() -> None:
    assert find_own_labels("FROM a AS a\nLABEL x=1\nFROM a AS a\nLABEL y=1\n") == {"x", "y"}
