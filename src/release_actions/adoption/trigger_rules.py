"""Judges what starts a workflow that releases: whether any release tag can.

Filters are compared by what they begin with, which is enough to see that `v*` never fits a prefix `router-v`.
"""

from __future__ import annotations

import re

from release_actions.adoption.callers import Caller
from release_actions.adoption.rules import Findings, Hit, make_finding
from release_actions.config import Config
from release_actions.errors import Place
from release_actions.runner.report import Level
from release_actions.surface.yaml_tree import Tree

RELEASES = "ci-release.yaml"
"""The workflow that does nothing for an event that is no release tag."""


def judge_trigger(caller: Caller, config: Config | None) -> Findings:
    """A warning where a pushed release tag starts nothing."""
    if caller.name != RELEASES or "tag" in caller.inputs or config is None:
        return
    prefix = str(config.tag_prefix)
    events = caller.events
    named = {events.scalar(), *events.items(), *events}
    if named & {"release", "workflow_call", "workflow_dispatch"}:
        return
    push = events.below("push")
    filters = push.below("tags").items() or [push.text("tags")] * ("tags" in push)
    is_every_push = "push" in named and not list(push)
    if is_every_push or any(can_match(text, prefix) for text in filters if not text.startswith("!")):
        return
    message = f"No release tag starts this workflow: they begin with '{prefix}'."
    hit = Hit(message, f'Write on: push: tags: ["{prefix}*"].')
    yield make_finding("trigger", hit, place_of(events, caller), Level.WARNING)


def can_match(text: str, prefix: str) -> bool:
    """Whether a filter may match a tag with this prefix."""
    fixed = re.split(r"[*?+\[\]]", text, maxsplit=1)[0]
    return fixed.startswith(prefix) or (prefix.startswith(fixed) and fixed != text)


def place_of(events: Tree, caller: Caller) -> Place:
    """Where the filters of tags are, else where the call is."""
    push = events.below("push")
    return push.place("tags") if "tags" in push else events.place("push") if "push" in events else caller.place
