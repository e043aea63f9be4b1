"""Finds settings of other projects' cleaners that delete more than their names say. They stay theirs: only warnings."""

from __future__ import annotations

import re

from release_actions.adoption.callers import Caller
from release_actions.adoption.peers import CHIZKIYAHU, DELETE_PACKAGE_VERSIONS, SNOK, Peer
from release_actions.adoption.rules import Findings, Hit, make_finding
from release_actions.runner.report import Level

FIRST_WITHOUT_OLD_NAMES = 3
"""Major version of container-retention-policy that has none of the names of v2."""


def judge_cleaner(caller: Caller) -> Findings:
    """What is dangerous about a step that calls somebody else's cleaner."""
    untagged_only = caller.inputs.get("untagged_only")
    if is_call_of(caller, CHIZKIYAHU) and untagged_only and untagged_only.text.lower() == "false":
        hit = Hit(
            "untagged_only: false deletes whole packages, with every tag.",
            "ghcr-cleanup deletes what delete-tags names, and nothing else.",
        )
        yield make_finding("false-friend", hit, untagged_only.place, Level.WARNING)
    ignored = caller.inputs.get("ignore-versions")
    kind = caller.inputs.get("package-type")
    if is_call_of(caller, DELETE_PACKAGE_VERSIONS) and ignored and (kind is None or kind.text == "container"):
        hit = Hit(
            "ignore-versions protects no tag of a container package: it is compared with digests.",
            "exclude-tags of ghcr-cleanup protects tags.",
        )
        yield make_finding("false-friend", hit, ignored.place, Level.WARNING)
    major = re.match(r"v?(\d+)", caller.version or caller.ref)
    if is_call_of(caller, SNOK) and major and int(major[1]) >= FIRST_WITHOUT_OLD_NAMES:
        for name, written in caller.inputs.items():
            if name in SNOK.old and name not in SNOK.inputs:
                message = f"container-retention-policy has no '{name}' since v3, and runs without that limit."
                hit = Hit(message, f"In ghcr-cleanup it is {SNOK.old[name].ours}.")
                yield make_finding("false-friend", hit, written.place, Level.WARNING)


def is_call_of(caller: Caller, peer: Peer) -> bool:
    return caller.address.lower() == peer.repository.lower()
