"""release-notes: the notes of a release, generated from what was merged, checked for contradictions, or drafted.

`generate` and `lint` change nothing outside the workspace. `publish-draft` makes or updates one draft release, and must
never publish it, never touch a published release, and never make or move a tag.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from release_actions.config import FILE as CONFIG
from release_actions.config import load_config
from release_actions.config.notes import NotesForm
from release_actions.errors import InputError
from release_actions.http.client import Http
from release_actions.notes import draft, generate, story
from release_actions.notes.check import check
from release_actions.notes.gather import Asked
from release_actions.notes.generate import NotesFiles
from release_actions.notes.model import BotChanges
from release_actions.runner import inputs
from release_actions.runner.context import Context
from release_actions.runner.report import Report
from release_actions.runner.workflow import Workflow
from release_actions.tags.existing import TagSource
from release_actions.tags.requested import find_requested_tag
from release_actions.versions.version import Version, parse

GENERATE, LINT, PUBLISH = "generate", "lint", "publish-draft"


@dataclass(frozen=True)
class Inputs:
    """What actions/release-notes/action.yml describes."""

    mode: str = inputs.option(inputs.choice(GENERATE, LINT, PUBLISH), GENERATE)
    tag: str = inputs.option(inputs.text, "")
    previous_tag: str = inputs.option(inputs.text, "")
    file: str = inputs.option(inputs.text, "release-notes.md")
    overflow_file: str = inputs.option(inputs.text, "release-notes-full.md")
    config: str = inputs.option(inputs.text, "release.yaml")
    components: str = inputs.option(inputs.text, "components.yaml")
    components_file: str = inputs.option(inputs.text, "components.json")
    history: TagSource = inputs.option(inputs.member(TagSource), TagSource.API)
    bots: str = inputs.option(inputs.choice("hide", "fold", "list"), "")
    replace_edits: bool = inputs.option(inputs.boolean, default=False)
    sarif_file: str = inputs.option(inputs.text, "")
    check_upstream: bool = inputs.option(inputs.boolean, default=True)
    token: str = inputs.option(inputs.text, "", secret=True)
    registry_token: str = inputs.option(inputs.text, "", secret=True)


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
)


def run(given: Inputs, context: Context, log: Workflow) -> Report:
    """Generate, check or draft the notes of a release. Raises `TagRefused` for a tag that names no version."""
    return MODES[given.mode](given, context, log)


def generating(given: Inputs, context: Context, log: Workflow) -> Report:
    """Write the notes."""
    task = Task.of(given, context)
    components = generate.read_components(task.files, task.version, task.context)
    if given.history is TagSource.CHECKOUT:
        told = story.from_checkout(task.version, given.previous_tag, task.context, log)
    else:
        told = story.from_api(task.version, given.previous_tag, task.context, given.token, log)
    bots = BotChanges(given.bots or task.form.bots)
    web = f"{task.context.server_url}/{task.context.repository}"
    asset = task.files.overflow.rpartition("/")[2]
    made = generate.generate(task.version, told, components, task.form, bots, web, asset)
    generate.save(made, task.files, task.context)
    return generate.report(made, task.files)


def drafting(given: Inputs, context: Context, log: Workflow) -> Report:
    """Put the notes on a draft release."""
    task = Task.of(given, context)
    with Http(log=log.info, redactor=log.redactor) as http:
        done, wanted = draft.publish(
            task.version, task.files, task.skip, task.context, given.token, http, replace=given.replace_edits
        )
    return draft.report(done, wanted, task.files)


def lint(given: Inputs, context: Context, log: Workflow) -> Report:
    """Report what in the notes cannot be right."""
    asked = Asked(
        given.tag,
        given.previous_tag,
        given.config,
        given.components,
        given.components_file,
        given.history,
        given.check_upstream,
        given.token,
        given.registry_token,
    )
    return check(asked, given.file, given.sarif_file, context, log)


MODES: Mapping[str, Callable[[Inputs, Context, Workflow], Report]] = {
    GENERATE: generating,
    LINT: lint,
    PUBLISH: drafting,
}


@dataclass(frozen=True)
class Task:
    """What generating and drafting have in common. `context` has a repository."""

    version: Version
    form: NotesForm
    skip: tuple[str, ...]
    files: NotesFiles
    context: Context

    @classmethod
    def of(cls, given: Inputs, context: Context) -> Task:
        """From the inputs and the configuration. Raises `InputError` where no repository is known."""
        path = context.path(given.config)
        config = None if given.config == CONFIG and not path.exists() else load_config(path, name=given.config)
        version = parse(find_requested_tag(given.tag, context), config.tag_prefix if config else "v")
        repository = context.repository or (config.repository if config else "")
        if not repository:
            message = "The repository is not known."
            raise InputError(message, hint="Set GITHUB_REPOSITORY or --repository, or name it in release.yaml.")
        return cls(
            version=version,
            form=config.notes if config else NotesForm(),
            skip=tuple(config.skip) if config else (),
            files=NotesFiles(given.file, given.overflow_file, given.components, given.components_file),
            context=dataclasses.replace(context, repository=repository),
        )
