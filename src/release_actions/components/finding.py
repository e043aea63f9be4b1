"""One finding about components or release notes, and the rules of component-matrix with how sure each is.

A rule that is `certain` compares two facts that cannot both be right. A `suspicious` one has an innocent explanation,
and says so.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from release_actions.components.sources import AMBIGUOUS, NO_VERSION, NOT_FOUND
from release_actions.errors import Place, Problem
from release_actions.runner.report import Finding, Level


class Certainty(enum.Enum):
    """How sure a finding is."""

    CERTAIN = "certain"
    SUSPICIOUS = "suspicious"


RULES: Mapping[str, tuple[Certainty, str]] = {
    NOT_FOUND: (Certainty.CERTAIN, "A version's source leads to nothing."),
    NO_VERSION: (Certainty.CERTAIN, "A version's source leads to something that is not a version."),
    AMBIGUOUS: (
        Certainty.CERTAIN,
        "A version's source leads to several versions; suspicious if they are the same one.",
    ),
    "unknown-organisation": (Certainty.CERTAIN, "A component's organisation is not one of `organisations`."),
    "core-without-owners": (Certainty.CERTAIN, "A component of the stage core has no owners."),
    "upstream-archived": (Certainty.CERTAIN, "The repository of a component with a stage is archived."),
    "previous-not-published": (Certainty.CERTAIN, "A previous version is not what the previous release published."),
    "row-dropped": (Certainty.CERTAIN, "A component of the previous release is missing and not in `removed`."),
    "new-with-previous": (Certainty.CERTAIN, "A component is called new, and was published before."),
    "not-called-new": (
        Certainty.SUSPICIOUS,
        "A component is neither called new nor re-enabled, and the previous release did not publish it.",
    ),
    "candidate-in-final": (Certainty.CERTAIN, "A final release has a component whose version is not final."),
    "moving-version": (Certainty.CERTAIN, "A version is a tag that moves, such as latest or main."),
    "version-went-down": (Certainty.CERTAIN, "A version is below the one that the previous release published."),
    "version-not-comparable": (Certainty.SUSPICIOUS, "A version changed and cannot be compared with the one before."),
    "table-unchanged": (Certainty.SUSPICIOUS, "All versions are those of the previous release."),
    "version-not-upstream": (Certainty.CERTAIN, "A version has no git tag, image or chart upstream."),
    "compare-unresolved": (Certainty.CERTAIN, "A link to the changes of a component leads nowhere."),
    "not-checkable": (
        Certainty.SUSPICIOUS,
        "A version is in a place that is not checked, such as a chart repository.",
    ),
    "upstream-unknown": (Certainty.SUSPICIOUS, "A server did not say whether a version exists. The run ends with 3."),
    "no-table": (Certainty.CERTAIN, "The notes have no table of components."),
    "row-missing": (Certainty.CERTAIN, "A component is not in the notes' table."),
    "row-unknown": (Certainty.CERTAIN, "The notes' table has a component that the release has not."),
    "row-twice": (Certainty.CERTAIN, "The notes' table has a component twice."),
    "version-differs": (Certainty.CERTAIN, "A version in the notes is not the one that was found."),
    "previous-differs": (Certainty.CERTAIN, "A previous version in the notes is not what was published."),
    "type-differs": (Certainty.CERTAIN, "A type in the notes is not the one of the components file."),
}
"""Rule -> how sure it is, and what it finds."""

NOTICES = frozenset({"version-not-comparable", "not-checkable"})
"""Rules that only inform: there is nothing to do about what they find."""

UNKNOWN = "upstream-unknown"


@dataclass(frozen=True)
class ComponentFinding:
    """Something that cannot be right, or that a person should check. `other` is the second place, where there is one.

    Without a place it is about the release as a whole.
    """

    rule: str
    certainty: Certainty
    message: str
    hint: str = ""
    place: Place | None = None
    other: Place | None = None

    @property
    def level(self) -> Level:
        """How loud it is."""
        if self.rule in NOTICES:
            return Level.NOTICE
        certain = self.certainty is Certainty.CERTAIN or self.rule == UNKNOWN
        return Level.ERROR if certain else Level.WARNING

    def annotation(self) -> Finding:
        """As an annotation."""
        return Finding(self.level, Problem(self.message, self.hint, self.place), self.rule)


def make_finding(
    rule: str,
    message: str,
    *,
    hint: str = "",
    place: Place | None = None,
    other: Place | None = None,
    certainty: Certainty | None = None,
) -> ComponentFinding:
    """A finding of a rule, as sure as the rule is."""
    return ComponentFinding(rule, certainty or RULES[rule][0], message, hint, place, other)
