"""The shape of `drift` in `release.yaml`: what `version-audit` reads, reports and leaves as it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from release_actions.config.shapes import Choice, ListOf, MapOf, Parsed, Record, RecordOf, Text, key, make_path_glob

RULE_NAMES = (
    *("stale", "ahead", "dev-package", "dev-tag", "floating", "candidate", "missing", "renamed", "mixed", "branch"),
    *("third-party-floating", "conflict-marker", "tag-exists", "dependency-stale", "dependency-missing"),
    *("component-without-build", "build-without-component", "unused-exception", "ignore-without-reason"),
)
"""The rules of `version-audit`, in the order of its page."""

GLOBS = ListOf("a list of globs", make_path_glob("docs/**"), least=1)


DAYS = r"[12][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
"""Days that every year has, so that the schema and the calendar never disagree."""


def _parse_day(text: str) -> date:
    """A day of the calendar. Raises `ValueError` with the end of the sentence."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        message = "which is not a day of the calendar."
        raise ValueError(message) from error


DAY = Parsed(Text("a day", pattern=DAYS, example="2026-12-31"), _parse_day)


@dataclass(frozen=True, kw_only=True)
class DriftException(Record):
    """Findings that are left as they are, with the reason."""

    paths: tuple[str, ...] = key(GLOBS, "The files, as globs.")
    rules: tuple[str, ...] = key(
        ListOf("a list of rules", Choice(RULE_NAMES), unique=True), "The rules; all if this is left out.", default=()
    )
    reason: str = key(Text("a reason", example="written for v0.4 on purpose"), "Why, for whoever reads the report.")
    until: date | None = key(DAY, "The last day on which it holds. Without it, for ever.", default=None)


@dataclass(frozen=True, kw_only=True)
class DriftForm(Record):
    """What `version-audit` reads and reports."""

    exclude: tuple[str, ...] = key(GLOBS, "Files that are not read, as globs.", default=())
    exceptions: tuple[DriftException, ...] = key(
        ListOf("a list of exceptions", RecordOf("an exception", DriftException)),
        "Findings that are left as they are. An exception that covers nothing is a finding itself.",
        default=(),
    )
    rules: Mapping[str, str] = key(
        MapOf(
            "a mapping of levels",
            key=Text("a rule", pattern="|".join(RULE_NAMES)),
            value=Choice(("error", "warn", "info", "off")),
        ),
        "Levels of rules, on every branch. Without one, the level is as the page of version-audit says.",
        default={},
    )
