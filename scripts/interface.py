"""Write interface.json, the public interface of this suite, or say that it is stale: `interface.py [--check]`.

`interface.py --since TAG` says which new inputs of workflows and keys of release.yaml lack the mark `experimental-`.

It has every input, output, default, permission and exit code of the actions, the inputs, secrets and permissions of the
workflows that others call, and every key of the files that people write and of the documents that they read.
`api-guard` compares it with the one of the last release.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
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
from release_actions.surface.json_schema import ROOT as WHOLE_FILE  # noqa: E402  # as above
from release_actions.surface.json_schema import parent_of  # noqa: E402  # as above
from release_actions.surface.model import (  # noqa: E402  # as above
    EXPERIMENTAL,
    Attributes,
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

CONFIGURATION = "schema/release.schema.json"
INERT_SECTIONS = frozenset({"branches", "cleanup", "drift", "notes", "performance", "schedule", "tracker"})
"""Sections of release.yaml that only actions read which somebody calls by name: no image is built or moved by them."""

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
    """What callers of our workflows got since a release without the mark of what may still change, a sentence each.

    Inputs of the workflows, and keys of release.yaml that those read. What the release had as experimental has
    graduated, and then does what it did when it is left out.
    """
    sentences: list[str] = []
    for address, interface in head.interfaces.items():
        before = base.interfaces.get(address)
        group = Group.KEYS if address == CONFIGURATION else Group.INPUTS
        if before is None or (interface.kind is not Kind.WORKFLOW and address != CONFIGURATION):
            continue
        known, now = before.elements(group), interface.elements(group)
        for name in now:
            if name in known or is_experimental(name) or (group is Group.KEYS and is_inert(name, known)):
                continue
            trial = known.get(name_trial(name))
            if trial is None:
                sentences.append(
                    f"The new {group.noun} '{name}' of {address} has to begin with {EXPERIMENTAL} for one release."
                )
            elif now[name].get("default") != trial.get("default"):
                sentences.append(f"The {group.noun} '{name}' of {address} has another default than its trial had.")
    return sentences


def name_trial(name: str) -> str:
    """What an element was called before it graduated."""
    above, dot, last = name.rpartition(".")
    return f"{above}{dot}{EXPERIMENTAL}{last}"


def is_inert(key: str, known: Mapping[str, Attributes]) -> bool:
    """Whether a new key of release.yaml is not read by our workflows, or is below one that is new itself."""
    above = parent_of(key)
    return re.split(r"[.\[?]", key)[0] in INERT_SECTIONS or above not in {WHOLE_FILE, *known}


def compare_with(release: str, root: Path = ROOT) -> int:
    """1 when a new input or key lacks the mark. `release`: a tag of the checkout."""
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
