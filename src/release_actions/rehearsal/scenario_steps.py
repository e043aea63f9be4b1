"""What may happen in a rehearsal: one dataclass per kind of step, as a scenario writes it.

This module must never decide what a step does to the world.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
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
    key,
)
from release_actions.rehearsal.invariants import Invariant
from release_actions.runner.context import parse_time

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
    commit_of: str = key(
        TAG,
        "A tag on whose commit this one is put. Without it, a new commit. With `versions.final: promote`, the "
        "candidate whose images a final has to name.",
        default="",
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


@dataclass(frozen=True, kw_only=True)
class Train(Step):
    """A release from its late feature to its go."""

    do: str = key(
        Choice(("train",)),
        "Track two features to a freeze: one is late and needs an exception. The gate says no while the branch has "
        "what trunk took back, and then go. Everything happens in the days before, and nothing is published.",
    )
    tag: str = key(TAG, "The tag that is to be released.")
    was: str = key(TAG, "The release before it.")
    milestone: str = key(Text("a title", pattern=r"[ -~]+", example="v0.5.0"), "Title of the release's milestone.")
    done: str = key(Text("a title", pattern=r"[ -~]+"), "Title of the feature that is done in time.")
    late: str = key(Text("a title", pattern=r"[ -~]+"), "Title of the feature that is late.")
    reverted: str = key(Text("a title", pattern=r"[ -~]+"), "Title of the change that trunk takes back after the cut.")

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"The train of {self.tag}"


@dataclass(frozen=True, kw_only=True)
class VersionedFile(Record):
    """A file that names versions."""

    path: str = key(
        Text("a path", pattern=r"[A-Za-z0-9_][A-Za-z0-9_-]*(?:[./][A-Za-z0-9_-]+)*", example="guides/serve.yaml"),
        "Its path in the repository.",
    )
    text: str = key(Text("a text"), "Its text, in which `{version}` stands for the version that it names.")


@dataclass(frozen=True, kw_only=True)
class Bump(Step):
    """The versions in files are changed to those of the coming release."""

    do: str = key(
        Choice(("bump",)), "Let version-audit write a patch and git apply it. A second audit has to find nothing."
    )
    tag: str = key(TAG, "The coming release, which the files have to name afterwards.")
    was: str = key(TAG, "The release that they name before.")
    files: tuple[VersionedFile, ...] = key(
        ListOf("a list of files", RecordOf("a file", VersionedFile), least=1), "The files."
    )

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"The files name {self.tag}"


@dataclass(frozen=True, kw_only=True)
class Refuse(Step):
    """A tag that exists already is released again."""

    do: str = key(
        Choice(("refuse",)),
        "Ask version-audit about a release that exists, and push its tag again on another commit. Both have to be "
        "refused, and nothing may change.",
    )
    tag: str = key(TAG, "The tag of a release that is published already.")

    @property
    def sentence(self) -> str:
        """Its title, if it has none."""
        return f"{self.tag} is refused, because it exists already"


AnyStep = Show | Merge | Bump | Refuse | Publish | Protect | CleanUp | Teardown | Nightly | Retention | Measure | Train

KINDS: Mapping[str, RecordOf[Any]] = {
    "show": RecordOf("a show step", Show),
    "merge": RecordOf("a merge step", Merge),
    "bump": RecordOf("a bump step", Bump),
    "refuse": RecordOf("a refuse step", Refuse),
    "publish": RecordOf("a publish step", Publish),
    "protect-latest": RecordOf("a protect-latest step", Protect),
    "clean-up": RecordOf("a clean-up step", CleanUp),
    "teardown": RecordOf("a teardown step", Teardown),
    "nightly": RecordOf("a nightly step", Nightly),
    "retention": RecordOf("a retention step", Retention),
    "measure": RecordOf("a measure step", Measure),
    "train": RecordOf("a train step", Train),
}


STEP = OneOf("a step", "do", KINDS)


def title_of(step: AnyStep) -> str:
    """A step's title, or a sentence made from what it does."""
    return step.title or step.sentence
