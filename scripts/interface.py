"""Write interface.json, the public interface of this suite, or say that it is stale: `interface.py [--check]`.

`interface.py --since TAG` says which new inputs of workflows lack the mark `experimental-`.

It has every input, output, default, permission and exit code of the actions, the inputs, secrets and permissions of the
workflows that others call, and every key of the files that people write and of the documents that they read.
`api-guard` compares it with the one of the last release.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "src"))

import manifests  # noqa: E402  # the path above comes first
import permissions  # noqa: E402  # as above
from generated_page import write_or_check  # noqa: E402  # as above
from release_actions.errors import ActionError, ExitCode  # noqa: E402  # as above
from release_actions.git import tree  # noqa: E402  # as above
from release_actions.surface.capture import Selection, capture_files  # noqa: E402  # as above
from release_actions.surface.model import (  # noqa: E402  # as above
    EXPERIMENTAL,
    Group,
    Interface,
    Kind,
    Surface,
    is_experimental,
    read_surface,
)

FILE = ROOT / "interface.json"
COMMAND = "release-actions"
"""The address of what all actions and commands share: their exit codes."""

WORKFLOWS = ".github/workflows"
INTERNAL_WORKFLOWS = frozenset({f"{WORKFLOWS}/build-and-publish.yml"})
"""Workflows that only ours call. Their inputs are no promise; their path is, because attestations name it."""

DOCUMENTS = ("schema/component-manifest.*.schema.json", "schema/report.schema.json")
"""Schemas of what the suite writes. All others are of what people write."""


def public_paths(root: Path) -> list[str]:
    """Every file that is an interface: the public copies of manifests, the workflows, and the schemas."""
    names = [name for name in manifests.canonical(root) if name not in manifests.INTERNAL]
    found = ["action.yml" if name == manifests.ROOT_ACTION else f"{name}/action.yml" for name in names]
    folders = ((root / WORKFLOWS, "*.y*ml"), (root / "schema", "*.schema.json"))
    return found + [file.relative_to(root).as_posix() for folder, glob in folders for file in folder.glob(glob)]


def capture(root: Path) -> Surface:
    """The interface as the files say it. Raises `ConfigurationError` for a file that cannot be read."""
    selection = Selection(
        schemas=("schema/*.schema.json", *(f"!{name}" for name in DOCUMENTS)), document_schemas=DOCUMENTS
    )
    surface = capture_files(public_paths(root), selection, lambda path: (root / path).read_text(encoding="utf-8"))
    called = find_called_actions(root)
    interfaces = {
        name: mark(name, add_permissions(interface, root / name), called)
        for name, interface in surface.interfaces.items()
    }
    codes = {str(int(code)): {"meaning": code.name.lower()} for code in ExitCode}
    return Surface({**interfaces, COMMAND: Interface(Kind.COMMAND, {Group.EXIT_CODES: codes})})


def add_permissions(interface: Interface, file: Path) -> Interface:
    """An action with what its token has to be allowed. Raises `ValueError` where its manifest does not say it."""
    if interface.kind is not Kind.ACTION:
        return interface
    needed = {name: {"level": level} for name, level in permissions.read_permissions(file).items()}
    return replace(interface, groups={**interface.groups, Group.PERMISSIONS: needed})


def find_called_actions(root: Path) -> frozenset[str]:
    """The actions that a workflow of ours uses. One that none uses does nothing to those who call workflows only."""
    texts = [file.read_text(encoding="utf-8") for file in sorted((root / WORKFLOWS).iterdir()) if is_callable(file)]
    names = (match[1] for text in texts for match in re.finditer(r"uses: \$/(?:actions/)?([a-z-]+)", text))
    return frozenset(names)


def is_callable(file: Path) -> bool:
    """Whether a workflow is one that others call."""
    return "workflow_call:" in file.read_text(encoding="utf-8")


def mark(address: str, interface: Interface, called: frozenset[str]) -> Interface:
    """An interface with what a person should know: what is experimental, and whether our workflows use the action."""
    if address in INTERNAL_WORKFLOWS:
        return Interface(interface.kind, {}, notes={"internal": "attestations name its path, nothing else is promised"})
    notes: dict[str, object] = {}
    if interface.kind is Kind.ACTION:
        notes["used-by-workflows"] = (address.rpartition("/")[0] or manifests.ROOT_ACTION) in called
    trials = sorted(name for elements in interface.groups.values() for name in elements if is_experimental(name))
    if trials:
        notes["experimental"] = trials
    return replace(interface, notes=notes)


def find_unmarked(base: Surface, head: Surface) -> list[str]:
    """Inputs that workflows got since a release without the mark of what may still change, a sentence each.

    An input that the release had as experimental has graduated.
    """
    sentences: list[str] = []
    for address, interface in head.interfaces.items():
        before = base.interfaces.get(address)
        if interface.kind is not Kind.WORKFLOW or before is None:
            continue
        known = before.elements(Group.INPUTS)
        new = [name for name in interface.elements(Group.INPUTS) if name not in known and not is_experimental(name)]
        sentences += [
            f"The new input '{name}' of {address} has to begin with {EXPERIMENTAL} for one release."
            for name in new
            if f"{EXPERIMENTAL}{name}" not in known
        ]
    return sentences


def compare_with(release: str, root: Path = ROOT) -> int:
    """1 when a workflow has a new input without the mark. `release`: a tag of the checkout."""
    commit = tree.find_commit(root, release)
    base = read_surface(tree.read_file(root, commit, FILE.name), f"{release}:{FILE.name}")
    sentences = find_unmarked(base, capture(root))
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return int(bool(sentences))


def write(root: Path = ROOT) -> str:
    """The file's text. Raises `ValueError` with what is wrong."""
    try:
        return capture(root).text()
    except ActionError as error:
        raise ValueError(str(error)) from error


def main(argv: Sequence[str] | None = None, file: Path = FILE) -> int:
    """Write or check. 1 when the file is stale, or cannot be made."""
    arguments = sys.argv[1:] if argv is None else argv
    if len(arguments) == 2 and arguments[0] == "--since":  # noqa: PLR2004  # the flag and its value
        return compare_with(arguments[1])
    return write_or_check(file, write, "interface", argv)


if __name__ == "__main__":
    sys.exit(main())
