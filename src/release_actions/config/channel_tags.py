"""The shape of `tags` of a channel in `release.yaml`: what builds that are no release are found by.

A template may stand under several occasions, and a build has the tags of each occasion that it is. `latest` of the
default branch is one of them only where no release is published beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from release_actions.config import grammar
from release_actions.config.shapes import ListOf, Record, Text, key
from release_actions.runner import forms as runner_forms
from release_actions.runner.forms import DIGITS, HEXADECIMAL, NUMBER, Run

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

ANYTHING = Run(None, 0)

RUNS: Mapping[str, tuple[Run | str, ...]] = {
    "{sha}": (Run(HEXADECIMAL, 40, 64),),
    "{short-sha}": (Run(HEXADECIMAL, 7, 7),),
    "{date}": (Run(DIGITS, 8, 8),),
    "{iso-date}": (Run(DIGITS, 4, 4), "-", Run(DIGITS, 2, 2), "-", Run(DIGITS, 2, 2)),
    "{number}": (NUMBER,),
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
    return any(fits_template(tag, template) for template in list_fixed(forms))


def list_fixed(forms: ChannelTagsForm) -> Iterator[str]:
    """The templates that no branch's name is in."""
    for templates in forms.occasions().values():
        yield from (template for template in templates if "{branch}" not in template)


def fits_template(tag: str, template: str) -> bool:
    """Whether a template can make a tag."""
    return runner_forms.has_form(tag, list_parts(template))


def list_parts(template: str) -> Iterator[str | Run]:
    """What stands where in what a template makes. A placeholder without a form of its own may be anything."""
    for part in grammar.split(template):
        yield from RUNS.get(part, (ANYTHING,)) if part.startswith("{") else (part,)
