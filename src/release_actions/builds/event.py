"""What an event builds: a release, a pull request, or a commit of a branch, and the tags that the result is found by.

Whose code is built decides, never the event's name alone: under `pull_request_target` the ref is the base branch, and a
schedule's payload names no repository. Pure. It must never put a floating tag on a release build.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from release_actions.builds.image_metadata import Metadata
from release_actions.config import Config, grammar
from release_actions.config.channel_tags import (
    BRANCH,
    DEFAULT_TAGS,
    EVERY,
    PULL,
    SCHEDULE,
    TRUNK,
    ChannelTagsForm,
    fits_template,
    has_form,
)
from release_actions.errors import InputError, PolicyError
from release_actions.runner.context import COMMIT
from release_actions.versions.grammar import LONGEST
from release_actions.versions.version import Version, parse_or_none, read_image_tag

SHORT_SHA = 7
"""Digits of a commit in a tag."""

BRANCH_DIGITS = 8
"""Digits of a digest of its name in the tag of a branch whose name is not a legal tag."""

WITH_DIGITS = re.compile(rf".*-(?=[0-9]*[a-f])[0-9a-f]{{{BRANCH_DIGITS}}}")
"""A name that ends as such a tag does. A date is none: the digits have a letter among them."""

BRANCH_CHARACTERS = 100
"""Characters of the name of such a branch in its tag. A tag may have 128."""

OWN_TAGS = re.compile(r"(?:sha|pr|nightly|override)-.*")
"""Tags that other builds have: a branch must not take them."""

BRANCH_REF = "refs/heads/"


@dataclass(frozen=True)
class Build:
    """What a run builds: a release when `version` is given, else a commit for others to try.

    `sha` is the commit that is built, `pull` the number of a pull request or 0, `nightly` whether a schedule started
    the run, `trunk` whether it builds the default branch of the repository that releases, `branch` the tag of the
    branch that it builds, if there is one, and `branch_note` what a person should know of it. `overrides` replace
    values of the version file or build arguments. `run_id` and `ref_name` are the platform's, `web` the address of the
    repository, `metadata` what else images say of themselves.
    """

    version: Version | None = None
    sha: str = ""
    pull: int = 0
    nightly: bool = False
    trunk: bool = False
    branch: str = ""
    branch_note: str = ""
    overrides: Mapping[str, str] = field(default_factory=dict)
    run_id: str = ""
    ref_name: str = ""
    web: str = ""
    metadata: Metadata = field(default_factory=Metadata)

    def channel(self, config: Config) -> str:
        """Release tags go to `release`, pull requests to `pull-request` if the file has it, all else to `dev`."""
        if self.version:
            return "release"
        return "pull-request" if self.pull and config.pull_requests else "dev"

    @property
    def short_sha(self) -> str:
        """The first digits of the commit, as tags have them."""
        return self.sha[:SHORT_SHA]


def choose_tags(build: Build, now: datetime, forms: ChannelTagsForm = DEFAULT_TAGS) -> tuple[str, ...]:
    """The tags of everything that a run publishes: the exact version, or what a dev build is found by.

    `forms`: what the builds of its channel are found by. A build that they give no tag is not published. A build with
    overrides is not a build of its commit alone: it gets one tag of its own. Raises `PolicyError` for a release with
    overrides, and `InputError` when a dev build has no commit.
    """
    if build.version:
        if build.overrides:
            message = f"The release {build.version.tag} cannot be built with overrides: {', '.join(build.overrides)}."
            raise PolicyError(message, hint="Change the version file and tag that, or build without a release tag.")
        return (build.version.image_tag,)
    if not COMMIT.fullmatch(build.sha):
        message = f"A dev build needs the commit to build, and {build.sha!r} is not a commit."
        raise InputError(message, hint="Run in a workflow, or pass --sha with all 40 digits.")
    if build.overrides:
        what = "\n".join(f"{name}={value}" for name, value in sorted(build.overrides.items()))
        return (f"override-{build.short_sha}-{hashlib.sha256(what.encode()).hexdigest()[:8]}",)
    return tuple(
        dict.fromkeys(tag for occasion in list_occasions(build) for tag in fill_tags(occasion, build, now, forms))
    )


def choose_moving_tags(build: Build, now: datetime, forms: ChannelTagsForm = DEFAULT_TAGS) -> tuple[str, ...]:
    """The tags of a build of the default branch that follow only once everything is verified.

    None where the build has no other tag that it could be verified by.
    """
    if build.version or build.overrides:
        return ()
    tags = choose_tags(build, now, forms)
    moving = fill_tags(TRUNK, build, now, forms) if TRUNK in list_occasions(build) else ()
    return tuple(tag for tag in tags if tag in moving) if set(tags) - set(moving) else ()


def list_occasions(build: Build) -> tuple[str, ...]:
    """What a build is that is no release, in the order of its tags."""
    if build.pull:
        return EVERY, PULL
    kind = SCHEDULE if build.nightly else BRANCH
    return (EVERY, kind, TRUNK) if build.trunk else (EVERY, kind)


def fill_tags(occasion: str, build: Build, now: datetime, forms: ChannelTagsForm) -> tuple[str, ...]:
    """The tags that a build gets by one occasion. A template with a branch gives none without one.

    Where a tag would be too long, the branch in it is cut, and digits of a digest follow.
    """
    days = {"date": f"{now:%Y%m%d}", "iso-date": f"{now:%Y-%m-%d}"}
    values = {"sha": build.sha, "short-sha": build.short_sha, "number": str(build.pull), **days}
    templates = [text for text in forms.occasions()[occasion] if build.branch or "{branch}" not in text]
    filled = [_fill(text, values, build.branch) for text in templates]
    return tuple(tag for tag in filled if grammar.is_tag(tag))


def _fill(template: str, values: Mapping[str, str], branch: str) -> str:
    tag = grammar.fill(template, {**values, "branch": branch})
    times = template.count("{branch}")
    if len(tag) <= LONGEST or not times:
        return tag
    room = (LONGEST - len(grammar.fill(template, {**values, "branch": ""}))) // times
    digits = _digest(branch)
    short = f"{branch[: room - len(digits) - 1]}-{digits}" if room > len(digits) + 1 else digits
    return grammar.fill(template, {**values, "branch": short})


def make_branch_tag(branch: str, config: Config) -> str:
    """The tag of a branch; empty for a name that a release or another build could have.

    A branch whose name is a legal tag has that tag. In any other name, each character that a tag cannot have becomes a
    dash, and digits of a digest follow: so feature/a and feature-a, which both may exist, do not share a tag. Nor does
    a branch that is called feature-a-951d42dc: a name that ends in such digits gets digits too.
    """
    is_own = grammar.is_tag(branch) and not WITH_DIGITS.fullmatch(branch)
    tag = branch if is_own else _make_legal(branch)
    floats = any(grammar.can_be_equal(tag, template) for template in config.all_floating_tags)
    released = any(parse_or_none(tag, scheme) or read_image_tag(tag, scheme) for scheme in config.schemes)
    dev = has_form(tag, config.tags_of("dev"))
    packages = config.packages("dev")
    flavour = any(package.flavour and fits_template(tag, package.tag_form) for package in packages)
    taken = floats or released or dev or flavour or tag == "latest" or OWN_TAGS.fullmatch(tag)
    return "" if taken or not grammar.is_tag(tag) else tag


def explain_branch_tag(branch: str, tag: str) -> str:
    """What a person should know of the tag of a branch; empty if the tag is the branch's name."""
    if not tag:
        name = ascii(branch)
        return f"The branch {name} gets no tag of its own: a release or another kind of build could have that name."
    if tag == branch:
        return ""
    why = "could share its tag with another" if grammar.is_tag(branch) else "cannot be a tag as it is written"
    return f"The branch {branch!a} {why}. Its tag is {tag}."


def _make_legal(branch: str) -> str:
    digest = _digest(branch)
    name = re.sub(r"[^A-Za-z0-9_.-]", "-", branch).lstrip(".-")[:BRANCH_CHARACTERS]
    return f"{name}-{digest}" if name else f"branch-{digest}"


def _digest(branch: str) -> str:
    """The first digits in a row with a letter among them."""
    text = hashlib.sha256(branch.encode("utf-8", "surrogateescape")).hexdigest()
    start = next(at for at in range(len(text)) if not text[at : at + BRANCH_DIGITS].isdecimal())
    return text[start : start + BRANCH_DIGITS]


def is_trunk(event: Mapping[str, Any], ref: str, *, nightly: bool) -> bool:
    """Whether a run is of the default branch. A payload that does not say so is a no.

    A schedule always runs on the default branch, and its payload has no repository (events that trigger workflows).
    """
    repository = event.get("repository")
    branch = repository.get("default_branch") if isinstance(repository, dict) else None
    return nightly or (bool(branch) and ref == f"{BRANCH_REF}{branch}")
