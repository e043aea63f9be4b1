"""A rehearsal's script: the world it starts in and what happens to it, step by step, read from a YAML file.

Every mistake is reported with file, line and column. This module must never decide what a step does to the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from release_actions.config.shapes import (
    Boolean,
    Choice,
    Integer,
    ListOf,
    OneOf,
    Parsed,
    Record,
    RecordOf,
    Text,
    in_file_order,
    key,
    load_file,
    suggest_nearest,
)
from release_actions.errors import ConfigurationError, Place, Problem
from release_actions.rehearsal.invariants import Invariant
from release_actions.runner.context import parse_time
from release_actions.versions.grammar import TagRefused
from release_actions.versions.version import parse

SUITE, TODAY = "this-suite", "todays-workflow"
TODAYS = "today's workflow"


LONG_MONTH = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
SHORT_MONTH = "(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)"
FEBRUARY = "02-(?:0[1-9]|1[0-9]|2[0-8])"
TIME = Parsed(
    Text(
        "a time",
        pattern=f"20[0-9]{{2}}-(?:{LONG_MONTH}|{SHORT_MONTH}|{FEBRUARY})T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z",
        example="2026-02-03T09:00:00Z",
    ),
    parse_time,
)
"""A time that exists. A pattern cannot tell leap years, so nothing is rehearsed on a 29 February."""

TAG = Text("a tag", pattern=r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}", example="v0.5.0")
"""A name that git and registries both take for a tag."""

ABOUT_TITLE = "What a reader of the report sees. Without it, a sentence made from the step."
ABOUT_AT = "When the step happens, not before the one above. Without it, a day after that one."
ABOUT_BREAKS = (
    "Invariants that this step breaks, because it plays today's workflow or the registry cuts tags. The rehearsal "
    "fails if one of them holds: then the judge does not work."
)


@dataclass(frozen=True, kw_only=True)
class Step(Record):
    """What every step has."""

    title: str = key(Text("a title"), ABOUT_TITLE, default="")
    at: datetime | None = key(TIME, ABOUT_AT, default=None)


@dataclass(frozen=True, kw_only=True)
class Show(Step):
    """Nothing happens; the judge checks the world."""

    do: str = key(Choice(("show",)), "Change nothing. The judge checks the world.")

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return "The world as it is"


@dataclass(frozen=True, kw_only=True)
class Publish(Step):
    """A tag is pushed, built and published."""

    do: str = key(Choice(("publish",)), "Push a git tag, build its images and publish them.")
    tag: str = key(TAG, "The tag to push.")
    by: str = key(
        Choice((SUITE, TODAY)),
        "Who publishes: the actions of this suite, or a stand-in for a workflow that pushes more tags than it should.",
        default=SUITE,
    )
    also_pushes: tuple[str, ...] = key(
        ListOf("a list of tags", TAG, unique=True),
        "Tags besides the exact one that today's workflow puts on the same image.",
        default=(),
    )
    also_moves_git_tags: tuple[str, ...] = key(
        ListOf("a list of tags", TAG, unique=True),
        "Git tags besides the exact one that today's workflow puts on the same commit, moved or made.",
        default=(),
    )
    pre_release: bool = key(Boolean(), "Whether a GitHub pre-release of the tag is published as well.", default=False)
    notes: bool = key(
        Boolean(),
        "Whether it ends with the release's notes: component-matrix and release-notes make, check and draft them.",
        default=False,
    )
    breaks: tuple[str, ...] = key(
        ListOf("a list of invariants", Choice(tuple(name.value for name in Invariant)), unique=True),
        ABOUT_BREAKS,
        default=(),
    )

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"{self.tag}, published by {'this suite' if self.by == SUITE else TODAYS}"


@dataclass(frozen=True, kw_only=True)
class MergedPull(Record):
    """A pull request that was merged."""

    title: str = key(Text("a title", pattern=r"[ -~]+"), "Its title.")
    author: str = key(Text("a login", pattern=r"[A-Za-z0-9][A-Za-z0-9-]*(?:\[bot\])?", example="ada"), "Who opened it.")
    labels: tuple[str, ...] = key(ListOf("a list of labels", Text("a label"), unique=True), "Its labels.", default=())
    in_notes: bool = key(
        Boolean(),
        "Whether notes have to list it. False for what is reverted before the release, and for the revert.",
        default=True,
    )


@dataclass(frozen=True, kw_only=True)
class Merge(Step):
    """Pull requests are merged into the default branch."""

    do: str = key(Choice(("merge",)), "Squash and merge pull requests, numbered from 1 on, an hour after each other.")
    pulls: tuple[MergedPull, ...] = key(
        ListOf("a list of pull requests", RecordOf("a pull request", MergedPull), least=1), "What is merged, in order."
    )

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"{len(self.pulls)} pull requests are merged"


@dataclass(frozen=True, kw_only=True)
class Protect(Step):
    """protect-latest runs in `enforce`."""

    do: str = key(Choice(("protect-latest",)), "Run protect-latest in the mode enforce.")

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return "protect-latest"


@dataclass(frozen=True, kw_only=True)
class CleanUp(Step):
    """ghcr-cleanup removes a candidate."""

    do: str = key(Choice(("clean-up",)), "Run ghcr-cleanup on the release packages.")
    candidate: str = key(TAG, "The candidate to remove. Nothing of it may remain, and nothing else may be deleted.")
    delete_tags: tuple[str, ...] = key(
        ListOf("a list of tags", Text("a tag or glob"), least=1), "Tags that ghcr-cleanup gets in delete-tags."
    )

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"{self.candidate} is cleaned up"


@dataclass(frozen=True, kw_only=True)
class Teardown(Step):
    """rc-teardown removes a candidate from images, releases and git."""

    do: str = key(Choice(("teardown",)), "Run rc-teardown on a candidate.")
    candidate: str = key(TAG, "The candidate of which nothing may be left, and because of which nothing else may go.")

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"{self.candidate} is torn down"


@dataclass(frozen=True, kw_only=True)
class Nightly(Step):
    """Dev images are built every night."""

    do: str = key(Choice(("nightly",)), "Build and sign the dev images on several nights.")
    nights: int = key(Integer(1, 90), "How many nights.")

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"{self.nights} nights of dev builds"


@dataclass(frozen=True, kw_only=True)
class Retention(Step):
    """ghcr-cleanup applies a rule of the configuration to the dev images."""

    do: str = key(Choice(("retention",)), "Run ghcr-cleanup with a rule of release.yaml on the dev packages.")
    rule: str = key(Text("the name of a clean-up rule"), "The rule of release.yaml to apply.")
    keeps: int = key(
        Integer(1, 90), "How many of the newest nightly builds the rule has to keep. It has to delete the others."
    )

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"Retention of dev images by the rule {self.rule}"


@dataclass(frozen=True, kw_only=True)
class Candidate(Record):
    """How fast a candidate is, and what has to be said of it."""

    slower: int = key(Integer(0, 100), "By how many percent it is slower than the release before.")
    spread: int = key(Integer(0, 50), "By how many percent equal runs differ, up and down.")
    verdict: str = key(
        Choice(("pass", "fail", "inconclusive")),
        "What perf-gate has to say. The gate has to say go for pass, and no-go for both others.",
    )


@dataclass(frozen=True, kw_only=True)
class Measure(Step):
    """Candidates are measured, and the gate decides."""

    do: str = key(Choice(("measure",)), "Compare benchmark results of candidates, and let the gate decide on each.")
    tag: str = key(TAG, "The tag that is to be released.")
    candidates: tuple[Candidate, ...] = key(
        ListOf("a list of candidates", RecordOf("a candidate", Candidate), least=1), "The candidates, in order."
    )

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"Candidates of {self.tag} are measured"


AnyStep = Show | Merge | Publish | Protect | CleanUp | Teardown | Nightly | Retention | Measure

KINDS: Mapping[str, RecordOf[Any]] = {
    "show": RecordOf("a show step", Show),
    "merge": RecordOf("a merge step", Merge),
    "publish": RecordOf("a publish step", Publish),
    "protect-latest": RecordOf("a protect-latest step", Protect),
    "clean-up": RecordOf("a clean-up step", CleanUp),
    "teardown": RecordOf("a teardown step", Teardown),
    "nightly": RecordOf("a nightly step", Nightly),
    "retention": RecordOf("a retention step", Retention),
    "measure": RecordOf("a measure step", Measure),
}


STEP = OneOf("a step", "do", KINDS)


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
    return problems


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
        case CleanUp() | Teardown():
            problems = check_version(step.candidate, step.origin.at("candidate"))
        case _:
            pass
    return problems


def check_version(name: str, place: Place) -> list[Problem]:
    """What is wrong with a tag that has to be a version."""
    try:
        parse(name)
    except TagRefused as error:
        return [Problem(error.problems[0].message, error.hint, place)]
    return []


def is_stable(name: str) -> bool:
    """Whether a tag is a stable release."""
    try:
        return parse(name).is_stable
    except TagRefused:
        return False


def title_of(step: AnyStep) -> str:
    """A step's title, or a sentence made from what it does."""
    return step.title or step.sentence
