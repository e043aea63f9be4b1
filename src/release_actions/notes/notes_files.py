"""The files that notes are made from and written to: `components.json`, `components.yaml`, notes and overflow."""

from __future__ import annotations

from dataclasses import dataclass

from release_actions.components import manifest
from release_actions.components.document import FILE as COMPONENTS_YAML
from release_actions.components.document import load_components
from release_actions.components.manifest import ComponentManifest
from release_actions.config.source import read_text
from release_actions.errors import ConfigurationError
from release_actions.notes.fitting import NotesText
from release_actions.runner.context import Context
from release_actions.runner.files import write_workspace_file
from release_actions.versions.version import Version

HEADINGS = ("Component Summary", "Infrastructure Changes")
"""Headings of the tables where no components file names others."""


@dataclass(frozen=True)
class NotesFiles:
    """Names of the files in the workspace, as the inputs give them.

    `assets` are globs of what is attached to a draft, `checksums` the name of the file with their checksums.
    """

    notes: str
    overflow: str
    components: str
    manifest: str
    assets: tuple[str, ...] = ()
    checksums: str = ""


@dataclass(frozen=True)
class ComponentTables:
    """What the workspace says of the components: `components.json`, if there is one, and the headings of its tables."""

    manifest: ComponentManifest | None
    headings: tuple[str, str]


def read_tables(files: NotesFiles, version: Version, context: Context) -> ComponentTables:
    """What the workspace says of the components. Raises `ConfigurationError`."""
    return ComponentTables(read_manifest(files.manifest, version, context), read_headings(files.components, context))


def read_manifest(name: str, version: Version, context: Context) -> ComponentManifest | None:
    """The release's `components.json`; None where the usual file is not there. Raises `ConfigurationError`."""
    path = context.path(name)
    if name == manifest.FILE and not path.exists():
        return None
    made = manifest.read(read_text(path, name=name, hint="Run component-matrix before, which writes it."), file=name)
    if made.release != version.tag:
        message = f"{name} is of the release {made.release}, and the notes are of {version.tag}."
        raise ConfigurationError(message, hint="Run component-matrix for this tag.", place=made.origin.at("release"))
    return made


def read_headings(name: str, context: Context) -> tuple[str, str]:
    """The headings of the component tables: those of the components file, where the usual one is there."""
    path = context.path(name)
    if name == COMPONENTS_YAML and not path.exists():
        return HEADINGS
    return load_components(path, name=name).headings


def save_notes(written: NotesText, files: NotesFiles, context: Context) -> None:
    """Write the files. Raises `InputError` where one cannot be written."""
    texts = {files.notes: written.body, files.overflow: written.full}
    for name, text in texts.items():
        if text:
            write_workspace_file(context.path(name), name, text)
