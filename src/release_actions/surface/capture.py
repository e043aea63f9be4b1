"""From the files of a repository to its surface: which files are interfaces, and what each of them offers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from release_actions.builds.path_filter import matches
from release_actions.errors import ConfigurationError, Problem
from release_actions.surface.actions_files import capture_action, capture_workflow, is_callable
from release_actions.surface.json_schema import capture_schema
from release_actions.surface.model import Interface, Kind, Surface

WORKFLOWS = ".github/workflows/"


@dataclass(frozen=True)
class Selection:
    """Which files are captured, as globs. Empty `files`: every manifest of an action and every workflow."""

    files: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()
    document_schemas: tuple[str, ...] = ()

    def kind_of(self, path: str) -> Kind | None:
        """What a file is; None for one that is not captured."""
        if self.exclude and matches(self.exclude, path):
            return None
        if self.schemas and matches(self.schemas, path):
            return Kind.CONFIGURATION
        if self.document_schemas and matches(self.document_schemas, path):
            return Kind.DOCUMENT
        if self.files and not matches(self.files, path):
            return None
        folder, _, name = path.rpartition("/")
        if name in {"action.yml", "action.yaml"}:
            return Kind.ACTION
        is_workflow = f"{folder}/" == WORKFLOWS and name.endswith((".yml", ".yaml"))
        return Kind.WORKFLOW if is_workflow else None


def capture_files(paths: Collection[str], selection: Selection, read: Callable[[str], str]) -> Surface:
    """The surface of the selected files. Raises `ConfigurationError` with every file that cannot be read as one."""
    interfaces: dict[str, Interface] = {}
    problems: list[Problem] = []
    for path in sorted(paths):
        kind = selection.kind_of(path)
        if kind is None:
            continue
        try:
            interface = capture_file(read(path), path, kind)
        except ConfigurationError as error:
            problems += error.problems
        else:
            if interface is not None:
                interfaces[path] = interface
    if problems:
        raise ConfigurationError(problems=problems)
    return Surface(interfaces)


def capture_file(text: str, path: str, kind: Kind) -> Interface | None:
    """The surface of a file; None for a workflow that nobody can call."""
    if kind is Kind.ACTION:
        return capture_action(text, path)
    if kind is Kind.WORKFLOW:
        return capture_workflow(text, path) if is_callable(text, path) else None
    return capture_schema(text, path, kind)
