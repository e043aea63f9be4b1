"""Says why a change may enter a release branch: by its labels, its title and the files it changes. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from release_actions.branches.model import Category
from release_actions.builds.path_filter import matches
from release_actions.changes.model import HistoryCommit
from release_actions.changes.titles import split_marks, without_numbers

CRITERIA = re.compile(r"(?im)^\W*criteria category\W{0,6}(?P<words>[^\n]+)|(?:^|\s)-c\s+(?P<option>[a-z]+)")
"""A line of PyTorch's tracker comments, or the option of its bot's command."""

WORDS = (
    (re.compile(r"(?i)regression"), Category.REGRESSION),
    (re.compile(r"(?i)critical|crash|deadlock|leak|silent"), Category.CRITICAL),
    (re.compile(r"(?i)fix\w*\s*(?:to|of)?\s*new\s*feature|fixnewfeature|new feature fix"), Category.FIX_OF_NEW_FEATURE),
    (re.compile(r"(?i)\bdocs?\b|documentation"), Category.DOCUMENTATION),
    (re.compile(r"(?i)\brelease\b|branch specific"), Category.RELEASE_ONLY),
)
PREFIXES: Mapping[str, Category] = {
    **dict.fromkeys(("fix", "bugfix", "bug fix", "bug", "hotfix"), Category.REGRESSION),
    **dict.fromkeys(("docs", "doc", "documentation"), Category.DOCUMENTATION),
    **dict.fromkeys(("ci", "test", "tests", "build", "release", "chore", "ci/build", "infra"), Category.RELEASE_ONLY),
    **dict.fromkeys(("feat", "feature", "model", "new model", "enhancement", "kernel", "perf"), Category.FEATURE),
}
"""Prefixes of titles, in the words that projects use."""

DOCUMENTATION = ("docs/**", "doc/**", "**/*.md", "**/*.rst", "**/*.adoc", "LICENSE*")
RELEASE_PATHS = (
    ".github/**",
    ".buildkite/**",
    ".ci/**",
    ".circleci/**",
    "**/tests/**",
    "tests/**",
    "test/**",
    "**/*_test.*",
)
"""Files of continuous integration and of tests: what a release branch changes without changing what is released."""


@dataclass(frozen=True)
class Criteria:
    """What a project says about its branches. `labels` and `prefixes` map to categories; `release_only` are globs.

    `has_texts`: whether the texts of pull requests were read, without which nothing is said of issues.
    """

    labels: Mapping[str, Category] = field(default_factory=dict)
    prefixes: Mapping[str, Category] = field(default_factory=dict)
    release_only: tuple[str, ...] = ()
    allow_new_models: bool = False
    has_texts: bool = False
    pull_labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def covers_release_only(self, files: Collection[str]) -> bool:
        """Whether all files are among those that the project changes on branches alone."""
        return bool(files) and bool(self.release_only) and all(matches(self.release_only, path) for path in files)


def categorise(commit: HistoryCommit, files: Collection[str], criteria: Criteria) -> tuple[Category, str]:
    """The category of a commit and what says so."""
    for label in criteria.pull_labels.get(commit.sha, ()):
        if label in criteria.labels:
            return criteria.labels[label], f"label {label}"
    stated = CRITERIA.search(commit.message)
    words = (stated["words"] or stated["option"]) if stated else ""
    for pattern, category in WORDS if words else ():
        if pattern.search(words):
            return category, f"criteria {words.strip()}"
    marks, _ = split_marks(without_numbers(commit.subject))
    known = {**PREFIXES, **{prefix.casefold(): category for prefix, category in criteria.prefixes.items()}}
    for mark in marks:
        category_of_mark = known.get(mark.casefold())
        if category_of_mark:
            return category_of_mark, f"prefix {mark}"
    if files and all(matches(DOCUMENTATION, path) for path in files):
        return Category.DOCUMENTATION, "only documentation changes"
    if files and all(matches(RELEASE_PATHS, path) for path in files):
        return Category.RELEASE_ONLY, "only tests and continuous integration change"
    return Category.UNCATEGORISED, ""


def is_new_model(commit: HistoryCommit) -> bool:
    """Whether a title says that it adds a model, which vLLM's patch releases allow."""
    marks, rest = split_marks(without_numbers(commit.subject))
    return any(re.fullmatch(r"(?i)(?:new )?models?", mark) for mark in marks) or bool(
        re.match(r"(?i)add (?:support for )?\S+ model", rest)
    )
