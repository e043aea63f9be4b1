"""What a tag means here: a version, what it breaks, what it moves, and the outputs that later steps use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from release_actions.runner.report import Output
from release_actions.tags.policy import Policy
from release_actions.versions import floating, history
from release_actions.versions.grammar import FinalImages, Kind
from release_actions.versions.history import History, Violation
from release_actions.versions.version import Version

OUTPUTS = (
    "tag",
    "version",
    "major",
    "minor",
    "patch",
    "number",
    "kind",
    "is-stable",
    "is-candidate",
    "base-version",
    "line",
    "previous-stable",
    "previous-candidate",
    "next-candidate",
    "component",
    "image-tags",
    "floating-tags",
    "make-latest",
    "prerelease",
    "release-branch",
    "already-published",
    "promote",
    "gate",
)
"""The outputs of a tag that is not refused."""


@dataclass(frozen=True)
class Decision:
    """What a tag means here. `outputs` is empty when a rule refuses it.

    `is_pushed`: False when it is only asked what would happen. `not_judged`: rule -> why it was not judged.
    """

    version: Version
    policy: Policy
    sentence: str
    violations: tuple[Violation, ...]
    effects: tuple[floating.Effect, ...]
    outputs: Mapping[str, Output]
    is_pushed: bool = True
    not_judged: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether a rule of level error refuses the tag."""
        return any(violation.level is history.Level.ERROR for violation in self.violations)

    @property
    def verdict(self) -> str:
        """The decision in a sentence."""
        if self.is_refused:
            first = self.violations[0].message
            return f"{self.version.tag} {'is' if self.is_pushed else 'would be'} refused. {first}"
        return self.sentence if self.is_pushed else f"If {self.version.tag} was pushed now: {self.sentence}"


def decide(version: Version, past: History, policy: Policy, not_judged: Mapping[str, str]) -> Decision:
    """Judge a version against everything that is known."""
    violations = history.judge(version, past, policy.levels)
    effects = floating.list_effects(version, past.tags, policy.floating_tags, policy.skip)
    sentence = floating.explain_effects(version, past.tags, policy.floating_tags, policy.skip)
    if past.about.whole:
        sentence += " All of its images are published already, built from this commit: there is nothing to build."
    decision = Decision(version, policy, sentence, violations, effects, {}, past.about.pushed, not_judged)
    return decision if decision.is_refused else replace(decision, outputs=_make_outputs(decision, past))


def _make_outputs(decision: Decision, past: History) -> dict[str, Output]:
    version, policy = decision.version, decision.policy
    previous = history.previous_stable(version, past.tags)
    candidate = history.previous_candidate(version, (*past.tags, *past.misspelt))
    branch = past.about.branch
    return {
        "tag": version.tag,
        "version": version.text,
        "major": version.major,
        "minor": version.minor,
        "patch": version.patch,
        "number": "" if version.number is None else version.number,
        "kind": version.kind.value,
        "is-stable": version.is_stable,
        "is-candidate": version.is_candidate,
        "base-version": version.base,
        "line": version.line,
        "previous-stable": previous.tag if previous else "",
        "previous-candidate": candidate.tag if candidate else "",
        "next-candidate": history.next_candidate(version, past),
        "image-tags": list(policy.image_tags(version)),
        "floating-tags": [effect.tag for effect in decision.effects if effect.moves],
        "component": policy.component,
        "make-latest": floating.is_newest(version, past.tags, policy.skip),
        "prerelease": not version.is_stable,
        "release-branch": branch.name if branch and branch.tip else policy.branch(version),
        "already-published": past.about.whole,
        "promote": version.kind is Kind.STABLE and policy.final_images is FinalImages.PROMOTE,
        "gate": version.is_stable and policy.has_gate,
    }
