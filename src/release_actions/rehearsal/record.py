"""What happened in a rehearsal, step by step. Pure data that the report is made from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from release_actions.rehearsal.invariants import Invariant, Violation


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
class Change:
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

    `breaks`: invariants that the scenario says this step breaks, because it plays today's workflow. `failure`: why the
    step could not be played to its end, empty when it was.
    """

    number: int
    title: str
    at: datetime
    runs: tuple[Run, ...] = ()
    changes: tuple[Change, ...] = ()
    tags: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    violations: tuple[Violation, ...] = ()
    breaks: tuple[Invariant, ...] = ()
    failure: str = ""
    seconds: float = 0.0

    @property
    def broken(self) -> Counter[Invariant]:
        """Broken invariants, each with how often."""
        return Counter(violation.invariant for violation in self.violations)

    @property
    def faults(self) -> tuple[str, ...]:
        """Why this step fails the rehearsal, one sentence each; empty when it went as it has to."""
        return self.first_faults(len(self.violations))

    def first_faults(self, most: int) -> tuple[str, ...]:
        """As `faults`, with at most so many sentences an invariant; the last of them says how many there are more."""
        found = [self.failure] if self.failure else []
        for invariant, count in sorted(self.broken.items()):
            if invariant not in self.breaks:
                told = [str(violation) for violation in self.violations if violation.invariant == invariant][:most]
                told[-1] += f" (and {count - most} more like it)" if count > most else ""
                found += told
        found += [
            f"{invariant.value}: the scenario says that this step breaks it, and it held: the judge saw nothing"
            for invariant in self.breaks
            if invariant not in self.broken
        ]
        return tuple(found)


@dataclass(frozen=True)
class Rehearsal:
    """A whole rehearsal.

    `floating`: every floating tag in play. `releases`: packages of the release channel. `images`: digest -> what image
    it is, for people. `requests`: kind of request -> count.
    """

    name: str
    seed: int
    faults: str
    floating: tuple[str, ...]
    releases: tuple[str, ...]
    steps: tuple[Step, ...]
    images: Mapping[str, str] = field(default_factory=dict)
    requests: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def held(self) -> bool:
        """Whether every step went as it has to."""
        return not any(step.faults for step in self.steps)

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
                invariant.value: sum(
                    count
                    for step in self.steps
                    for found, count in step.broken.items()
                    if found == invariant and found not in step.breaks
                )
                for invariant in Invariant
            },
            "steps": [step_json(step) for step in self.steps],
        }


def step_json(step: Step) -> dict[str, Any]:
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
            {
                "invariant": violation.invariant.value,
                "package": violation.package,
                "subject": violation.subject,
                "message": violation.message,
                "expected": violation.invariant in step.breaks,
            }
            for violation in step.violations
        ],
        "breaks": [invariant.value for invariant in step.breaks],
        "faults": list(step.faults),
    }
