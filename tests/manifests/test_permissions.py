"""What a manifest says that its action's token needs is understood, and every page and workflow agrees with it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import interface
import manifests
import permissions
from release_actions.surface.model import LEVELS, Group, Kind

ROOT = Path(__file__).resolve().parents[2]
ACTIONS = {name: file for name, file in manifests.canonical(ROOT).items() if name not in manifests.INTERNAL}
USES = re.compile(r"(?:\$/(?:actions/)?|llm-d/release-actions/?)(?P<name>[a-z-]*)(?:@\S+)?")


def write_manifest(folder: Path, **descriptions: str) -> Path:
    inputs = {name.replace("_", "-"): {"description": text} for name, text in descriptions.items()}
    (folder / "action.yml").write_text(yaml.safe_dump({"inputs": inputs}), encoding="utf-8")
    return folder / "action.yml"


@pytest.mark.parametrize(
    ("description", "needed"),
    [
        ("Needs contents read.", {"contents": "read"}),
        ("Token for GitHub's API. Needs contents read and pull requests read. When empty, none.",
         {"contents": "read", "pull-requests": "read"}),
        ("Needs pull-requests write.", {"pull-requests": "write"}),
        ("Needs contents read, and contents write for publish-draft.",
         {"contents": "read", "contents: for publish-draft": "write"}),
        ("Needs packages read on GHCR, to find what is gone, and goes nowhere else.", {"packages: on GHCR": "read"}),
        ("Needs contents read to read a release, and actions write for mode dispatch.",
         {"contents: to read a release": "read", "actions: for mode dispatch": "write"}),
    ],
)  # fmt: skip
def test_a_sentence_says_what_a_token_needs(tmp_path: Path, description: str, needed: dict[str, str]) -> None:
    assert permissions.read_permissions(write_manifest(tmp_path, token=description)) == needed


def test_two_tokens_and_an_option_are_added_up(tmp_path: Path) -> None:
    manifest = write_manifest(
        tmp_path, token="Needs packages read.", registry_token="Needs packages write.", tidy="Needs issues write."
    )

    assert permissions.read_permissions(manifest) == {"packages": "write", "issues: with tidy": "write"}


@pytest.mark.parametrize(
    ("description", "why"),
    [
        ("Token for GitHub's API.", "say what 'token' needs"),
        ("Needs content read.", "'content read' has to begin with a permission and its level"),
        ("Needs contents read, and package write for a push.", "'package write for a push' has to begin"),
        ("Needs contents read for a check and contents write for a push.", "names levels after a use"),
    ],
)
def test_words_that_cannot_be_understood_are_an_error(tmp_path: Path, description: str, why: str) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        permissions.read_permissions(write_manifest(tmp_path, token=description))


def test_the_interface_has_what_the_manifests_say() -> None:
    surface = interface.capture(ROOT)

    captured = {
        address: {key: value["level"] for key, value in action.elements(Group.PERMISSIONS).items()}
        for address, action in surface.interfaces.items()
        if action.kind is Kind.ACTION
    }

    said = {name: permissions.read_permissions(file) for name, file in ACTIONS.items()}
    root = said.pop(manifests.ROOT_ACTION)
    assert captured == {"action.yml": root, **{f"{name}/action.yml": needed for name, needed in said.items()}}
    assert captured["promote/action.yml"]["attestations"] == "read"


CHECKOUT = ("contents", "read")
"""What every job needs that checks out release.yaml: pages may say so, whatever the token needs."""


@pytest.mark.parametrize("name", ACTIONS)
def test_the_page_of_an_action_has_what_its_manifest_says(name: str) -> None:
    """A page without a section about it has the sentence in its table of inputs."""
    page = ROOT / "docs/release-plan.md" if name == manifests.ROOT_ACTION else ACTIONS[name].parent / "README.md"
    text = page.read_text(encoding="utf-8")

    section = re.search(r"^## Permissions\n(.*?)(?=^## )", text, re.MULTILINE | re.DOTALL)

    needed = {(key.partition(":")[0], level) for key, level in permissions.read_permissions(ACTIONS[name]).items()}
    said = re.findall(r"`([a-z-]+): (read|write)`", section[1]) if section else needed
    assert {*said, CHECKOUT} == needed | {CHECKOUT}


def list_steps() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each job of a workflow or an example that uses an action of ours: where, the action, and what is granted."""
    for file in sorted([*(ROOT / ".github/workflows").iterdir(), *(ROOT / "examples").rglob("*.y*ml")]):
        document = yaml.safe_load(file.read_text(encoding="utf-8"))
        for key, job in (document.get("jobs") or {}).items() if isinstance(document, dict) else ():
            granted = job.get("permissions", document.get("permissions") or {})
            for step in job.get("steps", ()):
                match = USES.fullmatch(step.get("uses", ""))
                if match:
                    yield f"{file.relative_to(ROOT)}: {key}", match["name"] or manifests.ROOT_ACTION, granted


@pytest.mark.parametrize(("where", "action", "granted"), tuple(list_steps()))
def test_a_job_grants_what_every_use_of_its_actions_needs(where: str, action: str, granted: Mapping[str, str]) -> None:
    needed = permissions.read_permissions(manifests.canonical(ROOT)[action])
    least = {name: find_least(name, needed) for name in needed if ":" not in name}

    missing = {
        name: level for name, level in least.items() if LEVELS.index(granted.get(name, "none")) < LEVELS.index(level)
    }

    assert missing == {}, where


def find_least(name: str, needed: Mapping[str, str]) -> str:
    """The level that the most modest use of a permission needs."""
    return min((level for key, level in needed.items() if key.partition(":")[0] == name), key=LEVELS.index)
