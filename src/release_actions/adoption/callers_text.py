"""Writes the workflows that call this suite, with what triggers them today and the permissions that they need. Pure."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from release_actions.config import Config
from release_actions.surface.model import Group, Interface

SUITE = "llm-d/release-actions"
PIN = "v1"
FOLDER = ".github/workflows"
CREDENTIALS, BUILD_SECRETS = "registry-credentials", "build-secrets"


class Part(str, enum.Enum):
    """A workflow that `init` writes."""

    RELEASE = "release"
    BUILD = "build"
    CLEAN_UP = "clean-up"
    PROTECT_LATEST = "protect-latest"
    NOTES = "notes"


FILES = {
    Part.RELEASE: f"{FOLDER}/release-images.yml",
    Part.BUILD: f"{FOLDER}/build-images.yml",
    Part.CLEAN_UP: f"{FOLDER}/clean-up-packages.yml",
    Part.PROTECT_LATEST: f"{FOLDER}/protect-latest.yml",
}
WORKFLOW_OF = {
    Part.RELEASE: ".github/workflows/ci-release.yaml",
    Part.BUILD: ".github/workflows/build-image.yml",
    Part.NOTES: ".github/workflows/draft-release.yml",
}
PERMISSIONS_OF_STEPS = {
    Part.CLEAN_UP: {"contents": "read", "packages": "write", "pull-requests": "read"},
    Part.PROTECT_LATEST: {"contents": "read", "packages": "write"},
}
STEPS = {
    Part.CLEAN_UP: f"      - uses: {SUITE}/ghcr-cleanup@{PIN}\n"
    "        with:\n"
    "          rule: dev-images\n"
    "          max-share: 50%\n"
    '          dry-run: "true" # remove this line once the summary names what you want to be deleted\n',
    Part.PROTECT_LATEST: f"      - uses: {SUITE}/protect-latest@{PIN}\n        with:\n          mode: enforce\n",
}
CRON = {Part.CLEAN_UP: "41 4 * * *", Part.PROTECT_LATEST: "17 4 * * *"}
CHECKOUT = """\
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
        with:
          persist-credentials: false
"""


@dataclass(frozen=True)
class Triggers:
    """What starts builds that are no release, as today. Empty lists mean that it does not."""

    branches: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    ignored_paths: tuple[str, ...] = ()
    pull_branches: tuple[str, ...] = ()
    pulls: bool = False
    schedules: tuple[str, ...] = ()
    by_hand: bool = False


def write_callers(
    parts: Sequence[Part], config: Config, triggers: Triggers, interfaces: Mapping[str, Interface]
) -> dict[str, str]:
    """File -> text, of each part."""
    made = {}
    for part in parts:
        if part in STEPS:
            made[FILES[part]] = write_scheduled(part)
        elif part is Part.BUILD:
            made[FILES[part]] = write_call(part, write_build_triggers(triggers), config, interfaces)
        elif part is Part.RELEASE:
            text = write_call(part, write_tag_trigger(config), config, interfaces)
            # Notes name images, which are there once the release is built.
            draft = write_job(Part.NOTES, config, interfaces, needs=part) if Part.NOTES in parts else ""
            made[FILES[part]] = text + (f"\n{draft}" if draft else "")
    return made


def write_tag_trigger(config: Config) -> str:
    """Pushed release tags."""
    prefix = str(config.tag_prefix)
    return f'  push:\n    tags: ["{prefix or "[0-9]"}*"]\n'


def write_build_triggers(triggers: Triggers) -> str:
    """Everything that is no release."""
    text = ""
    if triggers.branches:
        text += f"  push:\n    branches: {write_list(triggers.branches)}\n"
        text += f"    paths: {write_list(triggers.paths)}\n" if triggers.paths else ""
        text += f"    paths-ignore: {write_list(triggers.ignored_paths)}\n" if triggers.ignored_paths else ""
    if triggers.pulls:
        text += "  pull_request:\n"
        text += f"    branches: {write_list(triggers.pull_branches)}\n" if triggers.pull_branches else ""
    if triggers.schedules:
        text += "  schedule:\n" + "".join(f'    - cron: "{cron}"\n' for cron in triggers.schedules)
    return text + ("  workflow_dispatch:\n" if triggers.by_hand or not text else "")


def write_list(items: Sequence[str]) -> str:
    return "[" + ", ".join(f'"{item}"' for item in items) + "]"


def write_call(part: Part, triggers: str, config: Config, interfaces: Mapping[str, Interface]) -> str:
    """A workflow whose only job calls one of ours."""
    title = {Part.RELEASE: "Release images", Part.BUILD: "Build images"}[part]
    job = write_job(part, config, interfaces)
    return f"name: {title}\n\non:\n{triggers}\npermissions: {{}}\n\njobs:\n{job}"


def write_job(part: Part, config: Config, interfaces: Mapping[str, Interface], needs: Part | None = None) -> str:
    """A job that calls one of our workflows, with the permissions and secrets that it takes."""
    address = WORKFLOW_OF[part]
    needed = interfaces[address].elements(Group.PERMISSIONS)
    permissions = "".join(f"      {name}: {about['level']}\n" for name, about in needed.items())
    secrets = write_secrets(config) if interfaces[address].elements(Group.SECRETS) else ""
    after = f"    needs: {needs.value}\n" if needs else ""
    head = f"  {part.value}:\n{after}    permissions:\n{permissions}"
    return f"{head}    uses: {SUITE}/{address}@{PIN}\n{secrets}"


def write_secrets(config: Config) -> str:
    """The secrets that the configuration names, handed on by name."""
    packages = (*config.published, *config.pull_requests)
    logins = [each for package in packages for each in (package.credentials.username, package.credentials.password)]
    builds = [name for package in packages for name in package.recipe.secrets.values()]
    text = ""
    for heading, names in ((CREDENTIALS, logins), (BUILD_SECRETS, builds)):
        unique = [name for name in dict.fromkeys(names) if name]
        if unique:
            lines = "".join(f"        {name}=${{{{ secrets.{name} }}}}\n" for name in unique)
            text += f"      {heading}: |\n{lines}"
    return f"    secrets:\n{text}" if text else ""


def write_scheduled(part: Part) -> str:
    """A workflow of one step, every night."""
    permissions = "".join(f"      {name}: {level}\n" for name, level in PERMISSIONS_OF_STEPS[part].items())
    title = {Part.CLEAN_UP: "Clean up packages", Part.PROTECT_LATEST: "Protect latest"}[part]
    return (
        f'name: {title}\n\non:\n  schedule:\n    - cron: "{CRON[part]}"\n  workflow_dispatch:\n\npermissions: {{}}\n\n'
        f"concurrency:\n  group: {part.value}\n  cancel-in-progress: false\n\njobs:\n  {part.value}:\n"
        f"    runs-on: ubuntu-24.04\n    permissions:\n{permissions}    steps:\n{CHECKOUT}{STEPS[part]}"
    )
