"""Captures `action.yml` and workflows that others call: inputs, outputs, secrets, permissions, and what runs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from release_actions.errors import ConfigurationError, Place
from release_actions.surface.model import LEVELS, Attributes, Group, Interface, Kind
from release_actions.surface.yaml_tree import Tree, read_tree

ALL = "all"
"""The name of a permission that stands for every one: `permissions: read-all`."""

USE = ":"
"""What stands between a permission and the use of an action that needs it, where not every use does."""

DEFAULTS = {"boolean": "false", "number": "0"}
"""What an input of `workflow_call` without a default is, by type. Others are empty."""

Places = dict[tuple[Group, str], Place]


def capture_action(text: str, file: str) -> Interface:
    """The surface of a manifest. Raises `ConfigurationError` for a text that is not one."""
    tree = read_tree(text, file)
    runs = tree.below("runs")
    # The first actions were plugins of the runner.
    using = runs.text("using") or ("plugin" if "plugin" in runs else "")
    if not using:
        message = "This is not the manifest of an action: it has no 'runs.using'."
        raise ConfigurationError(message, hint="Exclude the file from what is compared.", place=Place(file))
    places: Places = {}
    groups: dict[Group, Mapping[str, Attributes]] = {
        Group.INPUTS: _read_group(tree.below("inputs"), Group.INPUTS, _read_action_input, places),
        Group.OUTPUTS: _read_group(tree.below("outputs"), Group.OUTPUTS, _read_nothing, places),
        Group.RUNTIME: {"using": {"value": using}},
    }
    places[Group.RUNTIME, "using"] = runs.place("using")
    return Interface(Kind.ACTION, groups, places)


def is_callable(text: str, file: str) -> bool:
    """Whether a workflow has `workflow_call`. Raises `ConfigurationError` for a text that is not YAML."""
    return _find_call(read_tree(text, file)) is not None


def capture_workflow(text: str, file: str) -> Interface:
    """The surface of a workflow that others call. Raises `ConfigurationError` where nobody can."""
    tree = read_tree(text, file)
    call = _find_call(tree)
    if call is None:
        message = "This workflow cannot be called: it has no 'workflow_call'."
        raise ConfigurationError(message, hint="Exclude the file from what is compared.", place=Place(file))
    places: Places = {}
    groups: dict[Group, Mapping[str, Attributes]] = {
        Group.INPUTS: _read_group(call.below("inputs"), Group.INPUTS, _read_workflow_input, places),
        Group.OUTPUTS: _read_group(call.below("outputs"), Group.OUTPUTS, _read_nothing, places),
        Group.SECRETS: _read_group(call.below("secrets"), Group.SECRETS, _read_secret, places),
    }
    needed = _read_permissions(tree, places)
    groups[Group.PERMISSIONS] = {name: {"level": level} for name, level in needed.items()}
    return Interface(Kind.WORKFLOW, groups, places)


def _find_call(tree: Tree) -> Tree | None:
    """What is below `on.workflow_call`, in any of the three ways to write it; None when it is not there."""
    # A reader of YAML 1.1 takes the key `on` for true; this one keeps texts.
    events = tree.below("on")
    if "workflow_call" in events:
        return events.below("workflow_call")
    is_named = events.scalar() == "workflow_call" or "workflow_call" in events.items()
    return Tree(None, "") if is_named else None


def _read_group(tree: Tree, group: Group, read: Callable[[Tree], Attributes], places: Places) -> dict[str, Attributes]:
    for name in tree:
        places[group, name] = tree.place(name)
    return {name: read(tree.below(name)) for name in tree}


def _read_action_input(entry: Tree) -> Attributes:
    found: dict[str, Any] = {"required": entry.text("required") == "true", "default": entry.text("default")}
    return found | ({"deprecated": True} if "deprecationMessage" in entry else {})


def _read_workflow_input(entry: Tree) -> Attributes:
    kind = entry.text("type") or "string"
    default = entry.text("default", DEFAULTS.get(kind, ""))
    return {"type": kind, "required": entry.text("required") == "true", "default": default}


def _read_secret(entry: Tree) -> Attributes:
    return {"required": entry.text("required") == "true"}


def _read_nothing(_entry: Tree) -> Attributes:
    return {}


def _read_permissions(tree: Tree, places: Places) -> dict[str, str]:
    """What a caller has to grant: the highest level that any job asks for. A job that says nothing takes the file's."""
    needed: dict[str, str] = {}
    jobs = tree.below("jobs")
    for name in jobs:
        job = jobs.below(name)
        asked = job if "permissions" in job else tree
        for permission, level in _levels_of(asked.below("permissions")).items():
            if LEVELS.index(level) > LEVELS.index(needed.get(permission, "none")):
                needed[permission] = level
                places[Group.PERMISSIONS, permission] = asked.place("permissions")
    return needed


def _levels_of(tree: Tree) -> dict[str, str]:
    short = tree.scalar()
    if short in {"read-all", "write-all"}:
        return {ALL: short.removesuffix("-all")}
    return {name: tree.text(name) for name in tree if tree.text(name) in LEVELS}
