"""A scenario is easy to write, and every mistake in one is told with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from release_actions.errors import ConfigurationError, ExitCode
from release_actions.rehearsal.scenario import load_scenario
from release_actions.rehearsal.scenario_steps import (
    Bump,
    CleanUp,
    Measure,
    Merge,
    Nightly,
    Protect,
    Publish,
    Refuse,
    Retention,
    Show,
    Teardown,
    Train,
    title_of,
)

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
EXAMPLE, SMALL_EXAMPLE = EXAMPLES / "llm-d" / "rehearsal.yaml", EXAMPLES / "single-image" / "rehearsal.yaml"
PROMOTING_EXAMPLE = EXAMPLES / "vllm" / "rehearsal.yaml"

GOOD = """\
name: small
repository: acme/app
starts: 2026-01-01T00:00:00Z
git-tags: [v1.0.0, v1.1.0]
published: [v1.0.0]
steps:
  - do: publish
    tag: v1.1.1-rc.1
"""


def errors(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "scenario.yaml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_scenario(file, name="scenario.yaml")
    assert caught.value.exit_code == ExitCode.BAD_INPUT
    return str(caught.value).splitlines()


def test_a_small_scenario(tmp_path: Path) -> None:
    file = tmp_path / "scenario.yaml"
    file.write_text(GOOD)
    scenario = load_scenario(file)
    assert (scenario.repository, scenario.git_tags, scenario.published) == (
        "acme/app",
        ("v1.0.0", "v1.1.0"),
        ("v1.0.0",),
    )
    assert [title_of(step) for step in scenario.steps] == ["v1.1.1-rc.1, published by this suite"]


def test_the_examples_play_every_kind_of_step() -> None:
    scenario, small = load_scenario(EXAMPLE), load_scenario(SMALL_EXAMPLE)
    played = {Show, Merge, Bump, Refuse, Publish, Protect, Teardown, Measure, Nightly, Retention, Train}
    assert {type(step) for step in scenario.steps} == played
    assert {type(step) for step in small.steps} == {Publish, CleanUp}
    assert {type(step) for step in load_scenario(PROMOTING_EXAMPLE).steps} == {Bump, Refuse, Publish, Train}
    assert [step.by for step in scenario.steps if isinstance(step, Publish)] == [
        "todays-workflow",
        *["this-suite"] * 4,
    ]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("do: publish", "do: publsh"),
            [
                "scenario.yaml:7:9: 'steps[0].do' is 'publsh', which is not one of show, merge, bump, refuse, publish, "
                "protect-latest, clean-up, teardown, nightly, retention, measure, train. Did you mean 'publish'?"
            ],
        ),
        (
            ("  - do: publish\n    tag: v1.1.1-rc.1", "  - tag: v1.1.1-rc.1"),
            [
                "scenario.yaml:7:5: A step needs the key 'do'. Its values are show, merge, bump, refuse, publish, "
                "protect-latest, clean-up, teardown, nightly, retention, measure, train."
            ],
        ),
        (
            ("    tag: v1.1.1-rc.1", "    tga: v1.1.1-rc.1"),
            [
                "scenario.yaml:7:5: A publish step needs the key 'tag'. The tag to push.",
                "scenario.yaml:8:5: 'tga' is not a key of a publish step. Did you mean 'tag'?",
            ],
        ),
        (
            ("published: [v1.0.0]", "published: [v1.0.0, v1.1.2]"),
            ["scenario.yaml:5:21: 'v1.1.2' is published, but is not one of git-tags. Did you mean 'v1.1.0'?"],
        ),
        (
            ("git-tags: [v1.0.0, v1.1.0]\npublished: [v1.0.0]", "git-tags: [v1.0.0-rc.1]\npublished: [v1.0.0-rc.1]"),
            [
                "scenario.yaml:5:13: 'v1.0.0-rc.1' cannot be published at the start: it is not a stable release. Push "
                "candidates in a step."
            ],
        ),
        (
            ("tag: v1.1.1-rc.1", "tag: v1.1.1-rc.1\n    at: 2025-12-31T00:00:00Z"),
            [
                "scenario.yaml:9:9: This step happens at 2025-12-31T00:00:00Z, before what is above it. Write "
                "2026-01-01T00:00:00Z or later."
            ],
        ),
        (
            ("tag: v1.1.1-rc.1", "tag: v1.1.1-rc.1\n    at: noon"),
            [
                "scenario.yaml:9:9: 'steps[0].at' is 'noon', which is not a time. "
                "Write for example 2026-02-03T09:00:00Z."
            ],
        ),
        (
            ("tag: v1.1.1-rc.1", "tag: v1.1.1-rc.1\n    also-pushes: [latest]"),
            [
                "scenario.yaml:9:18: 'also-pushes' only has a meaning with 'by: todays-workflow': "
                "this suite pushes exact tags only. Remove it."
            ],
        ),
        (
            ("tag: v1.1.1-rc.1", "tag: v1.1.1-rc.1\n    also-moves-git-tags: [v1]"),
            [
                "scenario.yaml:9:26: 'also-moves-git-tags' only has a meaning with 'by: todays-workflow': "
                "this suite pushes exact tags only. Remove it."
            ],
        ),
        (
            ("tag: v1.1.1-rc.1", "tag: v1.1.1-rc.1\n    by: todays-workflow\n    notes: true"),
            ["scenario.yaml:10:12: 'notes' only has a meaning with 'by: this-suite', which makes them. Remove it."],
        ),
        (
            ("do: publish\n    tag: v1.1.1-rc.1", "do: teardown\n    candidate: v1.1"),
            [
                "scenario.yaml:8:16: Tag 'v1.1' is a floating tag: it names the newest release of 1.1.x, not one "
                "version. Did you mean v1.1.0? The action protect-latest moves floating tags. Do not push them."
            ],
        ),
        (
            ("    tag: v1.1.1-rc.1", "    tag: v1.1.1-rc.1\n    commit-of: v1.1.1-rc.0\n  - {do: refuse, tag: v1.0.1}"),
            [
                "scenario.yaml:9:16: 'v1.1.1-rc.0' is not there before this step. Did you mean 'v1.1.0'?",
                "scenario.yaml:10:23: 'v1.0.1' is not there before this step. Did you mean 'v1.0.0'?",
            ],
        ),
        (
            ("  - do: publish\n    tag: v1.1.1-rc.1", "  - {do: refuse, tag: v1.1}"),
            [
                "scenario.yaml:7:23: Tag 'v1.1' is a floating tag: it names the newest release of 1.1.x, not one "
                "version. Did you mean v1.1.0? The action protect-latest moves floating tags. Do not push them."
            ],
        ),
        (
            ("starts: 2026-01-01T00:00:00Z", "starts: 2026-02-30T00:00:00Z"),
            [
                "scenario.yaml:3:9: 'starts' is '2026-02-30T00:00:00Z', which is not a time. Write for example "
                "2026-02-03T09:00:00Z."
            ],
        ),
    ],
)
def test_mistakes(tmp_path: Path, change: tuple[str, str], expected: list[str]) -> None:
    assert change[0] in GOOD
    assert errors(tmp_path, GOOD.replace(*change)) == expected


def test_a_tag_that_is_no_version_is_refused_with_what_was_meant(tmp_path: Path) -> None:
    (line,) = errors(tmp_path, GOOD.replace("tag: v1.1.1-rc.1", "tag: v1.1"))
    assert line.startswith("scenario.yaml:8:10: ")
    assert "v1.1" in line


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_scenario(tmp_path / "none.yaml", name="none.yaml")
    assert "none.yaml" in str(caught.value)
    assert "--scenario" in str(caught.value)
