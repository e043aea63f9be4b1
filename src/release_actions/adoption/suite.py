"""What each version of this suite offers to callers, as far as this copy of it knows.

A pin that is a revision of this copy's git is read there. Any other pin is judged by the running version, and callers
of this module learn that it was. Nothing is fetched.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from release_actions import __version__
from release_actions.adoption.callers import Caller
from release_actions.errors import ActionError, InputError
from release_actions.git import tree
from release_actions.surface.actions_files import capture_action, capture_workflow
from release_actions.surface.model import Group, Interface, read_surface

INTERFACES = "interface.json"
WORKFLOWS = ".github/workflows/"
ROOT_ACTION = "action.yml"
DRY_RUN = "for a dry run"
"""The use of an action that changes nothing, as its manifest names it."""


@dataclass(frozen=True)
class Offer:
    """What a caller gets. `interface` is None when the version has no such path.

    `is_exact`: whether it was read from the version that the caller pins. `is_newer`: whether the pin is certainly a
    newer version than the one that judges.
    """

    interface: Interface | None
    is_exact: bool
    is_newer: bool = False


@dataclass(frozen=True)
class Suite:
    """The suite in a folder: a checkout, or what an installed package has of it."""

    root: Path
    version: str = __version__
    _pinned: dict[tuple[str, str], Interface | ActionError | None] = field(
        default_factory=dict, compare=False, repr=False
    )

    @functools.cached_property
    def interfaces(self) -> Mapping[str, Interface]:
        """Path -> what it offers in this version. An action of the suite is its `action.yml`."""
        text = (self.root / INTERFACES).read_text(encoding="utf-8")
        return read_surface(text, INTERFACES).interfaces

    @functools.cached_property
    def addresses(self) -> tuple[str, ...]:
        """What callers may name behind the repository: actions and workflows."""
        return tuple(
            path.removesuffix("action.yml").strip("/") for path in self.interfaces if path.endswith((".yml", ".yaml"))
        )

    def find(self, caller: Caller) -> Offer:
        """What a caller gets."""
        file = path_of(caller.path or "")
        revision = caller.ref
        if (file, revision) not in self._pinned:
            try:
                self._pinned[file, revision] = self._read_pinned(file, revision)
            except ActionError as error:
                self._pinned[file, revision] = error
        pinned = self._pinned[file, revision]
        if isinstance(pinned, ActionError):
            return Offer(self.interfaces.get(file), is_exact=False, is_newer=self._is_newer(caller))
        return Offer(pinned, is_exact=True)

    def permissions_of(self, caller: Caller, offer: Offer) -> Mapping[str, str]:
        """What the token of the caller's job needs whatever the action is used for: permission -> level.

        What only some uses need is left out, but for a dry run that the caller asks for: it needs less.
        """
        known = self.interfaces.get(path_of(caller.path or ""))
        told = [source.elements(Group.PERMISSIONS) for source in (offer.interface, known) if source is not None]
        needed: dict[str, str] = {}
        dry_run = caller.inputs.get("dry-run")
        for name, about in next(filter(None, told), {}).items():
            permission, _, use = name.partition(": ")
            if not use:
                needed.setdefault(permission, str(about["level"]))
            elif use == DRY_RUN and dry_run is not None and dry_run.text.lower() != "false":
                needed[permission] = str(about["level"])
        return needed

    def _read_pinned(self, file: str, revision: str) -> Interface | None:
        """The interface in a revision of this copy's git; None if it has none. Raises `ActionError` without it."""
        if not (self.root / ".git").exists():
            # An installed copy may stand inside another project's repository, whose tags are not ours.
            message = "This copy of release-actions has no history."
            raise InputError(message)
        commit = tree.find_commit(self.root, revision)
        if file not in tree.list_files(self.root, commit):
            return None
        text = tree.read_file(self.root, commit, file)
        return capture_workflow(text, file) if file.startswith(WORKFLOWS) else capture_action(text, file)

    def _is_newer(self, caller: Caller) -> bool:
        named = re.fullmatch(r"v?(\d+(?:\.\d+)*)", caller.ref)
        pinned = named[1] if named else caller.version
        own = [int(number) for number in self.version.split(".")]
        numbers = [int(number) for number in pinned.split(".")] if pinned else []
        # Before the first release, what v1 will be is what this copy has.
        return own[0] > 0 and bool(numbers) and numbers > own[: len(numbers)]


def path_of(path: str) -> str:
    """The file behind what a caller names: an action's manifest, or the workflow itself."""
    return path if path.startswith(WORKFLOWS) else f"{path}/{ROOT_ACTION}".lstrip("/")
