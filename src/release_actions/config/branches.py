"""The shape of `branches` in `release.yaml`: what may enter a release branch, for `branch-audit`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from release_actions.config.shapes import Boolean, Choice, ListOf, MapOf, Record, RecordOf, Text, key, make_path_glob

RULE_NAMES = (
    *("not-on-trunk", "before-trunk", "feature", "content-differs", "uncategorised", "counterpart-reverted"),
    *("missing-pick", "missing-revert", "relanded", "partial-revert", "revert-in-words", "revert-not-on-trunk"),
    *("no-issue", "direct-push", "unapproved", "stale-approval"),
)
"""The rules of `branch-audit`, in the order of its page."""

CATEGORIES = ("regression", "critical", "new-feature fix", "documentation", "release-only", "feature")
"""Why a change may enter a release branch; a feature may not."""

LEVELS = ("error", "warn", "info", "off")
PATHS = ListOf("a list of globs", make_path_glob(".github/**"), least=1)


@dataclass(frozen=True, kw_only=True)
class RewriteForm(Record):
    """What a release branch says differently than trunk."""

    files: tuple[str, ...] = key(PATHS, "The files, as globs.")
    pattern: str = key(
        Text("a regular expression", example="^export BRANCH=.*$"), "What is replaced, as a regular expression."
    )
    replacement: str = key(
        Text("a text", example="export BRANCH={branch}"),
        "What stands there instead, with {branch}, {tag}, {major}, {minor} and {patch}.",
    )


@dataclass(frozen=True, kw_only=True)
class BranchesForm(Record):
    """What may enter a release branch."""

    labels: Mapping[str, str] = key(
        MapOf("a mapping of labels", key=Text("a label", example="kind/regression"), value=Choice(CATEGORIES)),
        "Category of a pull request by its label.",
        default={},
    )
    prefixes: Mapping[str, str] = key(
        MapOf("a mapping of prefixes", key=Text("a prefix", example="Bugfix"), value=Choice(CATEGORIES)),
        "Category of a commit by the prefix of its title, without brackets or colon, beside those that are usual.",
        default={},
    )
    release_only: tuple[str, ...] = key(
        PATHS, "Files that the project changes on release branches alone, as globs.", default=()
    )
    allow_new_models: bool = key(
        Boolean(), "Whether a new model may enter, as vLLM's patch releases allow.", default=False
    )
    rewrites: tuple[RewriteForm, ...] = key(
        ListOf("a list of rewrites", RecordOf("a rewrite", RewriteForm), least=1),
        "What cut-branch changes on a new release branch, as a pull request into it.",
        default=(),
    )
    live: tuple[str, ...] = key(
        ListOf("a list of branches", Text("a branch", example="release-0.6"), least=1),
        "Release branches that still get fixes: branch-audit gives them to a workflow in its output live.",
        default=(),
    )
    rules: Mapping[str, str] = key(
        MapOf("a mapping of levels", key=Text("a rule", pattern="|".join(RULE_NAMES)), value=Choice(LEVELS)),
        "Levels of rules. Without one, the level is as the page of branch-audit says.",
        default={},
    )
