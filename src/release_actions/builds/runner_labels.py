"""Whether a label can name one of GitHub's runners: one that nobody has lets the job wait a day, and then fail.

Only warns. A label may also be one that the project gave to its own runner, and those can have any name; so what is
judged is one label alone that is spelled like one of GitHub's.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from release_actions.config import Config, Package
from release_actions.errors import Problem

HOSTED_LABELS = (
    *("ubuntu-latest", "ubuntu-slim", "ubuntu-22.04", "ubuntu-24.04", "ubuntu-26.04"),
    *("ubuntu-22.04-arm", "ubuntu-24.04-arm", "ubuntu-26.04-arm"),
    *("windows-latest", "windows-2022", "windows-2025", "windows-2025-vs2026"),
    *("windows-11-arm", "windows-11-vs2026-arm"),
    *("macos-latest", "macos-latest-large", "macos-latest-xlarge", "macos-14", "macos-14-large", "macos-14-xlarge"),
    *("macos-15", "macos-15-intel", "macos-15-large", "macos-15-xlarge"),
    *("macos-26", "macos-26-intel", "macos-26-large", "macos-26-xlarge"),
)
"""Runners that GitHub offers to everyone, and the larger ones whose names are fixed, in November 2026. From its page
"GitHub-hosted runners reference" (https://docs.github.com/en/actions/reference/runners/github-hosted-runners) and the
list of images of https://github.com/actions/runner-images."""

HOSTED_SHAPE = re.compile(
    r"(?:ubuntu|windows|macos)-(?:latest|[0-9]+(?:\.[0-9]+)?)(?:-(?:arm|arm64|aarch64|amd64|x64|x86|intel))?"
)
"""A system, its version and a processor: no organisation names its own runners so, which have a size in their name."""

LEAST_LIKENESS = 0.9
"""How near another label has to be to count as a misspelt one: `ubunut-24.04` is, `ubuntu-24.04-16core` is not."""

RULE = "runner-label"


def find_unknown_runners(config: Config, packages: Iterable[Package]) -> Iterator[Problem]:
    """A problem for each label that looks like one of GitHub's and is not, once for each place."""
    seen: set[Problem] = set()
    for package in packages:
        for platform, label in package.runners.items():
            near = find_intended_label(label)
            if near and platform in package.platforms:
                message = f"GitHub has no runner '{label}', which is to build for {platform}."
                hint = f"Did you mean '{near}'? A job waits for a runner of your own with this label."
                problem = Problem(message, hint, config.place_of(package, "runners", platform))
                if problem not in seen:
                    seen.add(problem)
                    yield problem


def find_intended_label(label: str) -> str:
    """The label of GitHub's that is meant; empty if the label is one, or names a runner of the project's own."""
    written = label.lower()  # GitHub compares labels without case
    if written in HOSTED_LABELS:
        return ""
    near = difflib.get_close_matches(written, HOSTED_LABELS, n=1, cutoff=LEAST_LIKENESS)
    if not near and HOSTED_SHAPE.fullmatch(written):
        near = difflib.get_close_matches(written, HOSTED_LABELS, n=1, cutoff=0.0)
    return next(iter(near), "")
