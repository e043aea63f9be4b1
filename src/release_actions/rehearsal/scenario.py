"""A rehearsal's script: the world it starts in and what happens to it, step by step, read from a YAML file.

Every mistake is reported with file, line and column. This module must never decide what a step does to the world.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from release_actions.config.shapes import (
    Boolean,
    ListOf,
    Record,
    RecordOf,
    Text,
    in_file_order,
    key,
    load_file,
    suggest_nearest,
)
from release_actions.errors import ConfigurationError, Place, Problem
from release_actions.rehearsal.scenario_steps import (
    STEP,
    SUITE,
    TAG,
    TIME,
    TODAY,
    AnyStep,
    Bump,
    CleanUp,
    Publish,
    Refuse,
    Teardown,
)
from release_actions.versions.grammar import POST_SPELLINGS, TagRefused, TagScheme
from release_actions.versions.version import Version, parse, parse_or_none

SCHEMES = tuple(TagScheme(post_spelling=spelling) for spelling in POST_SPELLINGS.values())
"""Every way in which a project may write its tags. Which one it is, its configuration says."""


@dataclass(frozen=True, kw_only=True)
class RetiredPackage(Record):
    """A package of an image that is built no more."""

    package: str = key(
        Text("a package", pattern=r"[A-Za-z0-9][A-Za-z0-9-]*/[a-z0-9][a-z0-9._/-]*", example="llm-d/llm-d-aws"),
        "The package, which release.yaml does not have any more.",
    )
    published: tuple[str, ...] = key(
        ListOf("a list of tags", TAG, least=1, unique=True), "Its releases, in the order they were published."
    )


@dataclass(frozen=True, kw_only=True)
class Scenario(Record):
    """The whole script."""

    name: str = key(Text("a name"), "What is rehearsed, for the report.")
    repository: str = key(
        Text("a repository", pattern=r"[A-Za-z0-9][A-Za-z0-9-]*/[A-Za-z0-9._-]+", example="llm-d/llm-d"),
        "The repository on the embedded GitHub whose tags are pushed.",
    )
    starts: datetime = key(TIME, "When the rehearsal begins. Everything published before gets an earlier date.")
    git_tags: tuple[str, ...] = key(
        ListOf("a list of tags", TAG, unique=True),
        "Every git tag that exists at the start, in the order they were made.",
    )
    published: tuple[str, ...] = key(
        ListOf("a list of tags", TAG, unique=True),
        "Releases whose images the registry holds at the start, in the order they were published.",
        default=(),
    )
    retired: tuple[RetiredPackage, ...] = key(
        ListOf("a list of retired packages", RecordOf("a retired package", RetiredPackage)),
        "Packages of images that are built no more. The registry has their releases, and nothing may change there.",
        default=(),
    )
    registry_cuts_tags: bool = key(
        Boolean(),
        "Whether the registry itself puts latest, v0, v0.5 and so on beside a pushed v0.5.0-rc.1. GHCR does not.",
        default=False,
    )
    steps: tuple[AnyStep, ...] = key(ListOf("a list of steps", STEP, least=1), "What happens, in order.")


SHAPE = RecordOf("a scenario", Scenario)


def load_scenario(path: Path, *, name: str = "") -> Scenario:
    """Read a scenario. `name` is how errors call the file. Raises `ConfigurationError` with every mistake."""
    hint = "Pass another file with --scenario; docs/rehearsal.md says how to write one."
    scenario = load_file(path, SHAPE, name=name, hint=hint)
    problems = check(scenario)
    if problems:
        raise ConfigurationError(problems=in_file_order(problems))
    return scenario


def check(scenario: Scenario) -> list[Problem]:
    """What is wrong with a scenario that its shape cannot say."""
    problems = []
    for index, published in enumerate(scenario.published):
        place = scenario.origin.at("published", index)
        if published not in scenario.git_tags:
            message = f"'{published}' is published, but is not one of git-tags."
            problems.append(Problem(message, suggest_nearest(published, scenario.git_tags) or "Add it there.", place))
        elif not is_stable(published):
            message = f"'{published}' cannot be published at the start: it is not a stable release."
            problems.append(Problem(message, "Push candidates in a step.", place))
    before = scenario.starts
    for index, step in enumerate(scenario.steps):
        if step.at is not None and step.at < before:
            message = f"This step happens at {step.at:%Y-%m-%dT%H:%M:%SZ}, before what is above it."
            hint = f"Write {before:%Y-%m-%dT%H:%M:%SZ} or later."
            problems.append(Problem(message, hint, scenario.origin.at("steps", index, "at")))
        before = step.at or before
        problems += check_step(step, cuts_tags=scenario.registry_cuts_tags)
    return [*problems, *check_named_tags(scenario)]


def check_named_tags(scenario: Scenario) -> Iterator[Problem]:
    """Steps that name a tag which has to exist when they happen, and does not."""
    tags, published = {*scenario.git_tags}, {*scenario.published}
    for step in scenario.steps:
        match step:
            case Publish():
                if step.commit_of and step.commit_of not in tags:
                    yield find_absent(step.commit_of, tags, step.origin.at("commit-of"))
                tags.add(step.tag)
                published.add(step.tag)
            case Refuse():
                if read_version(step.tag) and step.tag not in published:
                    yield find_absent(step.tag, published, step.origin.at("tag"))
            case _:
                pass


def find_absent(tag: str, known: Collection[str], place: Place) -> Problem:
    """A tag that has to be there before a step, and is not."""
    hint = suggest_nearest(tag, known) or "Name one that is there at the start, or that a step above publishes."
    return Problem(f"'{tag}' is not there before this step.", hint, place)


def check_step(step: AnyStep, *, cuts_tags: bool = False) -> list[Problem]:
    """What is wrong with one step that its shape cannot say."""
    problems = []
    match step:
        case Publish():
            problems = check_version(step.tag, step.origin.at("tag"))
            if step.notes and step.by == TODAY:
                message = "'notes' only has a meaning with 'by: this-suite', which makes them."
                problems.append(Problem(message, "Remove it.", step.origin.at("notes")))
            if step.by == SUITE:
                message = "{} only has a meaning with 'by: todays-workflow': this suite pushes exact tags only."
                breaks = () if cuts_tags else step.breaks
                problems += [
                    Problem(message.format(f"'{name}'"), "Remove it.", step.origin.at(name))
                    for name, given in (
                        ("also-pushes", step.also_pushes),
                        ("also-moves-git-tags", step.also_moves_git_tags),
                        ("breaks", breaks),
                    )
                    if given
                ]
        case Bump():
            problems = check_version(step.tag, step.origin.at("tag"))
            problems += check_version(step.was, step.origin.at("was"))
        case Refuse():
            problems = check_version(step.tag, step.origin.at("tag"))
        case CleanUp() | Teardown():
            problems = check_version(step.candidate, step.origin.at("candidate"))
        case _:
            pass
    return problems


def check_version(name: str, place: Place) -> list[Problem]:
    """What is wrong with a tag that has to be a version."""
    if read_version(name):
        return []
    try:
        parse(name)
    except TagRefused as error:
        return [Problem(error.problems[0].message, error.hint, place)]
    return []


def read_version(name: str) -> Version | None:
    """The version that a tag names in the spelling of some project."""
    return next((version for scheme in SCHEMES if (version := parse_or_none(name, scheme))), None)


def is_stable(name: str) -> bool:
    """Whether a tag is a stable release."""
    version = read_version(name)
    return version is not None and version.is_stable
