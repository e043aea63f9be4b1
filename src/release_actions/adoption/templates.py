"""From tags that were published to the templates that made them. Pure.

The samples have numbers that are in nothing else, so that what is equal is meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from release_actions.adoption.events import HEAD, NUMBER, SHA, Event, Occasion

SHORT = 7
PLAIN = "{tag}"


@dataclass(frozen=True)
class Form:
    """What stands around the version in the exact tags of a flavour: `-alpine` behind it, or nothing."""

    before: str = ""
    behind: str = ""

    @property
    def is_plain(self) -> bool:
        return not self.before and not self.behind

    @property
    def template(self) -> str:
        """The form as `release.yaml` writes it."""
        return f"{self.before}{PLAIN}{self.behind}"

    @property
    def key(self) -> str:
        """A name for the flavour."""
        words = re.sub(r"[^a-z0-9]+", "-", f"{self.before}{self.behind}".lower()).strip("-")
        return words or "default"

    def strip(self, tag: str) -> str | None:
        """A tag without what the form puts around it; None for a tag of another form."""
        if not tag.startswith(self.before) or not tag.endswith(self.behind):
            return None
        inner = tag[len(self.before) : len(tag) - len(self.behind)]
        return inner or None


@dataclass(frozen=True)
class ExactTag:
    """A tag with a whole version: the form around, and whether the prefix of the git tag is kept."""

    form: Form
    keeps_prefix: bool


def read_exact(tag: str, git_tag: str, prefix: str) -> ExactTag | None:
    """What a tag of a release is, if it names the whole version."""
    version = git_tag.removeprefix(prefix)
    match = re.search(rf"(?<![0-9.])(?P<prefix>{re.escape(prefix)})?{re.escape(version)}(?![0-9]|\.[0-9])", tag)
    if match is None:
        return None
    return ExactTag(Form(tag[: match.start()], tag[match.end() :]), bool(match["prefix"]) or not prefix)


def make_float(tag: str, git_tag: str, prefix: str) -> str:
    """The template of a floating tag: numbers of the version become placeholders."""
    major, minor = git_tag.removeprefix(prefix).split(".")[:2]
    text = re.sub(rf"(?<![0-9.]){major}\.{minor}(?![0-9.])", "{major}.{minor}", tag)
    return re.sub(rf"(?<![0-9.}}]){major}(?![0-9.])", "{major}", text)


def make_dev_template(tag: str, event: Event, now: datetime) -> str | None:
    """The template of a tag of a build that is no release; None where no placeholder says what is in it."""
    text = tag
    for sha in (SHA, HEAD):
        text = text.replace(sha, "{sha}").replace(sha[:SHORT], "{short-sha}")
    text = text.replace(f"{now:%Y%m%d}", "{date}").replace(f"{now:%Y-%m-%d}", "{iso-date}")
    if event.occasion is Occasion.PULL:
        text = re.sub(rf"(?<![0-9]){NUMBER}(?![0-9])", "{number}", text)
    legal = re.sub(r"[^a-zA-Z0-9._-]", "-", event.branch)
    if legal:
        text = re.sub(rf"(?<![a-zA-Z0-9]){re.escape(legal)}(?![a-zA-Z0-9])", "{branch}", text)
    if event.occasion is Occasion.PULL and "feature-login" in text:
        return None
    # Another way to write the day, which no placeholder does.
    return None if f"{now:%Y}" in text else text


def make_argument(value: str, event: Event) -> str | None:
    """The template of a build argument; None for a value that no placeholder gives."""
    text = value.replace("{", "{{").replace("}", "}}")
    for sha in (SHA, HEAD):
        text = text.replace(sha, "{sha}").replace(sha[:SHORT], "{short-sha}")
    if event.ref_name and text == event.ref_name:
        return "{ref-name}"
    version = event.tag.lstrip("v")
    return None if version and version in text else text
