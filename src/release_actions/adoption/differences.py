"""Names every difference between what is published today and what will be, and says why it is one. Pure."""

from __future__ import annotations

import enum
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from release_actions.adoption.events import HEAD, SHA, Event, Occasion
from release_actions.adoption.publications import split_reference

SHORT = 7


class Reason(str, enum.Enum):
    """Why a reference is published only today, or only then. The name is what the table calls it."""

    FLOAT_OF_CANDIDATE = "wrong float: candidate"
    FLOAT_OF_BACKPORT = "wrong float: backport"
    FLOAT_OF_BRANCH = "wrong float: no release"
    COMMIT_OF_RELEASE = "commit of a release"
    COMMIT_OF_PULL = "merge commit"
    BRANCH_OF_PULL = "branch of a pull request"
    DATE = "form of the date"
    SPELLING = "spelling of a candidate"
    TWICE = "second spelling"
    BRANCH = "two branches, one tag"
    BY_HAND = "run by hand"
    FLAVOUR = "by-product: flavour"
    DESTINATION = "by-product: destination"
    UNSAID = "cannot be said"


EXPLANATIONS = {
    Reason.FLOAT_OF_CANDIDATE: "A candidate never takes a floating tag, so nobody who pulls `latest` gets it.",
    Reason.FLOAT_OF_BACKPORT: "A backport takes the floating tags of its own line; the newest release keeps the rest.",
    Reason.FLOAT_OF_BRANCH: "This tag names the newest release, and no build of a branch or of a night takes it.",
    Reason.COMMIT_OF_RELEASE: "A release has its exact tag; its labels say the commit.",
    Reason.COMMIT_OF_PULL: "Here it is the commit that was pushed, not the one that GitHub makes to test the merge.",
    Reason.BRANCH_OF_PULL: "A pull request is found by its number, as two may come from branches of one name.",
    Reason.DATE: "A day is written as 20260203.",
    Reason.SPELLING: "A candidate is written as the releases are. metadata-action does not use its pattern for one.",
    Reason.TWICE: "A release has one exact tag, with or without its prefix.",
    Reason.BRANCH: "`feature/a` and `feature-a` never share a tag: digits of a digest follow where signs are replaced.",
    Reason.BY_HAND: "A run by hand builds what a push of its branch builds.",
    Reason.FLAVOUR: "Every flavour has every tag in its own form, so no two of them write one tag.",
    Reason.DESTINATION: "What a channel publishes goes to all its destinations.",
    Reason.UNSAID: "No key of release.yaml says this.",
}
WRONG_FLOATS = frozenset({Reason.FLOAT_OF_CANDIDATE, Reason.FLOAT_OF_BACKPORT, Reason.FLOAT_OF_BRANCH})
"""What nobody should get, and is no loss."""

BY_PRODUCTS = frozenset({Reason.FLAVOUR, Reason.DESTINATION})
"""What is published beside what was, because of how flavours and destinations work."""


@dataclass(frozen=True)
class Difference:
    """A reference that is published only today (`is_lost`) or only then."""

    reference: str
    reason: Reason
    is_lost: bool


@dataclass(frozen=True)
class Comparison:
    """What one event publishes today and then."""

    event: Event
    today: frozenset[str]
    then: frozenset[str]
    differences: tuple[Difference, ...]
    is_backport: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether all of today's references but wrong floats are published, and nothing beyond named by-products."""
        return all(each.reason in (WRONG_FLOATS if each.is_lost else BY_PRODUCTS) for each in self.differences)

    @property
    def title(self) -> str:
        """The event in a heading."""
        what = "a backport" if self.is_backport else self.event.occasion.value
        return f"{what[:1].upper()}{what[1:]}: `{self.event.ref_name}`"


def compare(
    event: Event,
    today: frozenset[str],
    then: frozenset[str],
    floats: Collection[str],
    now: datetime,
    *,
    is_backport: bool = False,
) -> Comparison:
    """Compare an event's references. `floats`: every floating tag of every image, filled in for the newest release."""
    lost = [
        Difference(text, explain(text, event, floats, now, is_backport=is_backport), is_lost=True)
        for text in today - then
    ]
    reasons = {each.reason for each in lost}
    gained = [Difference(text, explain_gain(text, event, today, reasons), is_lost=False) for text in then - today]
    differences = sorted((*lost, *gained), key=lambda each: (each.reference, each.is_lost))
    return Comparison(event, today, then, tuple(differences), is_backport)


def explain(reference: str, event: Event, floats: Collection[str], now: datetime, *, is_backport: bool) -> Reason:
    """Why a reference of today is not published then. The first reason that holds."""
    _, tag = split_reference(reference)
    has_commit = SHA[:SHORT] in tag
    is_pull = event.occasion is Occasion.PULL
    reasons = {
        Reason.COMMIT_OF_RELEASE: bool(event.tag) and has_commit,
        Reason.TWICE: bool(event.tag) and tag.lstrip("v") == event.tag.lstrip("v"),
        Reason.FLOAT_OF_BACKPORT: is_backport,
        Reason.FLOAT_OF_CANDIDATE: bool(event.tag) and tag in floats,
        Reason.FLOAT_OF_BRANCH: tag in floats,
        Reason.SPELLING: bool(event.tag) and bool(re.search("rc|beta|alpha", tag)),
        Reason.COMMIT_OF_PULL: is_pull and (has_commit or HEAD[:SHORT] in tag),
        Reason.BRANCH_OF_PULL: is_pull,
        Reason.DATE: f"{now:%Y}" in tag,
        Reason.BY_HAND: event.occasion is Occasion.BY_HAND,
        Reason.BRANCH: "/" in event.branch,
    }
    return next((reason for reason, holds in reasons.items() if holds), Reason.UNSAID)


def explain_gain(reference: str, event: Event, today: frozenset[str], lost: Collection[Reason]) -> Reason:
    """Why a reference is published only then: in place of one that is not, or because of how the suite works."""
    name, tag = split_reference(reference)
    for reason in (Reason.COMMIT_OF_PULL, Reason.SPELLING, Reason.BRANCH, Reason.DATE):
        if reason in lost:
            return reason
    if any(split_reference(text)[1] == tag for text in today):
        return Reason.DESTINATION
    if event.occasion is Occasion.BY_HAND and Reason.BY_HAND in lost:
        return Reason.BY_HAND
    has_name = any(split_reference(text)[0] == name for text in today)
    return Reason.FLAVOUR if has_name else Reason.UNSAID
