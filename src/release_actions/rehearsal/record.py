"""What happened in a rehearsal, step by step. Pure data that the report is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from release_actions.rehearsal.invariants import Invariant, Violation, shorten

NOT_REHEARSED = (
    "the builds themselves (small stand-in images are pushed)",
    "scans",
    "signatures and attestations (stand-ins make and check them)",
    "logins and build secrets",
    "runners",
)
"""What a reader of the verdict has to know was not played."""


@dataclass(frozen=True)
class Run:
    """One thing that ran in a step: an action, or a stand-in for a build. `result` is one sentence."""

    name: str
    result: str
    exit_code: int = 0
    seconds: float = 0.0
    outputs: Mapping[str, str] = field(default_factory=dict)
    log: tuple[str, ...] = ()


@dataclass(frozen=True)
class TagChange:
    """A tag before and after a step. A digest is empty where there was no tag. The names say whose image it is."""

    package: str
    tag: str
    before: str
    after: str
    before_name: str
    after_name: str
    why: str


@dataclass(frozen=True)
class Step:
    """A step that was played.

    `breaks`: invariants that the scenario says this step breaks, because it plays today's workflow. `remaining`: what
    such a step left wrong before, and no step had to repair yet. `failure`: which action failed and why, empty when
    none did, and `hint` what to do about it. `moment`: what the step is in the life of the candidate, empty for others.
    """

    number: int
    title: str
    at: datetime
    runs: tuple[Run, ...] = ()
    changes: tuple[TagChange, ...] = ()
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    remaining: tuple[Violation, ...] = ()
    breaks: tuple[Invariant, ...] = ()
    failure: str = ""
    hint: str = ""
    moment: str = ""
    seconds: float = 0.0
    pages: Mapping[str, str] = field(default_factory=dict)

    @property
    def broken(self) -> Counter[Invariant]:
        """Broken invariants, each with how often."""
        return Counter(violation.invariant for violation in self.violations)

    @property
    def unexpected(self) -> tuple[Invariant, ...]:
        """Invariants that broke though the scenario does not say so."""
        return tuple(sorted(invariant for invariant in self.broken if invariant not in self.breaks))

    @property
    def problems(self) -> tuple[str, ...]:
        """Why this step fails the rehearsal, one sentence each; empty when it went as it has to."""
        return self.first_problems(len(self.violations))

    def first_problems(self, most: int) -> tuple[str, ...]:
        """As `problems`, with at most so many sentences an invariant; the last of them says how many more there are."""
        sentences = [self.failure] if self.failure else []
        for invariant in self.unexpected:
            all_of_it = [str(violation) for violation in self.violations if violation.invariant == invariant]
            first = all_of_it[:most]
            if len(all_of_it) > most:
                first[-1] += f" (and {len(all_of_it) - most} more)"
            sentences += first
        sentences += [
            f"{invariant.value}: the scenario says that this step breaks it, and it held: the judge saw nothing"
            for invariant in self.breaks
            if invariant not in self.broken
        ]
        return tuple(sentences)


@dataclass(frozen=True)
class Rehearsal:
    """A whole rehearsal.

    `floating`: every floating tag in play. `releases`: packages that a release publishes.
    `images`: digest -> what image it is, for people. `requests`: kind of request -> count. `candidate_tags`: the tags
    that a candidate of today's workflow touches, the candidate last; `start`: package -> tag -> digest at the start.
    """

    name: str
    seed: int
    faults: str
    floating: tuple[str, ...]
    releases: tuple[str, ...]
    steps: tuple[Step, ...]
    candidate_tags: tuple[str, ...] = ()
    start: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    images: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether every step went as it has to."""
        return not any(step.problems for step in self.steps)

    def name_images(self, tags: Mapping[str, Mapping[str, str]], tag: str, packages: Collection[str]) -> str:
        """The images that a tag names in some packages, usually one; empty where it names none."""
        digests = {tags[package][tag] for package in packages if tag in tags.get(package, {})}
        return ", ".join(sorted({self.images.get(digest, shorten(digest)) for digest in digests}))

    def candidate_moments(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """What a candidate's tags named at the start and after each step of its life: moment, and tag -> image."""
        moments = [("before", self.start), *((step.moment, step.tags) for step in self.steps if step.moment)]
        for moment, tags in moments:
            yield moment, {tag: self.name_images(tags, tag, self.releases) for tag in self.candidate_tags}

    def page_files(self) -> Mapping[str, str]:
        """The HTML pages that steps left: file name -> text."""
        return {
            name_page(step, number): text for step in self.steps for number, text in enumerate(step.pages.values(), 1)
        }

    def as_json(self) -> dict[str, Any]:
        """The rehearsal as JSON values, in a stable order."""
        return {
            "name": self.name,
            "held": self.held,
            "seed": self.seed,
            "faults": self.faults,
            "seconds": round(self.seconds, 2),
            "requests": dict(sorted(self.requests.items())),
            "invariants": {
                invariant.value: sum(step.broken[invariant] for step in self.steps if invariant in step.unexpected)
                for invariant in Invariant
            },
            "candidate-tags": [
                {"moment": moment, "tags": {tag: image or None for tag, image in tags.items()}}
                for moment, tags in self.candidate_moments()
            ]
            if self.candidate_tags
            else [],
            "steps": [describe_step(step) for step in self.steps],
        }


def name_page(step: Step, number: int) -> str:
    """The file of a step's page, counted from 1."""
    return f"step-{step.number}-status-{number}.html"


def describe_step(step: Step) -> dict[str, Any]:
    """A step as JSON values."""
    return {
        "number": step.number,
        "title": step.title,
        "at": step.at.isoformat(),
        "seconds": round(step.seconds, 2),
        "runs": [
            {
                "name": run.name,
                "result": run.result,
                "exit-code": run.exit_code,
                "seconds": round(run.seconds, 2),
                "outputs": dict(run.outputs),
                "log": list(run.log) if run.exit_code else [],
            }
            for run in step.runs
        ],
        "changes": [
            {
                "package": change.package,
                "tag": change.tag,
                "before": change.before or None,
                "after": change.after or None,
                "before-image": change.before_name or None,
                "after-image": change.after_name or None,
                "why": change.why,
            }
            for change in step.changes
        ],
        "tags": {package: dict(sorted(tags.items())) for package, tags in sorted(step.tags.items())},
        "violations": [
            describe_violation(violation, expected=violation.invariant in step.breaks) for violation in step.violations
        ],
        "remaining": [describe_violation(violation, expected=True) for violation in step.remaining],
        "breaks": [invariant.value for invariant in step.breaks],
        "pages": [name_page(step, number) for number in range(1, len(step.pages) + 1)],
        "failure": step.failure or None,
        "hint": step.hint or None,
        "problems": list(step.problems),
    }


def describe_violation(violation: Violation, *, expected: bool) -> dict[str, Any]:
    """A broken invariant as JSON values. `expected`: today's workflow broke it, as the scenario says."""
    return {
        "invariant": violation.invariant.value,
        "package": violation.package,
        "subject": violation.subject,
        "message": violation.message,
        "expected": expected,
    }
