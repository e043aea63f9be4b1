"""release-notes: the notes of a release, generated from what was merged, checked for contradictions, or drafted.

`generate` and `lint` change nothing outside the workspace. `publish-draft` makes or updates one draft release, and must
never publish it, never touch a published release, and never make or move a tag.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from release_actions.config import FILE as CONFIG
from release_actions.config import Config, load_config
from release_actions.config.notes import NotesForm
from release_actions.errors import InputError
from release_actions.http.client import Http
from release_actions.notes import draft, generate, generate_report, notes_files
from release_actions.notes.check import check
from release_actions.notes.from_git import read_origin
from release_actions.notes.generate import NotesPlan
from release_actions.notes.inputs import GENERATE, LINT, PUBLISH, Inputs
from release_actions.notes.model import BotChanges
from release_actions.notes.notes_files import NotesFiles
from release_actions.notes.read_history import HistoryRequest, read_from_checkout, read_from_github
from release_actions.runner.context import Context
from release_actions.runner.envelope import REPORT_OUTPUTS
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.tags.existing import TagSource
from release_actions.tags.requested import find_requested_tag
from release_actions.versions.version import Version, parse

__all__ = ["OUTPUTS", "Inputs", "run"]

OUTPUTS = (
    "file",
    "overflow-file",
    "body",
    "previous-tag",
    "changes",
    "new-contributors",
    "release-id",
    "release-url",
    "prerelease",
    "make-latest",
    "findings",
    "sarif-file",
    *REPORT_OUTPUTS,
)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Generate, check or draft the notes of a release. Raises `TagRefused` for a tag that names no version."""
    return MODES[given.mode](given, context, log)


def generate_notes(given: Inputs, context: Context, log: Workflow) -> Report:
    """Write the notes."""
    task = NotesTask.of(given, context)
    tables = notes_files.read_tables(task.files, task.version, task.context)
    request = HistoryRequest(task.version, task.context, given.previous_tag, given.head, task.branches, given.token)
    offline = given.history is TagSource.CHECKOUT
    read = read_from_checkout(request, log) if offline else read_from_github(request, log)
    component_notes = {}
    if tables.manifest and not offline:
        from release_actions.notes.component_notes import read_component_notes

        component_notes = read_component_notes(tables.manifest, task.context, given.token, log)
    plan = NotesPlan(
        version=task.version,
        repository=task.context.repository,
        web=f"{task.context.server_url}/{task.context.repository}",
        asset=task.files.overflow.rpartition("/")[2],
        form=task.form,
        bots=BotChanges(given.bots or task.form.bots),
        components=tables,
        component_notes=component_notes,
    )
    made = generate.generate(plan, read)
    notes_files.save_notes(made.written, task.files, task.context)
    return generate_report.make_report(made, task.files)


def draft_release(given: Inputs, context: Context, log: Workflow) -> Report:
    """Put the notes on a draft release."""
    task = NotesTask.of(given, context)
    with Http(log=log.info, redactor=log.redactor) as http:
        done, wanted = draft.publish(
            task.version, task.files, task.skip, task.context, given.token, http, replace=given.replace_edits
        )
    return draft.make_report(done, wanted, task.files)


MODES: Mapping[str, Callable[[Inputs, Context, Workflow], Report]] = {
    GENERATE: generate_notes,
    LINT: check,
    PUBLISH: draft_release,
}


@dataclass(frozen=True)
class NotesTask:
    """What generating and drafting have in common. `context` has a repository; `branches` may hold the commit."""

    version: Version
    form: NotesForm
    skip: tuple[str, ...]
    files: NotesFiles
    context: Context
    branches: tuple[str, ...] = ()

    @classmethod
    def of(cls, given: Inputs, context: Context) -> NotesTask:
        """From the inputs and the configuration. Raises `InputError` where no repository is known."""
        path = context.path(given.config)
        tag = find_requested_tag(given.tag, context)
        is_absent = given.config == CONFIG and not path.exists()
        config = None if is_absent else load_config(path, name=given.config, tag=tag)
        version = parse(tag, config.tag_prefix if config else "v")
        return cls(
            version=version,
            form=config.notes if config else NotesForm(),
            skip=tuple(config.skip) if config else (),
            files=NotesFiles(
                given.file,
                given.overflow_file,
                given.components,
                given.components_file,
                given.assets,
                given.checksums,
            ),
            context=dataclasses.replace(context, repository=find_repository(context, config)),
            branches=fill_branches(config.release_branches if config else (), version),
        )


def find_repository(context: Context, config: Config | None) -> str:
    """The repository: of the run, of the configuration, else of the checkout's origin. Raises `InputError`."""
    repository = context.repository or (config.repository if config else "")
    repository = repository or read_origin(context.workspace, context.server_url)
    if not repository:
        message = "The repository is not known."
        raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository, or name it in release.yaml.")
    return repository


def fill_branches(templates: Sequence[str], version: Version) -> tuple[str, ...]:
    """The release branches of a version by the templates of the configuration, the likeliest first."""
    # The newest branch of a line with numbers of its own is the one of this patch, if it exists already.
    numbers = {"major": version.major, "minor": version.minor, "patch": version.patch, "newest": version.patch}
    names = []
    for template in templates:
        name = template
        for placeholder, number in numbers.items():
            name = name.replace(f"{{{placeholder}}}", str(number))
        names.append(name)
    return tuple(names)
