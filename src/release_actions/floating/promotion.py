"""A release as one step: no floating tag moves before every required image holds it, and a failure takes all back.

Decides when the tags of several packages may move, and what is undone when one of them fails. It must never let a
release through because an image could not be read, and never delete a tag to undo its creation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from release_actions.config import Package
from release_actions.errors import ActionError
from release_actions.floating.plan import FloatingPlan


class Judgement(Protocol):
    """What is known of one package before anything moves."""

    @property
    def package(self) -> Package: ...  # the class says it

    @property
    def plan(self) -> FloatingPlan: ...  # the class says it

    @property
    def error(self) -> ActionError | None: ...  # the class says it

    @property
    def absent(self) -> bool: ...  # the class says it


@dataclass(frozen=True)
class PromotionGate:
    """Which releases floating tags are about to be moved to, and why they may not be; open without reasons."""

    releases: tuple[str, ...]
    reasons: tuple[str, ...]

    @property
    def is_open(self) -> bool:
        """Whether the tags may move."""
        return not self.reasons


def check_gate(judgements: Iterable[Judgement]) -> PromotionGate:
    """Look at every package before the first tag moves.

    Optional packages close no gate: they are moved if they are complete. A release that is older than an image's first
    one asks nothing of that image.
    """
    judgements = tuple(judgements)
    promoted = {move.version.tag: move.version for judgement in judgements for move in judgement.plan.moves}
    releases = tuple(version.tag for version in sorted(promoted.values()))
    if not releases:
        return PromotionGate((), ())
    reasons = []
    for judgement in judgements:
        if not judgement.package.required:
            continue
        if judgement.error:
            reasons.append(f"{judgement.package.label} could not be judged.")
        elif judgement.absent:
            reasons.append(f"{judgement.package.label} is not published yet.")
        lacks = find_lacking(judgement.plan)
        reasons += [f"{judgement.package.label} {lacks[tag]}" for tag in releases if tag in lacks]
    return PromotionGate(releases, tuple(reasons))


def find_lacking(plan: FloatingPlan) -> dict[str, str]:
    """Tag of each release that an image is not fit to be promoted to -> why, as the end of a sentence."""
    missing = {item.version for item in plan.findings if item.name == "missing-release"}
    unverified = {item.version for item in plan.findings if item.name == "unverified-release"}
    return {
        **{tag: f"has an image {tag} that this run did not verify." for tag in unverified},
        **{
            item.version.tag: f"has an image {item.version.tag} that was not built from that git tag."
            for item in plan.stuck
        },
        **{tag: f"does not have a complete image {tag}." for tag in missing},
    }
