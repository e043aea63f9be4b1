"""What a configuration publishes for an event, computed by the code that plans real builds. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from release_actions.adoption.events import HEAD, NUMBER, SHA, Event, Occasion
from release_actions.builds.event import Build, choose_tags, make_branch_tag
from release_actions.config import Config
from release_actions.config.channel_tags import DEFAULT_TAGS
from release_actions.versions.floating import choose_targets
from release_actions.versions.version import Version, parse


def plan_references(config: Config, event: Event, now: datetime, existing: tuple[Version, ...] = ()) -> frozenset[str]:
    """The references that a run has published at its end. `existing`: the releases that are there before."""
    build = make_build(config, event)
    channel = build.channel(config)
    forms = DEFAULT_TAGS if channel == "release" else config.tags_of(channel)
    references: set[str] = set()
    for package in config.packages(channel):
        tags = [package.form_tag(tag) for tag in choose_tags(build, now, forms)]
        if build.version:
            floats = package.floating_tags if package.scheme is not None else config.floating_tags
            targets = choose_targets((*existing, build.version), floats)
            tags += [tag for tag, version in targets.items() if version == build.version]
        references |= {f"{package.reference}:{tag}" for tag in tags}
    return frozenset(references)


def make_build(config: Config, event: Event) -> Build:
    """What an event builds."""
    if event.tag:
        return Build(sha=SHA, version=parse(event.ref, config.tag_prefix), ref_name=event.tag)
    if event.occasion is Occasion.PULL:
        return Build(sha=HEAD, pull=NUMBER, ref_name=f"pr-{NUMBER}")
    is_trunk = event.branch == event.default_branch
    branch = make_branch_tag(event.branch, config)
    build = Build(sha=SHA, trunk=is_trunk, branch=branch, ref_name=event.branch)
    return replace(build, nightly=event.occasion is Occasion.NIGHT)
