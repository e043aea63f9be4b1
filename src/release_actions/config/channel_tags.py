"""The shape of `tags` of a channel in `release.yaml`: what builds that are no release are found by.

A template may stand under several occasions, and a build has the tags of each occasion that it is. `latest` of the
default branch is one of them only where no release is published beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_actions.config import grammar
from release_actions.config.shapes import ListOf, Record, Text, key

TEMPLATES = ListOf(
    "a list of tag templates",
    Text("a template of tags", pattern=grammar.TAG_TEMPLATE, example="'sha-{short-sha}'"),
    unique=True,
)
EVERY, BRANCH, TRUNK, PULL, SCHEDULE = "every", "branch", "trunk", "pull-request", "schedule"
PLACEHOLDERS = {
    EVERY: ("sha", "short-sha", "date", "iso-date"),
    BRANCH: ("branch", "sha", "short-sha", "date", "iso-date"),
    TRUNK: ("branch", "sha", "short-sha", "date", "iso-date"),
    PULL: ("number", "sha", "short-sha", "date", "iso-date"),
    SCHEDULE: ("branch", "sha", "short-sha", "date", "iso-date"),
}
"""Occasion -> the placeholders that have a value then."""

PATTERNS = {
    "sha": "[0-9a-f]{40,64}",
    "short-sha": "[0-9a-f]{7}",
    "date": "[0-9]{8}",
    "iso-date": "[0-9]{4}-[0-9]{2}-[0-9]{2}",
    "number": "[0-9]+",
}
"""Placeholder -> what stands there. A branch may be called anything."""

SAMPLE = {
    "sha": "0" * 40,
    "short-sha": "0" * 7,
    "date": "20260203",
    "iso-date": "2026-02-03",
    "number": "1",
    "branch": "main",
}


@dataclass(frozen=True, kw_only=True)
class ChannelTagsForm(Record):
    """Tags of builds that are no release, by what is built. A build that gets no tag is not pushed."""

    every: tuple[str, ...] = key(
        TEMPLATES,
        "Tags of every build, with `{sha}`, `{short-sha}`, `{date}`, as `20260203`, and `{iso-date}`, as `2026-02-03`.",
        default=(),
    )
    branch: tuple[str, ...] = key(
        TEMPLATES,
        "Tags of the builds of a branch that no schedule started, with `{branch}` too: the name as far as it can be a "
        "tag. A branch that is named as a release or as another of these tags gets none.",
        default=(),
    )
    trunk: tuple[str, ...] = key(TEMPLATES, "Tags of the builds of the default branch, such as `edge`.", default=())
    pull_request: tuple[str, ...] = key(
        TEMPLATES, "Tags of the builds of pull requests, with `{number}` too.", default=()
    )
    schedule: tuple[str, ...] = key(
        TEMPLATES, "Tags of the builds that a schedule started, such as `nightly` or `nightly-{date}`.", default=()
    )

    def occasions(self) -> Mapping[str, tuple[str, ...]]:
        """Occasion -> its templates, in the order in which a build gets its tags."""
        return {
            EVERY: self.every,
            PULL: self.pull_request,
            SCHEDULE: self.schedule,
            BRANCH: self.branch,
            TRUNK: self.trunk,
        }


DEFAULT_TAGS = ChannelTagsForm(
    every=("sha-{short-sha}",),
    branch=("{branch}",),
    trunk=("latest",),
    pull_request=("pr-{number}",),
    schedule=("nightly-{date}",),
)
"""What a channel's builds are found by that says nothing else."""


def has_form(tag: str, forms: ChannelTagsForm) -> bool:
    """Whether a tag could be that of another build than a branch's."""
    return any(compile_template(template).fullmatch(tag) for template in list_fixed(forms))


def list_fixed(forms: ChannelTagsForm) -> Iterator[str]:
    """The templates that no branch's name is in."""
    for templates in forms.occasions().values():
        yield from (template for template in templates if "{branch}" not in template)


def compile_template(template: str) -> re.Pattern[str]:
    """What a template can make."""
    parts = re.split(r"(\{[A-Za-z-]*\})", template)
    return re.compile(
        "".join(PATTERNS.get(part[1:-1], ".*") if part.startswith("{") else re.escape(part) for part in parts)
    )
