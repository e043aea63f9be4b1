"""Reads workflows and local actions: every step and job that calls something, with what it passes and may do.

Reads YAML as a runner does and judges nothing.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from release_actions.errors import Place
from release_actions.surface.yaml_tree import Tree

LEVELS = ("none", "read", "write")
SUITE = re.compile(r"(?P<owner>[^/]+)/release-actions(?:/(?P<path>[^@]*))?", re.IGNORECASE)
"""What may call something of this suite. Other projects have a repository of this name, too."""

HOME = "llm-d"
"""The owner of this suite."""

EXPRESSION = re.compile(r"\$\{\{")
NOWHERE = Place("")
PINNED_VERSION = re.compile(r"#\s*v?(\d+(?:\.\d+)*)")


@dataclass(frozen=True)
class Written:
    """A value under `with:` as written, and where its key stands."""

    text: str
    place: Place

    @property
    def is_known(self) -> bool:
        """Whether it is a text, and not an expression that only a run can fill in."""
        return not EXPRESSION.search(self.text)


@dataclass(frozen=True)
class Permissions:
    """What a job's token may do. `named` is None where neither job nor workflow says it: the repository decides."""

    named: Mapping[str, str] | None
    everything: str = ""
    place: Place = NOWHERE

    def allows(self, permission: str, level: str) -> bool:
        """Whether the token has a permission at least at this level."""
        granted = self.everything or (self.named or {}).get(permission, "none")
        return LEVELS.index(granted) >= LEVELS.index(level)


@dataclass(frozen=True)
class Caller:
    """A step, or a job without steps, that calls something.

    `address`: what stands before the `@`. `ref`: the pin behind it, empty without one. `version`: the version that a
    comment beside it names. `job` is empty in a local action, whose permissions are those of whoever calls it.
    """

    address: str
    ref: str
    version: str
    place: Place
    is_job: bool
    job: str
    inputs: Mapping[str, Written]
    secrets: Mapping[str, Written]
    permissions: Permissions
    events: Tree = field(compare=False, repr=False)

    @property
    def path(self) -> str | None:
        """The path inside this suite; empty for the action at its root, None for a stranger."""
        match = SUITE.fullmatch(self.address)
        return (match["path"] or "").strip("/") if match else None

    def is_of_suite(self, addresses: Collection[str]) -> bool:
        """Whether it calls this suite, or a fork of it: a repository of the same name that has what it calls."""
        match = SUITE.fullmatch(self.address)
        return match is not None and (match["owner"].lower() == HOME or (bool(self.path) and self.path in addresses))

    @property
    def name(self) -> str:
        """What people call it: the action's name, or the workflow's file name."""
        return (self.path or "release-plan").rpartition("/")[2]


def list_callers(tree: Tree, text: str) -> Iterator[Caller]:
    """Every caller of a workflow or of a composite action."""
    lines = text.splitlines()
    for step in tree.below("runs").below("steps").trees():
        if "uses" in step:
            yield _read_caller(step, lines, "", Permissions(None), tree.below("on"))
    jobs = tree.below("jobs")
    for name in jobs:
        job = jobs.below(name)
        permissions = _read_permissions(job if "permissions" in job else tree)
        if "uses" in job:
            yield _read_caller(job, lines, name, permissions, tree.below("on"), is_job=True)
        for step in job.below("steps").trees():
            if "uses" in step:
                yield _read_caller(step, lines, name, permissions, tree.below("on"))


def _read_caller(
    node: Tree, lines: list[str], job: str, permissions: Permissions, events: Tree, *, is_job: bool = False
) -> Caller:
    place = node.place("uses")
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    address, _, ref = node.text("uses").strip().partition("@")
    version = PINNED_VERSION.search(line)
    return Caller(
        address=address,
        ref=ref,
        version=version[1] if version else "",
        place=place,
        is_job=is_job,
        job=job,
        inputs=_read_values(node.below("with")),
        secrets=_read_values(node.below("secrets")),
        permissions=permissions,
        events=events,
    )


def _read_values(tree: Tree) -> dict[str, Written]:
    return {name: Written(tree.text(name).strip(), tree.place(name)) for name in tree}


def _read_permissions(holder: Tree) -> Permissions:
    if "permissions" not in holder:
        return Permissions(None)
    tree, place = holder.below("permissions"), holder.place("permissions")
    short = tree.scalar()
    if short in {"read-all", "write-all"}:
        return Permissions({}, short.removesuffix("-all"), place)
    return Permissions({name: tree.text(name) for name in tree if tree.text(name) in LEVELS}, place=place)
